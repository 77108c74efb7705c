use super::bench::{Bench, NOON, account, count, hash, race};
use super::on_both_engines;
use crate::{AuthFactorChange, Creation, EmailChange, EmailConfirmation, NewAccount};
use entryway_core::account::{Account, Identifier};
use entryway_core::email::EmailAddress;
use entryway_oauth::time::Seconds;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

async fn stored(bench: &Bench, of: &Account) -> Account {
    bench.store.account(&of.did).await.unwrap().unwrap()
}

async fn change(bench: &Bench, of: &Account, to: &str) -> EmailChange {
    let to = address(to);
    bench.store.change_email(&of.did, &to, NOON).await.unwrap()
}

async fn confirm(bench: &Bench, of: &Account, at: &str, seconds: i64) -> EmailConfirmation {
    let (at, now) = (address(at), NOON + Seconds(seconds));
    bench.store.confirm_email(&of.did, &at, now).await.unwrap()
}

async fn a_confirmed_address_stays_confirmed_since_then(bench: &Bench) {
    let person = bench.account().await;
    assert_eq!(person.email_confirmed_at, None);
    for seconds in [60, 120] {
        let confirmed = confirm(bench, &person, "person0@mail.example", seconds).await;
        assert_eq!(confirmed, EmailConfirmation::Confirmed);
        let since = stored(bench, &person).await.email_confirmed_at;
        assert_eq!(since, Some(NOON + Seconds(60)));
    }
    let other = confirm(bench, &person, "other@mail.example", 180).await;
    assert_eq!(other, EmailConfirmation::OtherAddress);
    let nobody = confirm(bench, &account(9), "person9@mail.example", 180).await;
    assert_eq!(nobody, EmailConfirmation::OtherAddress);
}

async fn another_address_is_unconfirmed_no_second_factor_and_leaves_the_former_free(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    confirm(bench, &person, "person0@mail.example", 0).await;
    let factor = bench.store.ask_auth_factor(&person.did).await.unwrap();
    assert_eq!(factor, AuthFactorChange::Changed);
    assert_eq!(
        change(bench, &person, "new@mail.example").await,
        EmailChange::Changed
    );
    let expected = Account {
        email: Some("new@mail.example".to_owned()),
        ..person.clone()
    };
    let found = bench
        .store
        .account_for_sign_in(&Identifier::parse("New@Mail.Example").unwrap())
        .await;
    assert_eq!(found.unwrap(), Some((expected, hash("first"))));
    assert_eq!(
        change(bench, &other, "new@mail.example").await,
        EmailChange::Taken
    );
    let former = change(bench, &other, "person0@mail.example").await;
    assert_eq!(former, EmailChange::Changed);
    let nobody = change(bench, &account(9), "nobody@mail.example").await;
    assert_eq!(nobody, EmailChange::Unknown);
}

async fn the_same_address_again_changes_nothing(bench: &Bench) {
    let person = bench.account().await;
    confirm(bench, &person, "person0@mail.example", 0).await;
    let before = stored(bench, &person).await;
    let again = change(bench, &person, "PERSON0@mail.example").await;
    assert_eq!(again, EmailChange::Current);
    assert_eq!(stored(bench, &person).await, before);
}

async fn an_account_without_an_address_gets_one(bench: &Bench) {
    let person = Account {
        email: None,
        ..account(1)
    };
    let password_hash = &hash("first");
    let new = NewAccount {
        account: &person,
        password_hash,
    };
    let created = bench.store.create_account(new, NOON).await.unwrap();
    assert_eq!(created, Creation::Created);
    assert_eq!(
        change(bench, &person, "first@mail.example").await,
        EmailChange::Changed
    );
    let email = stored(bench, &person).await.email;
    assert_eq!(email.as_deref(), Some("first@mail.example"));
}

//
async fn the_second_factor_needs_a_confirmed_address(bench: &Bench) {
    let person = bench.account().await;
    let ask = async |of: &Account| bench.store.ask_auth_factor(&of.did).await.unwrap();
    let drop = async |of: &Account| bench.store.drop_auth_factor(&of.did).await.unwrap();
    assert_eq!(ask(&person).await, AuthFactorChange::EmailUnconfirmed);
    assert!(!stored(bench, &person).await.email_auth_factor);
    confirm(bench, &person, "person0@mail.example", 0).await;
    assert_eq!(ask(&person).await, AuthFactorChange::Changed);
    assert!(stored(bench, &person).await.email_auth_factor);
    assert_eq!(drop(&person).await, AuthFactorChange::Changed);
    assert!(!stored(bench, &person).await.email_auth_factor);
    assert_eq!(ask(&account(9)).await, AuthFactorChange::Unknown);
    assert_eq!(drop(&account(9)).await, AuthFactorChange::Unknown);
}

async fn an_account_is_made_with_what_is_known_of_its_address(bench: &Bench) {
    let person = Account {
        email_confirmed_at: Some(NOON),
        email_auth_factor: true,
        ..account(1)
    };
    let password_hash = &hash("first");
    let new = NewAccount {
        account: &person,
        password_hash,
    };
    bench.store.create_account(new, NOON).await.unwrap();
    assert_eq!(stored(bench, &person).await, person);
}

async fn of_many_who_want_one_address_one_gets_it(bench: &Bench) {
    let mut accounts = Vec::new();
    for _ in 0..32 {
        accounts.push(bench.account().await);
    }
    let got = race(|number| {
        let (store, wanted) = (bench.store.clone(), address("new@mail.example"));
        let existing = accounts.get(number).cloned();
        let fresh = Account {
            email: Some(wanted.to_string()),
            ..account(100 + u32::try_from(number).unwrap())
        };
        async move {
            if let Some(existing) = existing {
                let changed = store.change_email(&existing.did, &wanted, NOON).await.unwrap();
                return changed == EmailChange::Changed;
            }
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

on_both_engines![
    a_confirmed_address_stays_confirmed_since_then,
    another_address_is_unconfirmed_no_second_factor_and_leaves_the_former_free,
    the_same_address_again_changes_nothing,
    an_account_without_an_address_gets_one,
    the_second_factor_needs_a_confirmed_address,
    an_account_is_made_with_what_is_known_of_its_address,
    of_many_who_want_one_address_one_gets_it,
];
