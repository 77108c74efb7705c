//! Access tokens: ES256K `at+jwt`, as an unmodified PDS takes them (RFC 9068, RFC 9449 section 6.1).
//!
//! The header names no `kid`: the PDS has one key without an id and refuses a token that names one.
//! What a resource reads of other servers' tokens is [`PresentedClaims`].

mod key_set;
mod presented;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k256::ecdsa::signature::Signer as _;
use k256::ecdsa::{Signature, SigningKey};
use serde::{Deserialize, Serialize};

use entryway_scope::{Did, ScopeReference, ScopeSet};

use crate::client_id::ClientId;
use crate::issuer::Issuer;
use crate::json;
use crate::jwk::{Algorithm, Curve, PublicKey, Thumbprint};
use crate::jws::UnverifiedJws;
use crate::secret::{SessionId, push_hex};
use crate::time::Timestamp;

pub(crate) use key_set::signing_keys;
pub use key_set::{KEYS_MAX, read_key_set};
pub use presented::{
    Audience, CLIENT_ID_BYTES_MAX, JTI_BYTES_MAX, PresentedClaims, Text, UnverifiedAccessToken,
};

/// The claims of one access token of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The authorization server.
    pub iss: Issuer,
    /// The DID of the account's own PDS, never its URL (R-234).
    pub aud: String,
    /// The account (R-205).
    pub sub: Did,
    /// `tok-` and 32 hexadecimal digits: exactly what the PDS wants.
    pub jti: TokenId,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends, to the second.
    pub exp: Timestamp,
    /// The client it was issued to. Text here, since a resource may not know every kind of client.
    pub client_id: String,
    /// What it permits.
    pub scope: TokenScope,
    /// The key it is bound to.
    pub cnf: Confirmation,
    /// The session it belongs to, so that revocation can name it. No secret, and no claim a PDS reads.
    pub sid: SessionId,
}

/// The `scope` claim: the permissions themselves, each permission set expanded, or a reference to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TokenScope {
    /// As many as fit in a header beside a proof; contains `atproto`.
    Permissions(ScopeSet),
    /// More than that: whoever verifies the token asks for them by this name (R-403).
    Reference(ScopeReference),
}

/// The `cnf` claim (RFC 9449 section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Thumbprint of the proof key.
    pub jkt: Thumbprint,
}

/// The `jti` of an access token: `tok-` and 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

impl TokenId {
    /// Makes one from random bytes.
    pub fn from_entropy(entropy: [u8; 16]) -> Self {
        let mut text = String::with_capacity(36);
        text.push_str("tok-");
        push_hex(&mut text, &entropy);
        Self(text)
    }

    /// The 36 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> Self {
        id.0
    }
}

impl TryFrom<String> for TokenId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() == 36 && text.starts_with("tok-") {
            return Ok(Self(text));
        }
        Err("expected tok- and 32 characters")
    }
}

/// What a token is made for: everything in it that is decided rather than drawn or read off a clock.
#[derive(Clone, Copy, Debug)]
pub struct Grantee<'a> {
    /// The account.
    pub sub: &'a Did,
    /// The DID of its PDS.
    pub aud: &'a str,
    /// The client.
    pub client_id: &'a ClientId,
    /// The key it is bound to.
    pub jkt: Thumbprint,
    /// The session it belongs to.
    pub sid: SessionId,
}

/// The service's token key (secp256k1). `Debug` shows nothing of it.
#[derive(Clone)]
pub struct AccessTokenKey {
    signing: SigningKey,
    public: PublicKey,
}

impl std::fmt::Debug for AccessTokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessTokenKey({})", self.public.thumbprint())
    }
}

