//! What a verifier lets through, and what it remembers.

use std::time::Duration;

use entryway_oauth::secret::{ServerKey, SessionId};
use entryway_oauth::time::Seconds;
use futures_util::FutureExt as _;
use serde_json::json;

use super::*;
use crate::scene::{
    ACCOUNT, EXPIRES_AT, ISSUER, METHOD, NEXT_KEY, NOW, OTHER_ISSUER, OTHER_KEY, PATH, Scene, headers,
    issuer, nonces,
};

#[test]
fn a_fitting_token_and_proof_tell_who_calls() {
    let scene = Scene::new();
    let verified = scene.verify(&scene.headers()).unwrap();
    assert_eq!(verified.did().as_str(), ACCOUNT);
    assert_eq!(verified.issuer(), &issuer(ISSUER));
    assert_eq!(verified.client_id(), Some("https://app.example/client.json"));
    assert_eq!(verified.scope().to_string(), "atproto repo:a.b.c");
    assert_eq!(verified.session(), SessionId::parse(&format!("ses-{:032x}", 2)));
    assert_eq!(verified.expires_at(), EXPIRES_AT);
    assert_eq!(verified.jkt(), scene.jkt());
}

// as an unmodified reference server mints them: no session, perhaps no client, several audiences
#[test]
fn a_token_of_another_kind_of_server_tells_what_it_has() {
    let scene = Scene::new();
    let claims = json!({
        "sid": null, "client_id": null, "jti": "018f2b9e-6a9e-7cc0-a1b6-0242ac120002",
        "aud": ["https://pds.example", "did:web:pds.example"], "nbf": NOW.seconds(),
    });
    let token = scene.token_with(&json!({"kid": "key-1"}), &claims);
    let verified = scene.present(&token).unwrap();
    assert_eq!((verified.client_id(), verified.session()), (None, None));
    assert_eq!(verified.did().as_str(), ACCOUNT);
}

// keys overlap while one is rotated out
#[test]
fn each_key_of_an_issuer_is_believed_and_each_issuer_by_its_own() {
    let scene = Scene::new();
    let next = scene.token_by(NEXT_KEY, &json!({}), &json!({}));
    let other = scene.token_by(OTHER_KEY, &json!({}), &json!({"iss": OTHER_ISSUER}));
    assert!(scene.present(&next).is_ok());
    assert_eq!(scene.present(&other).unwrap().issuer(), &issuer(OTHER_ISSUER));
}

//
#[test]
fn what_means_nothing_is_ignored() {
    let scene = Scene::new();
    for (header, claims) in [
        (json!({"kid": "did:key:zQ3sh"}), json!({})),
        (json!({"jku": "https://evil.example/jwks"}), json!({})),
        (
            json!({"x5u": "https://evil.example/cert", "jwk": {"kty": "oct", "k": "AAAA"}}),
            json!({}),
        ),
        (json!({"typ": "application/at+jwt"}), json!({})),
        (
            json!({}),
            json!({"auth_time": "x", "nonce": [1], "foo": {"bar": null}}),
        ),
    ] {
        assert!(
            scene.present(&scene.token_with(&header, &claims)).is_ok(),
            "{header} {claims}"
        );
    }
}

// some stock clients leave the query in
#[test]
fn htu_is_compared_after_normalisation_and_without_query() {
    let scene = Scene::new();
    let token = scene.token();
    for htu in [
        "https://pds.example/xrpc/com.atproto.repo.createRecord?repo=x#y",
        "HTTPS://PDS.example:443/xrpc/com.atproto.repo.createRecord",
    ] {
        let proof = scene.proof_with(&token, &json!({}), &json!({"htu": htu}));
        assert!(scene.verify(&headers(&token, &proof)).is_ok(), "{htu}");
    }
}

