//! Whether an access token is believed, and the memory of those that were.

use std::sync::Arc;
use std::time::Duration;

use entryway_oauth::access_token::{Text, TokenScope, UnverifiedAccessToken};
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, ScopeReference, ScopeSet};
use moka::sync::Cache;

use crate::feed::Standing;
use crate::keys::{KeyRing, KeysAsked, KeysKnown, UnknownSigner};
use crate::scopes::{ScopeAsked, ScopeKnown};
use crate::{Clock, InvalidToken, Moment, Refusal, TrustedIssuer};

/// Believes tokens of some issuers for one audience, and verifies the signature of each once.
pub(crate) struct Tokens {
    issuers: Vec<Arc<TrustedIssuer>>,
    audience: Did,
    believed: Cache<Digest, Believed>,
}

/// What a token that is believed says.
#[derive(Debug)]
pub(crate) struct Claims {
    pub(crate) issuer: Arc<TrustedIssuer>,
    /// Which of the issuer's keys signed it.
    pub(crate) signer: Thumbprint,
    pub(crate) account: Did,
    pub(crate) client_id: Option<Box<str>>,
    pub(crate) scope: Arc<ScopeSet>,
    pub(crate) jkt: Thumbprint,
    pub(crate) session: Option<SessionId>,
    begins_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

#[derive(Clone)]
struct Believed {
    claims: Arc<Claims>,
    /// What it weighs.
    bytes: u32,
}

/// Why a token is not believed, or not yet.
pub(crate) enum Doubt {
    /// It is refused.
    Refused(Refusal),
    /// Its issuer is to be asked first.
    Asking(Lookup),
}

/// A question to an issuer: to be waited for, and then to begin again.
pub(crate) enum Lookup {
    Keys(KeysAsked),
    Scope(ScopeAsked),
}

impl Lookup {
    /// Waits for the answer, or for the lack of one.
    pub(crate) async fn answered(self, clock: &Clock) {
        match self {
            Self::Keys(asked) => asked.answered(clock).await,
            Self::Scope(asked) => asked.answered(clock).await,
        }
    }
}

impl Tokens {
    pub(crate) fn new(issuers: Vec<TrustedIssuer>, audience: Did, cached_bytes_max: u64) -> Self {
        Self {
            issuers: issuers.into_iter().map(Arc::new).collect(),
            audience,
            believed: Cache::builder()
                .max_capacity(cached_bytes_max)
                .weigher(|_, believed: &Believed| believed.bytes)
                .time_to_idle(IDLE_MAX)
                .build(),
        }
    }

    /// The claims of a token that holds at this instant. `digest` is the token's.
    ///
    /// Does not check that the caller has the key it is bound to, nor whether it was revoked.
    pub(crate) fn believe(&self, token: &str, digest: Digest, now: Moment) -> Result<Arc<Claims>, Doubt> {
        if let Some(Believed { claims, .. }) = self.believed.get(&digest) {
            // the key that signed it may have been withdrawn since
            if !keys(&claims.issuer, now)?.holds(&claims.signer) {
                self.believed.invalidate(&digest);
                return Err(InvalidToken::Signature.into());
            }
            check_time(&claims, now.wall)?;
            return Ok(claims);
        }
        let believed = self.verify(token, now)?;
        let claims = Arc::clone(&believed.claims);
        self.believed.insert(digest, believed);
        Ok(claims)
    }

