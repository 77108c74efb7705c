//! Tokens forged, swapped, stale or meant for somebody else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::denial::Denial;
use entryway_oauth::jwk::PublicKey;
use entryway_oauth::secret::{AuthorizationCode, RequestUri};
use josekit::jws::{HS256, JwsSigner as _};
use proptest::prelude::*;
use serde_json::json;

use crate::scene::{
    FOREIGN_KEY, ISSUER, KEY, NOW, OTHER_ISSUER, OTHER_KEY, Scene, headers, public, sign_es256k,
};
use crate::{InvalidToken, Refusal};

/// The reason a token is refused that comes with a proof made for it.
fn fault(scene: &Scene, token: &str) -> InvalidToken {
    match scene.present(token).unwrap_err() {
        Refusal::TokenInvalid(fault) => fault,
        other => panic!("{other:?} {token}"),
    }
}

// R-334
#[test]
fn a_foreign_or_another_issuers_key_speaks_for_nobody() {
    let scene = Scene::new();
    let (none, other) = (json!({}), json!({"iss": OTHER_ISSUER}));
    for (scalar, claims) in [(FOREIGN_KEY, &none), (OTHER_KEY, &none), (KEY, &other)] {
        assert_eq!(
            fault(&scene, &scene.token_by(scalar, &none, claims)),
            InvalidToken::Signature
        );
    }
}

// R-334
#[test]
fn alg_none_and_hmac_with_the_public_key_are_refused() {
    let scene = Scene::new();
    let good = scene.token();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = signed.split_once('.').unwrap();
    let point = match public(KEY) {
        PublicKey::Ec { point, .. } => point,
        other => panic!("{other:?}"),
    };
    let jwk = public(KEY).canonical_json().into_bytes();
    for (alg, expected) in [
        ("none", InvalidToken::Malformed),
        ("None", InvalidToken::Malformed),
        ("HS256", InvalidToken::Malformed),
        ("HS512", InvalidToken::Malformed),
        ("RS256", InvalidToken::Malformed),
        ("ES256k", InvalidToken::Malformed),
        ("", InvalidToken::Malformed),
        // fine for a P-256 key, which this issuer does not have
        ("ES256", InvalidToken::Signature),
    ] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "at+jwt"}).to_string());
        let signed = format!("{header}.{payload}");
        let mac = |key: &[u8]| {
            let by = HS256.signer_from_bytes(key).unwrap();
            URL_SAFE_NO_PAD.encode(by.sign(signed.as_bytes()).unwrap())
        };
        for signature in [
            String::new(),
            mac(&point),
            mac(&point[1..33]),
            mac(&jwk),
            signature.to_owned(),
        ] {
            assert_eq!(fault(&scene, &format!("{signed}.{signature}")), expected, "{alg}");
        }
    }
}

// R-345: the thief signs with a key that the token brings along, or says where it is
#[test]
fn a_key_the_token_names_itself_is_never_used() {
    let scene = Scene::new();
    let jwk: serde_json::Value = serde_json::from_str(&public(FOREIGN_KEY).canonical_json()).unwrap();
    for header in [
        json!({"jwk": jwk}),
        json!({"kid": public(FOREIGN_KEY).thumbprint().to_string()}),
        json!({"kid": public(KEY).thumbprint().to_string()}),
        json!({"kid": "../../../dev/null", "jku": "https://evil.example/jwks"}),
        json!({"x5u": "https://evil.example/cert", "x5c": ["AAAA"]}),
    ] {
        let token = scene.token_by(FOREIGN_KEY, &header, &json!({}));
        assert_eq!(fault(&scene, &token), InvalidToken::Signature, "{header}");
    }
}

// the issuer's other key, of the same key set, speaks of revocation only and with another algorithm
#[test]
fn an_algorithm_that_does_not_fit_the_key_is_refused() {
    let scene = Scene::with_es256_issuer();
    let token = |header, claims| scene.token_by(KEY, &header, &claims);
    assert_eq!(
        fault(&scene, &token(json!({}), json!({}))),
        InvalidToken::Signature
    );
    let es256 = scene.es256_token(&json!({}));
    assert!(scene.present(&es256).is_ok());
    let (_, rest) = es256.split_once('.').unwrap();
    let renamed = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256K", "typ": "at+jwt"}).to_string());
    assert_eq!(
        fault(&scene, &format!("{renamed}.{rest}")),
        InvalidToken::Signature
    );
}

