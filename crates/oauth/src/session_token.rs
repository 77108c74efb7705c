//! Session tokens: the JWTs of `createSession` and `refreshSession`, as an unmodified PDS takes them.
//!
//! They share key and `typ` with OAuth access tokens, so what keeps the two apart is checked on both sides:
//! a session token has no `cnf`, no `client_id` and a scope of its own vocabulary, and the other way round
//! (R-481, R-497). Refresh tokens have another `typ` and another audience (R-477, R-478).

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_scope::Did;

use crate::access_token::{AccessTokenKey, TokenId};
use crate::issuer::Issuer;
use crate::json;
use crate::jwk::{Algorithm, PublicKey};
use crate::jws::{UnverifiedJws, present};
use crate::secret::SessionId;
use crate::time::Timestamp;

/// What an access token of a session may do: one of the words a PDS knows, byte for byte.
///
/// ```
/// use entryway_oauth::session_token::SessionScope;
/// assert_eq!(SessionScope::parse("com.atproto.appPass"), Some(SessionScope::AppPass));
/// assert_eq!(SessionScope::parse("com.atproto.refresh"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum SessionScope {
    /// Everything: the account's own password was given.
    Access,
    /// An app password: no account management, no direct messages.
    AppPass,
    /// An app password that may reach direct messages too.
    AppPassPrivileged,
    /// An account that waits to be let in.
    SignupQueued,
    /// An account that was taken down: it may appeal, and leave.
    Takendown,
}

impl SessionScope {
    /// Every scope an access token may have.
    pub const ALL: [Self; 5] = [
        Self::Access,
        Self::AppPass,
        Self::AppPassPrivileged,
        Self::SignupQueued,
        Self::Takendown,
    ];

    /// The word in the token.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "com.atproto.access",
            Self::AppPass => "com.atproto.appPass",
            Self::AppPassPrivileged => "com.atproto.appPassPrivileged",
            Self::SignupQueued => "com.atproto.signupQueued",
            Self::Takendown => "com.atproto.takendown",
        }
    }

    /// Reads the word; nothing for any other, that of refresh tokens included.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl From<SessionScope> for &'static str {
    fn from(scope: SessionScope) -> Self {
        scope.name()
    }
}

impl TryFrom<String> for SessionScope {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("expected the scope of a session")
    }
}

/// The claims of the access token of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionAccessClaims {
    /// This service. A PDS does not look at it.
    pub iss: Issuer,
    /// The DID of the account's own PDS. Whoever takes the token compares it with where the account is now.
    pub aud: String,
    /// The account.
    pub sub: Did,
    /// What it may do.
    pub scope: SessionScope,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends, to the second. A PDS takes a token without one for ever, so there is always one.
    pub exp: Timestamp,
    /// Its own name.
    pub jti: TokenId,
    /// The session it belongs to, so that its end can be known here. No secret, and no claim a PDS reads.
    pub sid: SessionId,
}

/// The claims of the refresh token of a session. Its scope is always [`REFRESH_SCOPE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRefreshClaims {
    /// This service.
    pub iss: Issuer,
    /// The DID of this service: a refresh token is for us alone.
    pub aud: Did,
    /// The account.
    pub sub: Did,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends, to the second.
    pub exp: Timestamp,
    /// Which session and which generation of it, and the proof that we made it: see
    /// `entryway_core::legacy_session`.
    pub jti: String,
}

/// The `scope` of every refresh token.
pub const REFRESH_SCOPE: &str = "com.atproto.refresh";

/// A session token on its way to its owner. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// The token itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([redacted])")
    }
}

impl SessionAccessClaims {
    /// Signs them into an `accessJwt`.
    pub fn sign(&self, key: &AccessTokenKey) -> SessionToken {
        SessionToken(key.sign_typed(ACCESS_TYPE, self))
    }
}

impl SessionRefreshClaims {
    /// Signs them into a `refreshJwt`.
    pub fn sign(&self, key: &AccessTokenKey) -> SessionToken {
        let claims = Refresh {
            scope: REFRESH_SCOPE.to_owned(),
            claims: self.clone(),
        };
        SessionToken(key.sign_typed(REFRESH_TYPE, &claims))
    }
}

/// Claims that one of our keys signed, whether or not their time is over.
///
/// The two ways out say which of the two the caller wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<C> {
    claims: C,
    exp: Timestamp,
}

impl<C> Signed<C> {
    /// The claims, while they are good; they end at the second of `exp`.
    ///
    /// # Errors
    /// [`InvalidSessionToken::Expired`].
    pub fn unexpired(self, now: Timestamp) -> Result<C, InvalidSessionToken> {
        if now >= self.exp {
            return Err(InvalidSessionToken::Expired);
        }
        Ok(self.claims)
    }

