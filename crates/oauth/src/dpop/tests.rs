use josekit::jwk::Jwk;
use josekit::jws::{ES256, JwsSigner as _};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::secret::ServerKey;

const URL: &str = "https://entryway.example/oauth/par";
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn nonces() -> NonceKey {
    NonceKey::new(ServerKey::new([5; 32]))
}

fn expectation(nonces: &NonceKey) -> Expectation<'_> {
    Expectation {
        method: "POST",
        url: URL,
        access_token: None,
        nonces,
        now: NOW,
    }
}

fn key() -> Jwk {
    Jwk::generate_ec_key(josekit::jwk::alg::ec::EcCurve::P256).unwrap()
}

/// A proof of another implementation, with these members changed (`null` removes one).
fn proof_by(key: &Jwk, header_changes: &Value, claim_changes: &Value) -> String {
    let mut header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.to_public_key().unwrap()});
    let mut claims = json!({
        "jti": "jti-1", "htm": "POST", "htu": URL, "iat": NOW.seconds(), "nonce": nonces().issue(NOW),
    });
    for (target, changes) in [(&mut header, header_changes), (&mut claims, claim_changes)] {
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => target.as_object_mut().unwrap().remove(name),
                value => target
                    .as_object_mut()
                    .unwrap()
                    .insert(name.clone(), value.clone()),
            };
        }
    }
    sign(key, &header, &claims)
}

/// Signs any header and claims, also ones that a JWT library would refuse to write.
fn sign(key: &Jwk, header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = ES256
        .signer_from_jwk(key)
        .unwrap()
        .sign(signed.as_bytes())
        .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn check(header_changes: &Value, claim_changes: &Value) -> Result<Proof, Denial> {
    verify(
        &proof_by(&key(), header_changes, claim_changes),
        &expectation(&nonces()),
    )
}

#[test]
fn a_proof_of_another_implementation_is_accepted() {
    let key = key();
    let proof = verify(&proof_by(&key, &json!({}), &json!({})), &expectation(&nonces())).unwrap();
    let jwk = PublicKey::from_json(&key.to_public_key().unwrap().to_string()).unwrap();
    assert_eq!(proof.thumbprint(), jwk.thumbprint());
}

// R-316, client-expectations: proofs may carry `exp`
#[test]
fn unknown_members_are_ignored() {
    assert!(
        check(
            &json!({"kid": "https://evil.example"}),
            &json!({"foo": [1], "iss": "x", "exp": NOW.seconds() + 60})
        )
        .is_ok()
    );
}

// R-293 .. R-303, R-315, R-317
#[test]
fn each_broken_member_is_refused() {
    let header_breaks = [
        json!({"typ": null}),
        json!({"typ": "JWT"}),
        json!({"typ": "at+jwt"}),
        json!({"typ": 1}),
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "RS256"}),
        json!({"alg": "ES256K"}),
        json!({"jwk": null}),
        json!({"jwk": "key"}),
        json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"crit": ["x"]}),
    ];
    for header in header_breaks {
        let denial = check(&header, &json!({})).unwrap_err();
        assert!(
            matches!(denial, Denial::ProofInvalid { .. }),
            "{header} {denial:?}"
        );
    }
    let claim_breaks = [
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": 7}),
        json!({"jti": "j".repeat(8_192)}),
        json!({"htm": null}),
        json!({"htm": "GET"}),
        json!({"htm": "post"}),
        json!({"htm": 1}),
        json!({"htu": null}),
        json!({"htu": "https://entryway.example/oauth/token"}),
        json!({"htu": "http://entryway.example/oauth/par"}),
        json!({"htu": "https://entryway.example:8443/oauth/par"}),
        json!({"htu": "https://u@entryway.example/oauth/par"}),
        json!({"htu": "https://entryway.example/oauth/par/x"}),
        json!({"htu": "https://entryway.example"}),
        json!({"htu": ""}),
        json!({"iat": null}),
        json!({"iat": "now"}),
        json!({"iat": 1.5}),
        json!({"ath": "x"}),
        json!({"exp": NOW.seconds() - 301}),
        json!({"nbf": NOW.seconds() + 301}),
    ];
    for claims in claim_breaks {
        let denial = check(&json!({}), &claims).unwrap_err();
        assert!(
            matches!(denial, Denial::ProofInvalid { .. }),
            "{claims} {denial:?}"
        );
    }
}

// R-297, R-317
#[test]
fn a_member_that_must_not_be_there_is_not_excused_by_being_null() {
    let proof = proof_by(&key(), &json!({}), &json!({}));
    let (header, rest) = proof.split_once('.').unwrap();
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    for (find, replace) in [("{", r#"{"crit":null,"#), (r#""kty""#, r#""d":null,"kty""#)] {
        let forged = header.replacen(find, replace, 1);
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(forged));
        let refused = verify(&forged, &expectation(&nonces())).unwrap_err().to_string();
        assert!(refused.contains("must not"), "{refused}");
    }
}

