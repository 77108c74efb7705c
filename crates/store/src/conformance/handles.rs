use super::bench::{Bench, NOON, account, count, hash, race};
use super::on_both_engines;
use crate::{ClaimRelease, Creation, HandleChange, HandleClaim, HandleOwner, NewAccount, TakingDown};
use entryway_core::account::{Account, AccountStatus, Identifier};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Handle};

const UNTIL: Timestamp = Timestamp::from_seconds(NOON.seconds() + 120);

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

async fn claim(bench: &Bench, account: &Account, wanted: &str, now: Timestamp) -> HandleClaim {
    let (wanted, until) = (handle(wanted), now + Seconds(120));
    let claim = bench.store.claim_handle(&account.did, &wanted, until, now);
    claim.await.unwrap()
}

async fn change(bench: &Bench, account: &Account, wanted: &str) -> HandleChange {
    let wanted = handle(wanted);
    let change = bench.store.change_handle(&account.did, &wanted);
    change.await.unwrap()
}

async fn release(bench: &Bench, account: &Account, wanted: &str) -> ClaimRelease {
    let wanted = handle(wanted);
    let release = bench.store.release_handle(&account.did, &wanted);
    release.await.unwrap()
}

async fn owner(bench: &Bench, wanted: &str) -> Option<Did> {
    let owner = bench.store.handle_owner(&handle(wanted)).await.unwrap();
    owner.map(|owner| owner.did)
}

async fn create(bench: &Bench, account: &Account, now: Timestamp) -> Creation {
    let password_hash = &hash("first");
    let new = NewAccount {
        account,
        password_hash,
    };
    bench.store.create_account(new, now).await.unwrap()
}

async fn a_handle_leads_to_its_account_and_says_whether_that_may_act(bench: &Bench) {
    let person = bench.account().await;
    let found = bench.store.handle_owner(&person.handle).await.unwrap();
    let expected = |status| HandleOwner {
        did: person.did.clone(),
        status,
    };
    assert_eq!(found, Some(expected(AccountStatus::Active)));
    let down = bench.store.take_down_account(&person.did, None, NOON).await;
    assert_eq!(down.unwrap(), TakingDown::TakenDown { sessions: 0 });
    let found = bench.store.handle_owner(&person.handle).await.unwrap();
    assert_eq!(found, Some(expected(AccountStatus::TakenDown)));
    assert_eq!(owner(bench, "nobody.test").await, None);
}

async fn a_claimed_handle_leads_to_its_account_before_that_is_called_so(bench: &Bench) {
    let person = bench.account().await;
    assert_eq!(
        claim(bench, &person, "new.test", NOON).await,
        HandleClaim::Claimed
    );
    assert_eq!(owner(bench, "new.test").await, Some(person.did.clone()));
    assert_eq!(owner(bench, "person0.test").await, Some(person.did.clone()));
    let stored = bench.store.account(&person.did).await.unwrap();
    assert_eq!(stored, Some(person));
    let identifier = Identifier::parse("new.test").unwrap();
    let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
    assert_eq!(found, None, "nobody signs in by it yet");
}

async fn a_confirmed_handle_replaces_the_former_one_which_is_free(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    claim(bench, &person, "new.test", NOON).await;
    assert_eq!(change(bench, &person, "new.test").await, HandleChange::Changed);
    assert_eq!(change(bench, &person, "new.test").await, HandleChange::Current);
    assert_eq!(owner(bench, "new.test").await, Some(person.did.clone()));
    assert_eq!(owner(bench, "person0.test").await, None);
    let stored = bench.store.account(&person.did).await.unwrap().unwrap();
    assert_eq!(stored.handle, handle("new.test"));
    assert_eq!(
        claim(bench, &other, "person0.test", NOON).await,
        HandleClaim::Claimed
    );
    assert_eq!(
        claim(bench, &person, "new.test", NOON).await,
        HandleClaim::Current
    );
}

async fn a_handle_somebody_has_or_claimed_is_taken(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    assert_eq!(
        claim(bench, &person, "person1.test", NOON).await,
        HandleClaim::Taken
    );
    claim(bench, &other, "new.test", NOON).await;
    assert_eq!(claim(bench, &person, "new.test", NOON).await, HandleClaim::Taken);
    assert_eq!(change(bench, &person, "new.test").await, HandleChange::NotClaimed);
    assert_eq!(
        release(bench, &person, "new.test").await,
        ClaimRelease::NotClaimed
    );
    let named = Account {
        handle: handle("new.test"),
        ..account(9)
    };
    assert_eq!(create(bench, &named, NOON).await, Creation::HandleTaken);
    assert_eq!(owner(bench, "new.test").await, Some(other.did));
    // nothing of the account that was not made keeps its other names
    let same_names = Account {
        handle: named.handle.clone(),
        ..account(10)
    };
    assert_eq!(create(bench, &same_names, NOON).await, Creation::HandleTaken);
    assert_eq!(create(bench, &account(10), NOON).await, Creation::Created);
}

