mod arrivals;
mod races;

use super::bench::{Bench, NOON, account, execute, hash, wish};
use super::invites::{self, code};
use super::on_both_engines;
use crate::{
    ChangeBegin, Creation, HostAddition, HostRemoval, HostState, NewAccount, PdsHost, SignUpAdvance,
    SignUpBegin, SignUpRelease, Swept,
};
use entryway_core::account::{Account, Identifier};
use entryway_core::email::EmailAddress;
use entryway_core::email_change::AddressWarrant;
use entryway_core::invite::InviteUse;
use entryway_core::sign_up::{Event, Made, Outside, SignUp, SignUpId, SignUpRequest, Why};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Handle};

const PDS: &str = "did:web:pds.example";

fn pds() -> Did {
    Did::parse(PDS).unwrap()
}

async fn open_host(bench: &Bench) {
    let host = PdsHost {
        did: pds(),
        url: Issuer::parse("https://pds.example").unwrap(),
        sealed_password: vec![1],
        state: HostState::Open,
        added_at: NOON,
    };
    let added = bench.store.add_pds_host(&host).await.unwrap();
    assert_eq!(added, HostAddition::Added);
}

/// A sign-up as it could begin at noon, with the names of the account of this number.
fn admitted(number: u32) -> SignUp {
    let mut entropy = [3; 16];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    let names = account(number);
    let request = SignUpRequest {
        handle: names.handle,
        email: EmailAddress::parse(&names.email.unwrap()).unwrap(),
        invite: None,
        recovery_key: Some("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme".to_owned()),
        arrival: None,
    };
    let id = SignUpId::from_entropy(entropy);
    SignUp::admit(id, request, hash("first"), PDS.to_owned(), NOON)
}

async fn try_begin(bench: &Bench, admitted: &SignUp) -> SignUpBegin {
    bench.store.begin_sign_up(admitted).await.unwrap()
}

async fn begin(bench: &Bench, number: u32) -> SignUp {
    let record = admitted(number);
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
    record
}

async fn stored(bench: &Bench, of: &SignUp) -> Option<SignUp> {
    bench.store.sign_up(of.id).await.unwrap()
}

async fn advance(bench: &Bench, from: &SignUp, to: &SignUp) -> SignUpAdvance {
    bench.store.advance_sign_up(from, to).await.unwrap()
}

/// Takes the step, which counts.
async fn step(bench: &Bench, from: SignUp, event: Event) -> SignUp {
    let to = from.clone().advance(event, NOON).unwrap();
    assert_eq!(advance(bench, &from, &to).await, SignUpAdvance::Advanced);
    assert_eq!(stored(bench, &to).await.as_ref(), Some(&to));
    to
}

fn made(number: u32) -> Event {
    Event::OperationMade(Made {
        did: account(number).did,
        signing_key: "key".to_owned(),
        operation: "{\"a\":\"'\"}".to_owned(),
        cid: "cid".to_owned(),
        prev: None,
    })
}

fn key() -> Event {
    Event::KeyReserved {
        signing_key: "key".to_owned(),
    }
}

/// A sign-up of which only the account here is missing.
async fn activated(bench: &Bench, number: u32) -> SignUp {
    let mut record = begin(bench, number).await;
    for event in [key(), made(number), Event::CreatedOnPds, Event::Activated] {
        record = step(bench, record, event).await;
    }
    record
}

async fn abandon(bench: &Bench, from: SignUp) -> SignUp {
    let (outside, why) = (Outside::Known, Why::GaveUp);
    step(bench, from, Event::Abandoned { outside, why }).await
}

async fn leads_to(bench: &Bench, handle: &Handle) -> Option<Did> {
    let owner = bench.store.handle_owner(handle).await.unwrap();
    owner.map(|owner| owner.did)
}

async fn create(bench: &Bench, account: &Account) -> Creation {
    let password_hash = &hash("other");
    let new = NewAccount {
        account,
        password_hash,
    };
    bench.store.create_account(new, NOON).await.unwrap()
}