// R-334
#[test]
fn a_signature_cut_flipped_or_lent_is_refused() {
    let scene = Scene::new();
    let good = scene.token();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let other = scene.token_with(&json!({}), &json!({"scope": "atproto transition:generic"}));
    let (_, lent) = other.rsplit_once('.').unwrap();
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[10] ^= 1;
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    for bad in [
        "",
        &signature[..84],
        lent,
        &URL_SAFE_NO_PAD.encode(flipped),
        &zeros,
    ] {
        assert_eq!(
            fault(&scene, &format!("{signed}.{bad}")),
            InvalidToken::Signature,
            "{bad}"
        );
    }
}

// R-335, R-358, R-317
#[test]
fn no_other_kind_of_jwt_is_an_access_token() {
    let scene = Scene::new();
    for header in [
        json!({"typ": null}),
        json!({"typ": "JWT"}),
        json!({"typ": "refresh+jwt"}),
        json!({"typ": "dpop+jwt"}),
        json!({"typ": 1}),
        json!({"crit": ["exp"]}),
    ] {
        let token = scene.token_with(&header, &json!({}));
        assert_eq!(fault(&scene, &token), InvalidToken::Malformed, "{header}");
    }
    // a service token of the account's own PDS
    let service = json!({"iss": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "lxm": "com.atproto.server.getSession"});
    for typ in ["JWT", "at+jwt"] {
        let service = scene.token_with(&json!({"typ": typ}), &service);
        assert_eq!(fault(&scene, &service), InvalidToken::Malformed, "{typ}");
    }
}

// R-358
#[test]
fn a_proof_is_no_token_and_a_token_no_proof() {
    let scene = Scene::new();
    let token = scene.token();
    let proof = scene.proof(&token);
    assert_eq!(fault(&scene, &proof), InvalidToken::Malformed);
    assert!(matches!(
        scene.verify(&headers(&token, &token)),
        Err(Refusal::ProofInvalid(Denial::ProofInvalid { .. }))
    ));
}

// R-336
#[test]
fn a_token_of_another_issuer_or_for_another_server_is_refused() {
    let scene = Scene::new();
    for (iss, expected) in [
        ("https://evil.example", InvalidToken::IssuerUnknown),
        ("https://entryway.example:8443", InvalidToken::IssuerUnknown),
        (
            "https://entryway.example.evil.example",
            InvalidToken::IssuerUnknown,
        ),
        ("https://ENTRYWAY.example", InvalidToken::Malformed),
        ("https://entryway.example/", InvalidToken::Malformed),
        ("", InvalidToken::Malformed),
    ] {
        let token = scene.token_with(&json!({}), &json!({"iss": iss}));
        assert_eq!(fault(&scene, &token), expected, "{iss}");
    }
    for aud in [
        json!("did:web:other.example"),
        json!("https://pds.example"),
        json!("did:web:PDS.example"),
        json!("did:web:pds.example did:web:other.example"),
        json!("did:web:pds.example#atproto_pds"),
        json!(""),
        json!([]),
        json!(["did:web:other.example", "https://pds.example"]),
    ] {
        let token = scene.token_with(&json!({}), &json!({"aud": aud}));
        assert_eq!(fault(&scene, &token), InvalidToken::AudienceMismatch, "{aud}");
    }
}

