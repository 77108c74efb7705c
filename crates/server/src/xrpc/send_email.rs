//! `com.atproto.admin.sendEmail`: an operator writes to the holder of an account.
//!
//! The PDS of the account sends what its own operator, or a moderation service, writes: its call is signed with the key
//! of the *recipient* (contract 2.1). An administrator of ours calls here.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::Request;
use serde::Serialize;

use entryway_core::account::Account;
use entryway_core::message::Message;
use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;
use entryway_scope::Did;

use super::caller::{Caller, address};
use super::{Failure, administrator, body};
use crate::app::App;
use crate::life::message;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.admin.sendEmail";

#[derive(Serialize)]
pub(super) struct Answer {
    sent: bool,
}

pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<Json<Answer>, Failure> {
    let (parts, input) = body::input(request).await?;
    let by_admin = administrator::is_claimed(&parts.headers);
    let caller = if by_admin {
        let account = named(&app, &input).await?;
        administrator::admit_for(&app, &parts, account.as_ref()).await?;
        account
    } else {
        let caller = Caller::of(&app, &parts, ServiceMethod::SendEmail, app.now()).await?;
        Some(caller.account)
    };
    let recipient = did(&input, "recipientDid")?;
    let sender = did(&input, "senderDid")?;
    input.text("comment")?;
    let message = Message::parse(input.text("subject")?, input.required_text("content")?)?;
    let account = caller.ok_or(XrpcDenial::AccountNotFound)?;
    if account.did != recipient {
        return Err(NOT_THE_SIGNER.into());
    }
    message::send(&app, &account, &message, address(&app, &parts).await?).await?;
    tracing::info!(account.did = %recipient, sender.did = %sender, "an operator wrote to an account");
    Ok(Json(Answer { sent: true }))
}

/// The account, where one is named: whoever asks is not known yet, and is told nothing.
async fn named(app: &App, input: &Input) -> Result<Option<Account>, Failure> {
    match did(input, "recipientDid") {
        Ok(did) => Ok(app.store().account(&did).await?),
        Err(_) => Ok(None),
    }
}

fn did(input: &Input, name: &'static str) -> Result<Did, XrpcDenial> {
    let expected = "must be a DID";
    Did::parse(input.required_text(name)?).map_err(|_| XrpcDenial::ParameterInvalid { name, expected })
}

/// attack: a PDS writes to the accounts of another with a key of its own
const NOT_THE_SIGNER: XrpcDenial = XrpcDenial::ParameterInvalid {
    name: "recipientDid",
    expected: "must be the issuer of the service token",
};
