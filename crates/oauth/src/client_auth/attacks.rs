//! One test for each known way to be somebody else's client, named for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::KeyPair as _;
use josekit::jwk::alg::ec::EcKeyPair;
use josekit::jws::{HS256, JwsSigner as _};
use serde_json::json;

use super::signer::{ISSUER, NOW, OTHER_CLIENT_ID, Signer, check, es256, part};
use super::*;
use crate::jws::JWS_BYTES_MAX;

/// Every refusal is the caller's, by its code.
fn refused(result: Result<Assertion, Denial>, case: &str) {
    assert_eq!(result.unwrap_err().code(), "invalid_client", "{case}");
}

// R-268
#[test]
fn alg_none() {
    let client = es256();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let good = client.assertion(&json!({"alg": alg}), &json!({}));
        let signed = good.rsplit_once('.').unwrap().0;
        refused(client.check(&good), alg);
        refused(client.check(&format!("{signed}.")), alg);
    }
}

// R-268
#[test]
fn hs256_keyed_with_the_public_key() {
    let client = es256();
    let pair = EcKeyPair::from_jwk(&client.key).unwrap();
    let jwk = client.public().to_string();
    let canonical = client
        .keys
        .key("key-1", Algorithm::ES256)
        .unwrap()
        .canonical_json();
    let pem = pair.to_pem_public_key();
    for secret in [
        pem.clone(),
        pem.trim_ascii_end().to_vec(),
        pair.to_der_public_key(),
        jwk.into_bytes(),
        canonical.into_bytes(),
    ] {
        let hmac = HS256.signer_from_bytes(&secret).unwrap();
        // with the honest alg too: a verifier that takes the key for what it is not
        for alg in ["HS256", "ES256"] {
            let good = client.assertion(&json!({"alg": alg}), &json!({}));
            let signed = good.rsplit_once('.').unwrap().0;
            let mac = hmac.sign(signed.as_bytes()).unwrap();
            let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
            refused(client.check(&forged), alg);
        }
    }
}

// R-268, R-289
#[test]
fn an_algorithm_of_the_clients_key_that_it_did_not_register() {
    let registered = Signer::new(Algorithm::PS256);
    let other = Signer::with_key(registered.key.clone(), Algorithm::RS256);
    let compact = other.assertion(&json!({}), &json!({}));
    assert!(other.check(&compact).is_ok());
    refused(registered.check(&compact), "RS256 for PS256");
    let lying = other.assertion(&json!({"alg": "PS256"}), &json!({}));
    refused(registered.check(&lying), "RS256 called PS256");
}

// R-283
#[test]
fn signatures_of_another_form() {
    let client = es256();
    let good = client.assertion(&json!({}), &json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = raw.split_at(32);
    for (form, forged) in [
        ("none at all", Vec::new()),
        ("DER", der(r, s)),
        ("zeros", vec![0; 64]),
        ("r = 0", [&[0; 32], s].concat()),
        ("s = 0", [r, &[0; 32]].concat()),
        ("r = s = n", [N_OF_P256, N_OF_P256].concat()),
        ("too short", raw[..63].to_vec()),
        ("too long", [&raw[..], &[0]].concat()),
        ("swapped", [s, r].concat()),
    ] {
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(forged));
        refused(client.check(&forged), form);
    }
    assert!(client.check(&good).is_ok());
}

// R-266, R-283
#[test]
fn a_signature_of_zeros_in_each_algorithm() {
    for (algorithm, bytes) in [
        (Algorithm::ES256, 64),
        (Algorithm::ES256K, 64),
        (Algorithm::ES384, 96),
        (Algorithm::EdDSA, 64),
        (Algorithm::PS256, 256),
        (Algorithm::RS256, 256),
    ] {
        let client = Signer::new(algorithm);
        let good = client.assertion(&json!({}), &json!({}));
        let signed = good.rsplit_once('.').unwrap().0;
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(vec![0; bytes]));
        refused(client.check(&forged), algorithm.name());
    }
}

// R-266
#[test]
fn a_key_that_is_not_the_clients() {
    let (client, stranger) = (es256(), es256());
    refused(
        client.check(&stranger.assertion(&json!({}), &json!({}))),
        "foreign key",
    );
}

