//! What no account can be called, and who may not say so.

use entryway_core::account::AccountStatus;
use entryway_tests::both_engines;

use super::*;
use crate::xrpc::assert_refused;

both_engines! {
    a_handle_keeps_to_the_rules_of_its_domain,
    a_body_that_is_none_changes_nothing,
    nobody_else_changes_a_handle,
}

async fn a_handle_keeps_to_the_rules_of_its_domain(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.world.settle(&scene.host, "bobby.test").await;
    for (wished, error) in [
        ("bobby.test", "HandleNotAvailable"),
        ("BOBBY.test", "HandleNotAvailable"),
        ("admin.test", "HandleNotAvailable"),
        ("al.test", "InvalidHandle"),
        ("a-name-of-nineteen-x.test", "InvalidHandle"),
        ("a.alice.test", "InvalidHandle"),
        ("alice", "InvalidHandle"),
        ("alice_.test", "InvalidHandle"),
        ("did:plc:abcdefghijklmnopqrstuvwx", "InvalidHandle"),
        ("handle.invalid", "InvalidHandle"),
        ("alice.internal", "InvalidHandle"),
        ("\u{430}lice.test", "InvalidHandle"),
        ("\u{0}", "InvalidHandle"),
    ] {
        let reply = scene.change(wished).await;
        assert_eq!(refused(&reply), (400, error.to_owned()), "{wished}");
    }
    assert_eq!(
        (scene.agreed().await.as_str(), scene.operations()),
        ("alice.test", 1)
    );
}

async fn a_body_that_is_none_changes_nothing(engine: Engine) {
    let scene = Scene::open(engine).await;
    let did = scene.alice.did.as_str();
    for body in [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"handle": 3}"#.to_owned(),
        r#"{"handle": ""}"#.to_owned(),
        r#"{"handle": "alicia.test", "handle": "alina.test"}"#.to_owned(),
        r#"{"handle": "alicia.test", "did": "did:plc:abcdefghijklmnopqrstuvwx"}"#.to_owned(),
        r#"{"handle": "alicia.test", "did": ["x"]}"#.to_owned(),
        format!(r#"{{"handle": "alicia.test", "did": "{did} "}}"#),
    ] {
        let call = procedure(UPDATE_HANDLE).bearer(&scene.session.access).raw(&body);
        assert_eq!(call.send(&scene.world.server).await.code(), 400, "{body}");
    }
    let by_get = procedure(UPDATE_HANDLE).by("GET").bearer(&scene.session.access);
    assert_eq!(by_get.send(&scene.world.server).await.code(), 405);
    assert_eq!(
        (scene.agreed().await.as_str(), scene.operations()),
        ("alice.test", 1)
    );
}

// R-477, R-481, R-497
async fn nobody_else_changes_a_handle(engine: Engine) {
    let scene = Scene::open(engine).await;
    let server = &scene.world.server;
    let input = json!({ "handle": "alicia.test" });
    let call = || procedure(UPDATE_HANDLE).json(&input);
    let reply = call().send(server).await;
    assert_eq!(refused(&reply), (401, "AuthMissing".to_owned()));
    for token in [&scene.session.refresh, "a.b.c"] {
        let reply = call().bearer(token).send(server).await;
        assert_eq!(refused(&reply), (400, "InvalidToken".to_owned()));
    }
    let dpop = call().header("authorization", "DPoP a.b.c").send(server).await;
    assert_eq!(refused(&dpop), (403, "Forbidden".to_owned()));
    // one who was taken down changes nothing, whoever calls for them
    let world = World::start(engine, 1).await;
    let signer = Signer::of_resident(world, "carol.test").await;
    let account = signer
        .world
        .server
        .app()
        .store()
        .account(&signer.did)
        .await
        .unwrap();
    let change = entryway_core::account_change::StatusChange::TakenDown { reference: None };
    let now = signer.world.server.clock().now();
    let change = entryway_core::account_change::AccountChange::begin(
        &account.unwrap(),
        entryway_core::account_change::Change::Status(change),
        now,
    );
    let store = signer.world.server.app().store();
    store.begin_change(&change).await.unwrap();
    let taken_down = store.account(&signer.did).await.unwrap().unwrap();
    assert_eq!(taken_down.status, AccountStatus::TakenDown);
    let reply = call()
        .bearer(&signer.token(UPDATE_HANDLE))
        .send(&signer.world.server)
        .await;
    assert_refused(&reply, 401, "AccountTakedown", "Account has been taken down");
    assert_eq!(
        (scene.agreed().await.as_str(), scene.operations()),
        ("alice.test", 1)
    );
}
