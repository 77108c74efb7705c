//! The PDS refuses or breaks after the directory has the new handle: put back, or finished.

use entryway_tests::{Trouble, both_engines};

use super::*;
use crate::agreement::{reconciled, registered};

both_engines! {
    a_handle_that_the_pds_refuses_is_put_back,
    a_pds_that_is_down_costs_one_try,
    what_a_pds_that_was_down_did_not_hear_it_hears_later,
    a_handle_that_cannot_be_put_back_at_once_is_put_back_later,
    an_account_of_a_pds_that_is_no_host_of_ours_keeps_its_handle,
}

async fn a_handle_that_the_pds_refuses_is_put_back(engine: Engine) {
    let scene = Scene::open(engine).await;
    for (refusal, code) in [
        ("HandleNotAvailable", (400, "HandleNotAvailable")),
        ("InvalidHandle", (400, "InvalidHandle")),
    ] {
        scene
            .front()
            .fail("updateAccountHandle", 1, Trouble::Refuses(refusal));
        let before = scene.operations();
        let reply = scene.change("alicia.test").await;
        assert_eq!(refused(&reply), (code.0, code.1.to_owned()));
        // there and back
        assert_eq!(scene.operations(), before + 2);
        assert_eq!(scene.agreed().await, "alice.test");
        assert_eq!(owner(&scene.world, &handle("alicia.test")).await, None);
    }
    // another account of the PDS has it, and we did not know
    let stranger = scene.world.settle(&scene.host, "carol.test").await;
    let store = scene.world.server.app().store();
    let token = None;
    store
        .begin_deletion(&stranger.did, token, scene.world.server.clock().now())
        .await
        .unwrap();
    let reply = scene.change("carol.test").await;
    assert_eq!(refused(&reply), (400, "HandleNotAvailable".to_owned()));
    done(&scene.change("alicia.test").await);
    assert_eq!(scene.agreed().await, "alicia.test");
}

async fn a_pds_that_is_down_costs_one_try(engine: Engine) {
    let scene = Scene::open(engine).await;
    for (at, (what, trouble, code)) in [
        ("hangs up", Trouble::HangsUp, 502),
        ("is silent", Trouble::Silent, 504),
        ("answers a page of its proxy", Trouble::Page(502), 502),
        ("answers a page that says no", Trouble::Page(404), 502),
        ("fails", Trouble::Fails(500), 502),
        ("is busy", Trouble::Fails(429), 502),
        ("fails after its work", Trouble::FailsAfter, 502),
        ("loses its answer", Trouble::LosesAnswer, 502),
    ]
    .into_iter()
    .enumerate()
    {
        let (wished, before) = (format!("name-{at}.test"), scene.operations());
        scene.front().fail("updateAccountHandle", 1, trouble);
        let reply = scene.change(&wished).await;
        assert_eq!(refused(&reply).0, code, "{what}: {reply:?}");
        // the directory has it: it is not put back for that
        let data = registered(&scene.world, &scene.alice.did);
        assert_eq!(data.also_known_as, [format!("at://{wished}")], "{what}");
        done(&scene.change(&wished).await);
        assert_eq!(scene.agreed().await, wished, "{what}");
        assert_eq!(scene.operations(), before + 1, "{what}");
    }
}

async fn what_a_pds_that_was_down_did_not_hear_it_hears_later(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.front().fail("updateAccountHandle", 3, Trouble::HangsUp);
    refused(&scene.change("alicia.test").await);
    reconciled(&scene.world).await;
    let agreed = agreed_handle(&scene.world, &scene.host, &scene.alice.did).await;
    assert_eq!(agreed, "alicia.test");
    assert_eq!(scene.operations(), 2);
}

async fn a_handle_that_cannot_be_put_back_at_once_is_put_back_later(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene
        .front()
        .fail("updateAccountHandle", 1, Trouble::Refuses("HandleNotAvailable"));
    // the first is the new handle
    scene.directory().fail("POST /did:plc:", 1, Trouble::None);
    scene.directory().fail("POST /did:plc:", 2, Trouble::HangsUp);
    let reply = scene.change("alicia.test").await;
    assert_eq!(refused(&reply), (502, "UpstreamFailure".to_owned()));
    // nobody else gets it while the directory says that it is hers
    assert_eq!(
        owner(&scene.world, &handle("alicia.test")).await.as_ref(),
        Some(&scene.alice.did)
    );
    reconciled(&scene.world).await;
    let agreed = agreed_handle(&scene.world, &scene.host, &scene.alice.did).await;
    assert_eq!(agreed, "alice.test");
    assert_eq!(owner(&scene.world, &handle("alicia.test")).await, None);
}

async fn an_account_of_a_pds_that_is_no_host_of_ours_keeps_its_handle(engine: Engine) {
    let world = World::start(engine, 1).await;
    let signer = Signer::settle_on(world, "did:web:elsewhere.test").await;
    let input = json!({ "handle": "carla.test" });
    let reply = signer
        .world
        .ask(update(&signer.token(UPDATE_HANDLE), &input))
        .await;
    assert!(refused(&reply).0 < 500);
    assert_eq!(owner(&signer.world, &handle("carla.test")).await, None);
}
