//! Nobody comes back: what was begun is finished or undone all the same (C28).

use entryway_tests::{Trouble, both_engines};

use super::*;

both_engines!(
    what_was_begun_outside_is_finished_though_nobody_comes_back,
    what_nobody_outside_knows_of_is_forgotten,
    what_cannot_be_finished_for_a_day_is_undone_and_its_names_are_free,
    a_did_that_was_published_without_an_account_is_ended,
    an_account_that_cannot_be_activated_for_a_day_is_deleted_and_its_did_ended,
    another_sign_up_of_the_same_person_takes_the_place_of_the_first,
);

async fn what_was_begun_outside_is_finished_though_nobody_comes_back(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    for (number, (part, trouble)) in [
        ("server.createAccount", Trouble::HangsUp),
        ("server.createAccount", Trouble::Silent),
        ("getRepoStatus", Trouble::HangsUp),
    ]
    .into_iter()
    .enumerate()
    {
        let person = [ALICE, BOB, CAROL][number];
        host.fail(part, 1, trouble);
        refused(&person.signs_up(&world).await);
        host.be_well();
        reconciled(&world).await;
        let account = stored(&world.server, &person.handle())
            .await
            .expect("it was finished");
        assert!(lives(&world, &account.did));
        // with the password it was begun with
        let input = json!({ "identifier": person.handle, "password": person.password });
        let sign_in = Request::post("/xrpc/com.atproto.server.createSession")
            .header("content-type", "application/json")
            .body(Body::from(input.to_string()))
            .unwrap();
        assert_eq!(world.ask(sign_in).await.code(), 200);
    }
}

const CAROL: Person = Person {
    handle: "carol.test",
    email: "carol@mail.example",
    password: "carol's own password",
};

async fn what_nobody_outside_knows_of_is_forgotten(engine: Engine) {
    let world = fronted(engine).await;
    for part in ["describeRepo", "reserveSigningKey"] {
        front(&world.hosts[0]).fail(part, 1, Trouble::HangsUp);
        refused(&ALICE.signs_up(&world).await);
        reconciled(&world).await;
        assert_eq!(stored(&world.server, &ALICE.handle()).await, None);
    }
    assert_eq!(published(&world), BTreeSet::new());
    assert_nothing_is_left(&world, ALICE).await;
}

async fn what_cannot_be_finished_for_a_day_is_undone_and_its_names_are_free(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    host.fail("server.createAccount", usize::MAX, Trouble::HangsUp);
    refused(&ALICE.signs_up(&world).await);
    reconciled(&world).await;
    assert_eq!(stored(&world.server, &ALICE.handle()).await, None);
    host.be_well();
    assert_nothing_is_left(&world, ALICE).await;
}

// contract 0, item 7
async fn a_did_that_was_published_without_an_account_is_ended(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    // published, and then nothing works any more at the PDS
    directory(&world).fail("POST /did:plc:", 1, Trouble::LosesAnswer);
    host.fail("server.createAccount", 1, Trouble::None);
    host.fail("server.createAccount", usize::MAX, Trouble::HangsUp);
    refused(&ALICE.signs_up(&world).await);
    let left = published(&world);
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|did| lives(&world, did)));
    reconciled(&world).await;
    assert_eq!(stored(&world.server, &ALICE.handle()).await, None);
    assert!(left.iter().all(|did| !lives(&world, did)));
    host.be_well();
    assert_nothing_is_left(&world, ALICE).await;
}

async fn an_account_that_cannot_be_activated_for_a_day_is_deleted_and_its_did_ended(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    host.fail("getRepoStatus", usize::MAX, Trouble::HangsUp);
    refused(&ALICE.signs_up(&world).await);
    let [(did, _)] = &world.hosts[0].pds.accounts()[..] else {
        panic!("one account")
    };
    reconciled(&world).await;
    // given up, but not knowing what there is, nothing was ended
    assert!(has(&world.hosts[0], did) && lives(&world, did));
    host.be_well();
    reconciled(&world).await;
    assert!(!has(&world.hosts[0], did) && !lives(&world, did));
    assert_nothing_is_left_of(&world, ALICE, did).await;
}

async fn assert_nothing_is_left_of(world: &World, person: Person, did: &Did) {
    assert_eq!(stored(&world.server, &person.handle()).await, None);
    let again = made(&person.signs_up(world).await);
    assert_ne!(again, *did);
    assert_eq!(assert_one_account(world, person).await, again);
}

async fn another_sign_up_of_the_same_person_takes_the_place_of_the_first(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    host.fail("server.createAccount", 1, Trouble::HangsUp);
    refused(&ALICE.signs_up(&world).await);
    let alicia = Person {
        handle: "alicia.test",
        ..ALICE
    };
    made(&alicia.signs_up(&world).await);
    reconciled(&world).await;
    assert_one_account(&world, alicia).await;
    // the handle nobody got is free
    made(
        &Person {
            email: "other@mail.example",
            ..ALICE
        }
        .signs_up(&world)
        .await,
    );
}
