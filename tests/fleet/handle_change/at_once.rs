//! Many at the same moment.

use std::sync::Arc;

use entryway_tests::{at_once, both_engines};

use super::*;

both_engines! {
    sixty_four_identical_changes_are_one,
    of_two_changes_of_one_account_by_two_instances_both_are_whole,
    of_two_accounts_that_want_one_handle_one_gets_it,
}

async fn sixty_four_identical_changes_are_one(engine: Engine) {
    let scene = Arc::new(Scene::open(engine).await);
    let requests = (0..64).map(|_| {
        let scene = scene.clone();
        async move { scene.change("alicia.test").await }
    });
    for reply in at_once(requests).await {
        if reply.code() != 200 {
            assert_eq!(refused(&reply), (429, "RateLimitExceeded".to_owned()));
        }
    }
    assert_eq!(
        (scene.agreed().await.as_str(), scene.operations()),
        ("alicia.test", 2)
    );
    assert_eq!(scene.front().asked("updateAccountHandle").len(), 1);
}

async fn of_two_changes_of_one_account_by_two_instances_both_are_whole(engine: Engine) {
    for _ in 0..3 {
        let scene = Scene::open(engine).await;
        let servers = [
            scene.world.server.clone(),
            scene.world.server.another_instance().await,
        ];
        let wishes = ["alicia.test", "alina.test"];
        let requests = wishes.into_iter().zip(servers).map(|(wished, server)| {
            let request = update(&scene.session.access, &json!({ "handle": wished }));
            async move { server.send(request).await }
        });
        let replies = at_once(requests.collect::<Vec<_>>()).await;
        let won: Vec<&str> = wishes
            .into_iter()
            .zip(&replies)
            .filter(|(_, reply)| reply.code() == 200)
            .map(|(wished, _)| wished)
            .collect();
        assert!(!won.is_empty(), "{replies:?}");
        for reply in replies.iter().filter(|reply| reply.code() != 200) {
            assert_eq!(refused(reply), (429, "RateLimitExceeded".to_owned()));
        }
        let agreed = agreed_handle(&scene.world, &scene.host, &scene.alice.did).await;
        assert!(won.contains(&agreed.as_str()), "{agreed} {won:?}");
        // the other instance kept a document, and says the same
        assert_eq!(scene.agreed().await, agreed);
        for other in wishes.into_iter().filter(|wished| *wished != agreed) {
            assert_eq!(owner(&scene.world, &handle(other)).await, None);
        }
    }
}

async fn of_two_accounts_that_want_one_handle_one_gets_it(engine: Engine) {
    for _ in 0..3 {
        let scene = Scene::open(engine).await;
        let bob = scene.world.settle(&scene.host, "bobby.test").await;
        let session = Session::begin(&scene.world.server, &bob).await;
        let servers = [
            scene.world.server.clone(),
            scene.world.server.another_instance().await,
        ];
        let callers = [&scene.session.access, &session.access];
        let requests = callers.into_iter().zip(servers).map(|(access, server)| {
            let request = update(access, &json!({ "handle": "wanted.test" }));
            async move { server.send(request).await }
        });
        let replies = at_once(requests.collect::<Vec<_>>()).await;
        let won: Vec<usize> = (0..2).filter(|at| replies[*at].code() == 200).collect();
        let [won] = won[..] else { panic!("{replies:?}") };
        assert_eq!(refused(&replies[1 - won]), (400, "HandleNotAvailable".to_owned()));
        let of_alice = agreed_handle(&scene.world, &scene.host, &scene.alice.did).await;
        let of_bob = agreed_handle(&scene.world, &scene.host, &bob.did).await;
        let expected = [["wanted.test", "bobby.test"], ["alice.test", "wanted.test"]][won];
        assert_eq!([of_alice.as_str(), of_bob.as_str()], expected);
    }
}
