mod deletion;
mod following;
mod races;

use super::bench::{Bench, NOON, account};
use super::on_both_engines;
use crate::{ChangeAdvance, ChangeBegin, ChangeDrop, ChangeFinish, HandleOwner};
use entryway_core::account::{Account, AccountStatus};
use entryway_core::account_change::{AccountChange, Change, Event, Former, Kind, Stage, StatusChange, Why};
use entryway_core::session::{EndReason, Ended};
use entryway_oauth::revocation::Revoked;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Handle};

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

fn to_handle(of: &Account, to: &str) -> Change {
    Change::Handle {
        from: of.handle.clone(),
        to: handle(to),
    }
}

fn down(reference: &str) -> Change {
    Change::Status(StatusChange::TakenDown {
        reference: Some(reference.to_owned()),
    })
}

const OFF: Change = Change::Status(StatusChange::Deactivated);
const ON: Change = Change::Status(StatusChange::Activated);
const RESTORED: Change = Change::Status(StatusChange::Restored);

async fn ask(bench: &Bench, of: &Account, change: Change, now: Timestamp) -> ChangeBegin {
    let asked = AccountChange::begin(of, change, now);
    bench.store.begin_change(&asked).await.unwrap()
}

async fn begin(bench: &Bench, of: &Account, change: Change) -> AccountChange {
    match ask(bench, of, change, NOON).await {
        ChangeBegin::Begun(begun) => begun,
        other => panic!("{other:?}"),
    }
}

async fn step(bench: &Bench, from: AccountChange, event: Event) -> AccountChange {
    let to = from.clone().advance(event, NOON).unwrap();
    let advanced = bench.store.advance_change(&from, &to).await.unwrap();
    assert_eq!(advanced, ChangeAdvance::Advanced);
    to
}

async fn pause(bench: &Bench, from: AccountChange) -> AccountChange {
    let to = from.clone().paused(NOON);
    let paused = bench.store.advance_change(&from, &to).await.unwrap();
    assert_eq!(paused, ChangeAdvance::Advanced);
    to
}

async fn finish(bench: &Bench, from: &AccountChange) -> ChangeFinish {
    bench.store.finish_change(from).await.unwrap()
}

async fn stored(bench: &Bench, did: &Did) -> Account {
    bench.store.account(did).await.unwrap().unwrap()
}

async fn owner(bench: &Bench, of: &str) -> Option<Did> {
    let owner = bench.store.handle_owner(&handle(of)).await.unwrap();
    owner.map(|HandleOwner { did, .. }| did)
}

async fn a_handle_is_the_accounts_before_anybody_hears_of_it_and_its_name_when_all_did(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let begun = begin(bench, &person, to_handle(&person, "new.test")).await;
    assert_eq!(owner(bench, "new.test").await, Some(person.did.clone()));
    assert_eq!(stored(bench, &person.did).await, person);
    let taken = ask(bench, &other, to_handle(&other, "new.test"), NOON).await;
    assert_eq!(taken, ChangeBegin::HandleTaken);
    // however long it takes
    let later = NOON + Seconds::days(400);
    let taken = ask(bench, &other, to_handle(&other, "new.test"), later).await;
    assert_eq!(taken, ChangeBegin::HandleTaken);
    let known = step(bench, begun, Event::DocumentChanged).await;
    let told = step(bench, known, Event::HostTold).await;
    assert_eq!(finish(bench, &told).await, ChangeFinish::Finished);
    assert_eq!(stored(bench, &person.did).await.handle, handle("new.test"));
    assert_eq!(owner(bench, "new.test").await, Some(person.did.clone()));
    assert_eq!(owner(bench, person.handle.as_str()).await, None);
    assert_eq!(bench.store.changes_of(&person.did).await.unwrap(), []);
    assert_eq!(finish(bench, &told).await, ChangeFinish::Overtaken);
    let again = ask(bench, &person, to_handle(&person, "new.test"), NOON).await;
    assert_eq!(again, ChangeBegin::Current);
    begin(bench, &other, to_handle(&other, person.handle.as_str())).await;
}

async fn a_handle_somebody_has_is_taken_and_leaves_no_record(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let taken = ask(bench, &person, to_handle(&person, other.handle.as_str()), NOON).await;
    assert_eq!(taken, ChangeBegin::HandleTaken);
    assert_eq!(bench.store.changes_of(&person.did).await.unwrap(), []);
    assert_eq!(owner(bench, other.handle.as_str()).await, Some(other.did));
}

