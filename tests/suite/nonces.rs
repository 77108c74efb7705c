//! When a proof counts: with a fresh nonce, and once (R-122, R-307 to, D6).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_tests::{Call, Client, Draft, Engine, Key, TestServer, alice, at_once, both_engines, login};
use serde_json::json;

use crate::dpop::{good_proof, invalid};

fn nonce_wanted() -> (u16, String) {
    (400, "use_dpop_nonce".to_owned())
}

//
async fn a_nonce_is_asked_for_until_it_is_a_good_one(engine: Engine) {
    let server = TestServer::start(engine).await;
    let tokens_client = Client::new();
    let tokens = login(&server, &tokens_client, alice()).await;
    for name in ["par", "refresh", "revoke"] {
        let call = || match name {
            "par" => tokens_client.par(),
            "refresh" => tokens_client.refresh(&tokens.refresh_token),
            _ => tokens_client.revoke(&tokens.access_token),
        };
        let stale = URL_SAFE_NO_PAD.encode([0; 32]);
        for nonce in [
            json!(null),
            json!(""),
            json!("made-up"),
            json!(stale),
            json!("two words"),
            json!(["x"]),
        ] {
            let is_text = nonce.is_string() || nonce.is_null();
            let reply = call()
                .once()
                .proof(move |draft| draft.claims["nonce"] = nonce.clone())
                .send(&server)
                .await;
            assert_eq!(
                reply.refusal(),
                if is_text { nonce_wanted() } else { invalid() },
                "{name}"
            );
        }
        let without = call()
            .once()
            .proof(|draft| draft.without_claim("nonce"))
            .send(&server)
            .await;
        assert_eq!(without.refusal(), nonce_wanted());
        assert!(call().once().send(&server).await.status.is_success(), "{name}");
    }
}

// D6
async fn a_nonce_is_good_for_two_to_three_minutes(engine: Engine) {
    let server = TestServer::start(engine).await;
    for (issued_at, seconds, fine) in [
        (0, 0, true),
        (0, 60, true),
        (0, 179, true),
        (0, 180, false),
        (59, 120, true),
        (59, 121, false),
    ] {
        let client = Client::new();
        server.clock().advance(issued_at);
        client.par().without_proof().send(&server).await;
        server.clock().advance(seconds);
        let reply = client.par().once().send(&server).await;
        assert_eq!(
            reply.code() == 201,
            fine,
            "issued at second {issued_at}, used {seconds} s later"
        );
        // back to the beginning of a minute
        server.clock().advance(3600 - issued_at - seconds);
    }
    let mut nonces = BTreeSet::new();
    for _ in 0..5 {
        nonces.insert(server.get("/oauth/par").await.nonce().to_owned());
        server.clock().advance(60);
    }
    let shaped = |nonce: &String| {
        nonce.len() == 43
            && nonce
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    assert!(nonces.len() == 5 && nonces.iter().all(shaped), "{nonces:?}");
}

//
async fn a_proof_works_once_at_one_endpoint(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let fixed = |jti: &'static str| move |draft: &mut Draft| draft.claims["jti"] = jti.into();
    let calls = [
        client.par().proof(fixed("one")),
        client.refresh(&tokens.refresh_token).proof(fixed("one")),
        client.revoke("x").proof(fixed("one")),
    ];
    for (place, call) in calls.into_iter().enumerate() {
        let reply = call.send(&server).await;
        if place == 0 {
            assert_eq!(reply.code(), 201);
        } else {
            assert_eq!(reply.refusal(), invalid(), "the same jti at another endpoint");
        }
    }
    assert_eq!(
        client.par().proof(fixed("one")).send(&server).await.refusal(),
        invalid()
    );
    // another key's jti is another matter
    let stranger = client.par().signed_by(&Key::generate()).proof(fixed("one"));
    assert_eq!(stranger.send(&server).await.code(), 201);
    // as long as the proof could be accepted, with the clock moved under it
    server.clock().advance(299);
    let late = client.par().proof(|draft| {
        draft.claims["jti"] = "one".into();
        draft.claims["iat"] = (draft.claims["iat"].as_i64().unwrap() - 299).into();
    });
    assert_eq!(late.send(&server).await.refusal(), invalid());
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&server).await.code(),
        200
    );
}

//
async fn of_many_equal_proofs_at_once_one_counts(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    client.par().without_proof().send(&server).await;
    let proof = good_proof(&server, &client).await;
    let calls = (0..64).map(|_| {
        let (call, server): (Call, TestServer) = (client.par().proofs_given(&[&proof]), server.clone());
        async move { call.once().send(&server).await.code() }
    });
    let mut codes = at_once(calls).await;
    codes.sort_unstable();
    assert_eq!(codes, [&[201][..], &[400; 63]].concat());
}

both_engines! {
    a_nonce_is_asked_for_until_it_is_a_good_one,
    a_nonce_is_good_for_two_to_three_minutes,
    a_proof_works_once_at_one_endpoint,
    of_many_equal_proofs_at_once_one_counts,
}
