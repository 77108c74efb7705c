//! Proofs forged, stolen, replayed or made for something else.

use entryway_oauth::denial::Denial;
use entryway_oauth::time::Seconds;
use serde_json::{Value, json};

use crate::scene::{METHOD, NOW, PATH, Scene, headers, proof_key};
use crate::{InvalidToken, Refusal};

/// The reason a proof with these changes is refused that comes with a good token.
fn denial(scene: &Scene, header: &Value, claims: &Value) -> Denial {
    let token = scene.token();
    let request = headers(&token, &scene.proof_with(&token, header, claims));
    match scene.verify(&request).unwrap_err() {
        Refusal::ProofInvalid(denial) => denial,
        other => panic!("{other:?} {header} {claims}"),
    }
}

//
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

//
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

//
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

//
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
        assert!(scene.call(METHOD, path, &request, NOW).is_err(), "{path}");
    }
}

//
#[test]
fn a_proof_is_not_good_for_a_second_method_or_a_second_time() {
    let scene = Scene::new();
    let request = scene.headers();
    assert!(scene.call("GET", PATH, &request, NOW).is_err());
    assert!(scene.verify(&request).is_ok());
    for later in [0, 1, 59, 120] {
        assert!(
            scene.verify_at(&request, NOW + Seconds(later)).is_err(),
            "{later}"
        );
    }
}
