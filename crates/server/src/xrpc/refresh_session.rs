//! `com.atproto.server.refreshSession`: the next tokens of a session.

use axum::extract::State;
use http::request::Parts;

use entryway_core::account::Account;
use entryway_core::legacy_session::{LegacySession, Refresh, UnverifiedJti, refresh};
use entryway_oauth::session_token::{SessionRefreshClaims, verify_refresh};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::LegacyRotation;

use super::session::{self, Session};
use super::{Failure, caller};
use crate::app::App;
use crate::failure::Fault;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.refreshSession";

/// How often a refresh is decided: once more where another was faster, which makes this one a repetition.
const DECISIONS_MAX: u32 = 3;

pub(super) async fn post(State(app): State<App>, parts: Parts) -> Result<Session, Failure> {
    let (keys, now) = (app.keys(), app.now());
    let token = caller::bearer(&parts.headers)?;
    let signed = verify_refresh(token, &keys.public(), app.issuer(), &app.config().service_did);
    let claims = signed.and_then(|signed| signed.unexpired(now));
    let claims = claims.map_err(XrpcDenial::from)?;
    let jti = keys.session_refresh.parse(&claims.jti)?;
    for _ in 0..DECISIONS_MAX {
        if let Some(session) = decided(&app, &claims, &jti, now).await? {
            return Ok(session);
        }
    }
    Err(Fault::new("a session was rotated again and again while one refresh was decided").into())
}

/// The session as it goes on; nothing where another request was faster.
async fn decided(
    app: &App,
    claims: &SessionRefreshClaims,
    jti: &UnverifiedJti,
    now: Timestamp,
) -> Result<Option<Session>, Failure> {
    let (session, account) = load(app, claims, jti).await?;
    let lifetimes = &app.policy().legacy_sessions;
    let key = &app.keys().session_refresh;
    let decision = refresh(
        session.as_ref(),
        account.as_ref(),
        claims,
        jti,
        key,
        lifetimes,
        now,
    )?;
    // both are there, or there would be no decision
    let account = account.ok_or(XrpcDenial::AccountGone)?;
    session::check_home(app, &account).await?;
    let next = match decision {
        Refresh::Repeat { generation } => {
            let session = session.ok_or(XrpcDenial::TokenRevoked)?;
            let tokens = session::tokens(app, &account, &session, generation, now)?;
            return Ok(Some(session::continued(app, &account, tokens).await));
        }
        Refresh::Rotate(next) => next,
    };
    let tokens = session::tokens(app, &account, &next, next.generation, now)?;
    let continued = session::continued(app, &account, tokens).await;
    match app.store().rotate_legacy_session(&next).await? {
        LegacyRotation::Rotated => Ok(Some(continued)),
        LegacyRotation::Overtaken => Ok(None),
        LegacyRotation::Gone => Err(XrpcDenial::TokenRevoked.into()),
    }
}

/// The session that the token names, and the account: also where the session has ended, to say which of the two
/// is gone.
async fn load(
    app: &App,
    claims: &SessionRefreshClaims,
    jti: &UnverifiedJti,
) -> Result<(Option<LegacySession>, Option<Account>), Fault> {
    Ok(match app.store().legacy_session(jti.session()).await? {
        Some(facts) => (Some(facts.session), Some(facts.account)),
        None => (None, app.store().account(&claims.sub).await?),
    })
}
