//! Sixty-four at a time: requests, drivers of one change, and whoever else wants its handle.

use super::*;
use crate::conformance::bench::{Bench, NOON, count, race};
use crate::conformance::on_both_engines;

const BEGUN: &str = "begun";
const RESUMED: &str = "resumed";
const UNDER_WAY: &str = "under way";
const TAKEN: &str = "taken";

fn word(begin: &ChangeBegin) -> &'static str {
    match begin {
        ChangeBegin::Begun(_) => BEGUN,
        ChangeBegin::Resumed(_) => RESUMED,
        ChangeBegin::UnderWay(_) => UNDER_WAY,
        ChangeBegin::HandleTaken => TAKEN,
        other => panic!("{other:?}"),
    }
}

async fn asked_at_once(bench: &Bench, change_of: impl Fn(usize) -> AccountChange) -> Vec<&'static str> {
    race(|number| {
        let (store, asked) = (bench.store.clone(), change_of(number));
        async move { word(&store.begin_change(&asked).await.unwrap()) }
    })
    .await
}

async fn of_many_identical_requests_one_begins(bench: &Bench) {
    let person = bench.account().await;
    let answers = asked_at_once(bench, |_| {
        AccountChange::begin(&person, to_handle(&person, "new.test"), NOON)
    })
    .await;
    assert_eq!((count(&answers, &BEGUN), count(&answers, &RESUMED)), (1, 63));
}

async fn of_many_handles_an_account_asks_for_one_is_taken(bench: &Bench) {
    let person = bench.account().await;
    let answers = asked_at_once(bench, |number| {
        AccountChange::begin(&person, to_handle(&person, &format!("new{number}.test")), NOON)
    })
    .await;
    assert_eq!((count(&answers, &BEGUN), count(&answers, &UNDER_WAY)), (1, 63));
    let mut owned = 0;
    for number in 0..64 {
        owned += u32::from(owner(bench, &format!("new{number}.test")).await.is_some());
    }
    assert_eq!(owned, 1);
}

async fn of_many_accounts_that_want_one_handle_one_gets_it(bench: &Bench) {
    let mut people = Vec::new();
    for _ in 0..64 {
        people.push(bench.account().await);
    }
    let answers = asked_at_once(bench, |number| {
        let person = &people[number];
        AccountChange::begin(person, to_handle(person, "new.test"), NOON)
    })
    .await;
    assert_eq!((count(&answers, &BEGUN), count(&answers, &TAKEN)), (1, 63));
}

async fn of_many_drivers_one_takes_a_change(bench: &Bench) {
    let person = bench.account().await;
    let record = begin(bench, &person, OFF).await;
    let at = record.held_until;
    let answers = race(|number| {
        let (store, from) = (bench.store.clone(), record.clone());
        async move {
            let to = if number % 2 == 0 {
                from.clone().held_by_request(at).unwrap()
            } else {
                from.clone().held_by_reconciler(at).unwrap()
            };
            store.advance_change(&from, &to).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &ChangeAdvance::Advanced), 1);
}

async fn a_change_is_finished_or_dropped_once(bench: &Bench) {
    let person = bench.account().await;
    let record = begin(bench, &person, to_handle(&person, "new.test")).await;
    let answers = race(|number| {
        let (store, from) = (bench.store.clone(), record.clone());
        async move {
            if number % 2 == 0 {
                store.finish_change(&from).await.unwrap() == ChangeFinish::Finished
            } else {
                store.drop_change(&from).await.unwrap() == ChangeDrop::Dropped
            }
        }
    })
    .await;
    assert_eq!(count(&answers, &true), 1);
    let called = stored(bench, &person.did).await.handle;
    assert_eq!(owner(bench, called.as_str()).await, Some(person.did.clone()));
    let names = ["new.test", person.handle.as_str()];
    let other = names.into_iter().find(|name| *name != called.as_str()).unwrap();
    assert_eq!(owner(bench, other).await, None);
}

/// Its owner and the operator at odds: the operator's word stands, and the owner's is not lost.
async fn words_at_once_about_one_account_do_not_mix(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = stored(bench, &session.did).await;
    asked_at_once(bench, |number| {
        let change = if number % 2 == 0 { OFF } else { down("case 7") };
        AccountChange::begin(&person, change, NOON)
    })
    .await;
    assert_eq!(stored(bench, &person.did).await.status, AccountStatus::TakenDown);
    let told = bench.store.revocations_after(0, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    let later = NOON + Seconds(90);
    let ChangeBegin::Begun(restored) = ask(bench, &person, RESTORED, later).await else {
        panic!("nobody is at work on the takedown any more");
    };
    finish(bench, &restored).await;
    assert_eq!(
        stored(bench, &person.did).await.status,
        AccountStatus::Deactivated
    );
}

on_both_engines![
    of_many_identical_requests_one_begins,
    of_many_handles_an_account_asks_for_one_is_taken,
    of_many_accounts_that_want_one_handle_one_gets_it,
    of_many_drivers_one_takes_a_change,
    a_change_is_finished_or_dropped_once,
    words_at_once_about_one_account_do_not_mix,
];
