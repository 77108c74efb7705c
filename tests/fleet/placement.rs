//! Where accounts are at home.

use entryway_store::HostChange;
use entryway_tests::{Engine, World, both_engines};

both_engines!(
    a_new_account_goes_to_the_open_host_with_the_fewest,
    nowhere_is_a_place_too,
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
