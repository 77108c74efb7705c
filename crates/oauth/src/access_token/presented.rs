//! Access tokens as a resource receives them, of any authorization server of this profile.
//!
//! Our own server writes less freely than this reads: a resource also believes what an unmodified
//! reference server signs, with ES256 or ES256K, several audiences, another `jti`, and no `sid`.

use serde::{Deserialize, Deserializer};

use entryway_scope::Did;

use super::{Confirmation, InvalidAccessToken, TokenScope, algorithm_of};
use crate::issuer::Issuer;
use crate::json;
use crate::jwk::{Algorithm, PublicKey, Thumbprint};
use crate::jws::UnverifiedJws;
use crate::secret::SessionId;
use crate::time::Timestamp;

/// What an access token claims, whoever minted it.
///
/// Demanded: `iss`, `aud`, `sub`, `jti`, `iat`, `exp`, `scope` and `cnf.jkt`, each once and of its
/// type; instants are integers (R-347, R-349). Others are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PresentedClaims {
    /// The authorization server.
    pub iss: Issuer,
    /// Whom it is for.
    pub aud: Audience,
    /// The account.
    pub sub: Did,
    /// What the authorization server calls it.
    pub jti: Text<JTI_BYTES_MAX>,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends, to the second.
    pub exp: Timestamp,
    /// Before when it must not be used.
    #[serde(default, deserialize_with = "some")]
    pub nbf: Option<Timestamp>,
    /// The client it was issued to.
    #[serde(default, deserialize_with = "some")]
    pub client_id: Option<Text<CLIENT_ID_BYTES_MAX>>,
    /// What it permits.
    pub scope: TokenScope,
    /// The key it is bound to.
    pub cnf: Confirmation,
    /// The session it belongs to, as our own server names it.
    #[serde(default, deserialize_with = "some")]
    pub sid: Option<SessionId>,
}

/// The `aud` claim: one name, or several (RFC 7519 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// As our own server writes it.
    One(String),
    /// Each is as good as the others.
    Several(Vec<String>),
}

impl Audience {
    /// Whether the token is for this server; compared byte for byte.
    ///
    /// ```
    /// use entryway_oauth::access_token::Audience;
    /// let several = Audience::Several(vec!["did:web:a.example".to_owned(), "did:web:b.example".to_owned()]);
    /// assert!(several.holds("did:web:b.example") && !several.holds("did:web:c.example"));
    /// ```
    pub fn holds(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(several) => several.iter().any(|one| one == name),
        }
    }
}

/// Text of 1 to so many bytes. Shown and compared, never acted on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const BYTES_MAX: usize>(String);

impl<const BYTES_MAX: usize> Text<BYTES_MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const BYTES_MAX: usize> TryFrom<String> for Text<BYTES_MAX> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if (1..=BYTES_MAX).contains(&text.len()) {
            return Ok(Self(text));
        }
        Err("expected a text of bounded length that is not empty")
    }
}

/// An access token that reads well and that nobody has verified.
///
/// ```
/// use entryway_oauth::access_token::{InvalidAccessToken, UnverifiedAccessToken};
/// let token = UnverifiedAccessToken::parse("e30.e30.AAAA");
/// assert_eq!(token.unwrap_err(), InvalidAccessToken::Malformed);
/// ```
#[derive(Debug)]
pub struct UnverifiedAccessToken<'a> {
    jws: UnverifiedJws<'a>,
    algorithm: Algorithm,
    claims: PresentedClaims,
}

impl<'a> UnverifiedAccessToken<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`InvalidAccessToken::Malformed`] for another `typ`, another `alg` than ES256K and ES256, a
    /// `crit`, a member named twice, or a claim that is missing or of another type.
    pub fn parse(token: &'a str) -> Result<Self, InvalidAccessToken> {
        let malformed = |_| InvalidAccessToken::Malformed;
        let jws = UnverifiedJws::parse(token).map_err(malformed)?;
        let algorithm = algorithm_of(&jws)?;
        let text = jws.unverified_payload().map_err(malformed)?;
        let claims = json::strict(text).ok_or(InvalidAccessToken::Malformed)?;
        Ok(Self {
            jws,
            algorithm,
            claims,
        })
    }

    /// Whose keys to verify it with.
    pub const fn unverified_issuer(&self) -> &Issuer {
        &self.claims.iss
    }

    /// Its claims and the thumbprint of the key, if one of these keys signed it.
    ///
    /// A key is tried with its own algorithm and only where the header names that one; `kid`, `jku`,
    /// `jwk` and `x5u` are never looked at (R-334, R-345). Does not check what it claims.
    ///
    /// # Errors
    /// [`InvalidAccessToken::Signature`].
    pub fn verify<'k>(
        self,
        keys: impl IntoIterator<Item = &'k PublicKey>,
    ) -> Result<(PresentedClaims, Thumbprint), InvalidAccessToken> {
        let signer = keys
            .into_iter()
            .find(|key| self.jws.is_signed_by(key, self.algorithm))
            .ok_or(InvalidAccessToken::Signature)?;
        Ok((self.claims, signer.thumbprint()))
    }
}

/// Bytes of `jti`; the reference's have 36, a UUID too.
pub const JTI_BYTES_MAX: usize = 256;
/// Bytes of `client_id`, which is a URL.
pub const CLIENT_ID_BYTES_MAX: usize = 2048;

/// A member that may be absent and, where it is there, is of its type: not `null`.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
