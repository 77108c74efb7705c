use super::bench::{Bench, NOON, account, count, hash, race};
use super::on_both_engines;
use crate::{AuthFactorChange, Creation, EmailChange, EmailConfirmation, EmailTokenKeeping, NewAccount};
use entryway_core::account::{Account, Identifier};
use entryway_core::email::EmailAddress;
use entryway_core::email_change::AddressWarrant;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Seconds;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

async fn stored(bench: &Bench, of: &Account) -> Account {
    bench.store.account(&of.did).await.unwrap().unwrap()
}

async fn change_by(bench: &Bench, of: &Account, to: &str, warrant: AddressWarrant) -> EmailChange {
    let changed = bench
        .store
        .change_email(&of.did, &address(to), warrant, NOON)
        .await;
    changed.unwrap()
}

async fn change(bench: &Bench, of: &Account, to: &str) -> EmailChange {
    change_by(bench, of, to, AddressWarrant::Operator).await
}

/// A code that was sent at noon.
async fn sent(bench: &Bench, of: &Account, purpose: EmailTokenPurpose) -> Digest {
    let code = bench.digest();
    let to = stored(bench, of).await.email.unwrap();
    let kept = bench
        .store
        .keep_email_token(&of.did, purpose, code, &to, NOON)
        .await;
    assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
    code
}

async fn is_good(bench: &Bench, of: &Account, purpose: EmailTokenPurpose, code: Digest) -> bool {
    let kept = bench.store.email_token(&of.did, purpose).await.unwrap();
    kept.is_some_and(|kept| kept.digest == code)
}

/// Presents a code.
async fn confirm_by(bench: &Bench, of: &Account, at: &str, code: Digest, seconds: i64) -> EmailConfirmation {
    let (at, now) = (address(at), NOON + Seconds(seconds));
    let confirmed = bench.store.confirm_email(&of.did, &at, code, now).await;
    confirmed.unwrap()
}

/// Presents a code that was just sent.
async fn confirm(bench: &Bench, of: &Account, at: &str, seconds: i64) -> EmailConfirmation {
    let code = sent(bench, of, EmailTokenPurpose::ConfirmEmail).await;
    confirm_by(bench, of, at, code, seconds).await
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
    let nobody = confirm_by(bench, &account(9), "person9@mail.example", bench.digest(), 180).await;
    assert_eq!(nobody, EmailConfirmation::OtherAddress);
}

async fn a_code_confirms_once_and_is_kept_where_it_confirms_nothing(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let purpose = EmailTokenPurpose::ConfirmEmail;
    let code = sent(bench, &person, purpose).await;
    let elsewhere = confirm_by(bench, &person, "other@mail.example", code, 0).await;
    assert_eq!(elsewhere, EmailConfirmation::OtherAddress);
    // of another account, and for another purpose
    let theirs = sent(bench, &other, purpose).await;
    let wrong = sent(bench, &person, EmailTokenPurpose::UpdateEmail).await;
    for code in [theirs, wrong, bench.digest()] {
        let gone = confirm_by(bench, &person, "person0@mail.example", code, 0).await;
        assert_eq!(gone, EmailConfirmation::TokenGone);
    }
    assert_eq!(stored(bench, &person).await.email_confirmed_at, None);
    assert!(is_good(bench, &person, purpose, code).await);
    let confirmed = race(|_| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        let email = address("person0@mail.example");
        async move { store.confirm_email(&did, &email, code, NOON).await.unwrap() }
    });
    let confirmed = confirmed.await;
    assert_eq!(count(&confirmed, &EmailConfirmation::Confirmed), 1);
    assert_eq!(count(&confirmed, &EmailConfirmation::TokenGone), 63);
}

