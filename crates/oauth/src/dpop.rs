//! DPoP proofs (RFC 9449): what an endpoint expects, and whether a proof meets it.
//!
//! Cheap checks come first; the signature is the last thing computed. Whether the proof was seen
//! before is not checked here: the caller stores [`Proof::mark`] until [`Proof::mark_expires_at`]
//! together with the change the proof authorises.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::denial::Denial;
use crate::jwk::{Algorithm, PublicKey, Thumbprint};
use crate::jws::UnverifiedJws;
use crate::nonce::NonceKey;
use crate::secret::{Digest, constant_time_eq};
use crate::time::{Seconds, Timestamp};

/// How far `iat` may be from our clock, either way. The nonce bounds a proof's age far more tightly;
/// this only keeps clocks that are off by a few minutes working (R-306, demand 16).
pub const CLOCK_SKEW_MAX: Seconds = Seconds(300);
/// Characters of `jti`: stock clients send 16 to 43.
const JTI_BYTES_MAX: usize = 256;
/// Base64url of 32 bytes.
const ATH_BYTES: usize = 43;

/// What the endpoint that received the proof expects of it.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The request's method, as received.
    pub method: &'a str,
    /// The endpoint's public URL, from configuration and never from a `Host` header.
    pub url: &'a str,
    /// The digest of the access token the request carries, at a resource; `None` at the authorization
    /// server.
    pub access_token: Option<&'a Digest>,
    /// Recognises this server's nonces.
    pub nonces: &'a NonceKey,
    /// This instant.
    pub now: Timestamp,
}

/// A proof that met its [`Expectation`]. Cannot be made otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    thumbprint: Thumbprint,
    mark: Digest,
    mark_expires_at: Timestamp,
}

impl Proof {
    /// The thumbprint of the key that made it.
    pub const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// What to remember so that the proof cannot be used again: a digest over key and `jti`, so that
    /// one client cannot block another's.
    pub const fn mark(&self) -> Digest {
        self.mark
    }

    /// Until when the mark must be remembered: past the last instant the proof would be accepted
    /// (replay across leeway: `a_mark_outlives_its_proof`).
    pub const fn mark_expires_at(&self) -> Timestamp {
        self.mark_expires_at
    }
}

#[derive(Deserialize)]
struct Header<'a> {
    typ: Option<String>,
    alg: Option<String>,
    #[serde(borrow)]
    jwk: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "crate::jws::present")]
    crit: bool,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    exp: Option<i64>,
    nbf: Option<i64>,
    nonce: Option<String>,
    ath: Option<String>,
}

/// Checks one `DPoP` header value, RFC 9449 section 4.3 steps 2 to 11.
///
/// Does not check step 1 (exactly one header) nor whether `jti` was used before.
///
/// # Errors
/// [`Denial::ProofInvalid`] and [`Denial::ProofClock`] say which check failed;
/// [`Denial::NonceRequired`] asks for a nonce of this server.
pub fn verify(proof: &str, expected: &Expectation<'_>) -> Result<Proof, Denial> {
    let jws =
        UnverifiedJws::parse(proof).map_err(|_| invalid("must be a compact JWS of three base64url parts"))?;
    let (key, algorithm) = key_of(&jws)?;
    let claims: Claims = jws
        .unverified_claims()
        .map_err(|_| invalid("needs the claims jti, htm and htu as strings and iat as an integer"))?;
    check_binding(&claims, expected)?;
    check_clock(&claims, expected.now)?;
    match claims.nonce.as_deref() {
        Some(nonce) if expected.nonces.recognises(nonce, expected.now) => {}
        _ => return Err(Denial::NonceRequired),
    }
    if !jws.is_signed_by(&key, algorithm) {
        return Err(invalid(
            "signature does not verify with the key in its jwk header",
        ));
    }
    let thumbprint = key.thumbprint();
    let accepted_until = Timestamp::from_seconds(claims.iat) + CLOCK_SKEW_MAX;
    Ok(Proof {
        thumbprint,
        mark: Digest::of_parts(&[b"dpop", thumbprint.as_bytes(), claims.jti.as_bytes()]),
        // another instance's clock may be behind ours by as much as we let a client be
        mark_expires_at: accepted_until + CLOCK_SKEW_MAX,
    })
}

/// The base64url SHA-256 of an access token, as the `ath` claim holds it.
pub fn access_token_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(access_token.as_bytes()))
}