// R-347, R-349
#[test]
fn a_claim_missing_or_of_the_wrong_type_is_refused() {
    let scene = Scene::new();
    for claims in [
        json!({"iss": null}),
        json!({"iss": 1}),
        json!({"aud": null}),
        json!({"aud": {}}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": "alice.test"}),
        json!({"sub": "did:key:zQ3shZc2QzApp2oymGvQbzP8eKheVshBHbU4ZYjeXqwSKEn6N"}),
        json!({"sub": "did:plc:short"}),
        json!({"sub": ["did:plc:ewvi7nxzyoun6zhxrhs64oiz"]}),
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": "j".repeat(257)}),
        json!({"jti": 1}),
        json!({"aud": ["did:web:pds.example", 1]}),
        json!({"client_id": ""}),
        json!({"client_id": 1}),
        json!({"nbf": "now"}),
        json!({"sid": "session"}),
        json!({"iat": null}),
        json!({"iat": "now"}),
        json!({"exp": null}),
        json!({"exp": "1700000900"}),
        json!({"exp": 1e30}),
        json!({"exp": 1_700_000_900.5}),
        json!({"exp": u64::MAX}),
        json!({"exp": true}),
        json!({"scope": null}),
        json!({"scope": ["atproto"]}),
        json!({"scope": ""}),
        json!({"cnf": null}),
        json!({"cnf": {}}),
        json!({"cnf": {"jkt": null}}),
        json!({"cnf": {"jkt": ""}}),
        json!({"cnf": {"jkt": "short"}}),
        json!({"cnf": {"jwk": {}}}),
    ] {
        let token = scene.token_with(&json!({}), &claims);
        assert_eq!(fault(&scene, &token), InvalidToken::Malformed, "{claims}");
    }
}

// R-347
#[test]
fn hostile_instants_are_refused_and_do_not_overflow() {
    let scene = Scene::new();
    for (claims, expected) in [
        (json!({"exp": -1}), InvalidToken::Expired),
        (json!({"exp": 0}), InvalidToken::Expired),
        (json!({"exp": i64::MIN}), InvalidToken::Expired),
        (json!({"iat": -1}), InvalidToken::Misdated),
        (json!({"iat": i64::MIN}), InvalidToken::Misdated),
        (json!({"iat": i64::MAX, "exp": i64::MAX}), InvalidToken::Misdated),
        (json!({"nbf": NOW.seconds() + 61}), InvalidToken::Misdated),
        (json!({"nbf": i64::MAX}), InvalidToken::Misdated),
        (
            json!({"iat": NOW.seconds() + 30, "exp": NOW.seconds() + 20}),
            InvalidToken::Misdated,
        ),
    ] {
        assert_eq!(
            fault(&scene, &scene.token_with(&json!({}), &claims)),
            expected,
            "{claims}"
        );
    }
}

// R-338
#[test]
fn a_token_without_atproto_is_of_no_use() {
    let scene = Scene::new();
    for scope in ["repo:a.b.c", "transition:generic", "transition:generic repo:*"] {
        let token = scene.token_with(&json!({}), &json!({"scope": scope}));
        assert_eq!(fault(&scene, &token), InvalidToken::AtprotoMissing, "{scope}");
    }
}

// a reference names permissions that nobody here has read
#[test]
fn a_token_whose_scope_is_a_reference_is_refused_for_that() {
    let scene = Scene::new();
    let scope = "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    let token = scene.token_with(&json!({}), &json!({"scope": scope}));
    assert_eq!(fault(&scene, &token), InvalidToken::ScopeReferenced);
}

// R-321: which of the two would another reader have taken?
#[test]
fn a_claim_given_twice_is_refused() {
    let scene = Scene::new();
    let good = scene.token();
    let payload = good.split('.').nth(1).unwrap();
    let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    for twice in [
        format!(r#"{{"iss":"{ISSUER}",{}"#, &payload[1..]),
        format!(r#"{{"sub":"did:plc:ewvi7nxzyoun6zhxrhs64oiz",{}"#, &payload[1..]),
    ] {
        let token = sign_es256k(KEY, &json!({"alg": "ES256K", "typ": "at+jwt"}), &twice);
        assert_eq!(fault(&scene, &token), InvalidToken::Malformed, "{twice}");
    }
}

// R-357, R-359
#[test]
fn what_is_no_jwt_is_no_token() {
    let scene = Scene::new();
    let code = AuthorizationCode::from_entropy([1; 32]);
    let request_uri = RequestUri::from_entropy([1; 16]);
    for token in [
        code.expose(),
        request_uri.expose(),
        &format!("ref-{}", "0".repeat(100)),
        &format!("tok-{}", "0".repeat(32)),
        "a",
        "...",
        "a.b.c",
        "e30.e30.AAAA",
        "e30.e30.e30.e30.e30",
        &format!("{}.", scene.token()),
        &format!("{}=", scene.token()),
        &scene.token().replace('.', ""),
        &format!("e30.{}.AAAA", "AAAA".repeat(10_000)),
        &"A".repeat(100_000),
    ] {
        assert_eq!(fault(&scene, token), InvalidToken::Malformed, "{token:.80}");
    }
}

proptest! {
    #[test]
    fn arbitrary_tokens_under_a_good_proof_are_refused(token in "[!-+\\--~]{1,120}") {
        let scene = Scene::new();
        prop_assert!(scene.present(&token).is_err());
    }

    #[test]
    fn arbitrary_claims_under_a_good_signature_never_panic(claims in "\\{.{0,120}\\}") {
        let scene = Scene::new();
        let token = sign_es256k(KEY, &json!({"alg": "ES256K", "typ": "at+jwt"}), &claims);
        prop_assert!(scene.present(&token).is_err());
    }
}