    fn verify(&self, token: &str, now: Moment) -> Result<Believed, Doubt> {
        let unverified = UnverifiedAccessToken::parse(token).map_err(|_| InvalidToken::Malformed)?;
        // only the keys of the issuer it names: one issuer cannot speak for another
        let issuer = self
            .issuers
            .iter()
            .find(|trusted| trusted.issuer == *unverified.unverified_issuer())
            .ok_or(InvalidToken::IssuerUnknown)?;
        let Ok((claims, signer)) = unverified.verify(keys(issuer, now)?.keys()) else {
            return Err(match issuer.keys.unknown_signer(now) {
                UnknownSigner::Asking(asked) => Doubt::Asking(Lookup::Keys(asked)),
                UnknownSigner::Nobody => InvalidToken::Signature.into(),
                UnknownSigner::Unknown => Refusal::IssuerSilent.into(),
            });
        };
        if !claims.aud.holds(self.audience.as_str()) {
            return Err(InvalidToken::AudienceMismatch.into());
        }
        let mut believed = Claims {
            issuer: Arc::clone(issuer),
            signer,
            account: claims.sub,
            client_id: claims.client_id.as_ref().map(Text::as_str).map(Box::from),
            scope: Arc::default(),
            jkt: claims.cnf.jkt,
            session: claims.sid,
            begins_at: claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat)),
            expires_at: claims.exp,
        };
        if claims.iat < EPOCH {
            return Err(InvalidToken::Misdated.into());
        }
        if issuer.revocations.is_some() && believed.session.is_none() {
            return Err(InvalidToken::SessionUnnamed.into());
        }
        // before anybody is asked about it
        check_time(&believed, now.wall)?;
        let mut bytes = u32::try_from(token.len()).unwrap_or(u32::MAX);
        believed.scope = match claims.scope {
            TokenScope::Permissions(scope) => Arc::new(scope),
            TokenScope::Reference(reference) => {
                let (scope, referenced_bytes) = dereference(issuer, &reference, now)?;
                bytes = bytes.saturating_add(referenced_bytes);
                scope
            }
        };
        if !believed.scope.contains_str("atproto") {
            return Err(InvalidToken::AtprotoMissing.into());
        }
        Ok(Believed {
            claims: Arc::new(believed),
            bytes,
        })
    }

    #[cfg(test)]
    pub(crate) fn has_believed(&self, token: &str) -> bool {
        self.believed.contains_key(&Digest::of(token.as_bytes()))
    }
}

impl Claims {
    /// Whether the issuer took the session or its key back, as far as that is followed.
    pub(crate) fn standing(&self, now: Moment) -> Standing {
        let revocations = self.issuer.revocations.as_ref();
        revocations.map_or(Standing::Good, |revocations| {
            revocations.standing(self.session, &self.signer, now)
        })
    }
}

fn keys(issuer: &TrustedIssuer, now: Moment) -> Result<Arc<KeyRing>, Doubt> {
    match issuer.keys.at(now) {
        KeysKnown::Known(ring) => Ok(ring),
        KeysKnown::Asking(asked) => Err(Doubt::Asking(Lookup::Keys(asked))),
        KeysKnown::Unknown => Err(Refusal::IssuerSilent.into()),
    }
}

fn dereference(
    issuer: &TrustedIssuer,
    reference: &ScopeReference,
    now: Moment,
) -> Result<(Arc<ScopeSet>, u32), Doubt> {
    let scopes = issuer.scopes.as_ref().ok_or(InvalidToken::ScopeReferenced)?;
    match scopes.at(reference, now) {
        ScopeKnown::Known(scope, bytes) => Ok((scope, bytes)),
        ScopeKnown::Asking(asked) => Err(Doubt::Asking(Lookup::Scope(asked))),
        ScopeKnown::Missing => Err(InvalidToken::ScopeUnknown.into()),
        ScopeKnown::Unknown => Err(Refusal::IssuerSilent.into()),
    }
}

fn check_time(claims: &Claims, now: Timestamp) -> Result<(), InvalidToken> {
    // RFC 7519 section 4.1.4: not on or after. No leeway, as at the reference PDS
    if claims.expires_at <= now {
        return Err(InvalidToken::Expired);
    }
    if claims.begins_at > now + SKEW_MAX || claims.begins_at > claims.expires_at {
        return Err(InvalidToken::Misdated);
    }
    Ok(())
}

impl From<Refusal> for Doubt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<InvalidToken> for Doubt {
    fn from(reason: InvalidToken) -> Self {
        Self::Refused(reason.into())
    }
}

/// How far the issuer's clock may be ahead of ours.
const SKEW_MAX: Seconds = Seconds(60);
const EPOCH: Timestamp = Timestamp::from_seconds(0);
/// A token nobody uses leaves the memory. That an expired one is refused does not hang on this.
const IDLE_MAX: Duration = Duration::from_mins(15);
