//! A PDS that is down while an account is deleted: nothing of it is left here, and the PDS hears of it later.

use std::sync::Arc;

use entryway_tests::{Trouble, at_once, both_engines};

use super::*;
use crate::agreement::reconciled;

both_engines! {
    a_pds_that_is_down_hears_of_it_when_the_same_is_asked_again,
    a_pds_that_is_down_hears_of_it_later,
    an_account_that_the_pds_has_not_is_deleted,
    sixty_four_who_delete_one_account_delete_it_once,
}

const DOWN: [(Trouble, u16); 6] = [
    (Trouble::HangsUp, 502),
    (Trouble::Silent, 504),
    (Trouble::Page(502), 502),
    (Trouble::Fails(500), 502),
    (Trouble::Refuses("AuthenticationRequired"), 502),
    (Trouble::LosesAnswer, 502),
];

async fn a_pds_that_is_down_hears_of_it_when_the_same_is_asked_again(engine: Engine) {
    for (trouble, code) in DOWN {
        let scene = Scene::open(engine).await;
        let input = scene.input(&scene.code().await);
        let has_heard = matches!(trouble, Trouble::LosesAnswer);
        scene
            .host
            .front
            .as_ref()
            .unwrap()
            .fail("deleteAccount", 1, trouble);
        let reply = scene.delete(&input).await;
        assert_eq!(reply.code(), code, "{reply:?}");
        assert!(!scene.is_here().await);
        assert_eq!(
            (scene.is_there(), scene.changes_under_way().await),
            (!has_heard, 1)
        );
        // nobody gets its handle while the PDS has it
        let taken = signs_up(&scene.world).await;
        assert_eq!(taken.member("error"), "HandleNotAvailable");
        let again = scene.delete(&input).await;
        assert_eq!((again.code(), again.text()), (200, ""));
        assert_eq!((scene.is_there(), scene.changes_under_way().await), (false, 0));
        assert_eq!(signs_up(&scene.world).await.code(), 200);
    }
}

async fn a_pds_that_is_down_hears_of_it_later(engine: Engine) {
    let scene = Scene::open(engine).await;
    let input = scene.input(&scene.code().await);
    scene
        .host
        .front
        .as_ref()
        .unwrap()
        .fail("deleteAccount", 3, Trouble::HangsUp);
    assert_eq!(scene.delete(&input).await.code(), 502);
    reconciled(&scene.world).await;
    assert_eq!((scene.is_there(), scene.changes_under_way().await), (false, 0));
    assert_eq!(signs_up(&scene.world).await.code(), 200);
}

async fn an_account_that_the_pds_has_not_is_deleted(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let elsewhere = Did::parse("did:web:elsewhere.test").unwrap();
    for home in [host.did.clone(), elsewhere] {
        let handle = format!("a{}.test", home.as_str().len());
        let alice = world.lodge(&home, &handle).await;
        let code = world.code(&alice.did, EmailTokenPurpose::DeleteAccount).await;
        let input = json!({ "did": alice.did, "password": alice.password, "token": code.expose() });
        let reply = procedure(DELETE_ACCOUNT).json(&input).send(&world.server).await;
        assert_eq!(reply.code(), 200, "{home}: {reply:?}");
        let store = world.server.app().store();
        assert_eq!(store.changes_of(&alice.did).await.unwrap(), Vec::new());
        assert_eq!(owner(&world, &alice.handle).await, None);
    }
}

async fn sixty_four_who_delete_one_account_delete_it_once(engine: Engine) {
    let scene = Arc::new(Scene::open(engine).await);
    let input = scene.input(&scene.code().await);
    let requests = (0..64).map(|_| {
        let (scene, input) = (scene.clone(), input.clone());
        async move { scene.delete(&input).await }
    });
    let replies = at_once(requests).await;
    let done = replies.iter().filter(|reply| reply.code() == 200).count();
    assert_eq!(done, 1, "{replies:?}");
    assert!(
        replies
            .iter()
            .all(|reply| matches!(reply.code(), 200 | 401 | 429))
    );
    assert!(!scene.is_here().await && !scene.is_there());
    assert_eq!(scene.changes_under_way().await, 0);
    let asked = scene.host.front.as_ref().unwrap().asked("deleteAccount");
    assert_eq!(asked.len(), 1);
}
