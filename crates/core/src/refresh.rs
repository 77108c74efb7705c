//! Whether a refresh is granted, before the store rotates anything.

use entryway_oauth::access_token::Grantee;
use entryway_oauth::client::Client;
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::key_set::KeySet;
use entryway_oauth::time::Timestamp;
use entryway_scope::ScopeSet;

use crate::account::{Account, AccountStatus};
use crate::policy::Policy;
use crate::refresh_token::{RefreshTokenKey, UnverifiedRefreshToken};
use crate::session::Session;

/// What a client presents at the token endpoint to refresh.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The refresh token, not yet known to be genuine.
    pub token: &'a UnverifiedRefreshToken,
    /// The client, as its metadata is now.
    pub client: &'a Client,
    /// The key it authenticated with, or why it could not.
    pub client_key: Result<Option<&'a ClientKey>, &'a Denial>,
    /// The keys it publishes.
    pub published: Published<'a>,
    /// The verified proof.
    pub proof: &'a Proof,
    /// The `scope` parameter, if sent.
    pub scope: Option<&'a str>,
}

/// What is known of a client's keys.
#[derive(Clone, Copy, Debug)]
pub enum Published<'a> {
    /// Its host said so just now; nothing if it publishes none any more.
    Now(Option<&'a KeySet>),
    /// What was read earlier, which may lack a key that was published since, decides nothing.
    Earlier,
}

/// What becomes of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Rotate, and give an access token of this scope; the store has the last word on the generation.
    Grant(ScopeSet),
    /// Refuse, but let the store judge the token first: it is not of the present generation, and a
    /// replay is a replay whatever else is wrong with the request.
    Judge(Denial),
    /// End the session, then refuse.
    End(Denial),
}

/// Decides a refresh. A refusal ends nothing: whoever presents a wrong key or client
/// is not the owner, and must not be able to end the owner's session. The one end decided here
/// is that of a session whose client withdrew the key it is bound to, and only the holder of
/// token and DPoP key brings it about.
///
/// Does not decide whether the token is the present generation: the verb that rotates does, in the
/// same statement that spends it.
///
/// # Errors
/// [`Denial::RefreshTokenUnknown`] for a token that is not genuine, another client's, or of a session
/// that is over; [`Denial::KeyMismatch`]; what authenticating the client denied;
/// [`Denial::ClientKeyChanged`]; [`Denial::RefreshUndeclared`]; [`Denial::AccountInactive`];
/// [`Denial::ScopeExceedsGrant`].
pub fn decide(
    session: &Session,
    account: &Account,
    presented: Presented<'_>,
    key: &RefreshTokenKey,
    policy: &Policy,
    now: Timestamp,
) -> Result<Refresh, Denial> {
    check_holder(
        session,
        presented.token,
        &presented.client.id,
        presented.proof,
        key,
    )?;
    let unused_until = session.rotated_at + policy.sessions(session.client_key.is_some()).refresh_token;
    // a session begun before the password changed ends with it
    if session.is_over(now) || now >= unused_until || session.created_at < account.credentials_changed_at {
        return Err(Denial::RefreshTokenUnknown);
    }
    if let (Some(bound), Published::Now(keys)) = (&session.client_key, presented.published)
        && !keys.is_some_and(|keys| keys.holds(bound))
    {
        return Ok(Refresh::End(Denial::ClientKeyRemoved));
    }
    let client_key = presented.client_key.map_err(Denial::clone)?;
    // R-251; a session that began when the client was public is bound to no key of it
    if session.client_key.is_some() && session.client_key.as_ref() != client_key {
        return Err(Denial::ClientKeyChanged);
    }
    if !presented.client.refreshes {
        return Err(Denial::RefreshUndeclared);
    }
    let scope = match account.status {
        AccountStatus::Active => narrowed(&session.scope, presented.scope),
        AccountStatus::Deactivated | AccountStatus::TakenDown => Err(Denial::AccountInactive),
    };
    match scope {
        Ok(scope) => Ok(Refresh::Grant(scope)),
        Err(denial) if presented.token.generation() < session.generation => Ok(Refresh::Judge(denial)),
        Err(denial) => Err(denial),
    }
}

/// Whether this is the session's own token, by its own client and key: what must be so before anything is
/// fetched for the request, or decided about it.
///
/// # Errors
/// [`Denial::RefreshTokenUnknown`] and [`Denial::KeyMismatch`].
pub fn check_holder(
    session: &Session,
    token: &UnverifiedRefreshToken,
    client_id: &ClientId,
    proof: &Proof,
    key: &RefreshTokenKey,
) -> Result<(), Denial> {
    if !key.is_genuine(token, session) || session.client_id != *client_id {
        return Err(Denial::RefreshTokenUnknown);
    }
    if session.jkt == proof.thumbprint() {
        Ok(())
    } else {
        Err(Denial::KeyMismatch)
    }
}

/// Whom the access token of this session is made for.
pub fn grantee<'a>(session: &'a Session, account: &'a Account) -> Grantee<'a> {
    Grantee {
        sub: &session.did,
        aud: &account.pds_did,
        client_id: &session.client_id,
        jkt: session.jkt,
        sid: session.id,
    }
}

/// RFC 6749 section 6: the scope may narrow for this access token, never widen.
fn narrowed(granted: &ScopeSet, asked: Option<&str>) -> Result<ScopeSet, Denial> {
    let Some(asked) = asked else {
        return Ok(granted.clone());
    };
    let asked = ScopeSet::parse(asked).map_err(|_| Denial::ScopeExceedsGrant)?;
    if !asked.contains_str("atproto") {
        return Err(Denial::ScopeInvalid {
            expected: "must include atproto".to_owned(),
        });
    }
    if asked.is_subset(granted) {
        Ok(asked)
    } else {
        Err(Denial::ScopeExceedsGrant)
    }
}

#[cfg(test)]
mod tests;
