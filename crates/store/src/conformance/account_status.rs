use super::bench::{Bench, NOON, account, race};
use super::devices::{is_live, sign_in};
use super::on_both_engines;
use crate::{Activation, Deactivation, Restoration, Takedown, TakingDown};
use entryway_core::account::{Account, AccountStatus};
use entryway_core::code::CodeState;
use entryway_core::session::{EndReason, Ended, Session};
use entryway_oauth::revocation::Revoked;
use entryway_oauth::time::Seconds;

async fn status(bench: &Bench, of: &Account) -> AccountStatus {
    bench.store.account(&of.did).await.unwrap().unwrap().status
}

async fn activate(bench: &Bench, of: &Account) -> Activation {
    bench.store.activate_account(&of.did).await.unwrap()
}

async fn deactivate(bench: &Bench, of: &Account) -> Deactivation {
    bench.store.deactivate_account(&of.did, NOON).await.unwrap()
}

async fn take_down(bench: &Bench, of: &Account, reference: Option<&str>) -> TakingDown {
    let down = bench.store.take_down_account(&of.did, reference, NOON);
    down.await.unwrap()
}

async fn restore(bench: &Bench, of: &Account) -> Restoration {
    bench.store.restore_account(&of.did).await.unwrap()
}

const OFF: Deactivation = Deactivation::Deactivated { sessions: 0 };
const DOWN: TakingDown = TakingDown::TakenDown { sessions: 0 };

async fn an_account_is_switched_off_and_on_by_its_owner(bench: &Bench) {
    let person = bench.account().await;
    assert_eq!(activate(bench, &person).await, Activation::AlreadyActive);
    assert_eq!(deactivate(bench, &person).await, OFF);
    assert_eq!(status(bench, &person).await, AccountStatus::Deactivated);
    let again = deactivate(bench, &person).await;
    assert_eq!(again, Deactivation::AlreadyDeactivated);
    assert_eq!(activate(bench, &person).await, Activation::Activated);
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
        assert_eq!(take_down(bench, &person, reference).await, DOWN);
        assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
        let expected = Takedown {
            at: NOON,
            reference: reference.map(str::to_owned),
            origin: crate::TakedownOrigin::Operator,
        };
        assert_eq!(takedown().await, Some(expected));
    }
    let restored = restore(bench, &person).await;
    assert_eq!(restored, Restoration::Restored(AccountStatus::Active));
    assert_eq!(takedown().await, None);
    assert_eq!(restore(bench, &person).await, Restoration::NotTakenDown);
}

async fn what_is_taken_down_its_owner_cannot_switch_on(bench: &Bench) {
    let person = bench.account().await;
    take_down(bench, &person, None).await;
    assert_eq!(activate(bench, &person).await, Activation::TakenDown);
    assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
}

async fn a_restored_account_is_what_it_was_or_was_made_meanwhile(bench: &Bench) {
    let off = Restoration::Restored(AccountStatus::Deactivated);
    let before = bench.account().await;
    deactivate(bench, &before).await;
    take_down(bench, &before, None).await;
    let again = deactivate(bench, &before).await;
    assert_eq!(again, Deactivation::AlreadyDeactivated);
    assert_eq!(restore(bench, &before).await, off);
    let meanwhile = bench.account().await;
    take_down(bench, &meanwhile, None).await;
    assert_eq!(deactivate(bench, &meanwhile).await, OFF);
    assert_eq!(status(bench, &meanwhile).await, AccountStatus::TakenDown);
    take_down(bench, &meanwhile, None).await;
    assert_eq!(restore(bench, &meanwhile).await, off);
}

async fn nobody_has_no_status(bench: &Bench) {
    let nobody = account(9);
    assert_eq!(activate(bench, &nobody).await, Activation::Unknown);
    assert_eq!(deactivate(bench, &nobody).await, Deactivation::Unknown);
    assert_eq!(take_down(bench, &nobody, None).await, TakingDown::Unknown);
    assert_eq!(restore(bench, &nobody).await, Restoration::Unknown);
    assert_eq!(bench.store.takedown(&nobody.did).await.unwrap(), None);
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
    let off = deactivate(bench, &owner(bench, &session).await).await;
    assert_eq!(off, Deactivation::Deactivated { sessions: 1 });
    ended_and_told(bench, &session, EndReason::AccountDeactivated).await;
    let (session, _) = bench.session().await;
    let down = take_down(bench, &owner(bench, &session).await, None).await;
    assert_eq!(down, TakingDown::TakenDown { sessions: 1 });
    ended_and_told(bench, &session, EndReason::AccountTakenDown).await;
    let (code, person) = bench.code().await;
    take_down(bench, &person, None).await;
    let facts = bench.store.code(code).await.unwrap().unwrap();
    assert_eq!(facts.state, CodeState::Spoiled);
}

//
async fn a_takedown_ends_sign_ins_and_a_deactivation_leaves_them(bench: &Bench) {
    let person = bench.account().await;
    let one = sign_in(bench, &person.did).await;
    assert_eq!(deactivate(bench, &person).await, OFF);
    assert!(is_live(bench, &one, NOON).await);
    assert_eq!(take_down(bench, &person, None).await, DOWN);
    assert!(!is_live(bench, &one, NOON).await);
}

/// The owner and the operator at odds: the operator's word stands, and the owner's is not lost.
async fn words_at_once_about_one_account_do_not_mix(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = owner(bench, &session).await;
    let ended = race(|number| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        async move {
            if number % 2 == 0 {
                let down = store.take_down_account(&did, None, NOON + Seconds(1)).await;
                match down.unwrap() {
                    TakingDown::TakenDown { sessions } => sessions,
                    TakingDown::Unknown => panic!("it is there"),
                }
            } else {
                match store.deactivate_account(&did, NOON + Seconds(1)).await.unwrap() {
                    Deactivation::Deactivated { sessions } => sessions,
                    Deactivation::AlreadyDeactivated => 0,
                    Deactivation::Unknown => panic!("it is there"),
                }
            }
        }
    })
    .await;
    assert_eq!(ended.iter().sum::<u64>(), 1);
    assert_eq!(status(bench, &person).await, AccountStatus::TakenDown);
    let restored = restore(bench, &person).await;
    assert_eq!(restored, Restoration::Restored(AccountStatus::Deactivated));
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
