use std::sync::LazyLock;

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::claims::{AGE_MAX, AHEAD_MAX, EXPIRY_AHEAD_MAX, EXPIRY_LEEWAY};
use super::signer::{CLIENT_ID, ISSUER, NOW, OTHER_CLIENT_ID, Signer, check, es256, part};
use super::*;
use crate::time::Seconds;

// R-266, R-289
#[test]
fn an_assertion_of_another_implementation_is_accepted_in_each_algorithm() {
    for algorithm in Algorithm::ALL {
        let client = Signer::new(algorithm);
        let assertion = client.check(&client.assertion(&json!({}), &json!({}))).unwrap();
        let key = ClientKey {
            kid: "key-1".to_owned(),
            algorithm,
            jkt: client.thumbprint(),
        };
        assert!(client.keys.holds(&assertion.key));
        assert_eq!(assertion.key, key);
    }
}

#[test]
fn what_stock_clients_add_is_accepted() {
    let client = es256();
    for (header, claims) in [
        (
            json!({"typ": "JWT"}),
            json!({"aud": [ISSUER], "nbf": NOW.seconds()}),
        ),
        (
            json!({"typ": "client-authentication+jwt"}),
            json!({"htm": "", "hti": ""}),
        ),
        (json!({"jwk": client.public()}), json!({"cnf": {"kid": "x"}})),
    ] {
        assert!(
            client.check_changed(&header, &claims).is_ok(),
            "{header} {claims}"
        );
    }
}

// R-267, R-269 .. R-271, R-273, R-274, R-276
#[test]
fn each_broken_claim_is_named() {
    let client = es256();
    for (claims, claim) in [
        (json!({"iss": null}), "iss"),
        (json!({"iss": OTHER_CLIENT_ID}), "iss"),
        (json!({"iss": ISSUER}), "iss"),
        (json!({"sub": null}), "sub"),
        (json!({"sub": OTHER_CLIENT_ID}), "sub"),
        (json!({"sub": "did:web:alice.test"}), "sub"),
        (json!({"aud": null}), "aud"),
        (json!({"aud": ""}), "aud"),
        (json!({"aud": []}), "aud"),
        (json!({"aud": [ISSUER, ISSUER]}), "aud"),
        (json!({"aud": [ISSUER, "https://evil.example"]}), "aud"),
        (json!({"aud": "https://entryway.example/"}), "aud"),
        (json!({"aud": "https://entryway.example/oauth/token"}), "aud"),
        (json!({"aud": "https://entryway.example/oauth/par"}), "aud"),
        (json!({"aud": "https://ENTRYWAY.example"}), "aud"),
        (json!({"aud": "https://evil.example"}), "aud"),
        (json!({"jti": null}), "jti"),
        (json!({"jti": ""}), "jti"),
        (json!({"jti": "j".repeat(257)}), "jti"),
        (json!({"iat": null}), "iat"),
        (json!({"exp": null}), "exp"),
        (json!({"iss": 1}), "claims"),
        (json!({"aud": {"iss": ISSUER}}), "claims"),
        (json!({"jti": 7}), "claims"),
        (json!({"iat": "now"}), "claims"),
        (json!({"iat": 1.5}), "claims"),
        (json!({"exp": "2100-01-01"}), "claims"),
    ] {
        let denial = client.check_changed(&json!({}), &claims).unwrap_err();
        let sentence = denial.to_string();
        let begins = format!("client_assertion: {claim} ");
        assert!(sentence.starts_with(&begins), "{claims}: {sentence}");
    }
    assert!(
        client
            .check_changed(&json!({}), &json!({"jti": "j".repeat(256)}))
            .is_ok()
    );
}

// R-267, R-289
#[test]
fn each_broken_header_member_is_named() {
    let client = es256();
    for (header, named) in [
        (json!({"alg": null}), "alg"),
        (json!({"alg": "ES384"}), "alg"),
        (json!({"alg": "ES256K"}), "alg"),
        (json!({"alg": "es256"}), "alg"),
        (json!({"kid": null}), "kid"),
        (json!({"kid": ""}), "kid"),
        (json!({"kid": "key-2"}), "kid"),
        (json!({"kid": "KEY-1"}), "kid"),
        (json!({"typ": ""}), "typ"),
        (json!({"alg": 1}), "header"),
        (json!({"kid": 1}), "header"),
        (json!({"typ": 1}), "header"),
    ] {
        let denial = client.check_changed(&header, &json!({})).unwrap_err();
        let sentence = denial.to_string();
        let begins = format!("client_assertion: {named} ");
        assert!(sentence.starts_with(&begins), "{header}: {sentence}");
    }
}