// R-285
#[test]
fn another_clients_assertion() {
    let client = es256();
    let other = json!({"iss": OTHER_CLIENT_ID, "sub": OTHER_CLIENT_ID});
    refused(client.check_changed(&json!({}), &other), "both");
    refused(
        client.check_changed(&json!({}), &json!({"iss": OTHER_CLIENT_ID})),
        "iss",
    );
    refused(
        client.check_changed(&json!({}), &json!({"sub": OTHER_CLIENT_ID})),
        "sub",
    );
}

// R-270: the same assertion must not serve two servers
#[test]
fn an_assertion_made_for_another_server() {
    let client = es256();
    for aud in [
        json!("https://evil.example"),
        json!([ISSUER, "https://evil.example"]),
        json!("https://entryway.example.evil.example"),
        json!("https://entryway.example@evil.example"),
    ] {
        refused(client.check_changed(&json!({}), &json!({"aud": aud})), "aud");
    }
}

// R-281
#[test]
fn tokens_of_another_type_by_the_same_key() {
    let client = es256();
    let jwk = client.public();
    for typ in [
        "dpop+jwt",
        "at+jwt",
        "application/at+jwt",
        "JWT+x",
        "refresh+jwt",
        "secevent+jwt",
    ] {
        refused(client.check_changed(&json!({"typ": typ}), &json!({})), typ);
    }
    let proof = client.sign(
        &json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}),
        &json!({"jti": "1", "htm": "POST", "htu": ISSUER, "iat": NOW.seconds()}),
    );
    refused(client.check(&proof), "dpop proof");
    let service_token = client.sign(
        &json!({"typ": "JWT", "alg": "ES256", "kid": "key-1"}),
        &json!({
            "iss": "did:web:alice.test", "aud": ISSUER, "lxm": "com.atproto.server.getSession",
            "jti": "1", "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
        }),
    );
    refused(client.check(&service_token), "service token");
}

// R-278
#[test]
fn a_header_that_brings_its_own_key() {
    let (client, stranger) = (es256(), es256());
    let jwk = stranger.public();
    for header in [
        json!({"jwk": jwk}),
        json!({"jwk": jwk, "kid": "key-2"}),
        json!({"jku": "https://evil.example/jwks.json"}),
        json!({"x5u": "https://evil.example/cert.pem"}),
        json!({"x5c": ["AAAA"]}),
    ] {
        let forged = stranger.assertion(&header, &json!({}));
        refused(client.check(&forged), &header.to_string());
        // and with it the client's own signature counts for what it is
        if header.get("kid").is_none() {
            assert!(client.check_changed(&header, &json!({})).is_ok(), "{header}");
        }
    }
}

// R-279
#[test]
fn a_kid_that_is_more_than_a_name() {
    let client = es256();
    for kid in [
        "../../../../etc/passwd",
        "/dev/null",
        "file:///etc/passwd",
        "https://evil.example/key.json",
        "key-1' or '1'='1",
        "key-1; drop table oauth_session",
        "{\"$ne\":null}",
        "key-1\0",
        "key-1\r\nx: y",
        "key-1 ",
        "\u{202e}1-yek",
        "%",
        &"k".repeat(257),
        &"k".repeat(10_000),
    ] {
        refused(client.check_changed(&json!({"kid": kid}), &json!({})), kid);
    }
    refused(
        client.check_changed(&json!({"kid": ["key-1"]}), &json!({})),
        "list",
    );
    refused(
        client.check_changed(&json!({"kid": {"$gt": ""}}), &json!({})),
        "object",
    );
}

// R-280
#[test]
fn crit_of_any_kind() {
    let client = es256();
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!([]),
        json!("exp"),
        json!(true),
    ] {
        refused(client.check_changed(&json!({"crit": crit}), &json!({})), "crit");
    }
    // `null` is there too, and `changed` would have removed it
    let header = r#"{"alg":"ES256","kid":"key-1","crit":null}"#;
    let denial = UnverifiedAssertion::parse(&format!("{}.e30.AAAA", part(header))).unwrap_err();
    assert_eq!(denial.to_string(), "client_assertion: crit must not be used");
}

