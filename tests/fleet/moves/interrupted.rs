//! Each part of a move breaks, is refused, or its driver dies: in the end the account is whole in one place (C28).

use entryway_tests::Gate;

use super::*;

both_engines!(
    what_breaks_once_is_carried_on,
    what_the_other_host_refuses_leaves_the_account_where_it_was,
    what_does_not_come_to_an_end_within_the_hour_is_taken_back,
    a_driver_that_dies_anywhere_is_followed_by_another,
    nothing_else_changes_meanwhile,
);

impl At {
    fn front(self, scene: &Scene) -> &Front {
        match self {
            Self::Here => scene.front(0),
            Self::There => scene.front(1),
            Self::Directory => scene.world.directory_front.as_ref().unwrap(),
        }
    }
}

/// Each request of a move, and how many like it come before.
pub(super) const REQUESTS: [(At, &str, usize); 13] = [
    (At::Here, "getRepoStatus", 0),
    (At::Here, "updateSubjectStatus", 0),
    (At::There, "getRepoStatus", 0),
    (At::There, "reserveSigningKey", 0),
    (At::There, "server.createAccount", 0),
    (At::Directory, "POST /did:plc:", 0),
    (At::There, "updateSubjectStatus", 0),
    (At::Here, "sync.getRepo?", 0),
    (At::There, "importRepo", 0),
    (At::There, "uploadBlob", 0),
    (At::There, "uploadBlob", 1),
    (At::There, "putPreferences", 0),
    (At::There, "updateSubjectStatus", 1),
];

fn arm(scene: &Scene, (at, part, before): (At, &str, usize), trouble: Trouble) {
    if before > 0 {
        at.front(scene).fail(part, before, Trouble::None);
    }
    at.front(scene).fail(part, 1, trouble);
}

async fn later(scene: &Scene) {
    for _ in 0..3 {
        scene.world.server.clock().advance(600);
        scene.reconcile().await;
    }
}

async fn what_breaks_once_is_carried_on(engine: Engine) {
    for trouble in [Trouble::HangsUp, Trouble::LosesAnswer] {
        let scene = Scene::open(engine).await;
        for request in REQUESTS {
            arm(&scene, request, trouble.clone());
            scene.begin(1, Former::Deleted).await;
            scene.reconcile().await;
            let left = scene
                .world
                .server
                .app()
                .store()
                .changes_of(&scene.alice.did)
                .await;
            assert_eq!(left.unwrap().len(), 1, "{request:?}");
            later(&scene).await;
            scene.assert_lives_on(1).await;
            assert_eq!(scene.has[1].all(), scene.has[0].all(), "{request:?}");
            // and back again, for the next
            scene.begin(0, Former::Deleted).await;
            scene.reconcile().await;
            scene.assert_lives_on(0).await;
            scene.has[1].clear();
        }
    }
}

async fn what_the_other_host_refuses_leaves_the_account_where_it_was(engine: Engine) {
    let scene = Scene::open(engine).await;
    for request in REQUESTS
        .into_iter()
        .filter(|(at, part, _)| matches!(at, At::There) && !part.starts_with("getRepoStatus"))
    {
        if request.1 == "updateSubjectStatus" && request.2 == 0 {
            continue;
        }
        arm(&scene, request, Trouble::Refuses("InvalidRequest"));
        scene.begin(1, Former::Deleted).await;
        scene.reconcile().await;
        scene.assert_lives_on(0).await;
        assert_eq!(scene.status(1).await, RepoStatus::Absent, "{request:?}");
        let now = registered(&scene.world, &scene.alice.did);
        assert_eq!(now, scene.before, "{request:?}");
        scene.has[1].clear();
    }
    scene.begin(1, Former::Rests).await;
    scene.reconcile().await;
    scene.assert_moved().await;
}

async fn what_does_not_come_to_an_end_within_the_hour_is_taken_back(engine: Engine) {
    let scene = Scene::open(engine).await;
    let session = Session::begin(&scene.world.server, &scene.alice).await;
    scene.front(1).fail("importRepo", usize::MAX, Trouble::Fails(500));
    scene.begin(1, Former::Deleted).await;
    scene.reconcile().await;
    // it rests, so that nothing is written that would be lost
    assert_eq!(scene.status(0).await, RepoStatus::Deactivated);
    reconciled(&scene.world).await;
    scene.assert_stayed().await;
    let later = refresh(&scene.world.server, &session.refresh).await;
    assert_eq!(later.code(), 200, "{later:?}");
}

async fn a_driver_that_dies_anywhere_is_followed_by_another(engine: Engine) {
    let scene = Scene::open(engine).await;
    let held: [fn(Gate) -> Trouble; 2] = [Trouble::WaitsBefore, Trouble::WaitsAfter];
    for request in REQUESTS {
        for held in held {
            scene.begin(1, Former::Deleted).await;
            let gate = Gate::shut();
            arm(&scene, request, held(gate.clone()));
            let app = scene.world.server.app().clone();
            let driving = tokio::spawn(async move { reconcile_once(&app).await });
            gate.reached().await;
            driving.abort();
            assert!(driving.await.unwrap_err().is_cancelled());
            // whoever was asked goes on
            gate.open();
            later(&scene).await;
            scene.assert_lives_on(1).await;
            assert_eq!(scene.has[1].all(), scene.has[0].all(), "{request:?}");
            scene.begin(0, Former::Deleted).await;
            scene.reconcile().await;
            scene.assert_lives_on(0).await;
            scene.has[1].clear();
        }
    }
}

async fn nothing_else_changes_meanwhile(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.front(1).fail("importRepo", 1, Trouble::Fails(500));
    scene.begin(1, Former::Rests).await;
    scene.reconcile().await;
    let (store, now) = (scene.world.server.app().store(), scene.world.server.clock().now());
    let account = store.account(&scene.alice.did).await.unwrap().unwrap();
    let rest = AccountChange::begin(&account, Change::Status(StatusChange::Deactivated), now);
    let told = store.begin_change(&rest).await.unwrap();
    assert!(matches!(told, ChangeBegin::UnderWay(_)), "{told:?}");
    // nor does what the host says of an account that is leaving it
    let seen = store.follow_status(
        &scene.alice.did,
        &account.pds_did,
        &StatusChange::Deactivated,
        now,
    );
    assert_eq!(seen.await.unwrap(), entryway_store::Following::UnderWay);
    later(&scene).await;
    scene.assert_moved().await;
}
