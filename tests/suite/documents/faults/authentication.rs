//! How it proves who it is.

use entryway_tests::NamedKey;
use serde_json::{Value, json};

use super::{Fault, MARKER};

pub(super) fn faults(key: &NamedKey) -> Vec<Fault> {
    let keys = |keys: Value| json!({ "keys": keys });
    let mut private = key.public();
    private["d"] = key.key.private_scalar();
    let elsewhere = "https://keys.example/jwks.json";
    vec![
        (
            "token_endpoint_auth_method",
            json!("client_secret_basic"),
            "token_endpoint_auth_method must be none or private_key_jwt",
        ),
        (
            "token_endpoint_auth_method",
            json!(1),
            "token_endpoint_auth_method must be a string",
        ),
        (
            "token_endpoint_auth_method",
            json!("none"),
            "token_endpoint_auth_signing_alg must be absent, since token_endpoint_auth_method is none",
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!("none"),
            "token_endpoint_auth_signing_alg must be one of ES256, ES256K, ES384, EdDSA, PS256 and RS256",
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!("HS256"),
            "token_endpoint_auth_signing_alg must be one of ES256, ES256K, ES384, EdDSA, PS256 and RS256",
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!("ES384"),
            "jwks must have a key, with kid, of the algorithm that token_endpoint_auth_signing_alg names",
        ),
        (
            "jwks_uri",
            json!(elsewhere),
            "jwks_uri must be absent, since there is jwks",
        ),
        ("jwks", keys(json!([])), "jwks must have at least one key"),
        (
            "jwks",
            json!([key.public()]),
            "jwks must be a JSON object with an array of keys",
        ),
        (
            "jwks",
            keys(json!([MARKER])),
            "jwks.keys[0] must be a JSON object",
        ),
        (
            "jwks",
            keys(json!([private])),
            "jwks.keys[0] must not hold private or symmetric key material",
        ),
        (
            "jwks",
            keys(json!([key.public(), { "kty": "oct", "k": MARKER }])),
            "jwks.keys[1] must not hold private or symmetric key material",
        ),
        (
            "jwks",
            keys(json!([key.public(), NamedKey::generate(&key.kid).public()])),
            "jwks must not give two keys of one type the same kid",
        ),
        (
            "jwks",
            keys(vec![key.public(); 101].into()),
            "jwks must have at most 100 keys",
        ),
        (
            "application_type",
            json!("native"),
            "token_endpoint_auth_method must be none, since application_type is native",
        ),
    ]
}