async fn a_sign_up_is_kept_through_every_stage_and_becomes_an_account(bench: &Bench) {
    open_host(bench).await;
    let record = activated(bench, 1).await;
    let done = step(bench, record, Event::AccountStored).await;
    let expected = Account {
        pds_did: PDS.to_owned(),
        ..account(1)
    };
    for typed in ["person1.test", "person1@mail.example"] {
        let identifier = Identifier::parse(typed).unwrap();
        let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
        assert_eq!(found, Some((expected.clone(), hash("first"))), "{typed}");
    }
    // what it had is the account's from here on
    let request = &done.request;
    let found = bench.store.sign_ups_with(&request.handle, &request.email).await;
    assert_eq!(found.unwrap(), std::slice::from_ref(&done));
    let change = EmailAddress::parse("new@mail.example").unwrap();
    bench
        .store
        .change_email(&expected.did, &change, AddressWarrant::Operator, NOON)
        .await
        .unwrap();
    let again = SignUp {
        request: SignUpRequest {
            handle: account(2).handle,
            ..done.request
        },
        ..admitted(2)
    };
    assert_eq!(try_begin(bench, &again).await, SignUpBegin::Begun);
}

async fn a_name_somebody_has_begins_no_sign_up_and_keeps_nothing(bench: &Bench) {
    open_host(bench).await;
    let person = account(1);
    create(bench, &person).await;
    let other = begin(bench, 2).await;
    let with = |handle: &Handle, email: &str| SignUp {
        request: SignUpRequest {
            handle: handle.clone(),
            email: EmailAddress::parse(email).unwrap(),
            invite: None,
            recovery_key: None,
            arrival: None,
        },
        ..admitted(3)
    };
    let fresh = account(3).handle;
    for (wanted, expected) in [
        (
            with(&person.handle, "free@mail.example"),
            SignUpBegin::HandleTaken,
        ),
        (
            with(&other.request.handle, "free@mail.example"),
            SignUpBegin::HandleTaken,
        ),
        (with(&fresh, "person1@mail.example"), SignUpBegin::EmailTaken),
        (with(&fresh, "person2@mail.example"), SignUpBegin::EmailTaken),
        (with(&fresh, "free@mail.example"), SignUpBegin::Begun),
    ] {
        assert_eq!(try_begin(bench, &wanted).await, expected, "{wanted:?}");
    }
    // and the other way round
    let handle = other.request.handle.clone();
    let wished = wish(&bench.store, &person, &handle).await;
    assert_eq!(wished, ChangeBegin::HandleTaken);
    let same_handle = Account { handle, ..account(9) };
    assert_eq!(create(bench, &same_handle).await, Creation::HandleTaken);
    let same_address = Account {
        email: account(2).email,
        ..account(9)
    };
    assert_eq!(create(bench, &same_address).await, Creation::EmailTaken);
}

async fn a_host_that_is_drained_or_unknown_gets_no_sign_up(bench: &Bench) {
    let record = admitted(1);
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::HostClosed);
    open_host(bench).await;
    bench.store.drain_pds_host(&pds()).await.unwrap();
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::HostClosed);
    bench.store.reopen_pds_host(&pds()).await.unwrap();
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
}

async fn a_host_stays_until_its_sign_ups_are_gone(bench: &Bench) {
    open_host(bench).await;
    let undone = abandon(bench, begin(bench, 1).await).await;
    let remove = async || bench.store.remove_pds_host(&pds()).await.unwrap();
    assert_eq!(remove().await, HostRemoval::Inhabited { accounts: 1 });
    let done = step(bench, activated(bench, 2).await, Event::AccountStored).await;
    assert_eq!(remove().await, HostRemoval::Inhabited { accounts: 2 });
    let released = bench.store.release_sign_up(&undone).await.unwrap();
    assert_eq!(released, SignUpRelease::Released);
    assert_eq!(remove().await, HostRemoval::Inhabited { accounts: 1 });
    let did = done.did().unwrap();
    bench
        .store
        .rehome_account(did, "did:web:other.example")
        .await
        .unwrap();
    assert_eq!(remove().await, HostRemoval::Removed);
}

async fn a_handle_leads_to_its_did_from_the_operation_until_it_is_undone(bench: &Bench) {
    open_host(bench).await;
    let record = begin(bench, 1).await;
    let handle = record.request.handle.clone();
    assert_eq!(leads_to(bench, &handle).await, None);
    let record = step(bench, record, key()).await;
    assert_eq!(leads_to(bench, &handle).await, None);
    let record = step(bench, record, made(1)).await;
    assert_eq!(leads_to(bench, &handle).await, Some(account(1).did));
    abandon(bench, record).await;
    assert_eq!(leads_to(bench, &handle).await, None);
}

