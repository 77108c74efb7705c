//! What an assertion claims, checked one by one.

use serde::Deserialize;

use super::invalid;
use crate::client_id::ClientId;
use crate::denial::Denial;
use crate::issuer::Issuer;
use crate::jwk::Thumbprint;
use crate::jws::UnverifiedJws;
use crate::time::{Seconds, Timestamp};

/// How old an assertion may be, by `iat`. Stock clients make one for each request.
pub(super) const AGE_MAX: Seconds = Seconds::minutes(5);
/// How far a client's clock may be ahead of ours: its `iat` and `nbf` lie as far in the future.
pub(super) const AHEAD_MAX: Seconds = Seconds(60);
/// How far ahead `exp` may lie: what a client ahead of us writes that gives its assertion five minutes.
pub(super) const EXPIRY_AHEAD_MAX: Seconds = Seconds(Seconds::minutes(5).0 + AHEAD_MAX.0);
/// How long an expired assertion is taken, for clients whose clock is behind: some give it 30 seconds only.
pub(super) const EXPIRY_LEEWAY: Seconds = Seconds(30);
/// Bytes of `jti`: stock clients send 16 to 43.
const JTI_BYTES_MAX: usize = 256;

#[derive(Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    jti: Option<String>,
    iat: Option<i64>,
    exp: Option<i64>,
    nbf: Option<i64>,
    cnf: Option<Confirmation>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Listed(Vec<String>),
}

#[derive(Deserialize)]
struct Confirmation {
    jkt: Option<String>,
}

impl Claims {
    pub(super) fn of(jws: &UnverifiedJws<'_>) -> Result<Self, Denial> {
        jws.unverified_claims().map_err(|_| {
            invalid(
                "claims must be a JSON object that names none twice: iss, sub and jti as strings, \
                 aud as a string or a list, iat and exp as whole seconds",
            )
        })
    }

    ///
    pub(super) fn check_parties(&self, client_id: &ClientId, issuer: &Issuer) -> Result<(), Denial> {
        let is_client = |claim: &Option<String>| claim.as_deref() == Some(client_id.as_str());
        if !is_client(&self.iss) {
            return Err(invalid("iss must be the client_id"));
        }
        if !is_client(&self.sub) {
            return Err(invalid("sub must be the client_id"));
        }
        // compared as it is: an assertion for an endpoint's URL could have been meant for another server
        let named: &[String] = match &self.aud {
            Some(Audience::One(aud)) => std::slice::from_ref(aud),
            Some(Audience::Listed(listed)) => listed,
            None => &[],
        };
        if named == [issuer.as_str()] {
            return Ok(());
        }
        Err(invalid(
            "aud must be this server's issuer, and neither an endpoint nor a list of several",
        ))
    }

    /// An assertion may be bound to the key of the request's proof (RFC 7800 section 3.1, RFC 9449 section
    /// 6.1): whoever makes assertions for an app's users binds each to the user's key.
    pub(super) fn check_binding(&self, proof: Option<Thumbprint>) -> Result<(), Denial> {
        let Some(bound) = self.cnf.as_ref().and_then(|cnf| cnf.jkt.as_deref()) else {
            return Ok(());
        };
        if proof.is_some() && Thumbprint::parse(bound) == proof {
            return Ok(());
        }
        Err(invalid("cnf.jkt must be the key of the request's dpop proof"))
    }

    /// Says until when a mark must be remembered.
    pub(super) fn check_clock(&self, now: Timestamp) -> Result<Timestamp, Denial> {
        let instant = |claim: Option<i64>| claim.map(Timestamp::from_seconds);
        let iat = instant(self.iat).ok_or(invalid("iat is required, in whole seconds"))?;
        let exp = instant(self.exp).ok_or(invalid("exp is required, in whole seconds"))?;
        let ahead = iat - now;
        if ahead > AHEAD_MAX || now - iat > AGE_MAX {
            return Err(Denial::AssertionClock {
                off_seconds: ahead.0.unsigned_abs(),
                direction: if ahead.0 < 0 { "behind" } else { "ahead of" },
            });
        }
        if now >= exp + EXPIRY_LEEWAY {
            return Err(invalid("exp has passed, make a new assertion for every request"));
        }
        if exp - now > EXPIRY_AHEAD_MAX {
            return Err(invalid("exp must be at most five minutes ahead"));
        }
        if instant(self.nbf).is_some_and(|nbf| nbf - now > AHEAD_MAX) {
            return Err(invalid("nbf has not come yet"));
        }
        // another instance's clock may be behind ours by as much as we let a client be
        Ok(iat + AGE_MAX + AHEAD_MAX)
    }

    pub(super) fn jti(&self) -> Result<&str, Denial> {
        let jti = self.jti.as_deref();
        jti.filter(|jti| (1..=JTI_BYTES_MAX).contains(&jti.len()))
            .ok_or(invalid("jti is required, in 1 to 256 bytes"))
    }
}
