use super::bench::{Bench, NOON, account, race, set_status};
use super::devices::{is_live, sign_in};
use super::on_both_engines;
use crate::{ChangeBegin, ChangeFinish, Takedown};
use entryway_core::account::{Account, AccountStatus};
use entryway_core::account_change::{AccountChange, Change, StatusChange};
use entryway_core::code::CodeState;
use entryway_core::session::{EndReason, Ended, Session};
use entryway_oauth::revocation::Revoked;
use entryway_oauth::time::Seconds;

async fn status(bench: &Bench, of: &Account) -> AccountStatus {
    bench.store.account(&of.did).await.unwrap().unwrap().status
}

async fn set(bench: &Bench, of: &Account, change: StatusChange) {
    set_status(&bench.store, of, change).await;
}

const OFF: StatusChange = StatusChange::Deactivated;
const ON: StatusChange = StatusChange::Activated;
const DOWN: StatusChange = StatusChange::TakenDown { reference: None };

async fn an_account_is_switched_off_and_on_by_its_owner(bench: &Bench) {
    let person = bench.account().await;
    for (change, expected) in [
        (ON, AccountStatus::Active),
        (OFF, AccountStatus::Deactivated),
        (OFF, AccountStatus::Deactivated),
        (ON, AccountStatus::Active),
    ] {
        set(bench, &person, change).await;
        assert_eq!(status(bench, &person).await, expected);
    }
    assert_eq!(
        bench.store.account(&person.did).await.unwrap(),
        Some(person.clone())
    );
}

async fn a_takedown_keeps_what_was_said_of_it_last(bench: &Bench) {
    let person = bench.account().await;
    let takedown = async || bench.store.takedown(&person.did).await.unwrap();
    assert_eq!(takedown().await, None);
    for reference in [None, Some("case 7"), Some("case 8")] {
        let reference = reference.map(str::to_owned);
        let change = StatusChange::TakenDown {
            reference: reference.clone(),
        };
        set(bench, &person, change).await;
        assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
        let expected = Takedown {
            at: NOON,
            reference,
            origin: crate::TakedownOrigin::Operator,
        };
        assert_eq!(takedown().await, Some(expected));
    }
    for _ in 0..2 {
        set(bench, &person, StatusChange::Restored).await;
        assert_eq!(status(bench, &person).await, AccountStatus::Active);
        assert_eq!(takedown().await, None);
    }
}

async fn what_is_taken_down_its_owner_cannot_switch_on(bench: &Bench) {
    let person = bench.account().await;
    set(bench, &person, DOWN).await;
    assert_eq!(begin(bench, &person, ON).await, ChangeBegin::TakenDown);
    assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
}

async fn a_restored_account_is_what_it_was_or_was_made_meanwhile(bench: &Bench) {
    let before = bench.account().await;
    for change in [OFF, DOWN, OFF, StatusChange::Restored] {
        set(bench, &before, change).await;
    }
    assert_eq!(status(bench, &before).await, AccountStatus::Deactivated);
    let meanwhile = bench.account().await;
    set(bench, &meanwhile, DOWN).await;
    set(bench, &meanwhile, OFF).await;
    assert_eq!(status(bench, &meanwhile).await, AccountStatus::TakenDown);
    set(bench, &meanwhile, DOWN).await;
    set(bench, &meanwhile, StatusChange::Restored).await;
    assert_eq!(status(bench, &meanwhile).await, AccountStatus::Deactivated);
}

async fn nobody_has_no_status(bench: &Bench) {
    let nobody = account(9);
    for change in [ON, OFF, DOWN, StatusChange::Restored] {
        assert_eq!(begin(bench, &nobody, change).await, ChangeBegin::Unknown);
    }
    assert_eq!(bench.store.takedown(&nobody.did).await.unwrap(), None);
}

async fn begin(bench: &Bench, of: &Account, change: StatusChange) -> ChangeBegin {
    let asked = AccountChange::begin(of, Change::Status(change), NOON);
    bench.store.begin_change(&asked).await.unwrap()
}

async fn owner(bench: &Bench, of: &Session) -> Account {
    bench.store.account(&of.did).await.unwrap().unwrap()
}

/// Ended for this reason, and the last that was told.
async fn ended_and_told(bench: &Bench, session: &Session, reason: EndReason) {
    let stored = bench.stored(session.id).await;
    assert_eq!(stored.ended, Some(Ended { at: NOON, reason }));
    let told = bench.store.revocations_after(0, 10).await.unwrap();
    let expected = Revoked::Account {
        sub: session.did.clone(),
        sessions: vec![session.id],
    };
    assert_eq!(told.last().map(|event| &event.revoked), Some(&expected));
}

//
async fn what_acts_for_an_account_ends_when_it_is_switched_off_or_taken_down(bench: &Bench) {
    let (session, _) = bench.session().await;
    set(bench, &owner(bench, &session).await, OFF).await;
    ended_and_told(bench, &session, EndReason::AccountDeactivated).await;
    let (session, _) = bench.session().await;
    set(bench, &owner(bench, &session).await, DOWN).await;
    ended_and_told(bench, &session, EndReason::AccountTakenDown).await;
    let (code, person) = bench.code().await;
    set(bench, &person, DOWN).await;
    let facts = bench.store.code(code).await.unwrap().unwrap();
    assert_eq!(facts.state, CodeState::Spoiled);
}

//
async fn a_takedown_ends_sign_ins_and_a_deactivation_leaves_them(bench: &Bench) {
    let person = bench.account().await;
    let one = sign_in(bench, &person.did).await;
    set(bench, &person, OFF).await;
    assert!(is_live(bench, &one, NOON).await);
    set(bench, &person, DOWN).await;
    assert!(!is_live(bench, &one, NOON).await);
}

/// The owner and the operator at odds: the operator's word stands, and the owner's is not lost.
async fn words_at_once_about_one_account_do_not_mix(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = owner(bench, &session).await;
    race(|number| {
        let change = if number % 2 == 0 { DOWN } else { OFF };
        let asked = AccountChange::begin(&person, Change::Status(change), NOON + Seconds(1));
        let store = bench.store.clone();
        async move {
            let begun = store.begin_change(&asked).await.unwrap();
            assert!(
                matches!(begun, ChangeBegin::Begun(_) | ChangeBegin::Resumed(_)),
                "{begun:?}"
            );
        }
    })
    .await;
    let told = bench.store.revocations_after(0, 100).await.unwrap();
    let expected = Revoked::Account {
        sub: person.did.clone(),
        sessions: vec![session.id],
    };
    assert_eq!(told.iter().filter(|event| event.revoked == expected).count(), 1);
    assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
    for begun in bench.store.changes_of(&person.did).await.unwrap() {
        let finished = bench.store.finish_change(&begun).await.unwrap();
        assert_eq!(finished, ChangeFinish::Finished);
    }
    set(bench, &person, StatusChange::Restored).await;
    assert_eq!(status(bench, &person).await, AccountStatus::Deactivated);
}

on_both_engines![
    an_account_is_switched_off_and_on_by_its_owner,
    a_takedown_keeps_what_was_said_of_it_last,
    what_is_taken_down_its_owner_cannot_switch_on,
    a_restored_account_is_what_it_was_or_was_made_meanwhile,
    nobody_has_no_status,
    what_acts_for_an_account_ends_when_it_is_switched_off_or_taken_down,
    a_takedown_ends_sign_ins_and_a_deactivation_leaves_them,
    words_at_once_about_one_account_do_not_mix,
];