fn key_of(jws: &UnverifiedJws<'_>) -> Result<(PublicKey, Algorithm), Denial> {
    let header = jws
        .header()
        .map_err(|_| invalid("header must be a JSON object"))?;
    let header: Header<'_> = serde_json::from_str(header)
        .map_err(|_| invalid("header must be a JSON object that names no member twice"))?;
    if header.typ.as_deref() != Some("dpop+jwt") {
        return Err(invalid("typ must be dpop+jwt"));
    }
    // RFC 7515 section 4.1.11: this service understands no extension, so any crit is refused
    if header.crit {
        return Err(invalid("crit must not be used"));
    }
    let algorithm = header.alg.as_deref().and_then(Algorithm::parse);
    let algorithm = algorithm.ok_or(invalid("alg must be one of dpop_signing_alg_values_supported"))?;
    let jwk = header.jwk.ok_or(invalid("header needs the public key as jwk"))?;
    let key = PublicKey::from_json(jwk.get()).map_err(|reason| {
        use crate::jwk::InvalidJwk as Why;
        invalid(match reason {
            Why::Malformed => "jwk must be a public key object",
            Why::Private => "jwk must not hold private or symmetric key material",
            Why::Unsupported => "jwk must be EC P-256, P-384 or secp256k1, OKP Ed25519, or RSA",
            Why::Encoding => "jwk has a member of the wrong size or encoding",
            Why::Purpose => "jwk is not meant for verifying signatures",
        })
    })?;
    if key.fits(algorithm) {
        Ok((key, algorithm))
    } else {
        Err(invalid("alg does not fit the type of jwk"))
    }
}

fn check_binding(claims: &Claims, expected: &Expectation<'_>) -> Result<(), Denial> {
    if claims.jti.is_empty() || claims.jti.len() > JTI_BYTES_MAX {
        return Err(invalid("jti must be 1 to 256 characters"));
    }
    if claims.htm != expected.method {
        return Err(invalid("htm must be the method of the request"));
    }
    if !is_same_target(&claims.htu, expected.url) {
        return Err(invalid("htu must be the URL of this endpoint"));
    }
    match (expected.access_token, claims.ath.as_deref()) {
        (Some(token), Some(ath)) if is_hash(ath, token) => Ok(()),
        (Some(_), _) => Err(invalid("ath must be the hash of the access token")),
        // a proof made for a resource is of no use here
        (None, Some(_)) => Err(invalid("ath must not be present where there is no access token")),
        (None, None) => Ok(()),
    }
}

/// Whether this is the digest in base64url without padding, as [`access_token_hash`] writes it.
fn is_hash(ath: &str, token: &Digest) -> bool {
    let mut text = [0; ATH_BYTES];
    let written = URL_SAFE_NO_PAD.encode_slice(token.as_bytes(), &mut text);
    written.is_ok() && constant_time_eq(&text, ath.as_bytes())
}

fn check_clock(claims: &Claims, now: Timestamp) -> Result<(), Denial> {
    let off = Timestamp::from_seconds(claims.iat) - now;
    if off.0.unsigned_abs() > CLOCK_SKEW_MAX.0.unsigned_abs() {
        let direction = if off.0 < 0 { "behind" } else { "ahead of" };
        return Err(Denial::ProofClock {
            off_seconds: off.0.unsigned_abs(),
            direction,
        });
    }
    if claims
        .exp
        .is_some_and(|exp| Timestamp::from_seconds(exp) + CLOCK_SKEW_MAX < now)
    {
        return Err(invalid("exp has passed"));
    }
    if claims
        .nbf
        .is_some_and(|nbf| now + CLOCK_SKEW_MAX < Timestamp::from_seconds(nbf))
    {
        return Err(invalid("nbf has not come yet"));
    }
    Ok(())
}

/// Compares after RFC 3986 normalisation and without query and fragment: some stock clients leave
/// the query in, against RFC 9449 section 4.2.
fn is_same_target(claimed: &str, expected: &str) -> bool {
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none();
        url.set_query(None);
        url.set_fragment(None);
        plain.then_some(url)
    };
    claimed == expected || normal(claimed).is_some_and(|claimed| Some(claimed) == normal(expected))
}

const fn invalid(expected: &'static str) -> Denial {
    Denial::ProofInvalid { expected }
}

#[cfg(test)]
mod tests;
