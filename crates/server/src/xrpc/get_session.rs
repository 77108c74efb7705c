//! `com.atproto.server.getSession`: what an account is (contract 2.4).

use axum::Json;
use axum::extract::State;
use http::request::Parts;

use entryway_oauth::service_token::ServiceMethod;

use super::Failure;
use super::caller::Caller;
use super::session::View;
use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.getSession";

/// A PDS is told everything, since it knows what its caller may see; an app what its permissions say.
pub(super) async fn get(State(app): State<App>, parts: Parts) -> Result<Json<View>, Failure> {
    let caller = Caller::of(&app, &parts, ServiceMethod::GetSession, app.now()).await?;
    Ok(Json(View::load(&app, &caller.account, caller.email()).await))
}