async fn what_is_undone_keeps_its_handle_alone(bench: &Bench) {
    open_host(bench).await;
    let invite = invites::make(bench, 1, 1).await;
    let mut record = admitted(1);
    record.request.invite = Some(invite.clone());
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
    assert_eq!(invites::stored(bench, &invite).await.uses_left(), 0);
    let undone = abandon(bench, record.clone()).await;
    assert_eq!(invites::stored(bench, &invite).await.uses_left(), 1);
    // its person begins again, with the same address and the same invite
    let mut again = admitted(2);
    again.request.email = record.request.email.clone();
    again.request.invite = Some(invite.clone());
    assert_eq!(try_begin(bench, &again).await, SignUpBegin::Begun);
    let mut same_handle = admitted(3);
    same_handle.request.handle = record.request.handle.clone();
    assert_eq!(try_begin(bench, &same_handle).await, SignUpBegin::HandleTaken);
    let released = bench.store.release_sign_up(&undone).await.unwrap();
    assert_eq!(released, SignUpRelease::Released);
    let released = bench.store.release_sign_up(&undone).await.unwrap();
    assert_eq!(released, SignUpRelease::Overtaken);
    assert_eq!(stored(bench, &undone).await, None);
    assert_eq!(try_begin(bench, &same_handle).await, SignUpBegin::Begun);
    // what the second one has is its own
    assert_eq!(stored(bench, &again).await, Some(again));
    assert_eq!(invites::stored(bench, &invite).await.uses_left(), 0);
}

async fn an_invite_that_is_no_good_begins_nothing_and_keeps_nothing(bench: &Bench) {
    open_host(bench).await;
    let disabled = invites::make(bench, 1, 1).await;
    bench.store.disable_invite(&disabled).await.unwrap();
    for invite in [disabled, code(9)] {
        let mut record = admitted(1);
        record.request.invite = Some(invite);
        assert_eq!(try_begin(bench, &record).await, SignUpBegin::InviteSpent);
        assert_eq!(stored(bench, &record).await, None);
    }
    begin(bench, 1).await;
}

async fn an_invite_tells_who_signed_up_with_it(bench: &Bench) {
    open_host(bench).await;
    let invite = invites::make(bench, 1, 3).await;
    let mut record = admitted(1);
    record.request.invite = Some(invite.clone());
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
    let used = invites::stored(bench, &invite).await;
    assert_eq!((used.used, used.uses), (1, Vec::new()), "nobody yet");
    for event in [key(), made(1), Event::CreatedOnPds, Event::Activated] {
        record = step(bench, record, event).await;
    }
    step(bench, record, Event::AccountStored).await;
    let used = invites::stored(bench, &invite).await;
    let expected = InviteUse {
        used_by: account(1).did,
        used_at: NOON,
    };
    assert_eq!((used.used, used.uses), (1, vec![expected]));
    let listed = bench.store.invites_after("admin", None).await.unwrap();
    assert_eq!(listed, [invites::stored(bench, &invite).await]);
}

// C28
async fn a_driver_that_was_overtaken_changes_nothing(bench: &Bench) {
    open_host(bench).await;
    let old = begin(bench, 1).await;
    let reserved = step(bench, old.clone(), key()).await;
    // it still believes in what it loaded, though nobody took the record up since
    assert_eq!(old.hold, reserved.hold);
    let (outside, why) = (Outside::Nothing, Why::Forgotten);
    let stale = old
        .clone()
        .advance(Event::Abandoned { outside, why }, NOON)
        .unwrap();
    assert_eq!(advance(bench, &old, &stale).await, SignUpAdvance::Overtaken);
    let released = bench.store.release_sign_up(&old).await.unwrap();
    assert_eq!(released, SignUpRelease::Overtaken);
    let other = admitted(2);
    assert_eq!(advance(bench, &reserved, &other).await, SignUpAdvance::Overtaken);
    assert_eq!(advance(bench, &other, &other).await, SignUpAdvance::Overtaken);
    assert_eq!(stored(bench, &reserved).await, Some(reserved));
    let mut same_address = admitted(3);
    same_address.request.email = old.request.email;
    assert_eq!(try_begin(bench, &same_address).await, SignUpBegin::EmailTaken);
}

