use super::bench::{Bench, NOON, account, count, race};
use super::legacy_sessions::{app_password, begin, name, stored};
use super::on_both_engines;
use crate::{AppPasswordCreation, AppPasswordRevocation, LegacyBegin, NewLegacySession};
use entryway_core::account::Account;
use entryway_core::app_password::{APP_PASSWORDS_MAX, AppPasswordEntry, AppPasswordKind};
use entryway_core::legacy_session::{Basis, LegacyLifetimes, LegacySession};
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Seconds;

fn entry(text: &str, seconds: i64) -> AppPasswordEntry {
    AppPasswordEntry {
        name: name(text),
        kind: AppPasswordKind::Plain,
        created_at: NOON + Seconds(seconds),
    }
}

async fn create(bench: &Bench, of: &Account, new: &AppPasswordEntry, digest: Digest) -> AppPasswordCreation {
    let created = bench.store.create_app_password(&of.did, new, digest);
    created.await.unwrap()
}

async fn revoke(bench: &Bench, of: &Account, text: &str) -> AppPasswordRevocation {
    let revoked = bench.store.revoke_app_password(&of.did, &name(text)).await;
    revoked.unwrap()
}

async fn an_app_password_is_found_by_its_digest_for_its_account_alone(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let (one, digest) = (entry("a bot", 0), bench.digest());
    assert_eq!(
        create(bench, &person, &one, digest).await,
        AppPasswordCreation::Created
    );
    let find = async |of: &Account, digest| bench.store.app_password(&of.did, digest).await.unwrap();
    assert_eq!(find(&person, digest).await, Some(one));
    assert_eq!(find(&person, bench.digest()).await, None);
    assert_eq!(find(&other, digest).await, None);
}

async fn app_passwords_are_listed_the_oldest_first(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let list = async |of: &Account| bench.store.app_passwords(&of.did).await.unwrap();
    assert_eq!(list(&person).await, []);
    let privileged = AppPasswordEntry {
        kind: AppPasswordKind::Privileged,
        ..entry("a", 1)
    };
    for new in [&entry("c", 2), &privileged, &entry("b", 1)] {
        create(bench, &person, new, bench.digest()).await;
    }
    create(bench, &other, &entry("a", 0), bench.digest()).await;
    assert_eq!(list(&person).await, [privileged, entry("b", 1), entry("c", 2)]);
    assert_eq!(list(&other).await, [entry("a", 0)]);
}

async fn a_name_is_good_once_until_it_is_revoked(bench: &Bench) {
    let person = bench.account().await;
    for expected in [AppPasswordCreation::Created, AppPasswordCreation::NameTaken] {
        let created = create(bench, &person, &entry("a bot", 0), bench.digest()).await;
        assert_eq!(created, expected);
    }
    assert_eq!(
        revoke(bench, &person, "a bot").await,
        AppPasswordRevocation::Revoked { sessions: 0 }
    );
    assert_eq!(
        revoke(bench, &person, "a bot").await,
        AppPasswordRevocation::Unknown
    );
    let created = create(bench, &person, &entry("a bot", 0), bench.digest()).await;
    assert_eq!(created, AppPasswordCreation::Created);
    let nobody = create(bench, &account(9), &entry("a bot", 0), bench.digest()).await;
    assert_eq!(nobody, AppPasswordCreation::Unknown);
}

//
async fn a_revoked_app_password_opens_nothing_and_its_sessions_end(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let digest = bench.digest();
    create(bench, &person, &entry("a bot", 0), digest).await;
    let bot = Basis::AppPassword {
        name: name("a bot"),
        kind: AppPasswordKind::Plain,
    };
    let ended = [
        begin(bench, &person, bot.clone()).await,
        begin(bench, &person, bot).await,
    ];
    let second = app_password(bench, &person, "second", AppPasswordKind::Plain).await;
    let same_name = app_password(bench, &other, "a bot", AppPasswordKind::Plain).await;
    let kept = [
        begin(bench, &person, second).await,
        begin(bench, &person, Basis::AccountPassword).await,
        begin(bench, &other, same_name).await,
    ];
    assert_eq!(
        revoke(bench, &person, "a bot").await,
        AppPasswordRevocation::Revoked { sessions: 2 }
    );
    let found = bench.store.app_password(&person.did, digest).await.unwrap();
    assert_eq!(found, None);
    for session in ended {
        assert_eq!(stored(bench, &session).await, None);
    }
    for session in kept {
        assert_eq!(stored(bench, &session).await, Some(session));
    }
}

async fn of_many_app_passwords_of_one_name_one_is_created(bench: &Bench) {
    let person = bench.account().await;
    let answers = race(|_| {
        let (store, did, digest) = (bench.store.clone(), person.did.clone(), bench.digest());
        async move {
            let new = entry("a bot", 0);
            store.create_app_password(&did, &new, digest).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &AppPasswordCreation::Created), 1);
    assert_eq!(count(&answers, &AppPasswordCreation::NameTaken), 63);
}

async fn of_many_app_passwords_no_more_are_created_than_an_account_may_have(bench: &Bench) {
    let person = bench.account().await;
    for number in 0..APP_PASSWORDS_MAX - 3 {
        create(
            bench,
            &person,
            &entry(&format!("old {number}"), 0),
            bench.digest(),
        )
        .await;
    }
    let answers = race(|number| {
        let (store, did, digest) = (bench.store.clone(), person.did.clone(), bench.digest());
        async move {
            let new = entry(&format!("new {number}"), 0);
            store.create_app_password(&did, &new, digest).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &AppPasswordCreation::Created), 3);
    assert_eq!(count(&answers, &AppPasswordCreation::TooMany), 61);
    let all = bench.store.app_passwords(&person.did).await.unwrap();
    assert_eq!(all.len(), APP_PASSWORDS_MAX);
}

//
async fn no_session_outlives_the_app_password_it_is_begun_with_at_that_moment(bench: &Bench) {
    let person = bench.account().await;
    let basis = app_password(bench, &person, "a bot", AppPasswordKind::Plain).await;
    let begun = race(|number| {
        let (store, person, basis) = (bench.store.clone(), person.clone(), basis.clone());
        let mut entropy = [6; 16];
        entropy[..4].copy_from_slice(&bench.fresh().to_be_bytes());
        async move {
            if number == 32 {
                let revoked = store.revoke_app_password(&person.did, &name("a bot")).await;
                assert_ne!(revoked.unwrap(), AppPasswordRevocation::Unknown);
                return None;
            }
            let (id, lifetimes) = (SessionId::from_entropy(entropy), LegacyLifetimes::default());
            let session = LegacySession::begin(person.did.clone(), basis, id, [7; 16], &lifetimes, NOON);
            let new = NewLegacySession {
                session: &session,
                account: &person,
                auth_factor: None,
            };
            let begun = store.begin_legacy_session(new).await.unwrap();
            (begun == LegacyBegin::Begun).then_some(session)
        }
    })
    .await;
    for session in begun.into_iter().flatten() {
        assert_eq!(stored(bench, &session).await, None);
    }
}

on_both_engines![
    an_app_password_is_found_by_its_digest_for_its_account_alone,
    app_passwords_are_listed_the_oldest_first,
    a_name_is_good_once_until_it_is_revoked,
    a_revoked_app_password_opens_nothing_and_its_sessions_end,
    of_many_app_passwords_of_one_name_one_is_created,
    of_many_app_passwords_no_more_are_created_than_an_account_may_have,
    no_session_outlives_the_app_password_it_is_begun_with_at_that_moment,
];
