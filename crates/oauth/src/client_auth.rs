//! Client authentication by `private_key_jwt` (RFC 7523, OpenID Connect Core section 9).
//!
//! Cheap checks come first; the signature is the last thing computed. Whether the assertion was used
//! before is not checked here: the caller stores [`Assertion::mark`] until [`Assertion::expires_at`]
//! together with the change the assertion authorises. A caller that refuses for something else, such as
//! a missing nonce, leaves it unmarked: stock clients send the same assertion again with their second try.

mod claims;

use serde::{Deserialize, Serialize};

use crate::client_id::ClientId;
use crate::denial::Denial;
use crate::form::Parameters;
use crate::issuer::Issuer;
use crate::jwk::{Algorithm, Thumbprint};
use crate::jws::UnverifiedJws;
use crate::key_set::{KeySet, is_kid};
use crate::secret::Digest;
use crate::time::Timestamp;

use claims::Claims;

/// The one `client_assertion_type` this service reads (RFC 7523 section 2.2, R-265).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The key a client authenticated with. A session remembers it for its whole life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientKey {
    /// The name the client gave it.
    pub kid: String,
    /// The algorithm it signed with.
    pub algorithm: Algorithm,
    /// What it is.
    pub jkt: Thumbprint,
}

/// An assertion taken apart, of which nothing is believed yet but which key to look for.
#[derive(Clone, Debug)]
pub struct UnverifiedAssertion<'a> {
    jws: UnverifiedJws<'a>,
    kid: String,
    algorithm: Option<Algorithm>,
}

/// `jwk`, `jku`, `x5u` and `x5c` are not read: a key is one of the client's, or none.
#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "crate::jws::present")]
    crit: bool,
}

impl<'a> UnverifiedAssertion<'a> {
    /// Takes the assertion out of a request of a confidential client.
    ///
    /// # Errors
    /// [`Denial::AssertionMissing`]; [`Denial::ParameterMissing`] and [`Denial::ParameterInvalid`] for a
    /// `client_assertion_type` that is not [`ASSERTION_TYPE`]; then as [`Self::parse`].
    pub fn from_parameters(parameters: &'a Parameters) -> Result<Self, Denial> {
        let compact = parameters.optional("client_assertion");
        let compact = compact.ok_or(Denial::AssertionMissing)?;
        if parameters.required("client_assertion_type")? != ASSERTION_TYPE {
            return Err(Denial::ParameterInvalid {
                name: "client_assertion_type",
                expected: "must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            });
        }
        Self::parse(compact)
    }

    /// Reads the `client_assertion` parameter: a compact JWS of at most [`crate::jws::JWS_BYTES_MAX`]
    /// bytes with a header of an assertion.
    ///
    /// # Errors
    /// [`Denial::AssertionInvalid`] says what was expected.
    pub fn parse(compact: &'a str) -> Result<Self, Denial> {
        let jws = UnverifiedJws::parse(compact)
            .map_err(|_| invalid("must be a compact JWS of three base64url parts"))?;
        let header = jws.header().ok();
        let header: Header = header
            .and_then(|json| serde_json::from_str(json).ok())
            .ok_or(invalid("header must be a JSON object that names no member twice"))?;
        // RFC 7515 section 4.1.11: this service understands no extension, so any crit is refused
        if header.crit {
            return Err(invalid("crit must not be used"));
        }
        // a proof or an access token of the same key is not an assertion (RFC 8725 section 3.11)
        let is_assertion = |typ: &str| TYPES.iter().any(|one| typ.eq_ignore_ascii_case(one));
        if !header.typ.as_deref().is_none_or(is_assertion) {
            return Err(invalid("typ must be JWT or client-authentication+jwt, or absent"));
        }
        let kid = header.kid.filter(|kid| is_kid(kid));
        Ok(Self {
            kid: kid.ok_or(invalid(
                "kid must name a key of the client's jwks, in 1 to 256 bytes",
            ))?,
            algorithm: header.alg.as_deref().and_then(Algorithm::parse),
            jws,
        })
    }

    /// The key it says it is signed with: data to compare, and nothing else.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// What an assertion must be.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// Whose.
    pub client_id: &'a ClientId,
    /// The algorithm the client registered.
    pub algorithm: Algorithm,
    /// The client's keys.
    pub keys: &'a KeySet,
    /// For whom: this service.
    pub issuer: &'a Issuer,
    /// The key of the request's DPoP proof, which must be another one.
    pub proof: Option<Thumbprint>,
    /// When.
    pub now: Timestamp,
}

/// A verified assertion, good once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The key that signed it.
    pub key: ClientKey,
    /// What to remember so that it counts once: a digest over client and `jti`, so that one
    /// client cannot block another's.
    pub mark: Digest,
    /// Until when that must be remembered: past the last instant the assertion would be accepted
    /// (replay across leeway: `a_mark_outlives_its_assertion`).
    pub expires_at: Timestamp,
}

/// Verifies an assertion. Does not know whether it was used before.
///
/// # Errors
/// [`Denial::AssertionInvalid`] and [`Denial::AssertionClock`] say which check failed.
pub fn verify(assertion: &UnverifiedAssertion<'_>, expected: Expectation<'_>) -> Result<Assertion, Denial> {
    let algorithm = expected.algorithm;
    if assertion.algorithm != Some(algorithm) {
        return Err(invalid(
            "alg must be the token_endpoint_auth_signing_alg of the client metadata",
        ));
    }
    let key = expected.keys.key(&assertion.kid, algorithm);
    let key = key.ok_or(invalid("kid must name a key of the client's jwks that fits alg"))?;
    let jkt = key.thumbprint();
    if expected.proof == Some(jkt) {
        return Err(invalid("must be signed by another key than the dpop proof"));
    }
    let claims = Claims::of(&assertion.jws)?;
    claims.check_parties(expected.client_id, expected.issuer)?;
    claims.check_binding(expected.proof)?;
    let expires_at = claims.check_clock(expected.now)?;
    let jti = claims.jti()?;
    if !assertion.jws.is_signed_by(key, algorithm) {
        return Err(invalid("signature does not verify with the key that kid names"));
    }
    Ok(Assertion {
        mark: Digest::of_parts(&[
            b"client assertion",
            expected.client_id.as_str().as_bytes(),
            jti.as_bytes(),
        ]),
        key: ClientKey {
            kid: assertion.kid.clone(),
            algorithm,
            jkt,
        },
        expires_at,
    })
}

const fn invalid(expected: &'static str) -> Denial {
    Denial::AssertionInvalid { expected }
}

/// What a `typ` may say: RFC 7519 section 5.1, and the updated RFC 7523 for clients that are explicit.
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod signer;
#[cfg(test)]
mod tests;
