//! An assertion counts once: for its client, at any endpoint, at any instance, and only when it was of use (R-246,
//!

use std::collections::BTreeSet;

use entryway_tests::{Call, Engine, Tokens, alice, at_once, both_engines, login, push_and_approve};

use super::{Scene, fault_of};

const REPLAYED: &str = "jti was used before, make a new assertion for every request";

/// What is wrong with a call, and leaves its assertion alone.
type Change = fn(Call) -> Call;

/// The assertion of a call that is about to be made.
fn assertion_of(scene: &Scene, call: Call) -> (Call, String) {
    let call = call.ready_for(&scene.server);
    let assertion = call.value("client_assertion").to_owned();
    (call, assertion)
}

//
async fn an_assertion_counts_once_at_whichever_endpoint(engine: Engine) {
    let mut scene = Scene::begin(engine).await;
    for first in 0..3 {
        let (call, assertion) = assertion_of(&scene, scene.calls()[first].clone());
        let reply = call.send(&scene.server).await;
        assert!(reply.status.is_success(), "{reply:?}");
        // what that call revoked or rotated is no matter of this test
        scene.tokens = login(&scene.server, &scene.client, alice()).await;
        for call in scene.calls() {
            let reply = call.assertion_given(&assertion).send(&scene.server).await;
            assert_eq!(fault_of(&reply), REPLAYED, "{first}");
        }
    }
    scene.assert_unharmed().await;
}

//
async fn an_assertion_counts_once_at_all_instances_and_after_a_restart(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let other = scene.server.another_instance().await;
    let (call, assertion) = assertion_of(&scene, scene.client.par());
    assert_eq!(call.send(&scene.server).await.code(), 201);
    let replay = || scene.client.par().assertion_given(&assertion);
    assert_eq!(fault_of(&replay().send(&other).await), REPLAYED);
    let restarted = other.restarted().await;
    assert_eq!(fault_of(&replay().send(&restarted).await), REPLAYED);
    scene.assert_unharmed().await;
}

// 64 at once, half of them at another instance
async fn of_sixty_four_calls_with_one_assertion_one_goes_through(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let servers = [scene.server.clone(), scene.server.another_instance().await];
    for name in ["par", "refresh", "revoke"] {
        let call = || match name {
            "par" => scene.client.par(),
            "refresh" => scene.client.refresh(&scene.tokens.refresh_token),
            _ => scene.client.revoke(&scene.tokens.refresh_token),
        };
        let (_, assertion) = assertion_of(&scene, call());
        let calls = (0..64).map(|number| {
            let (server, call) = (servers[number % 2].clone(), call().assertion_given(&assertion));
            async move { call.send(&server).await }
        });
        let replies = at_once(calls).await;
        let (through, refused): (Vec<_>, Vec<_>) =
            replies.iter().partition(|reply| reply.status.is_success());
        assert_eq!((through.len(), refused.len()), (1, 63), "{name}");
        for reply in refused {
            assert_eq!(fault_of(reply), REPLAYED, "{name}");
        }
    }
}

// D4, R-242: with an assertion each, they are one client that lost sixty-three answers
async fn sixty_four_refreshes_with_an_assertion_each_have_one_successor(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let servers = [scene.server.clone(), scene.server.another_instance().await];
    let calls = (0..64).map(|number| {
        let server = servers[number % 2].clone();
        let call = scene.client.refresh(&scene.tokens.refresh_token);
        async move { Tokens::of(&call.send(&server).await).refresh_token }
    });
    let successors: BTreeSet<String> = at_once(calls).await.into_iter().collect();
    assert_eq!(successors.len(), 1);
    for token in successors {
        Tokens::of(&scene.client.refresh(&token).send(&scene.server).await);
    }
}

