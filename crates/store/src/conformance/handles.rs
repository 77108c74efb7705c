use super::bench::{Bench, NOON, account, count, execute, hash, race, set_status, wish};
use super::on_both_engines;
use crate::{ChangeAdvance, ChangeBegin, ChangeFinish, Creation, HandleOwner, NewAccount};
use entryway_core::account::{Account, AccountStatus};
use entryway_core::account_change::{Event, StatusChange};
use entryway_scope::{Did, Handle};

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

async fn owner(bench: &Bench, wanted: &str) -> Option<Did> {
    let owner = bench.store.handle_owner(&handle(wanted)).await.unwrap();
    owner.map(|owner| owner.did)
}

async fn create(bench: &Bench, account: &Account) -> Creation {
    let password_hash = &hash("first");
    let new = NewAccount {
        account,
        password_hash,
    };
    bench.store.create_account(new, NOON).await.unwrap()
}

async fn a_handle_leads_to_its_account_and_says_whether_that_may_act(bench: &Bench) {
    let person = bench.account().await;
    let found = bench.store.handle_owner(&person.handle).await.unwrap();
    let expected = |status| HandleOwner {
        did: person.did.clone(),
        status,
    };
    assert_eq!(found, Some(expected(AccountStatus::Active)));
    set_status(&bench.store, &person, StatusChange::TakenDown { reference: None }).await;
    let found = bench.store.handle_owner(&person.handle).await.unwrap();
    assert_eq!(found, Some(expected(AccountStatus::TakenDown)));
    assert_eq!(owner(bench, "nobody.test").await, None);
}

async fn a_handle_somebody_is_about_to_have_is_taken(bench: &Bench) {
    let person = bench.account().await;
    let wished = handle("new.test");
    let begun = wish(&bench.store, &person, &wished).await;
    assert!(matches!(begun, ChangeBegin::Begun(_)), "{begun:?}");
    let named = Account {
        handle: wished,
        ..account(9)
    };
    assert_eq!(create(bench, &named).await, Creation::HandleTaken);
    assert_eq!(owner(bench, "new.test").await, Some(person.did));
    // nothing of the account that was not made keeps its other names
    assert_eq!(create(bench, &account(9)).await, Creation::Created);
}

// of an earlier release
async fn a_claim_that_is_over_is_anybodys(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    for (name, until) in [("over.test", NOON.seconds()), ("held.test", NOON.seconds() + 1)] {
        let claim = format!(
            "insert into taken_name (kind, name, owner, did, claimed_until) \
             values ('handle', '{name}', '{0}', '{0}', {until})",
            person.did
        );
        execute(&bench.database.url, &claim).await;
    }
    let held = wish(&bench.store, &other, &handle("held.test")).await;
    assert_eq!(held, ChangeBegin::HandleTaken);
    let over = wish(&bench.store, &other, &handle("over.test")).await;
    assert!(matches!(over, ChangeBegin::Begun(_)), "{over:?}");
    assert_eq!(owner(bench, "over.test").await, Some(other.did));
}

/// Half of them are accounts that want the name, half are accounts that are made with it.
async fn of_many_who_want_one_handle_one_gets_it(bench: &Bench) {
    let mut accounts = Vec::new();
    for _ in 0..32 {
        accounts.push(bench.account().await);
    }
    let got = race(|number| {
        let (store, wanted) = (bench.store.clone(), handle("new.test"));
        let existing = accounts.get(number).cloned();
        let fresh = Account {
            handle: wanted.clone(),
            ..account(100 + u32::try_from(number).unwrap())
        };
        async move {
            if let Some(existing) = existing {
                let begun = wish(&store, &existing, &wanted).await;
                return matches!(begun, ChangeBegin::Begun(_)).then_some(existing.did);
            }
            let password_hash = &hash("first");
            let new = NewAccount {
                account: &fresh,
                password_hash,
            };
            let created = store.create_account(new, NOON).await.unwrap();
            (created == Creation::Created).then_some(fresh.did)
        }
    })
    .await;
    assert_eq!(count(&got, &None), 63);
    let winner = got.into_iter().flatten().next();
    assert_eq!(owner(bench, "new.test").await, winner);
}

/// A wheel of renames: everybody wants what somebody else has, or is about to leave.
async fn renames_at_once_leave_every_account_one_handle_of_its_own(bench: &Bench) {
    let mut accounts = Vec::new();
    for _ in 0..8 {
        accounts.push(bench.account().await);
    }
    race(|number| {
        let store = bench.store.clone();
        let (one, next) = (accounts[number % 8].clone(), accounts[(number + 1) % 8].clone());
        let wanted = if number < 8 {
            handle(&format!("free{number}.test"))
        } else {
            next.handle
        };
        async move {
            let ChangeBegin::Begun(mut record) = wish(&store, &one, &wanted).await else {
                return;
            };
            for event in [Event::DocumentChanged, Event::HostTold] {
                let next = record.clone().advance(event, NOON).unwrap();
                let advanced = store.advance_change(&record, &next).await.unwrap();
                assert_eq!(advanced, ChangeAdvance::Advanced);
                record = next;
            }
            assert_eq!(
                store.finish_change(&record).await.unwrap(),
                ChangeFinish::Finished
            );
        }
    })
    .await;
    let mut handles = Vec::new();
    for person in &accounts {
        let stored = bench.store.account(&person.did).await.unwrap().unwrap();
        assert_eq!(owner(bench, stored.handle.as_str()).await, Some(stored.did));
        handles.push(stored.handle.to_string());
    }
    handles.sort();
    handles.dedup();
    assert_eq!(handles.len(), 8);
}

on_both_engines![
    a_handle_leads_to_its_account_and_says_whether_that_may_act,
    a_handle_somebody_is_about_to_have_is_taken,
    a_claim_that_is_over_is_anybodys,
    of_many_who_want_one_handle_one_gets_it,
    renames_at_once_leave_every_account_one_handle_of_its_own,
];