// R-272 .. R-275: the second before, the second, the second after
#[test]
fn the_clock_has_edges() {
    let client = es256();
    let at = |instant: Timestamp| instant.seconds();
    let (oldest, newest) = (NOW - AGE_MAX, NOW + AHEAD_MAX);
    let (over, longest) = (NOW - EXPIRY_LEEWAY, NOW + EXPIRY_AHEAD_MAX);
    let second = Seconds(1);
    for (claims, fine) in [
        (json!({"iat": at(oldest - second)}), false),
        (json!({"iat": at(oldest)}), true),
        (json!({"iat": at(oldest + second)}), true),
        (json!({"iat": at(NOW - Seconds(59))}), true),
        (json!({"iat": at(newest - second)}), true),
        (json!({"iat": at(newest)}), true),
        (json!({"iat": at(newest + second)}), false),
        (json!({"exp": at(over - second)}), false),
        (json!({"exp": at(over)}), false),
        (json!({"exp": at(over + second)}), true),
        (json!({"exp": at(longest - second)}), true),
        (json!({"exp": at(longest)}), true),
        (json!({"exp": at(longest + second)}), false),
        (json!({"exp": 4_102_444_800_i64}), false),
        (json!({"nbf": at(newest - second)}), true),
        (json!({"nbf": at(newest)}), true),
        (json!({"nbf": at(newest + second)}), false),
        (json!({"iat": i64::MIN}), false),
        (json!({"iat": i64::MAX}), false),
        (json!({"exp": i64::MIN}), false),
        (json!({"exp": i64::MAX}), false),
        (json!({"nbf": i64::MIN}), true),
        (json!({"nbf": i64::MAX}), false),
    ] {
        assert_eq!(
            client.check_changed(&json!({}), &claims).is_ok(),
            fine,
            "{claims}"
        );
    }
}

// demand 16
#[test]
fn a_clock_that_is_off_is_told_by_how_much() {
    let client = es256();
    for (off, expected) in [
        (
            -900,
            "client_assertion: iat is 900 seconds behind this server's clock",
        ),
        (
            61,
            "client_assertion: iat is 61 seconds ahead of this server's clock",
        ),
    ] {
        let claims = json!({"iat": NOW.seconds() + off, "exp": NOW.seconds() + off + 60});
        let denial = client.check_changed(&json!({}), &claims).unwrap_err();
        assert_eq!(denial.to_string(), expected);
    }
}

// R-276
#[test]
fn a_mark_outlives_its_assertion() {
    let client = es256();
    let compact = client.assertion(
        &json!({}),
        &json!({"iat": (NOW + AHEAD_MAX).seconds(), "exp": (NOW + EXPIRY_AHEAD_MAX).seconds()}),
    );
    let assertion = client.check(&compact).unwrap();
    let at = |now| {
        let expected = Expectation {
            now,
            ..client.expectation()
        };
        check(&compact, expected).is_ok()
    };
    let last_accepted = NOW + AHEAD_MAX + AGE_MAX;
    assert!(at(last_accepted) && !at(last_accepted + Seconds(1)));
    assert!(assertion.expires_at > last_accepted);
}

// R-276
#[test]
fn the_same_jti_of_two_clients_leaves_two_marks() {
    let client = es256();
    let mark = |id: &str, jti: &str| {
        let claims = json!({"iss": id, "sub": id, "jti": jti});
        let id = ClientId::parse(id).unwrap();
        let compact = client.assertion(&json!({}), &claims);
        let expected = Expectation {
            client_id: &id,
            ..client.expectation()
        };
        check(&compact, expected).unwrap().mark
    };
    assert_ne!(mark(CLIENT_ID, "1"), mark(OTHER_CLIENT_ID, "1"));
    assert_ne!(mark(CLIENT_ID, "1"), mark(CLIENT_ID, "2"));
    assert_eq!(mark(CLIENT_ID, "1"), mark(CLIENT_ID, "1"));
}

// R-265
#[test]
fn an_assertion_comes_with_its_type() {
    let client = es256();
    let compact = client.assertion(&json!({}), &json!({}));
    let read = |form: Value| {
        let parameters = Parameters::from_json(form.to_string().as_bytes()).unwrap();
        UnverifiedAssertion::from_parameters(&parameters).map(|assertion| assertion.kid().to_owned())
    };
    assert_eq!(
        read(json!({"client_assertion": compact, "client_assertion_type": ASSERTION_TYPE})),
        Ok("key-1".to_owned())
    );
    assert_eq!(
        read(json!({"client_assertion_type": ASSERTION_TYPE})),
        Err(Denial::AssertionMissing)
    );
    for (other, parameter) in [
        (Value::Null, "client_assertion_type is required"),
        (
            json!(ASSERTION_TYPE.to_uppercase()),
            "client_assertion_type must be",
        ),
        (
            json!("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            "client_assertion_type must be",
        ),
    ] {
        let refused = read(json!({"client_assertion": compact, "client_assertion_type": other}));
        let sentence = refused.unwrap_err().to_string();
        assert!(sentence.starts_with(parameter), "{other}: {sentence}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}|.{0,100}") {
        let _ = UnverifiedAssertion::parse(&text);
    }

    #[test]
    fn arbitrary_claims_never_panic(claims in ".{0,120}|\\{\"iat\":-?[0-9]{1,20},\"exp\":-?[0-9]{1,20}\\}") {
        let client = Signer::with_key(P256.clone(), Algorithm::ES256);
        let compact = format!("{}.{}.AAAA", part(r#"{"alg":"ES256","kid":"key-1"}"#), part(&claims));
        prop_assert!(client.check(&compact).is_err());
    }
}

static P256: LazyLock<Jwk> = LazyLock::new(|| Jwk::generate_ec_key(EcCurve::P256).unwrap());