async fn an_address_that_was_confirmed_changes_by_a_code_once(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let purpose = EmailTokenPurpose::UpdateEmail;
    confirm(bench, &person, "person0@mail.example", 0).await;
    let freely = change_by(bench, &person, "new@mail.example", AddressWarrant::Unconfirmed).await;
    assert_eq!(freely, EmailChange::Confirmed);
    let theirs = sent(bench, &other, purpose).await;
    let wrong = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    let code = sent(bench, &person, purpose).await;
    for code in [theirs, wrong, bench.digest()] {
        let gone = change_by(bench, &person, "new@mail.example", AddressWarrant::Code(code)).await;
        assert_eq!(gone, EmailChange::TokenGone);
    }
    // neither of these uses it up
    let warrant = AddressWarrant::Code(code);
    let taken = change_by(bench, &person, "person1@mail.example", warrant).await;
    assert_eq!(taken, EmailChange::Taken);
    let current = change_by(bench, &person, "person0@mail.example", warrant).await;
    assert_eq!(current, EmailChange::Current);
    assert!(is_good(bench, &person, purpose, code).await);
    // what was asked for with a wrong code is free
    let free = change(bench, &other, "new@mail.example").await;
    assert_eq!(free, EmailChange::Changed);
    let changed = race(|number| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        let email = address(&format!("new{number}@mail.example"));
        async move { store.change_email(&did, &email, warrant, NOON).await.unwrap() }
    });
    let changed = changed.await;
    assert_eq!(count(&changed, &EmailChange::Changed), 1);
    assert_eq!(count(&changed, &EmailChange::TokenGone), 63);
    let held = stored(bench, &person).await.email.unwrap();
    for number in 0..64 {
        let email = format!("new{number}@mail.example");
        let expected = if email == held {
            EmailChange::Taken
        } else {
            EmailChange::Changed
        };
        assert_eq!(change(bench, &other, &email).await, expected);
    }
}

async fn an_address_that_nobody_confirmed_changes_without_a_code(bench: &Bench) {
    let person = bench.account().await;
    for email in ["one@mail.example", "two@mail.example"] {
        let changed = change_by(bench, &person, email, AddressWarrant::Unconfirmed).await;
        assert_eq!(changed, EmailChange::Changed);
    }
    // attack: confirmed at this moment by its reader, changed by who holds a session only
    let code = sent(bench, &person, EmailTokenPurpose::ConfirmEmail).await;
    let race = race(|number| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        let (present, other) = (address("two@mail.example"), address("three@mail.example"));
        async move {
            if number == 0 {
                let confirmed = store.confirm_email(&did, &present, code, NOON).await.unwrap();
                return confirmed == EmailConfirmation::Confirmed;
            }
            let warrant = AddressWarrant::Unconfirmed;
            let changed = store.change_email(&did, &other, warrant, NOON).await.unwrap();
            changed == EmailChange::Changed
        }
    });
    assert_eq!(count(&race.await, &true), 1);
    let left = stored(bench, &person).await;
    assert_eq!(
        left.email_confirmed_at.is_some(),
        left.email.as_deref() == Some("two@mail.example")
    );
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
    let purpose = EmailTokenPurpose::UpdateEmail;
    let drop = async |of: &Account, code| bench.store.drop_auth_factor(&of.did, code).await.unwrap();
    assert_eq!(ask(&person).await, AuthFactorChange::EmailUnconfirmed);
    assert!(!stored(bench, &person).await.email_auth_factor);
    confirm(bench, &person, "person0@mail.example", 0).await;
    assert_eq!(ask(&person).await, AuthFactorChange::Changed);
    assert!(stored(bench, &person).await.email_auth_factor);
    let code = sent(bench, &person, purpose).await;
    let wrong = sent(bench, &person, EmailTokenPurpose::AuthFactor).await;
    assert_eq!(drop(&person, wrong).await, AuthFactorChange::TokenGone);
    assert!(stored(bench, &person).await.email_auth_factor);
    let dropped = race(|_| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        async move { store.drop_auth_factor(&did, code).await.unwrap() }
    });
    let dropped = dropped.await;
    assert_eq!(count(&dropped, &AuthFactorChange::Changed), 1);
    assert_eq!(count(&dropped, &AuthFactorChange::TokenGone), 63);
    assert!(!stored(bench, &person).await.email_auth_factor);
    assert_eq!(ask(&account(9)).await, AuthFactorChange::Unknown);
    let nobody = drop(&account(9), bench.digest()).await;
    assert_eq!(nobody, AuthFactorChange::Unknown);
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
                let warrant = AddressWarrant::Operator;
                let changed = store.change_email(&existing.did, &wanted, warrant, NOON).await;
                return changed.unwrap() == EmailChange::Changed;
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
    a_code_confirms_once_and_is_kept_where_it_confirms_nothing,
    an_address_that_was_confirmed_changes_by_a_code_once,
    an_address_that_nobody_confirmed_changes_without_a_code,
    another_address_is_unconfirmed_no_second_factor_and_leaves_the_former_free,
    the_same_address_again_changes_nothing,
    an_account_without_an_address_gets_one,
    the_second_factor_needs_a_confirmed_address,
    an_account_is_made_with_what_is_known_of_its_address,
    of_many_who_want_one_address_one_gets_it,
];