//
#[test]
fn host_and_forwarding_headers_play_no_part() {
    let scene = Scene::new();
    let mut request = scene.headers();
    for name in [
        "host",
        "x-forwarded-host",
        "forwarded",
        "x-forwarded-proto",
        "x-original-url",
    ] {
        request.insert(name, "evil.example".parse().unwrap());
    }
    assert!(scene.verify(&request).is_ok());
    let token = scene.token();
    let evil = json!({"htu": format!("https://evil.example{PATH}")});
    let mut request = headers(&token, &scene.proof_with(&token, &json!({}), &evil));
    request.insert("host", "evil.example".parse().unwrap());
    request.insert("x-forwarded-host", "evil.example".parse().unwrap());
    assert!(scene.verify(&request).is_err());
}

//
#[test]
fn a_token_holds_until_the_second_before_its_end_also_out_of_the_cache() {
    for warm in [false, true] {
        let scene = Scene::new();
        let token = scene.token();
        if warm {
            assert!(scene.present(&token).is_ok());
        }
        assert_eq!(scene.verifier.tokens.has_believed(&token), warm);
        for (offset, fine) in [(-1, true), (0, false), (1, false), (86_400, false)] {
            let now = EXPIRES_AT + Seconds(offset);
            let fresh = json!({"iat": now.seconds(), "nonce": nonces().issue(now)});
            let proof = scene.proof_with(&token, &json!({}), &fresh);
            let outcome = scene.verify_at(&headers(&token, &proof), now).map(|_| ());
            let expected = if fine {
                Ok(())
            } else {
                Err(InvalidToken::Expired.into())
            };
            assert_eq!(outcome, expected, "{warm} {offset}");
        }
    }
}

//
#[test]
fn an_issuers_clock_may_be_a_minute_ahead() {
    for (ahead, fine) in [(0, true), (59, true), (60, true), (61, false), (3_600, false)] {
        let scene = Scene::new();
        let begins = NOW + Seconds(ahead);
        let token = scene.token_with(
            &json!({}),
            &json!({"iat": begins.seconds(), "exp": (begins + Seconds(900)).seconds()}),
        );
        assert_eq!(scene.present(&token).is_ok(), fine, "{ahead}");
    }
}

// the nonce of the minute before and after, and of whoever shares the secret
#[test]
fn nonces_of_either_rotation_are_taken_and_foreign_ones_asked_for_anew() {
    let scene = Scene::new();
    let token = scene.token();
    let stranger = NonceKey::new(ServerKey::new([6; 32]));
    for (nonce, fine) in [
        (json!(nonces().issue(NOW - Seconds(120))), true),
        (json!(nonces().issue(NOW - Seconds(60))), true),
        (json!(nonces().issue(NOW)), true),
        (json!(nonces().issue(NOW - Seconds(180))), false),
        (json!(stranger.issue(NOW)), false),
        (json!(""), false),
        (json!(null), false),
    ] {
        let proof = scene.proof_with(&token, &json!({}), &json!({"nonce": nonce}));
        let outcome = scene.verify(&headers(&token, &proof)).map(|_| ());
        let expected = if fine {
            Ok(())
        } else {
            Err(Refusal::ProofInvalid(Denial::NonceRequired))
        };
        assert_eq!(outcome, expected, "{nonce}");
    }
}

#[test]
fn a_token_is_remembered_once_it_is_believed_and_only_then() {
    let scene = Scene::new();
    let (good, forged) = (scene.token(), scene.token_by([3; 32], &json!({}), &json!({})));
    let expired = scene.token_with(&json!({}), &json!({"iat": 1, "exp": 2}));
    for token in [&good, &forged, &expired] {
        let _ = scene.present(token);
    }
    let remembered = [&good, &forged, &expired].map(|token| scene.verifier.tokens.has_believed(token));
    assert_eq!(remembered, [true, false, false]);
}

#[test]
fn without_room_for_tokens_each_is_verified_anew() {
    let scene = Scene::with_limits(Limits {
        cached_token_bytes_max: 0,
        ..Limits::default()
    });
    let token = scene.token();
    assert!(scene.present(&token).is_ok());
    assert!(scene.present(&token).is_ok());
}

//
#[test]
fn of_sixty_four_concurrent_replays_one_passes() {
    let scene = Scene::new();
    let request = scene.headers();
    let start = std::sync::Barrier::new(64);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    scene.verify(&request).map(|_| ())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let replayed = Err(Refusal::ProofInvalid(Denial::ProofReplayed));
    assert_eq!(
        outcomes.iter().filter(|outcome| **outcome == replayed).count(),
        63
    );
}

