//! Everything a caller may try. Each is refused, with the right reason, by 400 or 401 (R-332).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::secret::{AuthorizationCode, RequestUri};
use entryway_oauth::time::Seconds;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use josekit::jws::{HS256, JwsSigner as _};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::credentials::DPOP;
use crate::scene::{
    FOREIGN_KEY, ISSUER, KEY, METHOD, NOW, OTHER_ISSUER, OTHER_KEY, PATH, Scene, headers, proof_key, public,
    sign_es256k,
};

/// The reason a token is refused that comes with a proof made for it.
fn fault(scene: &Scene, token: &str) -> InvalidToken {
    match scene.present(token).unwrap_err() {
        Refusal::TokenInvalid(fault) => fault,
        other => panic!("{other:?} {token}"),
    }
}

/// The reason a proof with these changes is refused that comes with a good token.
fn denial(scene: &Scene, header: &Value, claims: &Value) -> Denial {
    let token = scene.token();
    let request = headers(&token, &scene.proof_with(&token, header, claims));
    match scene.verify(&request).unwrap_err() {
        Refusal::ProofInvalid(denial) => denial,
        other => panic!("{other:?} {header} {claims}"),
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
        entryway_oauth::jwk::PublicKey::Ec { point, .. } => point,
        other => panic!("{other:?}"),
    };
    for alg in ["none", "None", "HS256", "ES256", "ES256k", ""] {
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "at+jwt"}).to_string());
        let signed = format!("{header}.{payload}");
        let mac = HS256
            .signer_from_bytes(&point)
            .unwrap()
            .sign(signed.as_bytes())
            .unwrap();
        for signature in [String::new(), URL_SAFE_NO_PAD.encode(mac), signature.to_owned()] {
            assert_eq!(
                fault(&scene, &format!("{signed}.{signature}")),
                InvalidToken::Malformed,
                "{alg}"
            );
        }
    }
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
    let service = scene.token_with(&json!({"typ": "JWT"}), &service);
    assert_eq!(fault(&scene, &service), InvalidToken::IssuerUnknown);
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
    for iss in [
        "https://evil.example",
        "https://entryway.example.evil.example",
        "https://ENTRYWAY.example",
        "",
    ] {
        let token = scene.token_with(&json!({}), &json!({"iss": iss}));
        assert_eq!(fault(&scene, &token), InvalidToken::IssuerUnknown, "{iss}");
    }
    for aud in [
        "did:web:other.example",
        "https://pds.example",
        "did:web:PDS.example",
        "",
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
        json!({"jti": "1"}),
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

// R-325
#[test]
fn a_bound_token_is_no_bearer_token() {
    let scene = Scene::new();
    for scheme in ["Bearer", "bearer", "Basic", "Token"] {
        let mut request = scene.headers();
        let value = format!("{scheme} {}", scene.token());
        request.insert(AUTHORIZATION, value.parse().unwrap());
        assert_eq!(scene.verify(&request).unwrap_err(), Refusal::SchemeUnsupported);
        request.remove(DPOP);
        assert_eq!(scene.verify(&request).unwrap_err(), Refusal::SchemeUnsupported);
    }
}

// R-326, R-352
#[test]
fn a_token_without_its_proof_is_refused() {
    let scene = Scene::new();
    let mut request = scene.headers();
    request.remove(DPOP);
    assert_eq!(
        scene.verify(&request).unwrap_err(),
        Refusal::ProofInvalid(Denial::ProofMissing)
    );
    request.insert(DPOP, HeaderValue::from_static(""));
    assert!(matches!(
        scene.verify(&request),
        Err(Refusal::ProofInvalid(Denial::ProofInvalid { .. }))
    ));
}

// R-339
#[test]
fn a_token_in_the_query_does_not_exist() {
    let scene = Scene::new();
    let token = scene.token();
    let path = format!("{PATH}?access_token={token}");
    let mut only_proof = HeaderMap::new();
    only_proof.insert(DPOP, scene.proof(&token).parse().unwrap());
    assert_eq!(
        scene
            .verifier
            .verify(METHOD, &path, &only_proof, NOW)
            .unwrap_err(),
        Refusal::CredentialsMissing
    );
}

// R-340
#[test]
fn two_of_a_header_are_refused() {
    let scene = Scene::new();
    for name in [AUTHORIZATION, DPOP] {
        let mut request = scene.headers();
        let again = request[&name].clone();
        request.append(&name, again);
        assert!(scene.verify(&request).is_err(), "{name}");
    }
}

// R-328
#[test]
fn a_proof_made_for_no_or_another_token_is_refused() {
    let scene = Scene::new();
    let token = scene.token();
    let other = scene.token_with(&json!({}), &json!({"jti": format!("tok-{:032x}", 9)}));
    for request in [
        headers(&token, &scene.proof(&other)),
        headers(
            &token,
            &scene.proof_with(&token, &json!({}), &json!({"ath": null})),
        ),
        headers(&token, &scene.proof_with(&token, &json!({}), &json!({"ath": ""}))),
        headers(&token, &scene.proof_with(&token, &json!({}), &json!({"ath": 1}))),
    ] {
        assert!(matches!(
            scene.verify(&request),
            Err(Refusal::ProofInvalid(Denial::ProofInvalid { .. }))
        ));
    }
}

// R-329
#[test]
fn a_stolen_token_is_of_no_use_with_the_thiefs_key() {
    let scene = Scene::new();
    let token = scene.token();
    let proof = scene.proof_by(&proof_key(), &token, &json!({}), &json!({}));
    assert_eq!(
        scene.verify(&headers(&token, &proof)).unwrap_err(),
        Refusal::TokenInvalid(InvalidToken::KeyMismatch)
    );
}

// R-330, R-332: R-293 to R-303 at the resource
#[test]
fn every_broken_member_of_a_proof_is_refused() {
    let scene = Scene::new();
    let private: Value = serde_json::from_str(&scene.client.to_string()).unwrap();
    for header in [
        json!({"typ": null}),
        json!({"typ": "JWT"}),
        json!({"typ": "at+jwt"}),
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "ES256K"}),
        json!({"alg": "RS256"}),
        json!({"jwk": null}),
        json!({"jwk": "key"}),
        json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"jwk": private}),
        json!({"jwk": proof_key().to_public_key().unwrap()}),
        json!({"crit": ["x"]}),
    ] {
        let denial = denial(&scene, &header, &json!({}));
        assert!(
            matches!(denial, Denial::ProofInvalid { .. }),
            "{header} {denial:?}"
        );
    }
    for claims in [
        json!({"jti": null}),
        json!({"jti": ""}),
        json!({"jti": 1}),
        json!({"jti": "x".repeat(8_192)}),
        json!({"htm": null}),
        json!({"htm": "GET"}),
        json!({"htm": "post"}),
        json!({"htu": null}),
        json!({"htu": "https://pds.example"}),
        json!({"htu": "https://pds.example/xrpc/com.atproto.repo.deleteRecord"}),
        json!({"htu": "https://pds.example/xrpc/com.atproto.repo.createRecord/"}),
        json!({"htu": "https://pds.example/xrpc/com.atproto.repo.createrecord"}),
        json!({"htu": "http://pds.example/xrpc/com.atproto.repo.createRecord"}),
        json!({"htu": "https://pds.example:8443/xrpc/com.atproto.repo.createRecord"}),
        json!({"htu": "https://u:p@pds.example/xrpc/com.atproto.repo.createRecord"}),
        json!({"htu": "https://entryway.example/oauth/token"}),
        json!({"htu": "/xrpc/com.atproto.repo.createRecord"}),
        json!({"iat": null}),
        json!({"iat": "now"}),
        json!({"exp": NOW.seconds() - 301}),
    ] {
        let denial = denial(&scene, &json!({}), &claims);
        assert!(
            matches!(denial, Denial::ProofInvalid { .. }),
            "{claims} {denial:?}"
        );
    }
}

