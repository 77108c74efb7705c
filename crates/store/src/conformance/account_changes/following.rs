use super::*;
use crate::conformance::bench::{Bench, NOON, count, race};
use crate::conformance::on_both_engines;
use crate::{Following, TakedownOrigin};

async fn follow(bench: &Bench, of: &Account, seen: StatusChange) -> Following {
    let followed = bench.store.follow_status(&of.did, &of.pds_did, &seen, NOON).await;
    followed.unwrap()
}

async fn status(bench: &Bench, of: &Account) -> AccountStatus {
    stored(bench, &of.did).await.status
}

const DOWN: StatusChange = StatusChange::TakenDown { reference: None };
use StatusChange::{Activated, Deactivated, Restored};

// R-260, contract 6.15
async fn a_takedown_of_its_pds_is_followed_and_so_is_its_end(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = stored(bench, &session.did).await;
    assert_eq!(follow(bench, &person, DOWN).await, Following::Followed);
    assert_eq!(follow(bench, &person, DOWN).await, Following::Already);
    assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
    let takedown = bench.store.takedown(&person.did).await.unwrap().unwrap();
    assert_eq!(takedown.origin, TakedownOrigin::Pds);
    assert!(bench.stored(session.id).await.ended.is_some());
    assert_eq!(bench.store.revocations_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(bench.store.changes_of(&person.did).await.unwrap(), []);
    assert_eq!(follow(bench, &person, Restored).await, Following::Followed);
    assert_eq!(follow(bench, &person, Restored).await, Following::Already);
    assert_eq!(status(bench, &person).await, AccountStatus::Active);
}

async fn a_takedown_of_ours_is_not_its_pdss_to_undo(bench: &Bench) {
    let person = bench.account().await;
    let ours = begin(bench, &person, down("case 7")).await;
    // before the PDS was told
    assert_eq!(follow(bench, &person, Restored).await, Following::UnderWay);
    finish(bench, &ours).await;
    assert_eq!(follow(bench, &person, Restored).await, Following::Already);
    assert_eq!(follow(bench, &person, DOWN).await, Following::Already);
    assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
    // and one that was followed is ours once we say the same
    let other = bench.account().await;
    follow(bench, &other, DOWN).await;
    let ours = begin(bench, &other, down("case 8")).await;
    finish(bench, &ours).await;
    assert_eq!(follow(bench, &other, Restored).await, Following::Already);
}

async fn what_its_pds_switched_off_its_owner_switches_on(bench: &Bench) {
    let person = bench.account().await;
    assert_eq!(follow(bench, &person, Deactivated).await, Following::Followed);
    assert_eq!(follow(bench, &person, Deactivated).await, Following::Already);
    assert_eq!(follow(bench, &person, Activated).await, Following::Already);
    assert_eq!(status(bench, &person).await, AccountStatus::Deactivated);
    let on = begin(bench, &person, ON).await;
    assert_eq!(follow(bench, &person, Deactivated).await, Following::UnderWay);
    finish(bench, &on).await;
    assert_eq!(status(bench, &person).await, AccountStatus::Active);
}

async fn another_pds_has_no_say(bench: &Bench) {
    let person = bench.account().await;
    let elsewhere = bench
        .store
        .follow_status(&person.did, "did:web:other.example", &DOWN, NOON);
    assert_eq!(elsewhere.await.unwrap(), Following::Unknown);
    assert_eq!(status(bench, &person).await, AccountStatus::Active);
    let nobody = follow(bench, &account(900), DOWN).await;
    assert_eq!(nobody, Following::Unknown);
}

async fn of_many_that_follow_at_once_one_does(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = stored(bench, &session.did).await;
    let answers = race(|_| {
        let (store, person) = (bench.store.clone(), person.clone());
        async move {
            let followed = store
                .follow_status(&person.did, &person.pds_did, &DOWN, NOON)
                .await;
            followed.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Following::Followed), 1);
    assert_eq!(bench.store.revocations_after(0, 10).await.unwrap().len(), 1);
}

on_both_engines![
    a_takedown_of_its_pds_is_followed_and_so_is_its_end,
    a_takedown_of_ours_is_not_its_pdss_to_undo,
    what_its_pds_switched_off_its_owner_switches_on,
    another_pds_has_no_say,
    of_many_that_follow_at_once_one_does,
];
