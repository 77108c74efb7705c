//! An app with an access token and the key it is bound to, and the verifier that believes it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::access_token::{AccessTokenClaims, AccessTokenKey, Confirmation, TokenId, TokenScope};
use entryway_oauth::dpop::access_token_hash;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::{ServerKey, SessionId};
use entryway_oauth::time::Seconds;
use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, VerifierConfig};
use entryway_scope::ScopeSet;
use p256::ecdsa::signature::Signer as _;

use super::*;

/// Believes [`ISSUER`].
pub(super) fn verifier() -> Arc<Verifier> {
    Arc::new(Verifier::new(VerifierConfig {
        issuers: vec![TrustedIssuer::new(
            issuer(ISSUER),
            IssuerKeys::pinned(vec![token_key().public().clone()]).unwrap(),
        )],
        audience: Did::parse(DID).unwrap(),
        public_url: issuer(ORIGIN),
        nonces: nonces(),
        limits: Limits::default(),
    }))
}

/// The request with a token of the account for these scopes, and a proof.
pub(super) fn authorized(mut request: Request<Body>, did: &Did, scope: &str) -> Request<Body> {
    let key = p256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    let coordinate = |range| URL_SAFE_NO_PAD.encode(&point.as_bytes()[range]);
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": coordinate(1..33), "y": coordinate(33..65) });
    let token = token_key().sign(&AccessTokenClaims {
        iss: issuer(ISSUER),
        aud: DID.to_owned(),
        sub: did.clone(),
        jti: TokenId::from_entropy([1; 16]),
        iat: NOW,
        exp: NOW + Seconds::minutes(15),
        client_id: "http://localhost".to_owned(),
        scope: TokenScope::Permissions(ScopeSet::parse(scope).unwrap()),
        cnf: Confirmation {
            jkt: jwk::PublicKey::from_json(&jwk.to_string()).unwrap().thumbprint(),
        },
        sid: SessionId::from_entropy([2; 16]),
    });
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
    let claims = json!({
        "jti": format!("proof-{}", PROOFS.fetch_add(1, Ordering::Relaxed)),
        "htm": request.method().as_str(),
        "htu": format!("{ORIGIN}{}", request.uri().path()),
        "iat": NOW,
        "ath": access_token_hash(&token),
        "nonce": nonces().issue(NOW),
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature: p256::ecdsa::Signature = key.sign(signed.as_bytes());
    let proof = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
    request
        .headers_mut()
        .insert("authorization", format!("DPoP {token}").parse().unwrap());
    request.headers_mut().insert("dpop", proof.parse().unwrap());
    request
}

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).unwrap()
}

fn token_key() -> AccessTokenKey {
    AccessTokenKey::from_bytes(&[7; 32]).unwrap()
}

fn nonces() -> NonceKey {
    NonceKey::new(ServerKey::new([3; 32]))
}

/// No two proofs are the same.
static PROOFS: AtomicU64 = AtomicU64::new(0);
