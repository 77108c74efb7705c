//! Service tokens: the JWTs with which a PDS calls us for an account it has authenticated (contract 2.1).
//!
//! Such a token is signed with the account's own repository key. For the methods of [`ServiceMethod`] a PDS
//! makes none at its user's wish, so it proves that the PDS itself calls. For the one method with which
//! somebody moves here, any PDS makes one for its user who asks ([`Purpose::Arrival`]). Cheap checks come first;
//! whose key signed is the last thing asked, since that may take a look-up. Whether the token was used before
//! is not checked here: the caller stores [`ServiceToken::mark`] until [`ServiceToken::expires_at`].

mod claims;
mod method;
mod purpose;

use serde::Deserialize;

use entryway_scope::Did;

use crate::json;
use crate::jwk::{Algorithm, Curve, PublicKey};
use crate::jws::{UnverifiedJws, present};
use crate::secret::Digest;
use crate::time::Timestamp;

use claims::Claims;
pub use method::ServiceMethod;
pub use purpose::Purpose;

/// What a service token must be for.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The DID of this service.
    pub service: &'a Did,
    /// What is called with it.
    pub purpose: Purpose,
    /// When.
    pub now: Timestamp,
}

/// A service token that claims the right things, and whose signature nobody has checked.
#[derive(Clone, Debug)]
pub struct UnverifiedServiceToken<'a> {
    jws: UnverifiedJws<'a>,
    algorithm: Algorithm,
    iss: Did,
    jti: String,
    expires_at: Timestamp,
}

/// A service token that met its [`Expectation`], signed by the key that was given. Cannot be made otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceToken {
    iss: Did,
    mark: Digest,
    expires_at: Timestamp,
}

impl ServiceToken {
    /// The account it is about.
    pub const fn account(&self) -> &Did {
        &self.iss
    }

    /// What to remember so that it counts once: a digest over account and `jti`, so that one account
    /// cannot block another's.
    pub const fn mark(&self) -> Digest {
        self.mark
    }

    /// Until when that must be remembered: past the last instant the token would be accepted
    /// (replay across leeway: `a_mark_outlives_its_token`).
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// Whether the second of the two valid ECDSA signatures of a message is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HighS {
    /// Yes, as the reference does: several libraries sign without regard to it. Nothing is lost, since a
    /// token counts once by its `jti` and not by its bytes.
    Taken,
    /// No: the cryptography specification of the AT Protocol, to the letter.
    Refused,
}

/// Why a service token is not taken. Every one is the caller's, with status 401; a URL for an audience with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceToken {
    /// Not a JWS, or claims that are missing, twice or of the wrong shape.
    #[error("the service token must be a JWT with iss, aud, exp, lxm and jti")]
    Malformed,
    /// The header says it is something else.
    #[error("typ of the service token must be JWT")]
    Type,
    /// The algorithm is not one of the AT Protocol's, or the header names another key.
    #[error("the service token must be signed with ES256K or ES256 by the key atproto of its issuer")]
    Algorithm,
    /// `iss` is not a DID by itself, or `sub` names another.
    #[error("iss of the service token must be the DID of an account, and sub the same or absent")]
    Issuer,
    /// `aud` is not the DID of this service.
    #[error("aud of the service token must be the DID of this service")]
    Audience,
    /// `aud` is a URL (A8). The DID that it should be, which describeServer tells too, is for the caller to say.
    #[error("aud of the service token must be the DID of this service and not a URL")]
    AudienceUrl,
    /// `lxm` is not the method called.
    #[error("lxm of the service token must be the method that is called")]
    Method,
    /// Its time is over.
    #[error("the service token has expired")]
    Expired,
    /// It would live longer than any that a PDS makes.
    #[error(
        "exp of the service token must be at most five minutes ahead, or an hour to move an account here"
    )]
    LongLived,
    /// It comes from the future.
    #[error("iat or nbf of the service token is ahead of the clock of this server")]
    Early,
    /// `iss` is no account of this service, or not on one of its hosts. For the caller to find.
    #[error("iss of the service token is no account of this service")]
    Stranger,
    /// The account's key did not sign it.
    #[error("the service token is not signed by the key in the DID document of its issuer")]
    Signature,
    /// It was used before. For the caller to find.
    #[error("jti of the service token was used before")]
    Replayed,
}

impl InvalidServiceToken {
    /// Every reason, for the table of refusals.
    pub const ALL: [Self; 13] = [
        Self::Malformed,
        Self::Type,
        Self::Algorithm,
        Self::Issuer,
        Self::Audience,
        Self::AudienceUrl,
        Self::Method,
        Self::Expired,
        Self::LongLived,
        Self::Early,
        Self::Stranger,
        Self::Signature,
        Self::Replayed,
    ];