async fn a_did_that_has_an_account_is_not_stored_again(bench: &Bench) {
    open_host(bench).await;
    let record = activated(bench, 1).await;
    let operators = Account {
        handle: account(8).handle,
        email: account(8).email,
        ..account(1)
    };
    assert_eq!(create(bench, &operators).await, Creation::Created);
    let to = record.clone().advance(Event::AccountStored, NOON).unwrap();
    assert_eq!(advance(bench, &record, &to).await, SignUpAdvance::DidTaken);
    assert_eq!(stored(bench, &record).await, Some(record.clone()));
    let found = bench.store.account(&operators.did).await.unwrap();
    assert_eq!(found, Some(operators));
    // its names are still its own
    abandon(bench, record).await;
}

/// As an older release running beside this one would make it.
async fn an_account_made_past_the_table_of_names_is_noticed(bench: &Bench) {
    open_host(bench).await;
    for (number, handle, email, expected) in [
        (1, "person1.test", "x@mail.example", SignUpAdvance::HandleTaken),
        (2, "x.test", "person2@mail.example", SignUpAdvance::EmailTaken),
    ] {
        let record = activated(bench, number).await;
        let did = account(100 + number).did;
        let row = format!(
            "insert into account (did, handle, email, pds_did, status, password_hash, credentials_changed_at, created_at)
            values ('{did}', '{handle}', '{email}', '{PDS}', 'active', 'x', 1, 1)"
        );
        execute(&bench.database.url, &row).await;
        let to = record.clone().advance(Event::AccountStored, NOON).unwrap();
        assert_eq!(advance(bench, &record, &to).await, expected);
        assert_eq!(stored(bench, &record).await, Some(record));
    }
}

// C28
async fn what_is_due_comes_to_the_reconciler_at_that_second(bench: &Bench) {
    open_host(bench).await;
    let record = begin(bench, 1).await;
    let due = async |now: Timestamp| bench.store.due_sign_ups(now, 10).await.unwrap();
    let at = record.retry_at.max(record.held_until);
    assert_eq!(due(at - Seconds(1)).await, []);
    assert_eq!(due(at).await, std::slice::from_ref(&record));
    let second = begin(bench, 2).await;
    assert_eq!(bench.store.due_sign_ups(at, 1).await.unwrap().len(), 1);
    let held = record.clone().held_by_reconciler(at).unwrap();
    assert_eq!(advance(bench, &record, &held).await, SignUpAdvance::Advanced);
    assert_eq!(due(at).await, [second]);
}

async fn one_that_is_done_is_swept_when_nobody_waits_for_its_answer(bench: &Bench) {
    open_host(bench).await;
    let under_way = begin(bench, 2).await;
    let done = step(bench, activated(bench, 1).await, Event::AccountStored).await;
    for (now, sign_ups) in [(done.retry_at - Seconds(1), 0), (done.retry_at, 1)] {
        assert_eq!(done.is_spent(now), sign_ups == 1);
        let expected = Swept {
            sign_ups,
            ..Swept::default()
        };
        assert_eq!(bench.store.sweep(now, 100).await.unwrap(), expected);
    }
    let late = NOON + Seconds::days(365);
    assert_eq!(bench.store.sweep(late, 100).await.unwrap(), Swept::default());
    assert_eq!(stored(bench, &under_way).await, Some(under_way));
    assert_eq!(stored(bench, &done).await, None);
    assert_eq!(leads_to(bench, &done.request.handle).await, Some(account(1).did));
}

on_both_engines![
    a_sign_up_is_kept_through_every_stage_and_becomes_an_account,
    a_name_somebody_has_begins_no_sign_up_and_keeps_nothing,
    a_host_that_is_drained_or_unknown_gets_no_sign_up,
    a_host_stays_until_its_sign_ups_are_gone,
    a_handle_leads_to_its_did_from_the_operation_until_it_is_undone,
    what_is_undone_keeps_its_handle_alone,
    an_invite_that_is_no_good_begins_nothing_and_keeps_nothing,
    an_invite_tells_who_signed_up_with_it,
    a_driver_that_was_overtaken_changes_nothing,
    a_did_that_has_an_account_is_not_stored_again,
    an_account_made_past_the_table_of_names_is_noticed,
    what_is_due_comes_to_the_reconciler_at_that_second,
    one_that_is_done_is_swept_when_nobody_waits_for_its_answer,
];
