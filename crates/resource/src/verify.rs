//! The walk of one request from headers to [`Verified`].

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::{self, Expectation};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::jws::JWS_BYTES_MAX;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};
use http::{HeaderMap, Response};

use crate::answer::{Challenge, dress};
use crate::credentials::Credentials;
use crate::feed::Standing;
use crate::replay::{Era, Marked, ReplayMarks};
use crate::token::{Claims, Doubt, Lookup, Tokens};
use crate::{Clock, InvalidToken, Moment, Refusal, TrustedIssuer};

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
    /// The proof is marked as used in the last step, so a refused request burns nothing. The clock is the
    /// same each time: what is remembered is timed by it. Waits only where an issuer is to be asked: for
    /// keys that are due or that signed an unknown token, and for the scope that a token refers to.
    ///
    /// Does not check whether the account is active (R-350), or whether the scope permits the method; and
    /// whether the token was revoked only where [`TrustedIssuer::revocations`] are followed.
    ///
    /// # Errors
    /// One [`Refusal`] per reason, but [`Refusal::ScopeMissing`], which is the handler's to give.
    pub async fn verify(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        clock: &Clock,
    ) -> Result<Verified, Refusal> {
        match self.attempt(method, path, headers, clock()) {
            Attempt::Decided(outcome) => outcome,
            Attempt::Asking(lookup) => self.verify_after(lookup, method, path, headers, clock).await,
        }
    }

    /// As [`Self::verify`], once this question is answered.
    pub(crate) async fn verify_after(
        &self,
        mut lookup: Lookup,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        clock: &Clock,
    ) -> Result<Verified, Refusal> {
        for _ in 0..LOOKUPS_MAX {
            lookup.answered(clock).await;
            match self.attempt(method, path, headers, clock()) {
                Attempt::Decided(outcome) => return outcome,
                Attempt::Asking(next) => lookup = next,
            }
        }
        Err(Refusal::IssuerSilent)
    }

    /// As [`Self::verify`], by what is known already.
    pub(crate) fn attempt(&self, method: &str, path: &str, headers: &HeaderMap, now: Moment) -> Attempt {
        match self.decide(method, path, headers, now) {
            Ok(verified) => Attempt::Decided(Ok(verified)),
            Err(Doubt::Refused(refusal)) => Attempt::Decided(Err(refusal)),
            Err(Doubt::Asking(lookup)) => Attempt::Asking(lookup),
        }
    }

    fn decide(&self, method: &str, path: &str, headers: &HeaderMap, now: Moment) -> Result<Verified, Doubt> {
        let presented = match Credentials::of(headers) {
            Credentials::Presented(credentials) => credentials,
            Credentials::NotPresented => return Err(Refusal::CredentialsMissing.into()),
            Credentials::Malformed(refusal) => return Err(refusal.into()),
        };
        // before it is hashed (R-357)
        if presented.token.len() > JWS_BYTES_MAX {
            return Err(InvalidToken::Malformed.into());
        }
        let token_digest = Digest::of(presented.token.as_bytes());
        let claims = self.tokens.believe(presented.token, token_digest, now)?;
        match claims.standing(now) {
            Standing::Good => {}
            Standing::Revoked => return Err(InvalidToken::Revoked.into()),
            Standing::Stale => return Err(Refusal::RevocationsStale.into()),
        }
        // without its slash a path would lengthen the host name: attacks::proof::a_path_never_changes_the_host
        if !path.starts_with('/') {
            let expected = "htu must be the URL of this endpoint";
            return Err(Refusal::ProofInvalid(Denial::ProofInvalid { expected }).into());
        }
        let era = self.marks.era(now);
        let expected = Expectation {
            method,
            url: &self.public_url.url(path),
            access_token: Some(&token_digest),
            nonces: &self.nonces(era),
            now: now.wall,
        };
        let proof = dpop::verify(presented.proof, &expected).map_err(Refusal::ProofInvalid)?;
        if proof.thumbprint() != claims.jkt {
            return Err(InvalidToken::KeyMismatch.into());
        }
        match self.marks.remember(&proof, era, now) {
            Marked::Fresh => Ok(Verified { claims }),
            Marked::Replayed => Err(Refusal::ProofInvalid(Denial::ProofReplayed).into()),
            Marked::Outdated => Err(Refusal::ProofInvalid(Denial::NonceRequired).into()),
            Marked::Full => Err(Refusal::ReplayMarksFull.into()),
        }
    }

    fn nonces(&self, era: Era) -> Cow<'_, NonceKey> {
        match era {
            Era::Common => Cow::Borrowed(&self.nonces),
            Era::Own(number) => Cow::Owned(self.nonces.of_era(number)),
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
        dress(headers, &self.nonces(self.marks.era(now)).issue(now.wall));
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// How far a request came.
pub(crate) enum Attempt {
    /// To the end.
    Decided(Result<Verified, Refusal>),
    /// To where an issuer is to be asked.
    Asking(Lookup),
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
        &self.claims.account
    }

    /// The authorization server that vouches for it.
    pub fn issuer(&self) -> &Issuer {
        &self.claims.issuer.issuer
    }

    /// The client that acts for it, where the authorization server says so. Text: shown, never fetched.
    pub fn client_id(&self) -> Option<&str> {
        self.claims.client_id.as_deref()
    }

    /// What the client may do. `atproto` is among it.
    pub fn scope(&self) -> &ScopeSet {
        &self.claims.scope
    }

    /// The session it belongs to, where the authorization server names its sessions as ours does.
    pub fn session(&self) -> Option<SessionId> {
        self.claims.session
    }

    /// When the access token ends.
    pub fn expires_at(&self) -> Timestamp {
        self.claims.expires_at
    }

    /// Thumbprint of the key the caller holds.
    pub fn jkt(&self) -> Thumbprint {
        self.claims.jkt
    }
}

/// A request may wait for keys that are due, for the key that signed its token, and for its scope.
const LOOKUPS_MAX: usize = 3;

#[cfg(test)]
mod asking;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod revoked;
#[cfg(test)]
mod tests;
