//! `com.atproto.server.deleteAccount`: the end of an account, by who has its password and the code from a letter.

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use entryway_core::password::PresentedPassword;
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::{Failure, body, caller};
use crate::app::App;
use crate::life::deletion;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.deleteAccount";

/// Called by anybody: what they know is all that counts. A PDS passes it on as it came.
pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let (did, token) = (input.required_text("did")?, input.required_text("token")?);
    let password = PresentedPassword::parse(input.required_text("password")?)
        .map_err(|_| XrpcDenial::DidOrPasswordWrong)?;
    let address = caller::address(&app, &parts).await?;
    deletion::delete(&app, did, &password, token, address).await?;
    Ok(StatusCode::OK)
}
