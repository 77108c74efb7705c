//! What a service token claims, checked one by one.

use serde::Deserialize;

use entryway_scope::Did;

use super::{InvalidServiceToken, Purpose};
use crate::time::{Seconds, Timestamp};

/// How far ahead `iat` and `nbf` may lie.
pub(super) const AHEAD_MAX: Seconds = Seconds::minutes(4);
/// How far the clock of another instance of ours may be behind: a mark is kept that much longer.
pub(super) const INSTANCE_SKEW: Seconds = Seconds(60);
/// Bytes of `jti`; a PDS writes 32.
const JTI_BYTES_MAX: usize = 256;

#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: Option<String>,
    aud: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    lxm: Option<String>,
    jti: String,
}

impl Claims {
    /// The account: a DID with nothing behind it, which `sub` may repeat but not contradict.
    pub(super) fn issuer(&self) -> Result<Did, InvalidServiceToken> {
        if self.sub.as_ref().is_some_and(|sub| *sub != self.iss) {
            return Err(InvalidServiceToken::Issuer);
        }
        Did::parse(&self.iss).map_err(|_| InvalidServiceToken::Issuer)
    }

    /// For this service and this method. Compared as text, so that neither a wildcard nor a service's name
    /// behind the DID stands for it.
    pub(super) fn check_purpose(&self, service: &Did, purpose: Purpose) -> Result<(), InvalidServiceToken> {
        if self.aud != service.as_str() {
            // what people take for the name of a service
            let is_url = ["https://", "http://"]
                .iter()
                .any(|scheme| self.aud.starts_with(scheme));
            return Err(if is_url {
                InvalidServiceToken::AudienceUrl
            } else {
                InvalidServiceToken::Audience
            });
        }
        if self.lxm.as_deref() != Some(purpose.nsid()) {
            return Err(InvalidServiceToken::Method);
        }
        Ok(())
    }

    /// Says until when the token must be remembered.
    pub(super) fn check_clock(
        &self,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Timestamp, InvalidServiceToken> {
        let exp = Timestamp::from_seconds(self.exp);
        if now >= exp {
            return Err(InvalidServiceToken::Expired);
        }
        if exp - now > purpose.expiry_ahead_max() {
            return Err(InvalidServiceToken::LongLived);
        }
        let ahead =
            |claim: Option<i64>| claim.is_some_and(|at| Timestamp::from_seconds(at) - now > AHEAD_MAX);
        if ahead(self.iat) || ahead(self.nbf) {
            return Err(InvalidServiceToken::Early);
        }
        Ok(exp + INSTANCE_SKEW)
    }

    pub(super) fn into_jti(self) -> Result<String, InvalidServiceToken> {
        if (1..=JTI_BYTES_MAX).contains(&self.jti.len()) {
            return Ok(self.jti);
        }
        Err(InvalidServiceToken::Malformed)
    }
}
