//! `com.atproto.server.createAccount`: an account on a PDS of the fleet, and a session of it (contract 2.3, 2.4).

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::Request;

use entryway_core::legacy_session::Basis;
use entryway_core::sign_up::Typed;
use entryway_identity::did::PublicKey;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;

use super::{Failure, body, caller, session};
use crate::app::App;
use crate::sign_up::SignUps;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.createAccount";

pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<Response, Failure> {
    let (parts, input) = body::input(request).await?;
    let address = caller::address(&app, &parts).await?;
    let (typed, recovery_key) = read(&input)?;
    let account = SignUps::new(app.clone())
        .begin(typed, recovery_key.as_ref(), address)
        .await?;
    let session = session::begin(&app, &account, Basis::AccountPassword, None, app.now()).await?;
    tracing::info!(account.did = %account.did, "account created");
    Ok(session.into_response())
}

/// Strictly: what would move an account in is refused rather than ignored, since its person would get another
/// account than they asked for.
fn read(input: &Input) -> Result<(Typed<'_>, Option<PublicKey>), XrpcDenial> {
    for name in ["did", "plcOp"] {
        if input.value(name).is_some() {
            return Err(XrpcDenial::ParameterInvalid {
                name,
                expected: "must be left out: an account that exists elsewhere cannot be moved here yet",
            });
        }
    }
    let recovery_key = input.text("recoveryKey")?.filter(|text| !text.is_empty());
    let recovery_key = recovery_key.map(PublicKey::from_did_key).transpose();
    let typed = Typed {
        handle: input.required_text("handle")?,
        email: input.required_text("email")?,
        password: input.required_text("password")?,
        invite: input.text("inviteCode")?,
    };
    let recovery_key = recovery_key.map_err(|_| XrpcDenial::ParameterInvalid {
        name: "recoveryKey",
        expected: "must be a did:key of the curve P-256 or secp256k1",
    })?;
    Ok((typed, recovery_key))
}