// R-284
#[test]
fn what_is_no_jws_or_too_long() {
    let client = es256();
    let long = client.assertion(&json!({}), &json!({"pad": "x".repeat(100 * 1024)}));
    let good = client.assertion(&json!({}), &json!({}));
    let cut = &good[..good.len() - 1];
    for bad in [
        "",
        "a.b.c",
        "...",
        "e30.e30.",
        cut,
        &format!("{good}="),
        &format!(" {good}"),
        &long,
    ] {
        refused(client.check(bad), bad.get(..20).unwrap_or(bad));
    }
    let just_fits = |bytes: usize| "A".repeat(bytes);
    assert!(UnverifiedAssertion::parse(&just_fits(JWS_BYTES_MAX + 1)).is_err());
}

// two parsers that disagree about which one counts
#[test]
fn a_member_named_twice() {
    let client = es256();
    for (header, claims) in [
        (r#"{"alg":"none","alg":"ES256","kid":"key-1"}"#, "{}"),
        (r#"{"alg":"ES256","kid":"key-2","kid":"key-1"}"#, "{}"),
        (r#"{"alg":"ES256","kid":"key-1"}"#, r#"{"iss":"a","iss":"b"}"#),
        (r#"{"alg":"ES256","kid":"key-1"}"#, r#"{"aud":"a","aud":"b"}"#),
    ] {
        refused(
            client.check(&format!("{}.{}.AAAA", part(header), part(claims))),
            header,
        );
    }
}

// R-277
#[test]
fn one_key_for_the_assertion_and_the_proof() {
    let client = es256();
    let compact = client.assertion(&json!({}), &json!({}));
    let same = client.thumbprint();
    let other = es256().thumbprint();
    let denial = client.check_with_proof(&compact, Some(same));
    assert_eq!(
        denial.unwrap_err().to_string(),
        "client_assertion: must be signed by another key than the dpop proof"
    );
    assert!(client.check_with_proof(&compact, Some(other)).is_ok());
}

/// A stolen assertion of an app that has them made for each of its users.
#[test]
fn an_assertion_bound_to_another_proof() {
    let client = es256();
    let (user, thief) = (es256().thumbprint(), es256().thumbprint());
    let bound = client.assertion(&json!({}), &json!({"cnf": {"jkt": user}}));
    let with = |proof| client.check_with_proof(&bound, proof);
    assert!(with(Some(user)).is_ok());
    refused(with(Some(thief)), "another key's proof");
    refused(with(None), "no proof");
    for jkt in [json!(""), json!("x"), json!(1)] {
        let bound = client.assertion(&json!({}), &json!({"cnf": {"jkt": jkt}}));
        refused(client.check_with_proof(&bound, Some(user)), "no key");
    }
}

// R-282, R-288
#[test]
fn a_key_that_was_not_published_for_this() {
    let client = es256();
    let compact = client.assertion(&json!({}), &json!({}));
    assert!(client.check(&compact).is_ok());
    for change in [
        json!({"use": "enc"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"alg": "ECDH-ES"}),
        json!({"kid": "key-2"}),
    ] {
        let mut jwk = client.public();
        for (name, value) in change.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        let keys = KeySet::from_json(&json!({"keys": [jwk]}).to_string()).unwrap();
        let expected = Expectation {
            keys: &keys,
            ..client.expectation()
        };
        refused(check(&compact, expected), &change.to_string());
    }
}

/// A header and claims moved under a signature made for others.
#[test]
fn parts_of_two_assertions() {
    let client = es256();
    let one = client.assertion(&json!({}), &json!({}));
    let two = client.assertion(&json!({"typ": "JWT"}), &json!({"jti": "jti-2"}));
    let [one, two] = [one.as_str(), two.as_str()].map(|jws| jws.split('.').collect::<Vec<_>>());
    refused(client.check(&[two[0], one[1], one[2]].join(".")), "header");
    refused(client.check(&[one[0], two[1], one[2]].join(".")), "claims");
    refused(client.check(&[one[0], one[1], two[2]].join(".")), "signature");
}

fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    // a leading zero keeps both positive
    let integer = |value: &[u8]| [&[0x02, 33, 0][..], value].concat();
    [&[0x30, 70][..], &integer(r), &integer(s)].concat()
}

/// The order of the group: a signature of it is one of zero.
const N_OF_P256: &[u8] = &[
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