// a clock that somebody set, seen by a stock client: it takes the nonce of the refusal and goes on
#[test]
fn after_the_clock_was_set_back_a_client_is_asked_for_a_new_nonce_once() {
    let scene = Scene::new();
    let token = scene.token_with(&json!({}), &json!({"iat": 1, "exp": i64::MAX}));
    let request = |iat: Timestamp, nonce: &str| {
        let claims = json!({"iat": iat.seconds(), "nonce": nonce});
        headers(&token, &scene.proof_with(&token, &json!({}), &claims))
    };
    let at = |minutes: i64, off: i64| Moment {
        wall: NOW + Seconds::minutes(minutes + off),
        steady: Duration::from_secs(u64::try_from(minutes * 60).unwrap()),
    };
    let call = |headers: &HeaderMap, now: Moment| {
        let clock: Clock = Arc::new(move || now);
        let verification = scene.verifier.verify(METHOD, PATH, headers, &clock);
        verification.now_or_never().unwrap().map(|_| ())
    };
    let mut used = Vec::new();
    for minute in 0..60 {
        let now = at(minute, 0);
        used.push(request(now.wall, &nonces().issue(now.wall)));
        assert_eq!(call(&used[used.len() - 1], now), Ok(()));
    }
    let now = at(60, -20);
    let nonce_required = Refusal::ProofInvalid(Denial::NonceRequired);
    for old in &used {
        assert!(call(old, now).is_err());
    }
    let asked = call(&request(now.wall, &nonces().issue(now.wall)), now).unwrap_err();
    assert_eq!(asked, nonce_required);
    let answer = scene.verifier.refuse(&asked, now);
    let nonce = answer.headers()["dpop-nonce"].to_str().unwrap();
    let again = request(now.wall, nonce);
    assert_eq!(call(&again, now), Ok(()));
    let replayed = Refusal::ProofInvalid(Denial::ProofReplayed);
    assert_eq!(call(&again, now), Err(replayed));
    // and an hour later it is as if nothing had been
    let later = at(120, -20);
    assert_eq!(
        call(&request(later.wall, &nonces().issue(later.wall)), later),
        Ok(())
    );
}

// the mark is the last step
#[test]
fn a_refused_request_burns_nothing() {
    let scene = Scene::new();
    let (token, jti) = (scene.token(), json!({"jti": "the-one"}));
    let proof = scene.proof_with(&token, &json!({}), &jti);
    let request = headers(&token, &proof);
    let bound_elsewhere = scene.token_with(&json!({}), &json!({"cnf": {"jkt": "A".repeat(43)}}));
    for (method, path, request) in [
        ("GET", PATH, &request),
        (METHOD, "/xrpc/other", &request),
        (
            METHOD,
            PATH,
            &headers(
                &bound_elsewhere,
                &scene.proof_with(&bound_elsewhere, &json!({}), &jti),
            ),
        ),
    ] {
        assert!(scene.call(method, path, request, NOW).is_err());
    }
    assert!(scene.verify(&request).is_ok());
    assert!(scene.verify(&request).is_err());
}

//
#[test]
fn one_client_cannot_use_up_the_jti_of_another() {
    let (one, two) = (Scene::new(), Scene::new());
    let jti = json!({"jti": "same"});
    for scene in [&one, &two] {
        let token = scene.token();
        let request = headers(&token, &scene.proof_with(&token, &json!({}), &jti));
        // one resource for both
        assert!(one.verify(&request).is_ok());
    }
}

//
#[test]
fn full_marks_refuse_as_our_fault_and_a_replay_stays_one() {
    let scene = Scene::with_limits(Limits {
        replay_marks_max: 1,
        ..Limits::default()
    });
    let (first, second) = (scene.headers(), scene.headers());
    assert!(scene.verify(&first).is_ok());
    assert_eq!(scene.verify(&second).unwrap_err(), Refusal::ReplayMarksFull);
    assert_eq!(
        scene.verify(&first).unwrap_err(),
        Refusal::ProofInvalid(Denial::ProofReplayed)
    );
}