async fn a_handle_that_is_given_up_is_free(bench: &Bench) {
    let person = bench.account().await;
    let begun = begin(bench, &person, to_handle(&person, "new.test")).await;
    let known = step(bench, begun.clone(), Event::DocumentChanged).await;
    let reverting = step(bench, known, Event::HostRefused(Why::HandleTaken)).await;
    assert_eq!(
        bench.store.drop_change(&begun).await.unwrap(),
        ChangeDrop::Overtaken
    );
    assert_eq!(owner(bench, "new.test").await, Some(person.did.clone()));
    let dropped = bench.store.drop_change(&reverting).await.unwrap();
    assert_eq!(dropped, ChangeDrop::Dropped);
    assert_eq!(owner(bench, "new.test").await, None);
    assert_eq!(stored(bench, &person.did).await, person);
    assert_eq!(owner(bench, person.handle.as_str()).await, Some(person.did));
}

async fn the_former_handle_is_the_present_one_not_what_the_caller_read_long_ago(bench: &Bench) {
    let person = bench.account().await;
    let begun = begin(bench, &person, to_handle(&person, "second.test")).await;
    finish(bench, &begun).await;
    let begun = begin(bench, &person, to_handle(&person, "third.test")).await;
    assert_eq!(
        begun.change,
        Change::Handle {
            from: handle("second.test"),
            to: handle("third.test")
        }
    );
    finish(bench, &begun).await;
    assert_eq!(owner(bench, "second.test").await, None);
}

async fn the_same_change_is_resumed_and_another_one_waits(bench: &Bench) {
    let person = bench.account().await;
    let begun = begin(bench, &person, to_handle(&person, "new.test")).await;
    let again = ask(bench, &person, to_handle(&person, "new.test"), NOON + Seconds(1)).await;
    assert_eq!(again, ChangeBegin::Resumed(begun.clone()));
    let other = ask(
        bench,
        &person,
        to_handle(&person, "other.test"),
        NOON + Seconds(1),
    )
    .await;
    assert_eq!(other, ChangeBegin::UnderWay(begun.clone()));
    assert_eq!(owner(bench, "other.test").await, None);
    let found = bench.store.account_change(&person.did, Kind::Handle).await;
    assert_eq!(found.unwrap(), Some(begun));
    let nobody = bench.store.account_change(&person.did, Kind::Move).await;
    assert_eq!(nobody.unwrap(), None);
    let nobody = account(900);
    assert_eq!(ask(bench, &nobody, OFF, NOON).await, ChangeBegin::Unknown);
}

//
async fn what_is_switched_off_or_taken_down_is_before_its_pds_hears_of_it(bench: &Bench) {
    for (change, status, reason) in [
        (OFF, AccountStatus::Deactivated, EndReason::AccountDeactivated),
        (
            down("case 7"),
            AccountStatus::TakenDown,
            EndReason::AccountTakenDown,
        ),
    ] {
        let (session, _) = bench.session().await;
        let person = stored(bench, &session.did).await;
        let begun = begin(bench, &person, change).await;
        assert_eq!(stored(bench, &person.did).await.status, status);
        let ended = bench.stored(session.id).await.ended;
        assert_eq!(ended, Some(Ended { at: NOON, reason }));
        let told = bench.store.revocations_after(0, 10).await.unwrap();
        let expected = Revoked::Account {
            sub: person.did.clone(),
            sessions: vec![session.id],
        };
        assert_eq!(told.last().map(|event| &event.revoked), Some(&expected));
        let on_host = step(bench, begun, Event::HostTold).await;
        assert_eq!(finish(bench, &on_host).await, ChangeFinish::Finished);
        assert_eq!(stored(bench, &person.did).await.status, status);
    }
}

async fn what_is_to_act_again_does_once_its_pds_said_so(bench: &Bench) {
    let person = bench.account().await;
    let off = begin(bench, &person, OFF).await;
    finish(bench, &off).await;
    let on = begin(bench, &person, ON).await;
    assert_eq!(
        stored(bench, &person.did).await.status,
        AccountStatus::Deactivated
    );
    assert_eq!(finish(bench, &on).await, ChangeFinish::Finished);
    assert_eq!(stored(bench, &person.did).await.status, AccountStatus::Active);
    let taken = begin(bench, &person, down("case 7")).await;
    finish(bench, &taken).await;
    assert_eq!(ask(bench, &person, ON, NOON).await, ChangeBegin::TakenDown);
    let restored = begin(bench, &person, RESTORED).await;
    assert_eq!(stored(bench, &person.did).await.status, AccountStatus::TakenDown);
    finish(bench, &restored).await;
    assert_eq!(stored(bench, &person.did).await.status, AccountStatus::Active);
}

