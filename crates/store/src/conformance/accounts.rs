use super::bench::{Bench, NOON, account, count, hash, race};
use super::on_both_engines;
use crate::{ACCOUNTS_PAGE, Creation, NewAccount, PasswordChange, Rehoming, Replacement};
use entryway_core::account::{Account, AccountStatus, Identifier};
use entryway_oauth::time::Seconds;
use entryway_scope::Did;

async fn create(bench: &Bench, account: &Account) -> Creation {
    let password_hash = &hash("first");
    let new = NewAccount {
        account,
        password_hash,
    };
    bench.store.create_account(new, NOON).await.unwrap()
}

async fn an_account_is_found_by_each_of_its_names(bench: &Bench) {
    let account = bench.account().await;
    let found = bench.store.account(&account.did).await.unwrap();
    assert_eq!(found.as_ref(), Some(&account));
    for typed in [account.did.as_str(), "@Person0.TEST", "Person0@Mail.Example"] {
        let identifier = Identifier::parse(typed).unwrap();
        let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
        assert_eq!(found, Some((account.clone(), hash("first"))), "{typed}");
    }
    for typed in ["did:web:nobody.example", "nobody.test", "nobody@mail.example"] {
        let identifier = Identifier::parse(typed).unwrap();
        let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
        assert_eq!(found, None, "{typed}");
    }
    let nobody = Did::parse("did:web:nobody.example").unwrap();
    assert_eq!(bench.store.account(&nobody).await.unwrap(), None);
}

async fn every_status_and_a_missing_address_are_kept(bench: &Bench) {
    for (number, status) in [
        AccountStatus::Active,
        AccountStatus::Deactivated,
        AccountStatus::TakenDown,
    ]
    .into_iter()
    .enumerate()
    {
        let account = Account {
            status,
            email: None,
            ..account(u32::try_from(number).unwrap())
        };
        assert_eq!(create(bench, &account).await, Creation::Created);
        assert_eq!(bench.store.account(&account.did).await.unwrap(), Some(account));
    }
}

async fn a_taken_name_is_told_by_its_kind(bench: &Bench) {
    let (first, second) = (account(1), account(2));
    create(bench, &first).await;
    create(bench, &second).await;
    let fresh = account(3);
    for (names, expected) in [
        (first.clone(), Creation::DidTaken),
        (
            Account {
                did: first.did.clone(),
                ..fresh.clone()
            },
            Creation::DidTaken,
        ),
        (
            Account {
                handle: first.handle.clone(),
                ..fresh.clone()
            },
            Creation::HandleTaken,
        ),
        (
            Account {
                email: Some("PERSON1@mail.EXAMPLE".to_owned()),
                ..fresh.clone()
            },
            Creation::EmailTaken,
        ),
        // the names of two others
        (
            Account {
                handle: second.handle.clone(),
                email: first.email.clone(),
                ..fresh.clone()
            },
            Creation::HandleTaken,
        ),
        (fresh.clone(), Creation::Created),
    ] {
        assert_eq!(create(bench, &names).await, expected, "{names:?}");
    }
    assert_eq!(bench.store.account(&first.did).await.unwrap(), Some(first));
}

