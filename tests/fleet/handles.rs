//! Whose a handle is: `resolveHandle`, and the document on the handle's own host (contract 1, 2.4).

use axum::body::Body;
use entryway_core::account_change::{AccountChange, Change};
use entryway_core::handle::HandleDomains;
use entryway_scope::{Did, Handle};
use entryway_tests::{Engine, Reply, World, both_engines};
use http::Request;

use crate::scene::{DOWN, set_status};

both_engines!(
    a_handle_leads_to_its_account_whichever_pds_it_lives_on,
    a_handle_that_nobody_has_is_said_to_be_none,
    each_host_below_a_domain_of_handles_says_whose_it_is,
    who_was_taken_down_is_found_by_nobody,
    a_new_handle_leads_there_before_it_is_the_accounts,
);

async fn resolved(world: &World, query: &str) -> Reply {
    let path = format!("/xrpc/com.atproto.identity.resolveHandle{query}");
    world.ask(Request::get(path).body(Body::empty()).unwrap()).await
}

async fn on_host(world: &World, host: &str) -> Reply {
    let request = Request::get("/.well-known/atproto-did").header("host", host);
    world.server.send(request.body(Body::empty()).unwrap()).await
}

async fn a_handle_leads_to_its_account_whichever_pds_it_lives_on(engine: Engine) {
    let world = World::start(engine, 2).await;
    for (host, handle) in [(0, "alice.test"), (1, "bobby.test")] {
        let resident = world.settle(&world.hosts[host], handle).await;
        for spelling in [handle.to_owned(), handle.to_uppercase()] {
            let reply = resolved(&world, &format!("?handle={spelling}")).await;
            assert_eq!(
                (reply.code(), reply.member("did")),
                (200, resident.did.to_string())
            );
        }
    }
}

async fn a_handle_that_nobody_has_is_said_to_be_none(engine: Engine) {
    let world = World::start(engine, 0).await;
    for (query, message) in [
        ("?handle=nobody.test", "Unable to resolve handle"),
        ("?handle=alice.example.com", "Unable to resolve handle"),
        ("", "handle is required"),
        ("?handle=", "handle is required"),
        (
            "?handle=alice",
            "handle must be a domain name such as alice.example.com",
        ),
        ("?handle=a.test&handle=b.test", "handle must be there once"),
    ] {
        let reply = resolved(&world, query).await;
        let said = (reply.code(), reply.member("error"), reply.member("message"));
        assert_eq!(
            said,
            (400, "InvalidRequest".to_owned(), message.to_owned()),
            "{query}"
        );
    }
}

async fn each_host_below_a_domain_of_handles_says_whose_it_is(engine: Engine) {
    let world = World::start_with(engine, 0, |config| {
        config.handles.domains = HandleDomains::parse(&[".test", ".example.com"]).unwrap();
    })
    .await;
    let home: Did = "did:web:pds.test".parse().unwrap();
    for handle in ["alice.test", "bobby.example.com", "carol.elsewhere.org"] {
        let resident = world.lodge(&home, handle).await;
        if handle == "carol.elsewhere.org" {
            let reply = on_host(&world, handle).await;
            assert_eq!(reply.code(), 404, "its own domain says whose it is");
            continue;
        }
        for host in [handle.to_owned(), handle.to_uppercase(), format!("{handle}:8443")] {
            let reply = on_host(&world, &host).await;
            assert_eq!(
                (reply.code(), reply.text()),
                (200, resident.did.as_str()),
                "{host}"
            );
            assert_eq!(reply.header("content-type"), Some("text/plain"));
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        }
    }
    for host in [
        "nobody.test",
        "a.alice.test",
        "test",
        "example.com",
        "alice.test.",
        "alice.test:x",
        "localhost:2583",
        "192.0.2.1",
        "",
    ] {
        let reply = on_host(&world, host).await;
        assert_eq!(reply.code(), 404, "{host}");
        assert_eq!(reply.header("content-type"), Some("text/plain"));
    }
    let request = Request::post("/.well-known/atproto-did").header("host", "alice.test");
    assert_eq!(
        world
            .server
            .send(request.body(Body::empty()).unwrap())
            .await
            .code(),
        405
    );
}

async fn who_was_taken_down_is_found_by_nobody(engine: Engine) {
    let world = World::start(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    set_status(&world.server, &alice.did, DOWN).await;
    assert_eq!(resolved(&world, "?handle=alice.test").await.code(), 400);
    assert_eq!(on_host(&world, "alice.test").await.code(), 404);
}

// contract 2.5: a PDS resolves the new handle before it takes it
async fn a_new_handle_leads_there_before_it_is_the_accounts(engine: Engine) {
    let world = World::start(engine, 1).await;
    let alice = world.settle(&world.hosts[0], "alice.test").await;
    let (store, now) = (world.server.app().store(), world.server.clock().now());
    let account = store.account(&alice.did).await.unwrap().unwrap();
    let change = Change::Handle {
        from: alice.handle.clone(),
        to: Handle::parse("alicia.test").unwrap(),
    };
    let begun = AccountChange::begin(&account, change, now);
    store.begin_change(&begun).await.unwrap();
    for handle in ["alice.test", "alicia.test"] {
        assert_eq!(
            on_host(&world, handle).await.text(),
            alice.did.as_str(),
            "{handle}"
        );
    }
}
