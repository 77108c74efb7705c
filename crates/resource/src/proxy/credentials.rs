//! What the upstream is shown in the name of a verified caller.

use std::sync::Arc;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::shared_secret::SharedSecret;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use moka::sync::Cache;
use serde::Serialize;

use super::Entropy;
use super::fault::GateFault;
use crate::Verified;
use crate::credentials::DPOP;

/// How an upstream learns for whom a verified call is.
#[derive(Clone, Debug)]
pub enum UpstreamCredentials {
    /// By the token and the proof of the caller, which it verifies again: a reference PDS that delegates
    /// to the same issuer. It has to take the gate's nonces, so its `PDS_DPOP_SECRET` is the gate's.
    Pass,
    /// By a short session token, signed with the PDS's own `PDS_JWT_SECRET`: any PDS that knows no
    /// OAuth. The token may do everything, so what the scope permits is decided here alone.
    Session(SharedSecret),
    /// By a signed header, [`IDENTITY`]: a service of your own.
    Identity(SharedSecret),
}

/// The header that carries who calls, as a JWT with HS256 over the shared secret.
///
/// Its claims: `iss` the gate's public URL, `aud` the DID of the upstream, `sub` the account, `client_id`,
/// `scope`, `htm` and `path` of the request, `iat`, `exp` a minute later, and `jti`, once.
pub const IDENTITY: HeaderName = HeaderName::from_static("x-entryway-identity");

/// Shows one upstream who calls.
pub(super) struct Signer {
    credentials: UpstreamCredentials,
    public_url: Issuer,
    audience: Did,
    entropy: Entropy,
    sessions: Cache<Did, Arc<Session>>,
}

/// A session token and from when on a new one is better.
struct Session {
    authorization: HeaderValue,
    signed_at: Timestamp,
}

impl Signer {
    pub(super) fn new(
        credentials: UpstreamCredentials,
        public_url: Issuer,
        audience: Did,
        entropy: Entropy,
    ) -> Self {
        Self {
            credentials,
            public_url,
            audience,
            entropy,
            sessions: Cache::new(SESSIONS_MAX),
        }
    }

    pub(super) const fn passes(&self) -> bool {
        matches!(self.credentials, UpstreamCredentials::Pass)
    }

    /// Whether the upstream takes the caller for the account itself, scope or no scope.
    pub(super) const fn opens_sessions(&self) -> bool {
        matches!(self.credentials, UpstreamCredentials::Session(_))
    }

    /// Puts on the upstream's headers who calls.
    ///
    /// # Errors
    /// [`GateFault::Unable`].
    pub(super) fn sign(
        &self,
        caller: &Verified,
        received: &HeaderMap,
        (method, path): (&http::Method, &str),
        now: Timestamp,
        headers: &mut HeaderMap,
    ) -> Result<(), GateFault> {
        match &self.credentials {
            UpstreamCredentials::Pass => {
                for name in [AUTHORIZATION, DPOP] {
                    if let Some(value) = received.get(&name) {
                        headers.insert(name, sensitive(value.clone()));
                    }
                }
            }
            UpstreamCredentials::Session(secret) => {
                headers.insert(AUTHORIZATION, self.session(secret, caller.did(), now)?);
            }
            UpstreamCredentials::Identity(secret) => {
                let mut jti = [0; 16];
                if !(self.entropy)(&mut jti) {
                    return Err(GateFault::Unable);
                }
                let scope = caller.scope().to_string();
                let jti = u128::from_be_bytes(jti);
                let claims = IdentityClaims {
                    iss: &self.public_url,
                    aud: &self.audience,
                    sub: caller.did(),
                    client_id: caller.client_id(),
                    scope: &scope,
                    htm: method.as_str(),
                    path,
                    iat: now,
                    exp: now + IDENTITY_LIFE,
                    jti: &format!("{jti:032x}"),
                };
                let jwt = secret.sign_jwt("JWT", &claims);
                headers.insert(IDENTITY, value(&jwt)?);
            }
        }
        Ok(())
    }

    /// The account's session token, signed anew when half of its life is over.
    fn session(&self, secret: &SharedSecret, did: &Did, now: Timestamp) -> Result<HeaderValue, GateFault> {
        if let Some(session) = self.sessions.get(did) {
            let age = now.seconds().saturating_sub(session.signed_at.seconds());
            // a clock that went back makes it look young for ever
            if (0..SESSION_LIFE.0 / 2).contains(&age) {
                return Ok(session.authorization.clone());
            }
        }
        let claims = SessionClaims {
            scope: "com.atproto.access",
            sub: did,
            aud: &self.audience,
            iat: now,
            exp: now + SESSION_LIFE,
        };
        let jwt = secret.sign_jwt("at+jwt", &claims);
        let session = Session {
            authorization: value(&format!("Bearer {jwt}"))?,
            signed_at: now,
        };
        let authorization = session.authorization.clone();
        self.sessions.insert(did.clone(), Arc::new(session));
        Ok(authorization)
    }
}

fn value(text: &str) -> Result<HeaderValue, GateFault> {
    HeaderValue::from_str(text)
        .map(sensitive)
        .map_err(|_| GateFault::Unable)
}

/// Marked so that no log of the HTTP library shows it.
pub(super) fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// What a reference PDS reads in an access token of its own.
#[derive(Serialize)]
struct SessionClaims<'a> {
    scope: &'static str,
    sub: &'a Did,
    aud: &'a Did,
    iat: Timestamp,
    exp: Timestamp,
}

#[derive(Serialize)]
struct IdentityClaims<'a> {
    iss: &'a Issuer,
    aud: &'a Did,
    sub: &'a Did,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    scope: &'a str,
    htm: &'a str,
    path: &'a str,
    iat: Timestamp,
    exp: Timestamp,
    jti: &'a str,
}

/// Long enough for clocks that differ by half a minute, short enough to be worth nothing in a log.
const SESSION_LIFE: Seconds = Seconds(120);
const IDENTITY_LIFE: Seconds = Seconds(60);
/// Accounts whose session token is kept; half a kilobyte each.
const SESSIONS_MAX: u64 = 20_000;
