//! The directory refuses, breaks or says that the DID is not ours to change: a clear sentence, nothing half-made, and
//! a second try that succeeds where one can.

use entryway_identity::plc::{PlcChange, PlcData, UnsignedOperation};
use entryway_sandbox::plc::Submission;
use entryway_tests::{Trouble, both_engines};

use super::*;
use crate::agreement::reconciled;

both_engines! {
    a_person_who_took_our_key_out_changes_their_handle_themselves,
    an_ended_did_gets_no_handle,
    an_operation_that_the_directory_refuses_leaves_all_as_it_was,
    a_directory_that_is_down_costs_one_try,
    what_a_directory_that_was_down_did_not_hear_it_hears_later,
    an_operation_of_its_person_in_between_is_not_overwritten,
}

impl Scene {
    /// Signs what the DID says from now on.
    fn publish(&self, change: impl FnOnce(PlcData) -> UnsignedOperationOf) {
        let last = self.world.directory.last(&self.alice.did).unwrap();
        let unsigned = match change(last.data().unwrap().clone()) {
            UnsignedOperationOf::Data(data) => UnsignedOperation::update(&last, data),
            UnsignedOperationOf::Tombstone => UnsignedOperation::tombstone(&last),
        };
        let operation = unsigned.sign(&self.world.server.app().keys().plc_rotation);
        let submission = self.world.directory.submit(&self.alice.did, operation).unwrap();
        assert_eq!(submission, Submission::Accepted);
    }

    async fn changes_under_way(&self) -> usize {
        let store = self.world.server.app().store();
        store.changes_of(&self.alice.did).await.unwrap().len()
    }

    /// The wished handle is free for somebody else.
    async fn is_free(&self, wished: &str) -> bool {
        owner(&self.world, &handle(wished)).await.is_none() && self.changes_under_way().await == 0
    }
}

enum UnsignedOperationOf {
    Data(PlcData),
    Tombstone,
}

// contract 6, item 8
async fn a_person_who_took_our_key_out_changes_their_handle_themselves(engine: Engine) {
    let scene = Scene::open(engine).await;
    let theirs = crate::service_tokens::token::draw().public_key().to_did_key();
    scene.publish(|data| {
        UnsignedOperationOf::Data(data.changed(PlcChange {
            rotation_keys: Some(vec![theirs]),
            ..PlcChange::default()
        }))
    });
    let reply = scene.change("alicia.test").await;
    assert_eq!(
        reply.member("message"),
        "the DID document must list our rotation key, without it only its owner can change the handle"
    );
    assert_eq!(refused(&reply), (400, "IncompatibleDidDoc".to_owned()));
    assert_eq!(scene.agreed().await, "alice.test");
    assert!(scene.is_free("alicia.test").await);
    assert_eq!(scene.front().asked("updateAccountHandle").len(), 0);
}

async fn an_ended_did_gets_no_handle(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.publish(|_| UnsignedOperationOf::Tombstone);
    let reply = scene.change("alicia.test").await;
    assert_eq!(
        reply.member("message"),
        "the DID document must be that of a DID that has not ended"
    );
    assert_eq!(refused(&reply), (400, "IncompatibleDidDoc".to_owned()));
    assert!(scene.is_free("alicia.test").await);
}

async fn an_operation_that_the_directory_refuses_leaves_all_as_it_was(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene
        .directory()
        .fail("POST /did:plc:", 1, Trouble::Refuses("Invalid"));
    let reply = scene.change("alicia.test").await;
    assert_eq!(refused(&reply), (502, "UpstreamFailure".to_owned()));
    assert_eq!(scene.agreed().await, "alice.test");
    assert!(scene.is_free("alicia.test").await);
    done(&scene.change("alicia.test").await);
    assert_eq!(scene.agreed().await, "alicia.test");
}

const DOWN: [(&str, Trouble); 5] = [
    ("hangs up", Trouble::HangsUp),
    ("is silent", Trouble::Silent),
    ("answers a page", Trouble::Page(200)),
    ("answers a page that says no", Trouble::Page(404)),
    ("fails", Trouble::Fails(500)),
];

async fn a_directory_that_is_down_costs_one_try(engine: Engine) {
    let scene = Scene::open(engine).await;
    let mut former = "alice.test".to_owned();
    for (number, part) in ["GET /did:plc:", "POST /did:plc:"].into_iter().enumerate() {
        for (at, (what, trouble)) in DOWN.into_iter().enumerate() {
            // a page with 200 is as good as an acceptance, and shows at the PDS
            if number == 1 && what == "answers a page" {
                continue;
            }
            let wished = format!("name-{number}-{at}.test");
            // two looks, and one of the PDS
            scene.directory().fail(part, usize::MAX, trouble);
            let reply = scene.change(&wished).await;
            assert_eq!(
                refused(&reply),
                (502, "UpstreamFailure".to_owned()),
                "{part} {what}"
            );
            scene.directory().be_well();
            // it is kept for her, and is not hers yet
            assert_eq!(
                owner(&scene.world, &handle(&wished)).await.as_ref(),
                Some(&scene.alice.did)
            );
            let here = scene
                .world
                .server
                .app()
                .store()
                .account(&scene.alice.did)
                .await
                .unwrap();
            assert_eq!(here.unwrap().handle.as_str(), former);
            done(&scene.change(&wished).await);
            assert_eq!(scene.agreed().await, wished, "{part} {what}");
            former = wished;
        }
    }
    // one that did its work, and nobody heard
    for (wished, trouble) in [
        ("lost-1.test", Trouble::LosesAnswer),
        ("lost-2.test", Trouble::FailsAfter),
    ] {
        let before = scene.operations();
        scene.directory().fail("POST /did:plc:", 1, trouble);
        refused(&scene.change(wished).await);
        done(&scene.change(wished).await);
        assert_eq!(
            (scene.agreed().await.as_str(), scene.operations()),
            (wished, before + 1)
        );
    }
}

async fn what_a_directory_that_was_down_did_not_hear_it_hears_later(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.directory().fail("POST /did:plc:", 1, Trouble::HangsUp);
    refused(&scene.change("alicia.test").await);
    // another one has to wait for it
    let other = scene.change("alina.test").await;
    assert_eq!(refused(&other), (429, "RateLimitExceeded".to_owned()));
    assert!(other.header("retry-after").is_some());
    reconciled(&scene.world).await;
    assert_eq!(
        agreed_handle(&scene.world, &scene.host, &scene.alice.did).await,
        "alicia.test"
    );
}

async fn an_operation_of_its_person_in_between_is_not_overwritten(engine: Engine) {
    let scene = std::sync::Arc::new(Scene::open(engine).await);
    let gate = scene.directory().hold("POST /did:plc:", Trouble::WaitsBefore);
    let changing = tokio::spawn({
        let scene = scene.clone();
        async move { scene.change("alicia.test").await }
    });
    gate.reached().await;
    scene.publish(|data| {
        let mut names = data.also_known_as.clone();
        names.push("https://alice.example".to_owned());
        let mut methods = data.verification_methods.clone();
        methods.insert("other".to_owned(), methods["atproto"].clone());
        UnsignedOperationOf::Data(data.changed(PlcChange {
            also_known_as: Some(names),
            verification_methods: Some(methods),
            ..PlcChange::default()
        }))
    });
    gate.open();
    assert_eq!(refused(&changing.await.unwrap()).0, 502);
    done(&scene.change("alicia.test").await);
    let data = crate::agreement::registered(&scene.world, &scene.alice.did);
    assert_eq!(data.also_known_as, ["at://alicia.test", "https://alice.example"]);
    assert!(data.verification_methods.contains_key("other"));
}
