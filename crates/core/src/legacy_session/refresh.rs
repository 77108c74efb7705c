//! What becomes of `refreshSession` and `deleteSession`.

use entryway_oauth::secret::SessionId;
use entryway_oauth::session_token::SessionRefreshClaims;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::{LegacyLifetimes, LegacyRefreshKey, LegacySession, UnverifiedJti};
use crate::account::{Account, AccountStatus};

/// What becomes of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Replace the session by this one, if its generation is still the one before; then give the tokens of
    /// [`LegacySession::generation`]. Where another request was faster, load and decide again: the answer is
    /// then a repetition.
    Rotate(LegacySession),
    /// Change nothing, and give the tokens of this generation again.
    Repeat {
        /// The successor of the one presented.
        generation: u32,
    },
}

/// Decides a refresh.
///
/// The claims are those of a verified token whose time is not over, `jti` is theirs, read; session and account
/// are the ones they name, if they exist. A token past its grace is refused and ends nothing, as at the
/// reference: clients that share a session in a file are not thieves.
///
/// # Errors
/// [`XrpcDenial::AccountGone`]; [`XrpcDenial::AccountTakedown`]; [`XrpcDenial::TokenRevoked`] for a session
/// that was ended, is older than the password, or a token past its grace; [`XrpcDenial::TokenUnverified`] for
/// one that is not this session's.
pub fn refresh(
    session: Option<&LegacySession>,
    account: Option<&Account>,
    claims: &SessionRefreshClaims,
    jti: &UnverifiedJti,
    key: &LegacyRefreshKey,
    lifetimes: &LegacyLifetimes,
    now: Timestamp,
) -> Result<Refresh, XrpcDenial> {
    let account = account.ok_or(XrpcDenial::AccountGone)?;
    if account.did != claims.sub {
        return Err(XrpcDenial::TokenUnverified);
    }
    if account.status == AccountStatus::TakenDown {
        return Err(XrpcDenial::AccountTakedown);
    }
    let session = session.ok_or(XrpcDenial::TokenRevoked)?;
    if session.did != claims.sub || !key.is_genuine(jti, session) {
        return Err(XrpcDenial::TokenUnverified);
    }
    if now >= session.expires_at || session.created_at < account.credentials_changed_at {
        return Err(XrpcDenial::TokenRevoked);
    }
    let presented = jti.generation();
    if presented == session.generation {
        return Ok(Refresh::Rotate(LegacySession {
            generation: presented.checked_add(1).ok_or(XrpcDenial::TokenRevoked)?,
            superseded: session.superseded.after(lifetimes.grace, now),
            expires_at: now + lifetimes.refresh_token,
            ..session.clone()
        }));
    }
    // a generation that was not yet made can only come from before a backup was restored
    let before = session
        .generation
        .checked_sub(presented)
        .and_then(|age| age.checked_sub(1));
    let before = before.ok_or(XrpcDenial::TokenRevoked)?;
    if !session.superseded.is_in_grace(before, lifetimes.grace, now) {
        return Err(XrpcDenial::TokenRevoked);
    }
    Ok(Refresh::Repeat {
        generation: presented + 1,
    })
}

/// Which session `deleteSession` ends, of the one that the token names; nothing where that is gone already.
///
/// Any refresh token of the session does, expired or rotated away: whoever signs out means the whole of it
/// . The answer is the same in every case.
pub fn sign_out(
    session: Option<&LegacySession>,
    claims: &SessionRefreshClaims,
    jti: &UnverifiedJti,
    key: &LegacyRefreshKey,
) -> Option<SessionId> {
    let session = session?;
    (session.did == claims.sub && key.is_genuine(jti, session)).then_some(session.id)
}
