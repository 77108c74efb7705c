//! Whether an access token is believed, and the memory of those that were.

use std::sync::Arc;
use std::time::Duration;

use entryway_oauth::access_token::{self, AccessTokenClaims, InvalidAccessToken};
use entryway_oauth::jws::{JWS_BYTES_MAX, UnverifiedJws};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, ScopeSet};
use moka::sync::Cache;
use serde::Deserialize;

use crate::TrustedIssuer;

/// Why an access token is refused; each is `401 invalid_token`, upon which a client refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// Not a JWS, another `typ` or `alg`, or a claim missing or of the wrong type.
    #[error("the access token is not an at+jwt of this profile")]
    Malformed,
    /// `iss` is not one of the configured issuers.
    #[error("the access token comes from an issuer this server does not accept")]
    IssuerUnknown,
    /// None of the issuer's keys signed it.
    #[error("the access token is not signed by a key of its issuer")]
    Signature,
    /// `aud` is another server.
    #[error("the access token is meant for another server")]
    AudienceMismatch,
    /// `exp` has come.
    #[error("the access token has expired")]
    Expired,
    /// `iat` is more than a minute ahead of this server's clock, before 1970, or after `exp`.
    #[error("the access token is dated in the future or ends before it begins")]
    Misdated,
    /// `scope` is a reference, which is not followed here.
    #[error("the scope of the access token is a reference, which this resource does not follow")]
    ScopeReferenced,
    /// `scope` lacks `atproto`.
    #[error("the scope of the access token does not include atproto")]
    AtprotoMissing,
    /// `cnf.jkt` is not the thumbprint of the key that signed the proof.
    #[error("the access token is bound to another key than the one that signed the dpop proof")]
    KeyMismatch,
}

/// Believes tokens of some issuers for one audience, and verifies the signature of each once.
pub(crate) struct Tokens {
    issuers: Vec<TrustedIssuer>,
    audience: Did,
    believed: Cache<Digest, Believed>,
}

/// Claims whose permissions are known.
pub(crate) type Claims = AccessTokenClaims<ScopeSet>;

#[derive(Clone)]
struct Believed {
    claims: Arc<Claims>,
    token_bytes: u32,
}

#[derive(Deserialize)]
struct UnverifiedIssuer {
    iss: String,
}

impl Tokens {
    pub(crate) fn new(issuers: Vec<TrustedIssuer>, audience: Did, cached_bytes_max: u64) -> Self {
        Self {
            issuers,
            audience,
            believed: Cache::builder()
                .max_capacity(cached_bytes_max)
                .weigher(|_, believed: &Believed| believed.token_bytes)
                .time_to_idle(IDLE_MAX)
                .build(),
        }
    }

    /// The claims of a token that holds at this instant.
    ///
    /// Does not check that the caller has the key it is bound to, nor whether it was revoked.
    pub(crate) fn believe(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, InvalidToken> {
        // before it is hashed
        if token.len() > JWS_BYTES_MAX {
            return Err(InvalidToken::Malformed);
        }
        let digest = Digest::of(token.as_bytes());
        if let Some(Believed { claims, .. }) = self.believed.get(&digest) {
            check_time(&claims, now)?;
            return Ok(claims);
        }
        let claims = Arc::new(self.verify(token)?);
        check_time(&claims, now)?;
        let believed = Believed {
            claims: Arc::clone(&claims),
            token_bytes: u32::try_from(token.len()).unwrap_or(u32::MAX),
        };
        self.believed.insert(digest, believed);
        Ok(claims)
    }

    /// Everything about a token that does not change with time.
    fn verify(&self, token: &str) -> Result<Claims, InvalidToken> {
        let named: UnverifiedIssuer = UnverifiedJws::parse(token)
            .and_then(|jws| jws.unverified_claims())
            .map_err(|_| InvalidToken::Malformed)?;
        // only the keys of the issuer it names: one issuer cannot speak for another
        let TrustedIssuer { issuer, keys } = self
            .issuers
            .iter()
            .find(|trusted| trusted.issuer.as_str() == named.iss)
            .ok_or(InvalidToken::IssuerUnknown)?;
        let claims =
            access_token::verify_signature(token, &keys.current()).map_err(|reason| match reason {
                InvalidAccessToken::Malformed => InvalidToken::Malformed,
                InvalidAccessToken::Signature => InvalidToken::Signature,
            })?;
        // cannot differ while both readings refuse a member given twice; costs nothing to make sure
        if claims.iss != *issuer {
            return Err(InvalidToken::IssuerUnknown);
        }
        if claims.aud != self.audience.as_str() {
            return Err(InvalidToken::AudienceMismatch);
        }
        let claims = claims
            .into_permissions()
            .map_err(|_| InvalidToken::ScopeReferenced)?;
        if !claims.scope.contains_str("atproto") {
            return Err(InvalidToken::AtprotoMissing);
        }
        Ok(claims)
    }

    #[cfg(test)]
    pub(crate) fn has_believed(&self, token: &str) -> bool {
        self.believed.contains_key(&Digest::of(token.as_bytes()))
    }
}

fn check_time(claims: &Claims, now: Timestamp) -> Result<(), InvalidToken> {
    // RFC 7519 section 4.1.4: not on or after. No leeway, as at the reference PDS
    if claims.exp <= now {
        return Err(InvalidToken::Expired);
    }
    if claims.iat > now + SKEW_MAX || claims.iat < EPOCH || claims.iat > claims.exp {
        return Err(InvalidToken::Misdated);
    }
    Ok(())
}

/// How far the issuer's clock may be ahead of ours.
const SKEW_MAX: Seconds = Seconds(60);
const EPOCH: Timestamp = Timestamp::from_seconds(0);
/// A token nobody uses leaves the memory. That an expired one is refused does not hang on this.
const IDLE_MAX: Duration = Duration::from_mins(15);
