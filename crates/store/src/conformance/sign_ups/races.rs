//! Sixty-four at a time: requests, drivers of one sign-up, and whoever else wants its names.

use super::super::bench::{Bench, NOON, account, count, hash, race, wish};
use super::super::{invites, on_both_engines};
use super::{activated, admitted, begin, leads_to, open_host, stored, try_begin};
use crate::{
    ChangeBegin, Creation, EmailChange, NewAccount, SignUpAdvance, SignUpBegin, SignUpRelease, Store,
};
use entryway_core::account::Account;
use entryway_core::email_change::AddressWarrant;
use entryway_core::sign_up::{Event, Outside, SignUp, SignUpRequest, Why};

async fn of_many_sign_ups_with_one_handle_one_begins(bench: &Bench) {
    open_host(bench).await;
    let answers = race(|number| {
        let store = bench.store.clone();
        let mut record = admitted(100 + u32::try_from(number).unwrap());
        record.request.handle = account(1).handle;
        async move { store.begin_sign_up(&record).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignUpBegin::Begun), 1);
    assert_eq!(count(&answers, &SignUpBegin::HandleTaken), 63);
}

/// One request, sent again and again: only the id that each of them was given is its own.
async fn of_many_identical_requests_one_begins(bench: &Bench) {
    open_host(bench).await;
    let invite = invites::make(bench, 1, 64).await;
    let with_id_of = |number| SignUp {
        id: admitted(number).id,
        request: SignUpRequest {
            invite: Some(invite.clone()),
            ..admitted(1).request
        },
        ..admitted(1)
    };
    let answers = race(|number| {
        let (store, record) = (bench.store.clone(), with_id_of(u32::try_from(number).unwrap()));
        async move { store.begin_sign_up(&record).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignUpBegin::Begun), 1);
    assert_eq!(count(&answers, &SignUpBegin::HandleTaken), 63);
    // each of the sixty-three finds the one there is, which has all there is
    let request = with_id_of(1).request;
    let found = bench.store.sign_ups_with(&request.handle, &request.email).await;
    assert_eq!(found.unwrap().len(), 1);
    assert_eq!(invites::stored(bench, &invite).await.used, 1);
}

async fn an_invite_begins_no_more_sign_ups_at_once_than_it_is_good_for(bench: &Bench) {
    open_host(bench).await;
    let invite = invites::make(bench, 1, 3).await;
    let answers = race(|number| {
        let store = bench.store.clone();
        let mut record = admitted(u32::try_from(number).unwrap());
        record.request.invite = Some(invite.clone());
        async move { store.begin_sign_up(&record).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignUpBegin::Begun), 3);
    assert_eq!(count(&answers, &SignUpBegin::InviteSpent), 61);
    assert_eq!(invites::stored(bench, &invite).await.used, 3);
}

// C28
async fn of_many_drivers_one_takes_a_sign_up(bench: &Bench) {
    open_host(bench).await;
    let record = begin(bench, 1).await;
    let at = record.retry_at.max(record.held_until);
    let answers = race(|number| {
        let (store, from) = (bench.store.clone(), record.clone());
        async move {
            let to = if number % 2 == 0 {
                from.clone().held_by_request(at).unwrap()
            } else {
                from.clone().held_by_reconciler(at).unwrap()
            };
            store.advance_sign_up(&from, &to).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &SignUpAdvance::Advanced), 1);
    assert_eq!(count(&answers, &SignUpAdvance::Overtaken), 63);
}

// C28
async fn of_many_drivers_that_store_the_account_one_does(bench: &Bench) {
    open_host(bench).await;
    let record = activated(bench, 1).await;
    let done = record.clone().advance(Event::AccountStored, NOON).unwrap();
    let (outside, why) = (Outside::Known, Why::GaveUp);
    let undone = record
        .clone()
        .advance(Event::Abandoned { outside, why }, NOON)
        .unwrap();
    let answers = race(|number| {
        let to = if number % 2 == 0 { &done } else { &undone };
        let (store, from, to) = (bench.store.clone(), record.clone(), to.clone());
        async move { store.advance_sign_up(&from, &to).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignUpAdvance::Advanced), 1);
    assert_eq!(count(&answers, &SignUpAdvance::Overtaken), 63);
    let is_account = bench.store.account(&account(1).did).await.unwrap().is_some();
    let expected = if is_account { done } else { undone };
    assert_eq!(stored(bench, &record).await, Some(expected));
    let led = leads_to(bench, &record.request.handle).await;
    assert_eq!(led.is_some(), is_account);
}

// C28
async fn of_many_drivers_that_forget_a_sign_up_one_does(bench: &Bench) {
    open_host(bench).await;
    let invite = invites::make(bench, 1, 1).await;
    let mut record = admitted(1);
    record.request.invite = Some(invite.clone());
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
    let answers = race(|_| {
        let (store, from) = (bench.store.clone(), record.clone());
        async move { store.release_sign_up(&from).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignUpRelease::Released), 1);
    assert_eq!(count(&answers, &SignUpRelease::Overtaken), 63);
    assert_eq!(invites::stored(bench, &invite).await.used, 0);
}

/// Sixty-four who want one name, as sign-ups and as accounts: whoever gets it, nobody else does.
async fn of_sign_ups_and_accounts_at_once_one_gets_a_name(bench: &Bench) {
    open_host(bench).await;
    let got = race(|number| {
        let store = bench.store.clone();
        let own = 100 + u32::try_from(number).unwrap();
        async move {
            if number % 2 == 0 {
                let mut record = admitted(own);
                record.request.handle = account(1).handle;
                return store.begin_sign_up(&record).await.unwrap() == SignUpBegin::Begun;
            }
            let fresh = Account {
                handle: account(1).handle,
                ..account(own)
            };
            let password_hash = &hash("first");
            let new = NewAccount {
                account: &fresh,
                password_hash,
            };
            store.create_account(new, NOON).await.unwrap() == Creation::Created
        }
    })
    .await;
    assert_eq!(count(&got, &true), 1);
}

/// Sign-ups begin with what others lay down at this moment, names and invite, while accounts want the same
/// names: nobody waits in a circle, and in the end each thing has one owner.
async fn beginnings_and_ends_at_once_wait_in_no_circle(bench: &Bench) {
    const ENDING: u32 = 16;
    open_host(bench).await;
    let invite = invites::make(bench, 1, ENDING).await;
    let (mut ending, mut persons) = (Vec::new(), Vec::new());
    for number in 0..ENDING {
        let mut record = admitted(1_000 + number);
        record.request.invite = Some(invite.clone());
        assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
        ending.push(record);
        persons.push(bench.account().await);
    }
    let got = race(|number| {
        let (store, sixteenth) = (bench.store.clone(), number % 16);
        let (from, person) = (ending[sixteenth].clone(), persons[sixteenth].clone());
        // the handle of one that ends and the address of another
        let crossed = &ending[(sixteenth + 1 + number / 16) % 16].request;
        let mut record = admitted(2_000 + u32::try_from(number).unwrap());
        record.request = SignUpRequest {
            email: crossed.email.clone(),
            ..from.request.clone()
        };
        async move {
            let handle = record.request.handle.clone();
            let got_it = match number / 16 {
                0 => {
                    end(&store, from).await;
                    false
                }
                1 | 2 => store.begin_sign_up(&record).await.unwrap() == SignUpBegin::Begun,
                _ => {
                    let (email, warrant) = (&record.request.email, AddressWarrant::Operator);
                    let email = store.change_email(&person.did, email, warrant, NOON);
                    assert_ne!(email.await.unwrap(), EmailChange::Unknown);
                    let begun = wish(&store, &person, &handle).await;
                    matches!(begun, ChangeBegin::Begun(_))
                }
            };
            got_it.then_some(handle)
        }
    })
    .await;
    let mut begun = 0;
    for number in 2_000..2_064 {
        begun += u32::from(stored(bench, &admitted(number)).await.is_some());
    }
    assert_eq!(invites::stored(bench, &invite).await.used, begun);
    for (number, record) in (3_000..).zip(&ending) {
        assert_eq!(stored(bench, record).await, None);
        // whatever nobody got is free
        let owners = count(&got, &Some(record.request.handle.clone()));
        let mut late = admitted(number);
        late.request.handle = record.request.handle.clone();
        let is_free = try_begin(bench, &late).await == SignUpBegin::Begun;
        assert_eq!(owners + usize::from(is_free), 1, "{:?}", record.request.handle);
    }
}

/// Undoes a sign-up of which nothing is outside.
async fn end(store: &Store, from: SignUp) {
    let (outside, why) = (Outside::Nothing, Why::Superseded);
    let undone = from.clone().advance(Event::Abandoned { outside, why }, NOON);
    let undone = undone.unwrap();
    let advanced = store.advance_sign_up(&from, &undone).await.unwrap();
    assert_eq!(advanced, SignUpAdvance::Advanced);
    let released = store.release_sign_up(&undone).await.unwrap();
    assert_eq!(released, SignUpRelease::Released);
}

on_both_engines![
    of_many_sign_ups_with_one_handle_one_begins,
    of_many_identical_requests_one_begins,
    an_invite_begins_no_more_sign_ups_at_once_than_it_is_good_for,
    of_many_drivers_one_takes_a_sign_up,
    of_many_drivers_that_store_the_account_one_does,
    of_many_drivers_that_forget_a_sign_up_one_does,
    of_sign_ups_and_accounts_at_once_one_gets_a_name,
    beginnings_and_ends_at_once_wait_in_no_circle,
];
