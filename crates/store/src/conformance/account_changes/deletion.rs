use super::*;
use crate::conformance::bench::{Bench, NOON, count, hash, race};
use crate::conformance::devices::sign_in;
use crate::conformance::legacy_sessions::{app_password, begin as begin_legacy};
use crate::conformance::{invites, on_both_engines};
use crate::{Creation, DeletionBegin, EmailTokenKeeping, HostRemoval, NewAccount};
use entryway_core::app_password::AppPasswordKind;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_oauth::secret::Digest;

const DELETES: EmailTokenPurpose = EmailTokenPurpose::DeleteAccount;

async fn delete(bench: &Bench, did: &Did, token: Option<Digest>) -> DeletionBegin {
    bench.store.begin_deletion(did, token, NOON).await.unwrap()
}

async fn deleted(bench: &Bench, did: &Did) -> AccountChange {
    match delete(bench, did, None).await {
        DeletionBegin::Begun(begun) => begun,
        other => panic!("{other:?}"),
    }
}

async fn keep(bench: &Bench, of: &Account, purpose: EmailTokenPurpose, digest: Digest) {
    let to = of.email.as_deref().unwrap();
    let kept = bench
        .store
        .keep_email_token(&of.did, purpose, digest, to, NOON)
        .await;
    assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
}

async fn create(bench: &Bench, new: &Account) -> Creation {
    let password_hash = &hash("first");
    let new = NewAccount {
        account: new,
        password_hash,
    };
    bench.store.create_account(new, NOON).await.unwrap()
}

//
async fn nothing_of_a_deleted_account_is_left_but_its_names(bench: &Bench) {
    let (session, code) = bench.session().await;
    let person = stored(bench, &session.did).await;
    let one = sign_in(bench, &person.did).await;
    let basis = app_password(bench, &person, "phone", AppPasswordKind::Plain).await;
    let legacy = begin_legacy(bench, &person, basis).await;
    keep(bench, &person, DELETES, bench.digest()).await;
    begin(bench, &person, to_handle(&person, "new.test")).await;
    let begun = deleted(bench, &person.did).await;
    assert_eq!(begun.pds_did, person.pds_did);

    assert_eq!(bench.store.account(&person.did).await.unwrap(), None);
    assert_eq!(bench.store.session(session.id).await.unwrap(), None);
    assert_eq!(bench.store.code(code).await.unwrap(), None);
    assert_eq!(bench.store.legacy_session(legacy.id).await.unwrap(), None);
    assert!(!crate::conformance::devices::is_live(bench, &one, NOON).await);
    let token = bench.store.email_token(&person.did, DELETES).await.unwrap();
    assert_eq!(token, None);
    let told = bench.store.revocations_after(0, 10).await.unwrap();
    let expected = Revoked::Account {
        sub: person.did.clone(),
        sessions: vec![session.id],
    };
    assert_eq!(told.last().map(|event| &event.revoked), Some(&expected));
    assert_eq!(
        bench.store.changes_of(&person.did).await.unwrap(),
        std::slice::from_ref(&begun)
    );

    // its names lead to nobody else before its PDS has deleted it
    let other = bench.account().await;
    for name in [person.handle.as_str(), "new.test"] {
        let asked = ask(bench, &other, to_handle(&other, name), NOON).await;
        assert_eq!(asked, ChangeBegin::HandleTaken, "{name}");
    }
    let on_host = step(bench, begun, Event::HostTold).await;
    assert_eq!(finish(bench, &on_host).await, ChangeFinish::Finished);
    assert_eq!(bench.store.changes_of(&person.did).await.unwrap(), []);
    assert_eq!(owner(bench, person.handle.as_str()).await, None);
    assert_eq!(create(bench, &person).await, Creation::Created);
}

async fn invites_of_a_deleted_account_let_nobody_in(bench: &Bench) {
    let person = bench.account().await;
    let code = invites::make_for(bench, 1, person.did.as_str()).await;
    deleted(bench, &person.did).await;
    let invite = invites::stored(bench, &code).await;
    assert!(invite.disabled);
    assert_eq!(
        (invite.for_account.as_str(), invite.created_by.as_str()),
        ("admin", "admin")
    );
}

async fn a_did_whose_deletion_is_unfinished_gets_no_account(bench: &Bench) {
    let person = bench.account().await;
    let begun = deleted(bench, &person.did).await;
    let again = Account {
        did: person.did.clone(),
        ..account(900)
    };
    assert_eq!(create(bench, &again).await, Creation::DidTaken);
    finish(bench, &begun).await;
    assert_eq!(create(bench, &again).await, Creation::Created);
}

