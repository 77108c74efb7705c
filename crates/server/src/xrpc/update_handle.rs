//! `com.atproto.identity.updateHandle`: another handle for the caller, called by themselves or by their PDS.

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::caller::Caller;
use super::{Failure, body};
use crate::app::App;
use crate::life::handle;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.identity.updateHandle";

/// A PDS says for whom it calls besides what its token says, and has to mean the same (contract 6, item 7).
pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let wished = input.required_text("handle")?;
    let caller = Caller::of(&app, &parts, ServiceMethod::UpdateHandle, app.now()).await?;
    if input
        .text("did")?
        .is_some_and(|did| did != caller.account.did.as_str())
    {
        return Err(XrpcDenial::ParameterInvalid {
            name: "did",
            expected: "must be the account whose handle this is to be, as the token says",
        }
        .into());
    }
    handle::change(&app, &caller.account, wished).await?;
    Ok(StatusCode::OK)
}
