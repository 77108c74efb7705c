//! Headers that carry too little, too much or nonsense.

use entryway_oauth::denial::Denial;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use serde_json::json;

use crate::InvalidToken;
use crate::Refusal;
use crate::credentials::DPOP;
use crate::scene::{METHOD, NOW, PATH, Scene, at, headers};

//
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

//
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

//
#[test]
fn a_token_in_the_query_does_not_exist() {
    let scene = Scene::new();
    let token = scene.token();
    let path = format!("{PATH}?access_token={token}");
    let mut only_proof = HeaderMap::new();
    only_proof.insert(DPOP, scene.proof(&token).parse().unwrap());
    assert_eq!(
        scene.call(METHOD, &path, &only_proof, NOW).unwrap_err(),
        Refusal::CredentialsMissing
    );
}

// each header in turn
#[test]
fn a_header_that_is_missing_is_named() {
    let scene = Scene::new();
    let request = |name| {
        let mut request = scene.headers();
        request.remove(name);
        scene.verify(&request).unwrap_err()
    };
    assert_eq!(request(AUTHORIZATION), Refusal::CredentialsMissing);
    assert_eq!(request(DPOP), Refusal::ProofInvalid(Denial::ProofMissing));
}

// before any of it is decoded or hashed
#[test]
fn a_header_too_long_is_refused() {
    let scene = Scene::new();
    for (more, fine) in [(0, true), (16 * 1024, false), (1024 * 1024, false)] {
        let claims = json!({"padding": "a".repeat(more)});
        let token = scene.token_with(&json!({}), &claims);
        let outcome = scene.present(&token).map(|_| ());
        let expected = if fine {
            Ok(())
        } else {
            Err(InvalidToken::Malformed.into())
        };
        assert_eq!(outcome, expected, "{more}");
        let token = scene.token();
        let proof = scene.proof_with(&token, &json!({}), &claims);
        let outcome = scene.verify(&headers(&token, &proof));
        assert_eq!(outcome.is_ok(), fine, "{more}");
        assert!(fine || matches!(outcome, Err(Refusal::ProofInvalid(Denial::ProofInvalid { .. }))));
    }
}

//
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

proptest! {
    //
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
        let refusal = scene.call(METHOD, &path, &request, NOW).unwrap_err();
        prop_assert!(refusal.status().is_client_error());
        prop_assert!(scene.verifier.refuse(&refusal, at(NOW)).headers().contains_key("www-authenticate"));
    }
}