async fn a_deletion_spends_its_code_and_no_other(bench: &Bench) {
    let person = bench.account().await;
    let (right, other) = (bench.digest(), bench.digest());
    for (purpose, digest) in [(DELETES, right), (EmailTokenPurpose::UpdateEmail, other)] {
        keep(bench, &person, purpose, digest).await;
    }
    for wrong in [other, bench.digest()] {
        assert_eq!(
            delete(bench, &person.did, Some(wrong)).await,
            DeletionBegin::TokenGone
        );
    }
    assert_eq!(stored(bench, &person.did).await, person);
    let begun = delete(bench, &person.did, Some(right)).await;
    assert!(matches!(begun, DeletionBegin::Begun(_)));
    let again = delete(bench, &person.did, Some(right)).await;
    assert!(matches!(again, DeletionBegin::Resumed(_)));
    let nobody = delete(bench, &account(900).did, None).await;
    assert_eq!(nobody, DeletionBegin::Unknown);
}

async fn an_account_on_its_way_is_not_deleted(bench: &Bench) {
    let person = bench.account().await;
    let there = crate::conformance::hosts::host(7);
    bench.store.add_pds_host(&there).await.unwrap();
    let to = there.did.to_string();
    let former = Former::Rests;
    let moving = begin(bench, &person, Change::Move { to, former }).await;
    assert_eq!(
        delete(bench, &person.did, None).await,
        DeletionBegin::UnderWay(moving)
    );
    assert_eq!(stored(bench, &person.did).await, person);
}

async fn a_pds_that_has_still_an_account_to_delete_is_not_removed(bench: &Bench) {
    let host = crate::conformance::hosts::host(7);
    bench.store.add_pds_host(&host).await.unwrap();
    let person = Account {
        pds_did: host.did.to_string(),
        ..account(900)
    };
    create(bench, &person).await;
    let begun = deleted(bench, &person.did).await;
    let removal = async || bench.store.remove_pds_host(&host.did).await.unwrap();
    assert_eq!(removal().await, HostRemoval::Inhabited { accounts: 1 });
    finish(bench, &begun).await;
    assert_eq!(removal().await, HostRemoval::Removed);
}

async fn of_many_deletions_with_one_code_one_begins(bench: &Bench) {
    let (session, _) = bench.session().await;
    let did = session.did;
    let token = bench.digest();
    let person = stored(bench, &did).await;
    keep(bench, &person, DELETES, token).await;
    let answers = race(|_| {
        let (store, did) = (bench.store.clone(), did.clone());
        async move {
            match store.begin_deletion(&did, Some(token), NOON).await.unwrap() {
                DeletionBegin::Begun(_) => "begun",
                DeletionBegin::Resumed(_) => "resumed",
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    assert_eq!((count(&answers, &"begun"), count(&answers, &"resumed")), (1, 63));
    let told = bench.store.revocations_after(0, 10).await.unwrap();
    assert_eq!(told.len(), 1);
}

/// Whatever came to act for the account first ended with it, and what comes later comes to nothing.
async fn nothing_begins_for_an_account_that_is_deleted_at_that_moment(bench: &Bench) {
    let person = bench.account().await;
    let sessions = race(|number| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        let to = person.email.clone().unwrap();
        let one = crate::conformance::devices::new_sign_in(bench, &did, bench.digest());
        async move {
            match number % 4 {
                0 => drop(store.begin_deletion(&did, None, NOON).await.unwrap()),
                1 => drop(store.begin_sign_in(one).await.unwrap()),
                2 => {
                    let digest = Digest::of(&number.to_be_bytes());
                    let kept = store.keep_email_token(&did, DELETES, digest, &to, NOON).await;
                    kept.unwrap();
                }
                _ => {
                    let asked = AccountChange::begin(&account(0), OFF, NOON);
                    store.begin_change(&AccountChange { did, ..asked }).await.unwrap();
                }
            }
        }
    })
    .await;
    assert_eq!(sessions.len(), 64);
    assert_eq!(bench.store.account(&person.did).await.unwrap(), None);
    let changes = bench.store.changes_of(&person.did).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].kind(), Kind::Deletion);
}

on_both_engines![
    nothing_of_a_deleted_account_is_left_but_its_names,
    invites_of_a_deleted_account_let_nobody_in,
    a_did_whose_deletion_is_unfinished_gets_no_account,
    a_deletion_spends_its_code_and_no_other,
    an_account_on_its_way_is_not_deleted,
    a_pds_that_has_still_an_account_to_delete_is_not_removed,
    of_many_deletions_with_one_code_one_begins,
    nothing_begins_for_an_account_that_is_deleted_at_that_moment,
];