    /// The XRPC error name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed | Self::Algorithm | Self::LongLived | Self::Early | Self::Replayed => "BadJwt",
            Self::Type => "BadJwtType",
            Self::Issuer => "BadJwtIss",
            Self::Audience => "BadJwtAudience",
            Self::AudienceUrl => "InvalidRequest",
            Self::Method => "BadJwtLexiconMethod",
            Self::Expired => "JwtExpired",
            Self::Stranger => "UntrustedIss",
            Self::Signature => "BadJwtSignature",
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

impl<'a> UnverifiedServiceToken<'a> {
    /// Reads what stands after `Bearer`, and checks everything about it but the signature.
    ///
    /// # Errors
    /// [`InvalidServiceToken`] by variant; never `Stranger`, `Signature` or `Replayed`.
    pub fn parse(compact: &'a str, expected: &Expectation<'_>) -> Result<Self, InvalidServiceToken> {
        let malformed = |_| InvalidServiceToken::Malformed;
        let jws = UnverifiedJws::parse(compact).map_err(malformed)?;
        let header = jws.header().map_err(malformed)?;
        let header: Header = json::strict(header).ok_or(InvalidServiceToken::Malformed)?;
        // a session token, an access token or a proof is no service token (RFC 8725 section 3.11)
        if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(InvalidServiceToken::Type);
        }
        let algorithm = [Algorithm::ES256K, Algorithm::ES256];
        let algorithm = algorithm.into_iter().find(|known| known.name() == header.alg);
        let algorithm = algorithm.ok_or(InvalidServiceToken::Algorithm)?;
        let claims = jws.unverified_payload().map_err(malformed)?;
        let claims: Claims = json::strict(claims).ok_or(InvalidServiceToken::Malformed)?;
        let iss = claims.issuer()?;
        // RFC 7515 section 4.1.11: this service understands no extension. R-492: one key, whatever is named
        if header.crit || header.kid.is_some_and(|kid| !names_the_account_key(&kid, &iss)) {
            return Err(InvalidServiceToken::Algorithm);
        }
        claims.check_purpose(expected.service, expected.purpose)?;
        let expires_at = claims.check_clock(expected.purpose, expected.now)?;
        Ok(Self {
            jti: claims.into_jti()?,
            jws,
            algorithm,
            iss,
            expires_at,
        })
    }

    /// The account it says it is about: whose key to look for, and nothing else.
    pub const fn unverified_issuer(&self) -> &Did {
        &self.iss
    }

    /// Checks the signature against the key `#atproto` of the account's DID document.
    ///
    /// Where that document may be out of date, a caller looks it up anew, once, and calls again.
    ///
    /// # Errors
    /// [`InvalidServiceToken::Signature`], also for a key of another curve than the algorithm's.
    pub fn verify(&self, key: &PublicKey, high_s: HighS) -> Result<ServiceToken, InvalidServiceToken> {
        let signed = self.jws.is_signed_by(key, self.algorithm)
            && (high_s == HighS::Taken || is_low_s(key, self.jws.signature()));
        if !signed {
            return Err(InvalidServiceToken::Signature);
        }
        Ok(ServiceToken {
            mark: Digest::of_parts(&[
                b"service token",
                self.iss.as_str().as_bytes(),
                self.jti.as_bytes(),
            ]),
            iss: self.iss.clone(),
            expires_at: self.expires_at,
        })
    }
}

/// Whether a token says that it is a service token, and no session or access token: as whom to judge its bearer.
/// Believes what it says, and nothing else about it.
pub fn is_service_token(compact: &str) -> bool {
    let header = UnverifiedJws::parse(compact).and_then(|jws| jws.header().map(json::strict::<Kind>));
    let Ok(Some(Kind { typ })) = header else {
        return false;
    };
    typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}

#[derive(Deserialize)]
struct Kind {
    typ: Option<String>,
}

fn names_the_account_key(kid: &str, iss: &Did) -> bool {
    kid.strip_prefix(iss.as_str()).unwrap_or(kid) == "#atproto"
}

fn is_low_s(key: &PublicKey, signature: &[u8]) -> bool {
    match key {
        PublicKey::Ec {
            curve: Curve::Secp256k1,
            ..
        } => k256::ecdsa::Signature::from_slice(signature).is_ok_and(|it| it.normalize_s() == it),
        PublicKey::Ec {
            curve: Curve::P256, ..
        } => p256::ecdsa::Signature::from_slice(signature).is_ok_and(|it| it.normalize_s() == it),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
