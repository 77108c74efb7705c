use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::access_token::AccessTokenKey;
use crate::jwk::Curve;

fn key() -> AccessTokenKey {
    AccessTokenKey::from_bytes(&[7; 32]).unwrap()
}

fn es256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap()
}

fn es256_public() -> PublicKey {
    PublicKey::Ec {
        curve: Curve::P256,
        point: es256_key()
            .verifying_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
    }
}

/// As an unmodified reference server writes them.
fn claims() -> Value {
    json!({
        "iss": "https://entryway.example", "aud": "did:web:pds.example",
        "sub": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "jti": "tok-0123456789abcdef0123456789abcdef",
        "iat": 1_700_000_000, "exp": 1_700_003_600, "client_id": "https://app.example/client.json",
        "scope": "atproto", "cnf": {"jkt": "A".repeat(43)},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// Signs any header and payload with both keys' kinds of signature.
fn signed(header: &Value, payload: &str) -> [String; 2] {
    use k256::ecdsa::signature::Signer as _;
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let k256: k256::ecdsa::Signature = k256::ecdsa::SigningKey::from_slice(&[7; 32])
        .unwrap()
        .sign(text.as_bytes());
    let p256: p256::ecdsa::Signature = es256_key().sign(text.as_bytes());
    [k256.to_bytes(), p256.to_bytes()].map(|raw| format!("{text}.{}", URL_SAFE_NO_PAD.encode(raw)))
}

fn read(claims: &str) -> Result<PresentedClaims, InvalidAccessToken> {
    let [token, _] = signed(&json!({"alg": "ES256K", "typ": "at+jwt"}), claims);
    let verified = UnverifiedAccessToken::parse(&token)?.verify([key().public()])?;
    assert_eq!(verified.1, key().public().thumbprint());
    Ok(verified.0)
}

// R-334, R-345: the header says which of the keys to try, and nothing more
#[test]
fn each_key_verifies_its_own_algorithm_only() {
    let keys = [key().public().clone(), es256_public()];
    for (alg, fits) in [("ES256K", [true, false]), ("ES256", [false, true])] {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": "any"});
        let outcome = signed(&header, &claims().to_string()).map(|token| {
            let token = UnverifiedAccessToken::parse(&token).unwrap();
            token.verify(&keys).is_ok()
        });
        assert_eq!(outcome, fits, "{alg}");
    }
}

#[test]
fn what_a_reference_server_may_leave_out_or_write_otherwise_is_read() {
    for claims in [
        claims(),
        without("client_id"),
        with("sid", json!(format!("ses-{}", "0".repeat(32)))),
        with("jti", json!("x")),
        with("jti", json!("j".repeat(256))),
        with("aud", json!(["did:web:pds.example", "https://pds.example"])),
        with("nbf", json!(1_700_000_000)),
        with("auth_time", json!(null)),
    ] {
        assert!(read(&claims.to_string()).is_ok(), "{claims}");
    }
}

// R-347, R-349
#[test]
fn a_claim_missing_or_of_another_type_is_refused() {
    let demanded = ["iss", "aud", "sub", "jti", "iat", "exp", "scope", "cnf"];
    let missing = demanded.iter().map(|name| without(name));
    let wrong = [
        ("iss", json!("entryway.example")),
        ("aud", json!(1)),
        ("aud", json!([1])),
        ("aud", json!(null)),
        (
            "sub",
            json!("did:key:zQ3shZc2QzApp2oymGvQbzP8eKheVshBHbU4ZYjeXqwSKEn6N"),
        ),
        ("jti", json!("")),
        ("jti", json!("j".repeat(257))),
        ("jti", json!(1)),
        ("iat", json!(1e30)),
        ("iat", json!(null)),
        ("exp", json!(1_700_000_900.5)),
        ("exp", json!("1700000900")),
        ("exp", json!(u64::MAX)),
        ("nbf", json!(null)),
        ("nbf", json!("now")),
        ("client_id", json!("")),
        ("client_id", json!(null)),
        ("client_id", json!("c".repeat(2_049))),
        ("scope", json!(["atproto"])),
        ("cnf", json!({"jkt": "short"})),
        ("cnf", json!([])),
        ("sid", json!(null)),
        ("sid", json!("one")),
    ];
    for claims in missing.chain(wrong.map(|(name, value)| with(name, value))) {
        assert_eq!(
            read(&claims.to_string()),
            Err(InvalidAccessToken::Malformed),
            "{claims}"
        );
    }
}

// R-321
#[test]
fn a_member_named_twice_is_refused_known_or_not() {
    let claims = claims().to_string();
    for twice in [
        r#""sub":"did:web:evil.example","#,
        r#""s\u0075b":"did:web:evil.example","#,
        r#""foo":1,"foo":1,"#,
    ] {
        let payload = claims.replacen('{', &format!("{{{twice}"), 1);
        assert_eq!(read(&payload), Err(InvalidAccessToken::Malformed), "{twice}");
    }
    let jkt = format!(r#"{{"jkt":"{}","#, "B".repeat(43));
    let payload = claims.replacen(r#"{"jkt""#, &format!(r#"{jkt}"jkt""#), 1);
    assert_eq!(read(&payload), Err(InvalidAccessToken::Malformed));
}

// R-334, R-335
#[test]
fn no_other_header_is_read() {
    for header in [
        json!({"alg": "none", "typ": "at+jwt"}),
        json!({"alg": "HS256", "typ": "at+jwt"}),
        json!({"alg": "ES384", "typ": "at+jwt"}),
        json!({"alg": "RS256", "typ": "at+jwt"}),
        json!({"alg": "es256", "typ": "at+jwt"}),
        json!({"typ": "at+jwt"}),
        json!({"alg": "ES256K"}),
        json!({"alg": "ES256K", "typ": "JWT"}),
        json!({"alg": "ES256K", "typ": "AT+JWT"}),
        json!({"alg": "ES256K", "typ": "application/application/at+jwt"}),
        json!({"alg": "ES256K", "typ": "at+jwt", "crit": []}),
        json!(["ES256K"]),
    ] {
        for token in signed(&header, &claims().to_string()) {
            assert_eq!(
                UnverifiedAccessToken::parse(&token).unwrap_err(),
                InvalidAccessToken::Malformed,
                "{header}"
            );
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}", claims in "\\{.{0,100}\\}") {
        prop_assert!(UnverifiedAccessToken::parse(&text).is_err());
        prop_assert!(read(&claims).is_err());
    }
}
