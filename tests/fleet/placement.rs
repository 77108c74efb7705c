//! Where accounts are at home.

use entryway_store::{HostAddition, HostChange, HostRemoval};
use entryway_tests::{Engine, World, both_engines};

both_engines!(
    a_new_account_goes_to_the_open_host_with_the_fewest,
    nowhere_is_a_place_too,
    a_host_that_is_missed_is_looked_for_anew,
);

async fn a_new_account_goes_to_the_open_host_with_the_fewest(engine: Engine) {
    let world = World::start(engine, 3).await;
    let [one, two, three] = &world.hosts[..] else {
        panic!("three hosts");
    };
    for handle in ["alice.test", "bobby.test"] {
        world.settle(one, handle).await;
    }
    world.settle(two, "carol.test").await;
    let (fleet, store) = (world.server.app().fleet(), world.server.app().store());
    assert_eq!(
        store.drain_pds_host(&three.did).await.unwrap(),
        HostChange::Changed
    );
    world.forget();
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(fleet.place().await.unwrap().unwrap().did.clone());
    }
    // what is placed counts at once, before there is an account
    assert_eq!(placed, [&two.did, &one.did, &two.did].map(Clone::clone));

    assert_eq!(
        store.reopen_pds_host(&three.did).await.unwrap(),
        HostChange::Changed
    );
    world.forget();
    assert_eq!(fleet.place().await.unwrap().unwrap().did, three.did);
}

async fn nowhere_is_a_place_too(engine: Engine) {
    let mut world = World::start(engine, 0).await;
    assert!(world.server.app().fleet().place().await.unwrap().is_none());
    let host = world.add_host().await;
    let fleet = world.server.app().fleet();
    assert_eq!(fleet.place().await.unwrap().unwrap().did, host.did);
    assert_eq!(
        fleet
            .password(&fleet.host(&host.did).await.unwrap().unwrap())
            .unwrap()
            .expose(),
        host.password.as_bytes()
    );
    world
        .server
        .app()
        .store()
        .drain_pds_host(&host.did)
        .await
        .unwrap();
    world.forget();
    assert!(fleet.place().await.unwrap().is_none());
    // who lives there still does
    assert!(fleet.host(&host.did).await.unwrap().is_some());
}

async fn a_host_that_is_missed_is_looked_for_anew(engine: Engine) {
    let world = World::start(engine, 1).await;
    let did = world.hosts[0].did.clone();
    let (fleet, store) = (world.server.app().fleet(), world.server.app().store());
    let host = fleet.host(&did).await.unwrap().unwrap();
    assert_eq!(store.remove_pds_host(&did).await.unwrap(), HostRemoval::Removed);
    world.forget();
    assert!(fleet.place().await.unwrap().is_none());
    assert!(fleet.host(&did).await.unwrap().is_none());

    assert_eq!(store.add_pds_host(&host).await.unwrap(), HostAddition::Added);
    // well before what is kept is over
    world.server.clock().advance(1);
    assert!(fleet.host(&did).await.unwrap().is_some());
    assert_eq!(fleet.place().await.unwrap().unwrap().did, did);

    store.drain_pds_host(&did).await.unwrap();
    world.forget();
    assert!(fleet.place().await.unwrap().is_none());
    store.reopen_pds_host(&did).await.unwrap();
    world.server.clock().advance(1);
    assert_eq!(fleet.place().await.unwrap().unwrap().did, did);
}