    /// The claims, however old: whoever signs out with an expired token has signed out.
    pub fn even_if_expired(self) -> C {
        self.claims
    }
}

/// Why a text is not a session token of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSessionToken {
    /// Not a JWS of the right `typ` and `alg`, not signed by one of our keys, or for another audience.
    #[error("is not signed by this service for this purpose")]
    Unverified,
    /// Signed, but with a claim too many, too few, twice or of another shape: an OAuth token is one (R-481).
    #[error("has claims that no session token has")]
    Malformed,
    /// Signed, with a scope of another vocabulary.
    #[error("has a scope that does not fit")]
    Scope,
    /// Its time is over.
    #[error("has expired")]
    Expired,
}

/// Reads an `accessJwt` that one of these keys signed.
///
/// Does not check `aud`, which is right if it is the DID of the PDS the account is on now: only who knows
/// the account can tell. Does not check whether the session was ended.
///
/// # Errors
/// [`InvalidSessionToken`] by variant.
pub fn verify_access(
    token: &str,
    keys: &[PublicKey],
    issuer: &Issuer,
) -> Result<Signed<SessionAccessClaims>, InvalidSessionToken> {
    let payload = verified_payload(token, keys, ACCESS_TYPE)?;
    if SessionScope::parse(&scope(&payload)?).is_none() {
        return Err(InvalidSessionToken::Scope);
    }
    let claims: SessionAccessClaims = json::strict(&payload).ok_or(InvalidSessionToken::Malformed)?;
    if claims.iss != *issuer {
        return Err(InvalidSessionToken::Unverified);
    }
    let exp = claims.exp;
    Ok(Signed { claims, exp })
}

/// Reads a `refreshJwt` that one of these keys signed for this service.
///
/// Does not check whether `jti` is one of ours, nor whether the session was ended.
///
/// # Errors
/// [`InvalidSessionToken`] by variant.
pub fn verify_refresh(
    token: &str,
    keys: &[PublicKey],
    issuer: &Issuer,
    service: &Did,
) -> Result<Signed<SessionRefreshClaims>, InvalidSessionToken> {
    let payload = verified_payload(token, keys, REFRESH_TYPE)?;
    if scope(&payload)? != REFRESH_SCOPE {
        return Err(InvalidSessionToken::Scope);
    }
    let Refresh { claims, .. } = json::strict(&payload).ok_or(InvalidSessionToken::Malformed)?;
    if claims.iss != *issuer || claims.aud != *service {
        return Err(InvalidSessionToken::Unverified);
    }
    let exp = claims.exp;
    Ok(Signed { claims, exp })
}

#[derive(Serialize, Deserialize)]
struct Refresh {
    scope: String,
    #[serde(flatten)]
    claims: SessionRefreshClaims,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// What tells a session token from everything else that is signed.
#[derive(Deserialize)]
struct Marks {
    scope: String,
    #[serde(default, deserialize_with = "present")]
    cnf: bool,
    #[serde(default, deserialize_with = "present")]
    lxm: bool,
    #[serde(default, deserialize_with = "present")]
    client_id: bool,
}

/// The payload of a token that is signed for this purpose. The algorithm is fixed here, and a `kid`, `jku`
/// or `jwk` in the header is never looked at.
fn verified_payload(token: &str, keys: &[PublicKey], typ: &str) -> Result<String, InvalidSessionToken> {
    let unverified = |_| InvalidSessionToken::Unverified;
    let jws = UnverifiedJws::parse(token).map_err(unverified)?;
    let header = jws.header().map_err(unverified)?;
    let header: Header = json::strict(header).ok_or(InvalidSessionToken::Unverified)?;
    let stated = header.typ.strip_prefix("application/").unwrap_or(&header.typ);
    if stated != typ || header.alg != Algorithm::ES256K.name() || header.crit {
        return Err(InvalidSessionToken::Unverified);
    }
    if !keys.iter().any(|key| jws.is_signed_by(key, Algorithm::ES256K)) {
        return Err(InvalidSessionToken::Unverified);
    }
    Ok(jws.unverified_payload().map_err(unverified)?.to_owned())
}

fn scope(payload: &str) -> Result<String, InvalidSessionToken> {
    let marks: Marks = json::strict(payload).ok_or(InvalidSessionToken::Malformed)?;
    if marks.cnf || marks.lxm || marks.client_id {
        return Err(InvalidSessionToken::Malformed);
    }
    Ok(marks.scope)
}

const ACCESS_TYPE: &str = "at+jwt";
const REFRESH_TYPE: &str = "refresh+jwt";

#[cfg(test)]
mod tests;