async fn of_many_accounts_with_one_handle_one_is_created(bench: &Bench) {
    let answers = race(|_| {
        let store = bench.store.clone();
        let wanted = Account {
            handle: account(1).handle,
            ..account(100 + bench.fresh())
        };
        async move {
            let password_hash = &hash("first");
            let new = NewAccount {
                account: &wanted,
                password_hash,
            };
            store.create_account(new, NOON).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Creation::Created), 1);
    assert_eq!(count(&answers, &Creation::HandleTaken), 63);
}

async fn all_accounts_are_listed_by_handle_a_page_at_a_time(bench: &Bench) {
    assert_eq!(bench.store.accounts_after(None).await.unwrap(), []);
    let mut made = Vec::new();
    for _ in 0..=ACCOUNTS_PAGE {
        made.push(bench.account().await);
    }
    made.sort_by(|one, other| one.handle.as_str().cmp(other.handle.as_str()));
    let (last, page) = made.split_last().unwrap();
    assert_eq!(bench.store.accounts_after(None).await.unwrap(), page);
    let after = async |account: &Account| bench.store.accounts_after(Some(&account.handle)).await.unwrap();
    assert_eq!(after(&page[page.len() - 1]).await, std::slice::from_ref(last));
    assert_eq!(after(last).await, []);
}

async fn a_better_hash_replaces_the_one_that_was_checked(bench: &Bench) {
    let account = bench.account().await;
    let replace = async |old, new| {
        let (old, new) = (hash(old), hash(new));
        let replaced = bench.store.replace_password_hash(&account.did, &old, &new);
        replaced.await.unwrap()
    };
    assert_eq!(replace("other", "second").await, Replacement::Superseded);
    assert_eq!(replace("first", "second").await, Replacement::Replaced);
    assert_eq!(replace("first", "third").await, Replacement::Superseded);
    let identifier = Identifier::Did(account.did.clone());
    let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
    assert_eq!(
        found,
        Some((account.clone(), hash("second"))),
        "sign-ins keep counting"
    );
}

//
async fn a_changed_password_dates_older_sign_ins(bench: &Bench) {
    let account = bench.account().await;
    let later = NOON + Seconds(60);
    let changed = bench
        .store
        .change_password(&account.did, &hash("second"), later)
        .await;
    assert_eq!(changed.unwrap(), PasswordChange::Changed);
    let identifier = Identifier::Did(account.did.clone());
    let expected = Account {
        credentials_changed_at: later,
        ..account
    };
    let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
    assert_eq!(found, Some((expected, hash("second"))));
    let nobody = Did::parse("did:web:nobody.example").unwrap();
    let changed = bench.store.change_password(&nobody, &hash("second"), later).await;
    assert_eq!(changed.unwrap(), PasswordChange::Unknown);
}

async fn a_rehash_never_undoes_a_change_of_password(bench: &Bench) {
    let account = bench.account().await;
    race(|number| {
        let (store, did) = (bench.store.clone(), account.did.clone());
        async move {
            if number == 0 {
                let changed = store.change_password(&did, &hash("changed"), NOON).await;
                assert_eq!(changed.unwrap(), PasswordChange::Changed);
            } else {
                let (first, better) = (hash("first"), hash(&format!("better{number}")));
                let replaced = store.replace_password_hash(&did, &first, &better);
                replaced.await.unwrap();
            }
        }
    })
    .await;
    let identifier = Identifier::Did(account.did.clone());
    let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
    assert_eq!(found, Some((account, hash("changed"))));
}

async fn an_account_moves_to_another_pds(bench: &Bench) {
    let account = bench.account().await;
    let moved = bench
        .store
        .rehome_account(&account.did, "did:web:other.example")
        .await;
    assert_eq!(moved.unwrap(), Rehoming::Rehomed);
    let found = bench.store.account(&account.did).await.unwrap().unwrap();
    assert_eq!(found.pds_did, "did:web:other.example");
    let nobody = Did::parse("did:web:nobody.example").unwrap();
    let moved = bench.store.rehome_account(&nobody, "did:web:other.example").await;
    assert_eq!(moved.unwrap(), Rehoming::Unknown);
}

on_both_engines![
    an_account_is_found_by_each_of_its_names,
    every_status_and_a_missing_address_are_kept,
    a_taken_name_is_told_by_its_kind,
    of_many_accounts_with_one_handle_one_is_created,
    all_accounts_are_listed_by_handle_a_page_at_a_time,
    a_better_hash_replaces_the_one_that_was_checked,
    a_changed_password_dates_older_sign_ins,
    a_rehash_never_undoes_a_change_of_password,
    an_account_moves_to_another_pds,
];
