//! `com.atproto.server.createAccount`: an account on a PDS of the fleet, and a session of it (contract 2.3, 2.4).
//!
//! With a `did` it is one that lives elsewhere and moves here (A18). Its account rests until whoever has the session
//! brought the repository to the PDS and called `activateAccount`.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::Request;
use http::request::Parts;

use entryway_core::account::Account;
use entryway_core::legacy_session::Basis;
use entryway_core::sign_up::Typed;
use entryway_identity::did::PublicKey;
use entryway_identity::plc::Operation;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;
use entryway_scope::Did;

use super::{Failure, body, caller, session};
use crate::app::App;
use crate::sign_up::{Bringing, SignUps};

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.createAccount";

pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<Response, Failure> {
    let (parts, input) = body::input(request).await?;
    let account = match input.text("did")? {
        Some(did) => arrive(&app, &parts, did, &input).await?,
        None => sign_up(&app, &parts, &input).await?,
    };
    let session = session::begin(&app, &account, Basis::AccountPassword, None, app.now()).await?;
    tracing::info!(account.did = %account.did, "account created");
    Ok(session.into_response())
}

async fn sign_up(app: &App, parts: &Parts, input: &Input) -> Result<Account, Failure> {
    if input.value("plcOp").is_some() {
        return Err(XrpcDenial::ParameterInvalid {
            name: "plcOp",
            expected: "must be left out without did: this service makes the operation of a new account",
        }
        .into());
    }
    let address = caller::address(app, parts).await?;
    let (typed, recovery_key) = read(input)?;
    SignUps::new(app.clone())
        .begin(typed, recovery_key.as_ref(), address)
        .await
}

async fn arrive(app: &App, parts: &Parts, did: &str, input: &Input) -> Result<Account, Failure> {
    let invalid = |name, expected| XrpcDenial::ParameterInvalid { name, expected };
    let did =
        Did::parse(did).map_err(|_| invalid("did", "must be a DID of the method did:plc or did:web"))?;
    let operation = input.value("plcOp").cloned().map(serde_json::from_value);
    let operation: Option<Operation> = operation
        .transpose()
        .map_err(|_| invalid("plcOp", "must be a signed operation of the PLC directory"))?;
    let (typed, recovery_key) = read(input)?;
    let address = caller::address(app, parts).await?;
    let arrivals = SignUps::new(app.clone());
    // each has strangers asked about a DID that anybody may name
    arrivals.count(did.as_str(), address).await?;
    let bearer = caller::bearer(&parts.headers)?;
    if caller::arriving(app, bearer, app.now()).await? != did {
        return Err(invalid("did", "must be the DID that the service token was made for").into());
    }
    let brought = Bringing {
        did,
        operation,
        recovery_key,
    };
    arrivals.arrive(typed, brought, address).await
}

/// The members of both.
fn read(input: &Input) -> Result<(Typed<'_>, Option<PublicKey>), XrpcDenial> {
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