// a refusal for anything else leaves the assertion as good as it was
async fn a_call_that_is_refused_for_something_else_may_be_sent_again_as_it_is(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let refusals: [(&str, Change); 5] = [
        ("a stale nonce", |call| {
            call.once().proof(|draft| draft.claims["nonce"] = "stale".into())
        }),
        ("no nonce", |call| {
            call.once().proof(|draft| draft.without_claim("nonce"))
        }),
        ("a bad proof", |call| {
            call.proof(|draft| draft.claims["htm"] = "GET".into())
        }),
        ("a parameter twice", |call| call.twice("client_id")),
        ("an unknown scope", |call| {
            call.with("scope", "atproto transition:other")
        }),
    ];
    for (name, change) in refusals {
        for number in 0..2 {
            let call = || match number {
                0 => scene.client.par(),
                _ => scene.client.refresh(&scene.tokens.refresh_token),
            };
            let (_, assertion) = assertion_of(&scene, call());
            let spoilt = change(call().assertion_given(&assertion))
                .send(&scene.server)
                .await;
            assert!(spoilt.status.is_client_error(), "{name}");
            if number == 0 {
                let again = call().assertion_given(&assertion).send(&scene.server).await;
                assert_eq!(again.code(), 201, "{name}: {again:?}");
            }
        }
    }
    scene.assert_unharmed().await;
}

// a replayed assertion uses up neither code nor refresh token
async fn a_replayed_assertion_spends_nothing(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let (call, assertion) = assertion_of(&scene, scene.client.par());
    assert_eq!(call.send(&scene.server).await.code(), 201);
    let (pushed, landing) = push_and_approve(&scene.server, &scene.client, alice()).await;
    let exchange = || scene.client.exchange(&pushed, landing.code());
    for _ in 0..3 {
        let reply = exchange().assertion_given(&assertion).send(&scene.server).await;
        assert_eq!(fault_of(&reply), REPLAYED);
    }
    let tokens = Tokens::of(&exchange().send(&scene.server).await);
    let refresh = || scene.client.refresh(&tokens.refresh_token);
    for _ in 0..3 {
        let reply = refresh().assertion_given(&assertion).send(&scene.server).await;
        assert_eq!(fault_of(&reply), REPLAYED);
    }
    let revoke = scene
        .client
        .revoke(&tokens.refresh_token)
        .assertion_given(&assertion);
    assert_eq!(fault_of(&revoke.send(&scene.server).await), REPLAYED);
    Tokens::of(&refresh().send(&scene.server).await);
    scene.assert_unharmed().await;
}

// a jti is remembered for its client, so that nobody uses up another's
async fn two_clients_may_have_the_same_jti(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let other = scene.site.confidential_client("/other.json", &scene.key);
    for client in [&scene.client, &other] {
        let call = || client.par().assertion(|draft| draft.claims["jti"] = "1".into());
        assert_eq!(call().send(&scene.server).await.code(), 201);
        assert_eq!(fault_of(&call().send(&scene.server).await), REPLAYED);
    }
}

// remembered until it is too old to count, to the last second that a clock may be off
async fn an_assertion_is_remembered_as_long_as_it_could_count(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let now = scene.server.now();
    let longest = |call: Call| {
        call.assertion(move |draft| {
            draft.claims["iat"] = (now + 60).into();
            draft.claims["exp"] = (now + 360).into();
        })
    };
    let (call, assertion) = assertion_of(&scene, longest(scene.client.par()));
    assert_eq!(call.send(&scene.server).await.code(), 201);
    sweep_and_replay(&scene, 0, &assertion, REPLAYED).await;
    sweep_and_replay(&scene, 299, &assertion, REPLAYED).await;
    sweep_and_replay(&scene, 60, &assertion, REPLAYED).await;
    sweep_and_replay(&scene, 1, &assertion, REPLAYED).await;
    let old = "iat is 301 seconds behind this server's clock";
    sweep_and_replay(&scene, 1, &assertion, old).await;
}

/// So many seconds later, after everything that is over was swept out.
async fn sweep_and_replay(scene: &Scene, seconds: i64, assertion: &str, sentence: &str) {
    let server = &scene.server;
    server.clock().advance(seconds);
    server
        .app()
        .store()
        .sweep(server.clock().now(), 1000)
        .await
        .unwrap();
    let reply = scene.client.par().assertion_given(assertion).send(server).await;
    assert_eq!(fault_of(&reply), sentence);
}

both_engines! {
    an_assertion_counts_once_at_whichever_endpoint,
    an_assertion_counts_once_at_all_instances_and_after_a_restart,
    of_sixty_four_calls_with_one_assertion_one_goes_through,
    sixty_four_refreshes_with_an_assertion_each_have_one_successor,
    a_call_that_is_refused_for_something_else_may_be_sent_again_as_it_is,
    a_replayed_assertion_spends_nothing,
    two_clients_may_have_the_same_jti,
    an_assertion_is_remembered_as_long_as_it_could_count,
}
