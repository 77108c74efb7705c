//! How often somebody may guess, and who that is.

use entryway_server::Config;
use entryway_tests::{Engine, Resident, World, at_once};
use serde_json::json;

use crate::scene::{CREATE_SESSION, sign_in};
use crate::xrpc::{assert_refused, procedure};

async fn limited() -> (World, Resident) {
    let world = World::start_with(Engine::Sqlite, 1, |config| config.limit_sign_ins = true).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    (world, alice)
}

//
#[tokio::test]
async fn whoever_guesses_is_stopped_and_nobody_elsewhere_is() {
    let (world, alice) = limited().await;
    let stranger = world.server.seen_from("203.0.113.9");
    for name in ["alice.test", "Alice.test", alice.did.as_str()]
        .into_iter()
        .cycle()
        .take(30)
    {
        assert_eq!(sign_in(&stranger, name, "not the password").await.code(), 401);
    }
    // the right password too, now
    for password in ["not the password", &alice.password] {
        let reply = sign_in(&stranger, "alice.test", password).await;
        assert_eq!(reply.header("retry-after"), Some("300"));
        assert_refused(&reply, 429, "RateLimitExceeded", "Rate Limit Exceeded");
    }
    let owner = world.server.seen_from("203.0.113.10");
    for _ in 0..40 {
        assert_eq!(sign_in(&owner, "alice.test", &alice.password).await.code(), 200);
    }
}

// a host of the fleet says for whom it calls, and nobody else is believed
#[tokio::test]
async fn who_calls_through_a_host_is_whom_the_host_names() {
    let (world, alice) = limited().await;
    let call = |password: &str, client: &str| {
        let body = json!({"identifier": "alice.test", "password": password});
        procedure(CREATE_SESSION)
            .json(&body)
            .header("x-forwarded-for", client)
    };
    let through_host = &world.server;
    for _ in 0..30 {
        let reply = call("not the password", "203.0.113.9").send(through_host).await;
        assert_eq!(reply.code(), 401);
    }
    let reply = call(&alice.password, "203.0.113.9").send(through_host).await;
    assert_eq!(reply.code(), 429);
    let reply = call(&alice.password, "203.0.113.10").send(through_host).await;
    assert_eq!(reply.code(), 200);
    // the same one by itself
    let directly = world.server.seen_from("203.0.113.9");
    assert_eq!(
        sign_in(&directly, "alice.test", &alice.password).await.code(),
        429
    );
    // attack: another name for each guess
    let liar = world.server.seen_from("203.0.113.66");
    for n in 0..30 {
        let reply = call("not the password", &format!("198.51.100.{n}"))
            .send(&liar)
            .await;
        assert_eq!(reply.code(), 401);
    }
    let reply = call(&alice.password, "198.51.100.200").send(&liar).await;
    assert_eq!(reply.code(), 429);
}

// hashing is bounded, and whoever is over the bound is told so and not kept waiting
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_guesses_is_answered_and_lets_nobody_wait_for_ever() {
    let few = |config: &mut Config| config.capacity.password_calls = 8;
    let world = World::start_with(Engine::Sqlite, 1, few).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let all = at_once((0..200).map(|n| {
        let server = world.server.clone();
        async move {
            let reply = sign_in(&server, &format!("user{n}.test"), "not the password").await;
            let is_told_when = reply.header("retry-after").is_some();
            assert_eq!(is_told_when, reply.code() == 503, "{reply:?}");
            reply.code()
        }
    }));
    let codes = all.await;
    assert!(codes.iter().all(|code| [401, 503].contains(code)), "{codes:?}");
    assert!(codes.contains(&401) && codes.contains(&503), "{codes:?}");
    let reply = sign_in(&world.server, "alice.test", &alice.password).await;
    assert_eq!(reply.code(), 200);
}