// R-304, R-305
#[test]
fn the_target_is_compared_after_normalisation_and_without_query() {
    for htu in [
        "HTTPS://Entryway.EXAMPLE/oauth/par",
        "https://entryway.example:443/oauth/par",
        "https://entryway.example/oauth/./par",
        "https://entryway.example/oauth/par?a=b#c",
    ] {
        assert!(check(&json!({}), &json!({"htu": htu})).is_ok(), "{htu}");
    }
}

// R-306
#[test]
fn a_clock_off_by_more_than_five_minutes_is_told_by_how_much() {
    for (off, fine) in [
        (-301, false),
        (-300, true),
        (-5, true),
        (0, true),
        (300, true),
        (301, false),
    ] {
        assert_eq!(
            check(&json!({}), &json!({"iat": NOW.seconds() + off})).is_ok(),
            fine,
            "{off}"
        );
    }
    let denial = check(&json!({}), &json!({"iat": NOW.seconds() - 900})).unwrap_err();
    assert_eq!(
        denial.to_string(),
        "dpop proof: iat is 900 seconds behind this server's clock"
    );
    assert!(check(&json!({}), &json!({"iat": i64::MIN})).is_err());
    assert!(check(&json!({}), &json!({"iat": i64::MAX})).is_err());
}

// R-307, R-308
#[test]
fn a_missing_or_foreign_nonce_asks_for_one() {
    for nonce in [
        Value::Null,
        json!(""),
        json!("made-up"),
        json!(nonces().issue(NOW - Seconds(600))),
    ] {
        assert_eq!(
            check(&json!({}), &json!({"nonce": nonce})),
            Err(Denial::NonceRequired),
            "{nonce}"
        );
    }
}

// R-300
#[test]
fn a_signature_of_another_key_or_form_is_refused() {
    let good = proof_by(&key(), &json!({}), &json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other = proof_by(&key(), &json!({}), &json!({}));
    let foreign = other.rsplit_once('.').unwrap().1;
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    let der = URL_SAFE_NO_PAD.encode([&[0x30, 0x44, 0x02, 0x20][..], &[1; 66]].concat());
    let nonces = nonces();
    for bad in ["", foreign, &zeros, &der, &signature[..84]] {
        assert!(
            verify(&format!("{signed}.{bad}"), &expectation(&nonces)).is_err(),
            "{bad}"
        );
    }
    assert!(verify(&good, &expectation(&nonces)).is_ok());
}

// R-321
#[test]
fn a_header_that_names_a_member_twice_is_refused() {
    let good = proof_by(&key(), &json!({}), &json!({}));
    let (_, rest) = good.split_once('.').unwrap();
    let twice = URL_SAFE_NO_PAD.encode(r#"{"typ":"dpop+jwt","alg":"ES256","alg":"none","jwk":{}}"#);
    assert!(verify(&format!("{twice}.{rest}"), &expectation(&nonces())).is_err());
}

// R-328
#[test]
fn at_a_resource_the_proof_names_the_access_token() {
    let (key, nonces) = (key(), nonces());
    let expected = Expectation {
        access_token: Some(&Digest::of(b"token")),
        ..expectation(&nonces)
    };
    for (ath, fine) in [
        (json!(access_token_hash("token")), true),
        (json!(access_token_hash("other")), false),
        (Value::Null, false),
    ] {
        assert_eq!(
            verify(&proof_by(&key, &json!({}), &json!({"ath": ath})), &expected).is_ok(),
            fine,
            "{ath}"
        );
    }
}

// R-353
#[test]
fn a_mark_outlives_its_proof() {
    let nonces = nonces();
    let proof = verify(
        &proof_by(&key(), &json!({}), &json!({"iat": NOW.seconds() + 300})),
        &expectation(&nonces),
    )
    .unwrap();
    let last_accepted = NOW + Seconds(300) + CLOCK_SKEW_MAX;
    assert!(proof.mark_expires_at() > last_accepted);
}

// R-314
#[test]
fn the_same_jti_of_two_keys_leaves_two_marks() {
    let [one, two] = [key(), key()]
        .map(|key| verify(&proof_by(&key, &json!({}), &json!({})), &expectation(&nonces())).unwrap());
    assert_ne!(one.mark(), two.mark());
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}") {
        let _ = verify(&text, &expectation(&nonces()));
    }

    #[test]
    fn arbitrary_claims_never_panic(header in "\\{.{0,80}\\}", claims in ".{0,120}") {
        let proof = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        prop_assert!(verify(&proof, &expectation(&nonces())).is_err());
    }
}
