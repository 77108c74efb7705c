//! `com.atproto.server.deleteSession`: the end of a session.

use axum::extract::State;
use http::StatusCode;
use http::request::Parts;

use entryway_core::legacy_session::sign_out;
use entryway_oauth::session_token::verify_refresh;
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::{Failure, caller};
use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.deleteSession";

/// Takes any refresh token of the session, however old (contract 2.4), and says the same of one that is gone.
pub(super) async fn post(State(app): State<App>, parts: Parts) -> Result<StatusCode, Failure> {
    let key = &app.keys().session_refresh;
    let token = caller::bearer(&parts.headers)?;
    let signed = verify_refresh(
        token,
        &app.keys().public(),
        app.issuer(),
        &app.config().service_did,
    );
    let claims = signed.map_err(XrpcDenial::from)?.even_if_expired();
    let jti = key.parse(&claims.jti)?;
    let facts = app.store().legacy_session(jti.session()).await?;
    let session = facts.as_ref().map(|facts| &facts.session);
    if let Some(id) = sign_out(session, &claims, &jti, key) {
        let end = app.store().end_legacy_session(id).await?;
        tracing::info!(account.did = %claims.sub, ?end, "session ended");
    }
    Ok(StatusCode::OK)
}
