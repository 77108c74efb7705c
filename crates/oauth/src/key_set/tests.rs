use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn ec(curve: EcCurve, kid: &str) -> Value {
    public(&Jwk::generate_ec_key(curve).unwrap(), kid)
}

fn public(key: &Jwk, kid: &str) -> Value {
    let jwk = serde_json::to_value(key.to_public_key().unwrap()).unwrap();
    with(jwk, "kid", kid)
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

fn read(keys: &[Value]) -> Result<KeySet, InvalidKeySet> {
    KeySet::from_json(&json!({"keys": keys}).to_string())
}

#[test]
fn a_key_of_each_type_is_found_by_its_name_and_algorithm() {
    let rsa = public(&Jwk::generate_rsa_key(2048).unwrap(), "rsa");
    let set = read(&[
        ec(EcCurve::P256, "p-256"),
        ec(EcCurve::P384, "p-384"),
        ec(EcCurve::Secp256k1, "k-256"),
        public(&Jwk::generate_ed_key(EdCurve::Ed25519).unwrap(), "ed"),
        rsa.clone(),
        with(with(rsa, "kid", "rsa-pss"), "alg", "PS256"),
    ])
    .unwrap();
    assert_eq!((set.len(), set.is_empty()), (6, false));
    for (kid, fitting) in [
        ("p-256", &[Algorithm::ES256][..]),
        ("p-384", &[Algorithm::ES384]),
        ("k-256", &[Algorithm::ES256K]),
        ("ed", &[Algorithm::EdDSA]),
        ("rsa", &[Algorithm::PS256, Algorithm::RS256]),
        ("rsa-pss", &[Algorithm::PS256]),
        ("nobody", &[]),
        ("", &[]),
    ] {
        for algorithm in Algorithm::ALL {
            let found = set.key(kid, algorithm).is_some();
            assert_eq!(found, fitting.contains(&algorithm), "{kid} {algorithm:?}");
        }
    }
    assert!(
        Algorithm::ALL
            .into_iter()
            .all(|algorithm| set.usable_with(algorithm))
    );
}

// R-282, R-288, RFC 7517 section 5
#[test]
fn a_key_of_no_use_is_left_out_and_spoils_nothing() {
    let key = ec(EcCurve::P256, "key-1");
    for useless in [
        with(key.clone(), "use", "enc"),
        with(key.clone(), "key_ops", json!(["sign"])),
        with(key.clone(), "key_ops", json!([])),
        with(key.clone(), "alg", "ECDH-ES"),
        with(key.clone(), "alg", "ES384"),
        with(key.clone(), "alg", 7),
        with(key.clone(), "crv", "P-521"),
        with(key.clone(), "x", "AAAA"),
        with(key.clone(), "kty", "ec"),
        with(key.clone(), "kty", Value::Null),
        with(key.clone(), "kid", ""),
        with(key.clone(), "kid", 1),
        with(key.clone(), "kid", "k".repeat(257)),
        with(key.clone(), "kid", "key\n1"),
        without(key.clone(), "kid"),
        without(key.clone(), "kty"),
        without(key.clone(), "y"),
        json!({"kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "x"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "x"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "x"}),
        json!({}),
    ] {
        let alone = read(std::slice::from_ref(&useless)).unwrap();
        assert!(alone.is_empty(), "{useless}");
        assert!(!alone.usable_with(Algorithm::ES256), "{useless}");
        let beside = read(&[useless.clone(), key.clone()]).unwrap();
        assert_eq!(beside.len(), 1, "{useless}");
    }
    for useful in [
        with(key.clone(), "use", "sig"),
        with(key.clone(), "key_ops", json!(["verify"])),
        with(key.clone(), "alg", "ES256"),
        with(key.clone(), "kid", "k".repeat(256)),
        with(key.clone(), "x5c", json!(["AAAA"])),
        with(key, "ext", true),
    ] {
        assert_eq!(read(std::slice::from_ref(&useful)).unwrap().len(), 1, "{useful}");
    }
}

// R-074
#[test]
fn one_secret_spoils_the_whole_set() {
    let key = ec(EcCurve::P256, "key-1");
    let private = |mut key: Jwk| {
        key.set_key_id("leaked");
        serde_json::to_value(key).unwrap()
    };
    for leaked in [
        private(Jwk::generate_ec_key(EcCurve::P256).unwrap()),
        private(Jwk::generate_ed_key(EdCurve::Ed25519).unwrap()),
        private(Jwk::generate_rsa_key(2048).unwrap()),
        private(Jwk::generate_oct_key(32).unwrap()),
        json!({"kty": "oct"}),
        // of no use, by which it could have been left out before anybody looked
        with(with(key.clone(), "use", "enc"), "d", "AAAA"),
        with(without(key.clone(), "kid"), "d", "AAAA"),
        with(without(key.clone(), "kty"), "d", "AAAA"),
        with(with(key.clone(), "crv", "P-521"), "d", "AAAA"),
        with(key.clone(), "d", Value::Null),
        with(key.clone(), "d", ""),
        json!({"kty": "AKP", "pub": "AAAA", "priv": "AAAA"}),
    ] {
        assert_eq!(
            read(&[key.clone(), leaked.clone()]),
            Err(InvalidKeySet::Private),
            "{leaked}"
        );
    }
    // the letter d, written otherwise
    let escaped = r#"{"keys":[{"kty":"EC","\u0064":"AAAA"}]}"#;
    assert_eq!(KeySet::from_json(escaped), Err(InvalidKeySet::Private));
}

#[test]
fn what_is_no_key_set_is_refused_by_reason() {
    for (json, reason) in [
        ("", InvalidKeySet::Malformed),
        ("null", InvalidKeySet::Malformed),
        ("[]", InvalidKeySet::Malformed),
        ("{}", InvalidKeySet::Malformed),
        (r#"{"keys":null}"#, InvalidKeySet::Malformed),
        (r#"{"keys":{}}"#, InvalidKeySet::Malformed),
        (r#"{"keys":[null]}"#, InvalidKeySet::Malformed),
        (r#"{"keys":["key"]}"#, InvalidKeySet::Malformed),
        (r#"{"keys":[{}]} x"#, InvalidKeySet::Malformed),
        (r#"{"keys":[{}]"#, InvalidKeySet::Malformed),
        (r#"{"Keys":[{}]}"#, InvalidKeySet::Malformed),
        (r#"{"keys":[]}"#, InvalidKeySet::Empty),
        (r#"{"keys":[],"keys":[{}]}"#, InvalidKeySet::Repeated),
        (r#"{"a":1,"a":1,"keys":[{}]}"#, InvalidKeySet::Repeated),
        (r#"{"keys":[{"kid":"a","kid":"b"}]}"#, InvalidKeySet::Repeated),
        (
            r#"{"keys":[{"kid":"a","\u006bid":"b"}]}"#,
            InvalidKeySet::Repeated,
        ),
        (r#"{"keys":[{"x-own":1,"x-own":2}]}"#, InvalidKeySet::Repeated),
    ] {
        assert_eq!(KeySet::from_json(json), Err(reason), "{json}");
    }
}

// R-288
#[test]
fn a_set_is_bounded() {
    let set = |keys: usize| format!(r#"{{"keys":[{}]}}"#, vec!["{}"; keys].join(","));
    assert!(KeySet::from_json(&set(KEYS_MAX)).is_ok());
    assert_eq!(KeySet::from_json(&set(KEYS_MAX + 1)), Err(InvalidKeySet::TooMany));
    let padded = |bytes: usize| format!("{}{}", set(1), " ".repeat(bytes - set(1).len()));
    assert!(KeySet::from_json(&padded(BYTES_MAX)).is_ok());
    assert_eq!(
        KeySet::from_json(&padded(BYTES_MAX + 1)),
        Err(InvalidKeySet::TooLarge)
    );
    let deep = format!(
        r#"{{"keys":[{{"x":{}1{}}}]}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    assert!(KeySet::from_json(&deep).unwrap().is_empty());
}

// R-288
#[test]
fn one_name_means_one_key_of_a_type() {
    let one = ec(EcCurve::P256, "key-1");
    let rsa = public(&Jwk::generate_rsa_key(2048).unwrap(), "key-1");
    for (other, fine) in [
        (one.clone(), false),
        (ec(EcCurve::P256, "key-1"), false),
        (ec(EcCurve::P256, "key-2"), true),
        (ec(EcCurve::P384, "key-1"), true),
        (rsa.clone(), true),
        (with(ec(EcCurve::P256, "key-1"), "use", "enc"), true),
    ] {
        let set = read(&[one.clone(), other.clone()]);
        assert_eq!(set.err(), (!fine).then_some(InvalidKeySet::Ambiguous), "{other}");
    }
    let [rs256, ps256] = ["RS256", "PS256"].map(|alg| with(rsa.clone(), "alg", alg));
    assert!(read(&[rs256.clone(), ps256]).is_ok());
    assert_eq!(read(&[rs256, rsa]), Err(InvalidKeySet::Ambiguous));
}

// R-252
#[test]
fn a_key_is_held_while_it_is_published_under_its_name() {
    let jwk = ec(EcCurve::P256, "key-1");
    let set = read(std::slice::from_ref(&jwk)).unwrap();
    let key = ClientKey {
        kid: "key-1".to_owned(),
        algorithm: Algorithm::ES256,
        jkt: set.key("key-1", Algorithm::ES256).unwrap().thumbprint(),
    };
    let beside = ec(EcCurve::P256, "key-2");
    for (published, held) in [
        (vec![jwk.clone()], true),
        (vec![beside.clone(), jwk.clone()], true),
        (vec![with(jwk.clone(), "use", "sig")], true),
        (vec![beside], false),
        (vec![with(jwk.clone(), "kid", "key-2")], false),
        (vec![with(jwk, "use", "enc")], false),
        (vec![ec(EcCurve::P256, "key-1")], false),
        (vec![ec(EcCurve::P384, "key-1")], false),
    ] {
        assert_eq!(read(&published).unwrap().holds(&key), held, "{published:?}");
    }
}

#[test]
fn every_reason_is_a_sentence_about_jwks() {
    for reason in [
        InvalidKeySet::TooLarge,
        InvalidKeySet::Malformed,
        InvalidKeySet::Repeated,
        InvalidKeySet::Empty,
        InvalidKeySet::TooMany,
        InvalidKeySet::Private,
        InvalidKeySet::Ambiguous,
    ] {
        let text = reason.to_string();
        assert!(
            text.starts_with("must ") && text.is_ascii() && !text.ends_with('.'),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,300}", key in "\\{.{0,100}\\}") {
        let _ = KeySet::from_json(&text);
        let _ = KeySet::from_json(&format!(r#"{{"keys":[{key}]}}"#));
    }
}