async fn a_newer_word_takes_the_place_of_one_nobody_is_at_work_on(bench: &Bench) {
    let person = bench.account().await;
    let off = begin(bench, &person, OFF).await;
    // its driver has it
    assert_eq!(
        ask(bench, &person, ON, NOON).await,
        ChangeBegin::UnderWay(off.clone())
    );
    let off = pause(bench, off).await;
    let on = begin(bench, &person, ON).await;
    assert_eq!((on.stage, on.hold), (Stage::Replacing, 2));
    assert_eq!(
        bench.store.changes_of(&person.did).await.unwrap(),
        std::slice::from_ref(&on)
    );
    assert_eq!(finish(bench, &off).await, ChangeFinish::Overtaken);
    // whoever switched it on does not wait until it has settled
    let settling = step(bench, on, Event::HostTold).await;
    assert_eq!(settling.stage, Stage::Settling);
    assert_eq!(stored(bench, &person.did).await.status, AccountStatus::Active);
}

async fn a_takedown_waits_for_nothing_and_does_not_replace_its_owners_word(bench: &Bench) {
    let person = bench.account().await;
    let off = begin(bench, &person, OFF).await;
    let renamed = begin(bench, &person, to_handle(&person, "new.test")).await;
    let taken = begin(bench, &person, down("case 7")).await;
    let again = begin(bench, &person, down("case 8")).await;
    assert_eq!(again.stage, Stage::Replacing);
    assert_eq!(finish(bench, &taken).await, ChangeFinish::Overtaken);
    assert_eq!(
        bench.store.changes_of(&person.did).await.unwrap(),
        [renamed, off, again]
    );
    let takedown = bench.store.takedown(&person.did).await.unwrap().unwrap();
    assert_eq!(takedown.reference.as_deref(), Some("case 8"));
}

async fn changes_are_due_when_nobody_has_them_and_their_time_has_come(bench: &Bench) {
    let (one, two) = (bench.account().await, bench.account().await);
    let first = begin(bench, &one, OFF).await;
    let second = pause(bench, begin(bench, &two, OFF).await).await;
    let due = async |now| bench.store.due_changes(now, 10).await.unwrap();
    for (record, at) in [(&first, NOON + Seconds(90)), (&second, NOON + Seconds(30))] {
        assert!(!due(at - Seconds(1)).await.contains(record));
        assert!(due(at).await.contains(record));
        assert!(due(at + Seconds(1)).await.contains(record));
    }
    assert_eq!(due(NOON + Seconds(90)).await, [second.clone(), first]);
    let one = bench.store.due_changes(NOON + Seconds(90), 1).await;
    assert_eq!(one.unwrap(), [second]);
}

async fn an_account_moves_with_everything_that_was_granted(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = stored(bench, &session.did).await;
    let there = super::hosts::host(7);
    let to = |did: &str| Change::Move {
        to: did.to_owned(),
        former: Former::Rests,
    };
    let unknown = ask(bench, &person, to(there.did.as_str()), NOON).await;
    assert_eq!(unknown, ChangeBegin::HostUnknown);
    bench.store.add_pds_host(&there).await.unwrap();
    let taken = begin(bench, &person, down("case 7")).await;
    let waits = ask(bench, &person, to(there.did.as_str()), NOON).await;
    assert_eq!(waits, ChangeBegin::UnderWay(taken.clone()));
    finish(bench, &taken).await;
    let moving = begin(bench, &person, to(there.did.as_str())).await;
    let renamed = ask(bench, &person, to_handle(&person, "new.test"), NOON).await;
    assert_eq!(renamed, ChangeBegin::UnderWay(moving.clone()));
    let restored = begin(bench, &person, RESTORED).await;
    assert_eq!(restored.pds_did, person.pds_did);
    let on_host = step(bench, moving, Event::HostTold).await;
    assert_eq!(finish(bench, &on_host).await, ChangeFinish::Finished);
    assert_eq!(stored(bench, &person.did).await.pds_did, there.did.as_str());
    let changes = bench.store.changes_of(&person.did).await.unwrap();
    let there_too = AccountChange {
        pds_did: there.did.to_string(),
        ..restored
    };
    assert_eq!(changes, std::slice::from_ref(&there_too));
    finish(bench, &there_too).await;
    assert_eq!(
        ask(bench, &person, to(there.did.as_str()), NOON).await,
        ChangeBegin::Current
    );
}

on_both_engines![
    a_handle_is_the_accounts_before_anybody_hears_of_it_and_its_name_when_all_did,
    a_handle_somebody_has_is_taken_and_leaves_no_record,
    a_handle_that_is_given_up_is_free,
    the_former_handle_is_the_present_one_not_what_the_caller_read_long_ago,
    the_same_change_is_resumed_and_another_one_waits,
    what_is_switched_off_or_taken_down_is_before_its_pds_hears_of_it,
    what_is_to_act_again_does_once_its_pds_said_so,
    a_newer_word_takes_the_place_of_one_nobody_is_at_work_on,
    a_takedown_waits_for_nothing_and_does_not_replace_its_owners_word,
    changes_are_due_when_nobody_has_them_and_their_time_has_come,
    an_account_moves_with_everything_that_was_granted,
];