async fn an_account_has_one_claim_at_a_time(bench: &Bench) {
    let person = bench.account().await;
    claim(bench, &person, "one.test", NOON).await;
    let until = UNTIL;
    assert_eq!(
        claim(bench, &person, "two.test", NOON).await,
        HandleClaim::UnderWay { until }
    );
    assert_eq!(
        claim(bench, &person, "one.test", NOON + Seconds(60)).await,
        HandleClaim::Claimed
    );
    let until = NOON + Seconds(180);
    assert_eq!(
        claim(bench, &person, "two.test", until - Seconds(1)).await,
        HandleClaim::UnderWay { until },
        "asked again it goes on"
    );
    assert_eq!(release(bench, &person, "one.test").await, ClaimRelease::Released);
    assert_eq!(owner(bench, "one.test").await, None);
    assert_eq!(
        claim(bench, &person, "two.test", NOON).await,
        HandleClaim::Claimed
    );
}

async fn a_claim_that_is_over_is_anybodys_and_good_until_then(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    claim(bench, &person, "new.test", NOON).await;
    for (now, expected) in [
        (UNTIL - Seconds(1), HandleClaim::Taken),
        (UNTIL, HandleClaim::Claimed),
    ] {
        assert_eq!(claim(bench, &other, "new.test", now).await, expected);
    }
    assert_eq!(change(bench, &person, "new.test").await, HandleChange::NotClaimed);
    let late = UNTIL + Seconds::days(1);
    assert_eq!(change(bench, &other, "new.test").await, HandleChange::Changed);
    assert_eq!(
        claim(bench, &person, "new.test", late).await,
        HandleClaim::Taken,
        "what is confirmed is never over"
    );
}

async fn an_account_gives_up_its_claim_that_is_over_for_another(bench: &Bench) {
    let person = bench.account().await;
    claim(bench, &person, "one.test", NOON).await;
    assert_eq!(
        claim(bench, &person, "two.test", UNTIL).await,
        HandleClaim::Claimed
    );
    assert_eq!(owner(bench, "one.test").await, None);
    assert_eq!(owner(bench, "two.test").await, Some(person.did));
}

async fn a_claim_that_is_over_gives_way_to_a_new_account(bench: &Bench) {
    let person = bench.account().await;
    claim(bench, &person, "new.test", NOON).await;
    let named = Account {
        handle: handle("new.test"),
        ..account(9)
    };
    assert_eq!(create(bench, &named, UNTIL).await, Creation::Created);
    assert_eq!(owner(bench, "new.test").await, Some(named.did));
    assert_eq!(change(bench, &person, "new.test").await, HandleChange::NotClaimed);
}

async fn an_unknown_account_claims_nothing(bench: &Bench) {
    let nobody = account(9);
    assert_eq!(
        claim(bench, &nobody, "new.test", NOON).await,
        HandleClaim::Unknown
    );
    assert_eq!(change(bench, &nobody, "new.test").await, HandleChange::Unknown);
    assert_eq!(owner(bench, "new.test").await, None);
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
                let claim = store.claim_handle(&existing.did, &wanted, UNTIL, NOON).await;
                return (claim.unwrap() == HandleClaim::Claimed).then_some(existing.did);
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
            store.claim_handle(&one.did, &wanted, UNTIL, NOON).await.unwrap();
            store.change_handle(&one.did, &wanted).await.unwrap();
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
    a_claimed_handle_leads_to_its_account_before_that_is_called_so,
    a_confirmed_handle_replaces_the_former_one_which_is_free,
    a_handle_somebody_has_or_claimed_is_taken,
    an_account_has_one_claim_at_a_time,
    a_claim_that_is_over_is_anybodys_and_good_until_then,
    an_account_gives_up_its_claim_that_is_over_for_another,
    a_claim_that_is_over_gives_way_to_a_new_account,
    an_unknown_account_claims_nothing,
    of_many_who_want_one_handle_one_gets_it,
    renames_at_once_leave_every_account_one_handle_of_its_own,
];
