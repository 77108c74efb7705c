//! The walk of one request from headers to [`Verified`].

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::{self, Expectation};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};
use http::{HeaderMap, Response};

use crate::answer::{Challenge, dress};
use crate::credentials::Credentials;
use crate::replay::{Marked, ReplayMarks};
use crate::token::{Claims, Tokens};
use crate::{Clock, InvalidToken, IssuerKeys, Moment, Refusal};

/// An authorization server whose tokens are believed.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    /// Its identifier, as `iss` has it.
    pub issuer: Issuer,
    /// The keys it signs with.
    pub keys: IssuerKeys,
}

impl TrustedIssuer {
    /// Believes its tokens until they expire.
    pub const fn new(issuer: Issuer, keys: IssuerKeys) -> Self {
        Self { issuer, keys }
    }
}

/// Whose tokens are believed, and where.
#[derive(Clone, Debug)]
pub struct VerifierConfig {
    /// The authorization servers. An issuer not listed is not believed.
    pub issuers: Vec<TrustedIssuer>,
    /// The DID of this resource: what `aud` must be, exactly.
    pub audience: Did,
    /// The origin under which clients see this resource. A proof's `htu` is compared with it and the
    /// request's path, never with a `Host` or forwarding header (R-351).
    pub public_url: Issuer,
    /// Issues and recognises nonces. May be shared with the authorization server and between the
    /// processes of one resource (R-354).
    pub nonces: NonceKey,
    /// Bounds of what is remembered.
    pub limits: Limits,
}

/// Bounds of what a [`Verifier`] remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of access tokens whose signature need not be verified again. What is kept of one is a few
    /// times its length.
    pub cached_token_bytes_max: u64,
    /// Proofs remembered at a time, of 30 to 80 bytes each. A proof is remembered for some ten
    /// minutes, so this divided by 600 is the rate at which requests can be told apart from replays;
    /// beyond it they are refused with 503.
    pub replay_marks_max: usize,
}

impl Default for Limits {
    /// 64 MiB of tokens, some 70,000 sessions; 2,000,000 marks, some 3,300 requests a second.
    fn default() -> Self {
        Self {
            cached_token_bytes_max: 64 * 1024 * 1024,
            replay_marks_max: 2_000_000,
        }
    }
}

/// Verifies requests. Cheap to ask from many threads at once; share it in an [`Arc`].
pub struct Verifier {
    tokens: Tokens,
    marks: ReplayMarks,
    nonces: NonceKey,
    public_url: Issuer,
    challenge: Challenge,
}

impl Verifier {
    /// Makes a verifier that remembers nothing yet.
    pub fn new(config: VerifierConfig) -> Self {
        Self {
            tokens: Tokens::new(
                config.issuers,
                config.audience,
                config.limits.cached_token_bytes_max,
            ),
            marks: ReplayMarks::new(config.limits.replay_marks_max),
            nonces: config.nonces,
            challenge: Challenge::new(&config.public_url),
            public_url: config.public_url,
        }
    }

    /// Verifies one request: its token, its proof, that they belong together, and that the proof is new.
    ///
    /// `method` and `path` are the request's own, the path as the client sent it and without query.
    /// The proof is marked as used in the last step, so a refused request burns nothing.
    ///
    /// Does not check whether the token was revoked, whether the account is active (R-350), or whether
    /// the scope permits the method.
    ///
    /// # Errors
    /// One [`Refusal`] per reason, but [`Refusal::ScopeMissing`], which is the handler's to give.
    #[expect(clippy::unused_async, reason = "keys that are fetched will be waited for")]
    pub async fn verify(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        clock: &Clock,
    ) -> Result<Verified, Refusal> {
        self.attempt(method, path, headers, clock())
    }

    /// As [`Self::verify`], by what is known already.
    pub(crate) fn attempt(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        Moment { wall: now, .. }: Moment,
    ) -> Result<Verified, Refusal> {
        let presented = match Credentials::of(headers) {
            Credentials::Presented(credentials) => credentials,
            Credentials::NotPresented => return Err(Refusal::CredentialsMissing),
            Credentials::Malformed(refusal) => return Err(refusal),
        };
        let claims = self.tokens.believe(presented.token, now)?;
        // without its slash a path would lengthen the host name: attacks::proof::a_path_never_changes_the_host
        if !path.starts_with('/') {
            return Err(Refusal::ProofInvalid(Denial::ProofInvalid {
                expected: "htu must be the URL of this endpoint",
            }));
        }
        let expected = Expectation {
            method,
            url: &self.public_url.url(path),
            access_token: Some(presented.token),
            nonces: &self.nonces,
            now,
        };
        let proof = dpop::verify(presented.proof, &expected).map_err(Refusal::ProofInvalid)?;
        if proof.thumbprint() != claims.cnf.jkt {
            return Err(InvalidToken::KeyMismatch.into());
        }
        match self.marks.remember(&proof, now) {
            Marked::Fresh => Ok(Verified { claims }),
            Marked::Replayed => Err(Refusal::ProofInvalid(Denial::ProofReplayed)),
            Marked::Full => Err(Refusal::ReplayMarksFull),
        }
    }

    /// The whole response of a refusal: status, XRPC body, challenge, and all that [`Verifier::dress`] adds.
    pub fn refuse(&self, refusal: &Refusal, now: Moment) -> Response<Bytes> {
        let mut response = refusal.response(&self.challenge);
        self.dress(response.headers_mut(), now);
        response
    }

    /// Adds what every answer carries: a nonce, `Cache-Control`, `Vary`, and what CORS is to expose.
    ///
    /// [`crate::VerifierLayer`] does this; a second time changes nothing.
    pub fn dress(&self, headers: &mut HeaderMap, now: Moment) {
        dress(headers, &self.nonces.issue(now.wall));
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// A caller that proved who it is, on this request. Made by [`Verifier::verify`] and nowhere else.
///
/// ```compile_fail
/// let made_up = entryway_resource::Verified { claims: unimplemented!() };
/// ```
#[derive(Clone, Debug)]
pub struct Verified {
    claims: Arc<Claims>,
}

impl Verified {
    /// The account.
    pub fn did(&self) -> &Did {
        &self.claims.sub
    }

    /// The authorization server that vouches for it.
    pub fn issuer(&self) -> &Issuer {
        &self.claims.iss
    }

    /// The client that acts for it, where the authorization server says so. Text: shown, never fetched.
    pub fn client_id(&self) -> Option<&str> {
        Some(&self.claims.client_id)
    }

    /// What the client may do. `atproto` is among it.
    pub fn scope(&self) -> &ScopeSet {
        &self.claims.scope
    }

    /// The session it belongs to, where the authorization server names its sessions as ours does.
    pub fn session(&self) -> Option<SessionId> {
        Some(self.claims.sid)
    }

    /// When the access token ends.
    pub fn expires_at(&self) -> Timestamp {
        self.claims.exp
    }

    /// Thumbprint of the key the caller holds.
    pub fn jkt(&self) -> Thumbprint {
        self.claims.cnf.jkt
    }
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