impl AccessTokenKey {
    /// Reads a 32-byte private scalar; `None` for zero or one that is too large.
    pub fn from_bytes(scalar: &[u8; 32]) -> Option<Self> {
        let signing = SigningKey::from_slice(scalar).ok()?;
        let point = signing.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Some(Self {
            signing,
            public: PublicKey::Ec {
                curve: Curve::Secp256k1,
                point,
            },
        })
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The public half as 66 hexadecimal digits, as a PDS is configured with.
    pub fn public_hex(&self) -> String {
        let mut text = String::new();
        push_hex(
            &mut text,
            self.signing.verifying_key().to_sec1_point(true).as_bytes(),
        );
        text
    }

    /// Signs claims into a token. Deterministic (RFC 6979) and low-S.
    pub fn sign(&self, claims: &AccessTokenClaims) -> String {
        self.sign_typed("at+jwt", claims)
    }

    /// The same for any claims, under a `typ` that keeps what was signed for one purpose from another.
    pub(crate) fn sign_typed(&self, typ: &'static str, claims: &impl Serialize) -> String {
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let mut token = String::with_capacity(1024);
        URL_SAFE_NO_PAD.encode_string(format!(r#"{{"alg":"ES256K","typ":"{typ}"}}"#), &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature: Signature = self.signing.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut token);
        token
    }
}

/// Why a text is not an access token of the given keys; the words complete "the access token ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccessToken {
    /// Not a JWS, another `typ` or `alg`, a `crit`, or claims of the wrong shape (R-335, R-347).
    #[error("is not an at+jwt of this profile")]
    Malformed,
    /// No accepted key signed it.
    #[error("is not signed by a key of its issuer")]
    Signature,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    #[serde(default, deserialize_with = "crate::jws::present")]
    crit: bool,
}

/// Reads a token of ours that one of these keys signed. The algorithm is fixed here, not by the header,
/// and `jku`, `jwk` and `x5u` are never looked at (R-345).
///
/// Does not check `iss`, `aud`, `exp`, the proof or whether the session was revoked: at revocation an
/// expired token is as good as any. A resource begins with [`UnverifiedAccessToken::parse`].
pub fn verify_signature(token: &str, keys: &[PublicKey]) -> Result<AccessTokenClaims, InvalidAccessToken> {
    let malformed = |_| InvalidAccessToken::Malformed;
    let jws = UnverifiedJws::parse(token).map_err(malformed)?;
    if algorithm_of(&jws)? != Algorithm::ES256K {
        return Err(InvalidAccessToken::Malformed);
    }
    let claims = jws.unverified_claims().map_err(malformed)?;
    if keys.iter().any(|key| jws.is_signed_by(key, Algorithm::ES256K)) {
        return Ok(claims);
    }
    Err(InvalidAccessToken::Signature)
}

/// The algorithm that the header of an access token names: one of two.
fn algorithm_of(jws: &UnverifiedJws<'_>) -> Result<Algorithm, InvalidAccessToken> {
    let header = jws.header().map_err(|_| InvalidAccessToken::Malformed)?;
    let header: Header = json::strict(header).ok_or(InvalidAccessToken::Malformed)?;
    let typ = header.typ.strip_prefix("application/").unwrap_or(&header.typ);
    if typ != "at+jwt" || header.crit {
        return Err(InvalidAccessToken::Malformed);
    }
    ALGORITHMS
        .into_iter()
        .find(|algorithm| header.alg == algorithm.name())
        .ok_or(InvalidAccessToken::Malformed)
}

/// What access tokens are signed with: ours always with the first.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::ES256K, Algorithm::ES256];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> AccessTokenKey {
        AccessTokenKey::from_bytes(&[7; 32]).unwrap()
    }

    fn claims() -> AccessTokenClaims {
        AccessTokenClaims {
            iss: Issuer::parse("https://entryway.example").unwrap(),
            aud: "did:web:pds.example".to_owned(),
            sub: Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz").unwrap(),
            jti: TokenId::from_entropy([0xab; 16]),
            iat: Timestamp::from_seconds(1_700_000_000),
            exp: Timestamp::from_seconds(1_700_000_900),
            client_id: "http://localhost".to_owned(),
            scope: TokenScope::Permissions(ScopeSet::parse("atproto transition:generic").unwrap()),
            cnf: Confirmation {
                jkt: key().public().thumbprint(),
            },
            sid: SessionId::from_entropy([1; 16]),
        }
    }

    // R-233, E3, E3a
    #[test]
    fn a_token_has_the_shape_an_unmodified_pds_wants() {
        let token = key().sign(&claims());
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(jws.header().unwrap(), r#"{"alg":"ES256K","typ":"at+jwt"}"#);
        let json: serde_json::Value = jws.unverified_claims().unwrap();
        assert_eq!(json["jti"].as_str().map(str::len), Some(36));
        assert_eq!(json["aud"], "did:web:pds.example");
        assert_eq!(json["iat"], 1_700_000_000);
        assert!(json["cnf"]["jkt"].is_string());
        assert_eq!(json["scope"], "atproto transition:generic");
    }

    #[test]
    fn another_implementation_verifies_our_signature() {
        let jwk = josekit::jwk::Jwk::from_bytes(key().public().canonical_json()).unwrap();
        let verifier = josekit::jws::ES256K.verifier_from_jwk(&jwk).unwrap();
        assert!(josekit::jwt::decode_with_verifier(key().sign(&claims()), &verifier).is_ok());
    }

    #[test]
    fn a_signed_token_reads_back_as_it_was() {
        assert_eq!(
            verify_signature(&key().sign(&claims()), &[key().public().clone()]),
            Ok(claims())
        );
    }

    // R-334, R-335
    #[test]
    fn forgeries_are_refused() {
        let keys = [key().public().clone()];
        let other = AccessTokenKey::from_bytes(&[8; 32]).unwrap();
        assert_eq!(
            verify_signature(&other.sign(&claims()), &keys),
            Err(InvalidAccessToken::Signature)
        );
        let token = key().sign(&claims());
        let (_, rest) = token.split_once('.').unwrap();
        for header in [
            r#"{"alg":"none","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"ES256K","typ":"JWT"}"#,
            r#"{"alg":"ES256K"}"#,
            r#"{"alg":"ES256K","typ":"refresh+jwt"}"#,
            r#"{"alg":"ES256K","typ":"dpop+jwt"}"#,
            r#"{"alg":"ES256K","typ":"at+jwt","crit":["x"]}"#,
            "[]",
            "",
        ] {
            let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(
                verify_signature(&forged, &keys),
                Err(InvalidAccessToken::Malformed),
                "{header}"
            );
        }
        for cut in ["", "a.b.c", &token[..token.len() - 2], &token.replace('.', "")] {
            assert!(verify_signature(cut, &keys).is_err());
        }
    }

    #[test]
    fn the_private_half_never_prints() {
        assert!(format!("{:?}", key()).starts_with("AccessTokenKey("));
        assert!(AccessTokenKey::from_bytes(&[0; 32]).is_none());
        assert!(AccessTokenKey::from_bytes(&[0xff; 32]).is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}") {
            prop_assert!(verify_signature(&text, &[key().public().clone()]).is_err());
        }
    }
}