// R-306
#[test]
fn a_proof_of_another_time_is_told_how_far_off_it_is() {
    let scene = Scene::new();
    for (off, direction) in [(-301, "behind"), (301, "ahead of")] {
        let claims = json!({"iat": (NOW + Seconds(off)).seconds()});
        let expected = Denial::ProofClock {
            off_seconds: 301,
            direction,
        };
        assert_eq!(denial(&scene, &json!({}), &claims), expected);
    }
}

// R-327
#[test]
fn a_proof_without_nonce_is_asked_for_one() {
    let scene = Scene::new();
    assert_eq!(
        denial(&scene, &json!({}), &json!({"nonce": null})),
        Denial::NonceRequired
    );
}

#[test]
fn a_path_never_changes_the_host() {
    let scene = Scene::new();
    let token = scene.token();
    for path in [".evil.example/x", ":8443/x", "@evil.example/x", "*", ""] {
        let htu = json!({"htu": format!("https://pds.example{path}")});
        let request = headers(&token, &scene.proof_with(&token, &json!({}), &htu));
        assert!(
            scene.verifier.verify(METHOD, path, &request, NOW).is_err(),
            "{path}"
        );
    }
}

// R-312
#[test]
fn a_proof_is_not_good_for_a_second_method_or_a_second_time() {
    let scene = Scene::new();
    let request = scene.headers();
    assert!(scene.verifier.verify("GET", PATH, &request, NOW).is_err());
    assert!(scene.verify(&request).is_ok());
    for later in [0, 1, 59, 120] {
        assert!(
            scene.verify_at(&request, NOW + Seconds(later)).is_err(),
            "{later}"
        );
    }
}

proptest! {
    // R-341, R-357
    #[test]
    fn arbitrary_headers_are_refused_without_panic_or_fault_of_ours(
        authorization in proptest::collection::vec(any::<u8>(), 0..200),
        dpop in proptest::collection::vec(any::<u8>(), 0..200),
        path in "/[ -~]{0,40}",
    ) {
        let scene = Scene::new();
        let mut request = HeaderMap::new();
        for (name, bytes) in [(AUTHORIZATION, &authorization), (DPOP, &dpop)] {
            if let Ok(value) = HeaderValue::from_bytes(bytes) {
                request.insert(name, value);
            }
        }
        let refusal = scene.verifier.verify(METHOD, &path, &request, NOW).unwrap_err();
        prop_assert!(refusal.status().is_client_error());
        prop_assert!(scene.verifier.refuse(&refusal, NOW).headers().contains_key("www-authenticate"));
    }

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
