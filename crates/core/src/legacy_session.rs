//! Sessions of `createSession`: one row for the whole life of each, as OAuth sessions have (D3).
//!
//! A refresh token names its session and its generation in `jti`. The reference lets a token that was
//! rotated away be used for two more hours and gives the same successor each time; here that successor is
//! derived again, so nothing but the instants of the last rotations is stored.

mod method;
mod refresh;
mod sign_in;
mod superseded;

use std::fmt;

use entryway_oauth::access_token::{AccessTokenKey, TokenId};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::{ServerKey, SessionId};
use entryway_oauth::session_token::{SessionAccessClaims, SessionRefreshClaims, SessionScope, SessionToken};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use crate::app_password::{AppPasswordKind, AppPasswordName};
use crate::generation::{GenerationKey, UnverifiedGeneration};

pub use method::{SIGNUP_QUEUE_SCOPES, admit, admit_host, scopes_of};
pub use refresh::{Refresh, refresh, sign_out};
pub use sign_in::{Credential, Factor, SignIn, TakenDown, sign_in};
pub use superseded::Superseded;

/// How long the tokens of these sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyLifetimes {
    /// The access token. A PDS never asks whether it was revoked, so this is how long a revoked one works.
    pub access_token: Seconds,
    /// The refresh token, anew with each refresh.
    pub refresh_token: Seconds,
    /// How long a refresh token that was rotated away may still be used.
    pub grace: Seconds,
}

impl Default for LegacyLifetimes {
    /// The refresh token and the grace are the reference's; the access token is as short as that of OAuth
    /// (D5), where the reference gives two hours.
    fn default() -> Self {
        Self {
            access_token: Seconds::minutes(15),
            refresh_token: Seconds::days(90),
            grace: Seconds::minutes(120),
        }
    }
}

/// What a session was begun with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The account's own password.
    AccountPassword,
    /// An app password: the session ends when that is revoked.
    AppPassword {
        /// Its name.
        name: AppPasswordName,
        /// What it opens.
        kind: AppPasswordKind,
    },
    /// The account's own password, while the account is taken down. Such a session is never stored: it lasts
    /// as long as its access token, and its refresh token is good for nothing.
    TakenDown,
}

impl Basis {
    /// The scope of the session's access tokens, now and after every refresh.
    pub const fn scope(&self) -> SessionScope {
        match self {
            Self::AccountPassword => SessionScope::Access,
            Self::AppPassword { kind, .. } => kind.scope(),
            Self::TakenDown => SessionScope::Takendown,
        }
    }

    /// Whether the store keeps the session.
    pub const fn is_stored(&self) -> bool {
        !matches!(self, Self::TakenDown)
    }
}

/// A session as the store holds it. One that was ended is not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacySession {
    /// Its name, also inside its tokens.
    pub id: SessionId,
    /// Whose account.
    pub did: Did,
    /// What it was begun with.
    pub basis: Basis,
    /// Mixed into the `jti` of its refresh tokens, so that the server key alone forges none.
    pub salt: [u8; 16],
    /// The generation of the refresh token that was given out last.
    pub generation: u32,
    /// When each of the generations before was first used.
    pub superseded: Superseded,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When the refresh token given out last ends.
    pub expires_at: Timestamp,
}

impl LegacySession {
    /// A new session.
    pub fn begin(
        did: Did,
        basis: Basis,
        id: SessionId,
        salt: [u8; 16],
        lifetimes: &LegacyLifetimes,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            did,
            basis,
            salt,
            generation: 1,
            superseded: Superseded::default(),
            created_at: now,
            expires_at: now + lifetimes.refresh_token,
        }
    }

    /// The tokens of one generation: of the present one, or of an earlier one that is asked for again.
    pub fn tokens(
        &self,
        generation: u32,
        jti: TokenId,
        issuance: &Issuance<'_>,
        now: Timestamp,
    ) -> TokenPair {
        let access = SessionAccessClaims {
            iss: issuance.issuer.clone(),
            aud: issuance.pds_did.to_owned(),
            sub: self.did.clone(),
            scope: self.basis.scope(),
            iat: now,
            exp: now + issuance.lifetimes.access_token,
            jti,
            sid: self.id,
        };
        let refresh = SessionRefreshClaims {
            iss: issuance.issuer.clone(),
            aud: issuance.service.clone(),
            sub: self.did.clone(),
            iat: now,
            exp: self.expires_at,
            jti: issuance.refresh_key.jti(self.id, &self.salt, generation),
        };
        TokenPair {
            access: access.sign(issuance.signing_key),
            refresh: refresh.sign(issuance.signing_key),
        }
    }
}

/// By whom, for whom and how long tokens are issued.
#[derive(Clone, Copy, Debug)]
pub struct Issuance<'a> {
    /// This service.
    pub issuer: &'a Issuer,
    /// Its DID: the audience of refresh tokens.
    pub service: &'a Did,
    /// The DID of the account's PDS as it is now: the audience of access tokens.
    pub pds_did: &'a str,
    /// What signs them.
    pub signing_key: &'a AccessTokenKey,
    /// What makes the `jti` of refresh tokens.
    pub refresh_key: &'a LegacyRefreshKey,
    /// How long they live.
    pub lifetimes: &'a LegacyLifetimes,
}

/// An `accessJwt` and a `refreshJwt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPair {
    /// For the account's PDS.
    pub access: SessionToken,
    /// For this service.
    pub refresh: SessionToken,
}

/// Makes and recognises the `jti` of refresh tokens. An OAuth refresh token is garbage to it, and the other
/// way round.
#[derive(Clone, Debug)]
pub struct LegacyRefreshKey(GenerationKey);

/// A `jti` that this server wrote; for which session is known only with its salt.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedJti(UnverifiedGeneration);

impl UnverifiedJti {
    /// The session it names.
    pub const fn session(&self) -> SessionId {
        self.0.session
    }

    /// Which generation it is.
    pub const fn generation(&self) -> u32 {
        self.0.number
    }
}

impl fmt::Debug for UnverifiedJti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "UnverifiedJti({} generation {})",
            self.0.session, self.0.number
        )
    }
}

impl LegacyRefreshKey {
    /// Derives the keys from one secret of the server.
    pub fn new(root: &ServerKey) -> Self {
        Self(GenerationKey::new(root, "session refresh token"))
    }

    /// The `jti` of one generation of a session: always the same one.
    pub fn jti(&self, session: SessionId, salt: &[u8; 16], generation: u32) -> String {
        self.0.name(session, salt, generation)
    }

    /// Reads the `jti` of a verified refresh token.
    ///
    /// # Errors
    /// [`XrpcDenial::TokenUnverified`] for one this server did not write, before any look-up.
    pub fn parse(&self, jti: &str) -> Result<UnverifiedJti, XrpcDenial> {
        let read = self.0.read(jti);
        read.map(UnverifiedJti).ok_or(XrpcDenial::TokenUnverified)
    }

    fn is_genuine(&self, jti: &UnverifiedJti, session: &LegacySession) -> bool {
        self.0.is_genuine(&jti.0, session.id, &session.salt)
    }
}

#[cfg(test)]
mod tests;
