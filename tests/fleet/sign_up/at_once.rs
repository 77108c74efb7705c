//! Many at the same moment.

use std::sync::Arc;

use entryway_tests::{at_once, both_engines};

use super::*;

both_engines!(
    sixty_four_identical_requests_make_one_account,
    of_two_people_who_want_one_handle_one_gets_it_and_the_other_leaves_no_did,
    of_two_people_with_one_address_one_gets_it,
    a_record_is_taken_up_by_one_reconciler_of_several,
);

async fn sixty_four_identical_requests_make_one_account(engine: Engine) {
    let world = Arc::new(fronted(engine).await);
    let requests = (0..64).map(|_| {
        let world = world.clone();
        async move { ALICE.signs_up(&world).await }
    });
    let replies = at_once(requests).await;
    let (done, told): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.code() == 200);
    let dids: BTreeSet<Did> = done.into_iter().map(made).collect();
    assert_eq!(dids.len(), 1, "{replies:?}");
    for reply in told {
        assert_eq!(refused(reply), (429, "RateLimitExceeded".to_owned()));
        assert!(reply.header("retry-after").is_some());
    }
    assert_eq!(
        Some(assert_one_account(&world, ALICE).await),
        dids.first().cloned()
    );
    assert_eq!(published(&world).len(), 1);
}

async fn of_two_people_who_want_one_handle_one_gets_it_and_the_other_leaves_no_did(engine: Engine) {
    for _ in 0..3 {
        let world = Arc::new(fronted(engine).await);
        let people = [
            ALICE,
            Person {
                email: "other@mail.example",
                password: "another's password",
                ..ALICE
            },
        ];
        // by two instances, so that only the store is between them
        let other = world.server.another_instance().await;
        let requests = people
            .into_iter()
            .zip([world.server.clone(), other])
            .map(|(person, server)| async move { server.send(create(&person.input())).await });
        let replies = at_once(requests).await;
        let won: Vec<usize> = (0..2).filter(|at| replies[*at].code() == 200).collect();
        let [won] = won[..] else { panic!("{replies:?}") };
        assert_eq!(refused(&replies[1 - won]), (400, "HandleNotAvailable".to_owned()));
        assert_one_account(&world, people[won]).await;
        // the directory never heard of the other
        assert_eq!(published(&world).len(), 1);
    }
}

async fn of_two_people_with_one_address_one_gets_it(engine: Engine) {
    let world = Arc::new(fronted(engine).await);
    let people = [
        ALICE,
        Person {
            handle: "other.test",
            password: "another's password",
            ..ALICE
        },
    ];
    let requests = people.into_iter().map(|person| {
        let world = world.clone();
        async move { person.signs_up(&world).await }
    });
    let replies = at_once(requests).await;
    let won: Vec<usize> = (0..2).filter(|at| replies[*at].code() == 200).collect();
    let [won] = won[..] else { panic!("{replies:?}") };
    assert_eq!(refused(&replies[1 - won]), (400, "InvalidRequest".to_owned()));
    assert_one_account(&world, people[won]).await;
    assert_eq!(published(&world).len(), 1);
}

async fn a_record_is_taken_up_by_one_reconciler_of_several(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    host.fail("createAccount", 1, entryway_tests::Trouble::HangsUp);
    refused(&ALICE.signs_up(&world).await);
    world.server.clock().advance(3600);
    let before = host.asked("createAccount").len();
    let mut instances = vec![world.server.clone()];
    for _ in 0..3 {
        instances.push(world.server.another_instance().await);
    }
    let rounds = instances
        .into_iter()
        .map(|server| async move { reconcile_once(server.app()).await.unwrap() });
    at_once(rounds).await;
    assert_one_account(&world, ALICE).await;
    assert_eq!(host.asked("createAccount").len(), before + 1);
}
