use super::bench::{Bench, NOON, account, count, hash, race, set_status};
use super::on_both_engines;
use crate::{
    AppPasswordCreation, AppPasswordRevocation, EmailTokenKeeping, LEGACY_SESSIONS_LISTED_MAX, LegacyBegin,
    LegacyEnd, LegacyRotation, LegacySessionFacts, LegacySessions, ListedLegacySession, NewLegacySession,
    PasswordChange, Revocation, Swept,
};
use entryway_core::account::Account;
use entryway_core::account_change::StatusChange;
use entryway_core::app_password::{AppPasswordEntry, AppPasswordKind, AppPasswordName};
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::legacy_session::{Basis, LegacyLifetimes, LegacySession, Superseded};
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Seconds;

pub(super) fn name(text: &str) -> AppPasswordName {
    AppPasswordName::parse(text).unwrap()
}

/// A session as it could begin at noon.
fn new_session(bench: &Bench, of: &Account, basis: Basis) -> LegacySession {
    let mut entropy = [5; 16];
    entropy[..4].copy_from_slice(&bench.fresh().to_be_bytes());
    let (id, lifetimes) = (SessionId::from_entropy(entropy), LegacyLifetimes::default());
    LegacySession::begin(of.did.clone(), basis, id, [7; 16], &lifetimes, NOON)
}

async fn try_begin(
    bench: &Bench,
    session: &LegacySession,
    of: &Account,
    code: Option<Digest>,
) -> LegacyBegin {
    let new = NewLegacySession {
        session,
        account: of,
        auth_factor: code,
    };
    bench.store.begin_legacy_session(new).await.unwrap()
}

/// A session that lives.
pub(super) async fn begin(bench: &Bench, of: &Account, basis: Basis) -> LegacySession {
    let session = new_session(bench, of, basis);
    let begun = try_begin(bench, &session, of, None).await;
    assert_eq!(begun, LegacyBegin::Begun);
    session
}

pub(super) async fn stored(bench: &Bench, of: &LegacySession) -> Option<LegacySession> {
    let facts = bench.store.legacy_session(of.id).await.unwrap();
    facts.map(|facts| facts.session)
}

/// An app password of this name, and sessions begun with it are of this basis.
pub(super) async fn app_password(bench: &Bench, of: &Account, text: &str, kind: AppPasswordKind) -> Basis {
    let entry = AppPasswordEntry {
        name: name(text),
        kind,
        created_at: NOON,
    };
    let created = bench
        .store
        .create_app_password(&of.did, &entry, bench.digest())
        .await;
    assert_eq!(created.unwrap(), AppPasswordCreation::Created);
    Basis::AppPassword {
        name: name(text),
        kind,
    }
}

/// The same session after a refresh.
fn rotated(session: &LegacySession) -> LegacySession {
    LegacySession {
        generation: session.generation + 1,
        superseded: Superseded::parse("1800000060,1800000000").unwrap(),
        expires_at: session.expires_at + Seconds(60),
        ..session.clone()
    }
}

async fn a_session_is_loaded_with_its_account_as_it_was_begun(bench: &Bench) {
    let account = bench.account().await;
    let bases = [
        Basis::AccountPassword,
        app_password(bench, &account, "a bot", AppPasswordKind::Plain).await,
        app_password(
            bench,
            &account,
            "\u{1f916} 'x' \"y\"",
            AppPasswordKind::Privileged,
        )
        .await,
    ];
    for basis in bases {
        let session = begin(bench, &account, basis).await;
        let found = bench.store.legacy_session(session.id).await.unwrap();
        let account = account.clone();
        assert_eq!(found, Some(LegacySessionFacts { session, account }));
    }
    let nobody = SessionId::from_entropy([1; 16]);
    assert_eq!(bench.store.legacy_session(nobody).await.unwrap(), None);
}

async fn a_session_of_an_account_that_is_taken_down_is_not_kept(bench: &Bench) {
    let account = bench.account().await;
    let session = begin(bench, &account, Basis::TakenDown).await;
    assert_eq!(stored(bench, &session).await, None);
}

//
async fn a_rotation_replaces_the_generation_before_it_and_no_other(bench: &Bench) {
    let account = bench.account().await;
    let session = begin(bench, &account, Basis::AccountPassword).await;
    let (second, rotate) = (rotated(&session), async |next: &LegacySession| {
        bench.store.rotate_legacy_session(next).await.unwrap()
    });
    assert_eq!(rotate(&second).await, LegacyRotation::Rotated);
    assert_eq!(stored(bench, &session).await, Some(second.clone()));
    assert_eq!(rotate(&second).await, LegacyRotation::Overtaken);
    let third = rotated(&second);
    assert_eq!(rotate(&rotated(&third)).await, LegacyRotation::Overtaken);
    assert_eq!(rotate(&third).await, LegacyRotation::Rotated);
    let never = new_session(bench, &account, Basis::AccountPassword);
    assert_eq!(rotate(&rotated(&never)).await, LegacyRotation::Gone);
}

async fn of_many_refreshes_at_once_one_rotates(bench: &Bench) {
    let account = bench.account().await;
    let session = begin(bench, &account, Basis::AccountPassword).await;
    let answers = race(|_| {
        let (store, next) = (bench.store.clone(), rotated(&session));
        async move { store.rotate_legacy_session(&next).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &LegacyRotation::Rotated), 1);
    assert_eq!(count(&answers, &LegacyRotation::Overtaken), 63);
    assert_eq!(stored(bench, &session).await, Some(rotated(&session)));
}

//
async fn a_session_ends_once_and_is_not_refreshed_again(bench: &Bench) {
    let account = bench.account().await;
    let (session, other) = (
        begin(bench, &account, Basis::AccountPassword).await,
        begin(bench, &account, Basis::AccountPassword).await,
    );
    let end = async || bench.store.end_legacy_session(session.id).await.unwrap();
    assert_eq!(end().await, LegacyEnd::Ended);
    assert_eq!(end().await, LegacyEnd::Gone);
    let rotation = bench.store.rotate_legacy_session(&rotated(&session)).await;
    assert_eq!(rotation.unwrap(), LegacyRotation::Gone);
    assert_eq!(stored(bench, &session).await, None);
    assert_eq!(stored(bench, &other).await, Some(other));
}

const DOWN: StatusChange = StatusChange::TakenDown { reference: None };

async fn every_session_of_an_account_ends_with_each_of_these(bench: &Bench) {
    let other = bench.account().await;
    let kept = begin(bench, &other, Basis::AccountPassword).await;
    for step in 0..4 {
        let account = bench.account().await;
        let basis = app_password(bench, &account, "a bot", AppPasswordKind::Plain).await;
        let sessions = [
            begin(bench, &account, Basis::AccountPassword).await,
            begin(bench, &account, basis).await,
        ];
        let (store, did) = (&bench.store, &account.did);
        match step {
            0 => assert_eq!(store.end_legacy_sessions_of_account(did).await.unwrap(), 2),
            1 => {
                let changed = store.change_password(did, &hash("second"), NOON).await;
                assert_eq!(changed.unwrap(), PasswordChange::Changed);
            }
            2 => set_status(store, &account, DOWN).await,
            _ => {
                let ended = store.end_everything(did, NOON).await.unwrap();
                assert_eq!(ended, Revocation::Revoked { sessions: 0 });
            }
        }
        for session in sessions {
            assert_eq!(stored(bench, &session).await, None, "step {step}");
        }
    }
    assert_eq!(stored(bench, &kept).await, Some(kept));
}

async fn a_session_of_an_account_that_its_owner_switched_off_lives_on(bench: &Bench) {
    let account = bench.account().await;
    let session = begin(bench, &account, Basis::AccountPassword).await;
    set_status(&bench.store, &account, StatusChange::Deactivated).await;
    assert_eq!(stored(bench, &session).await, Some(session));
    begin(bench, &account, Basis::AccountPassword).await;
}

async fn nothing_begins_with_a_password_that_opens_nothing_any_more(bench: &Bench) {
    let gone = async |session: &LegacySession, of: &Account| {
        assert_eq!(
            try_begin(bench, session, of, None).await,
            LegacyBegin::PasswordGone
        );
        assert_eq!(stored(bench, session).await, None);
    };
    let person = bench.account().await;
    let plain = app_password(bench, &person, "a bot", AppPasswordKind::Plain).await;
    let privileged = Basis::AppPassword {
        name: name("a bot"),
        kind: AppPasswordKind::Privileged,
    };
    gone(&new_session(bench, &person, privileged), &person).await;
    let revoked = bench.store.revoke_app_password(&person.did, &name("a bot")).await;
    assert_eq!(revoked.unwrap(), AppPasswordRevocation::Revoked { sessions: 0 });
    gone(&new_session(bench, &person, plain), &person).await;
    let (second, later) = (hash("second"), NOON + Seconds(1));
    let changed = bench.store.change_password(&person.did, &second, later);
    assert_eq!(changed.await.unwrap(), PasswordChange::Changed);
    gone(&new_session(bench, &person, Basis::AccountPassword), &person).await;
    let now = bench.store.account(&person.did).await.unwrap().unwrap();
    begin(bench, &now, Basis::AccountPassword).await;
    set_status(&bench.store, &person, DOWN).await;
    gone(&new_session(bench, &now, Basis::AccountPassword), &now).await;
    let nobody = account(9);
    gone(&new_session(bench, &nobody, Basis::AccountPassword), &nobody).await;
}

//
async fn a_code_begins_one_session(bench: &Bench) {
    let account = bench.account().await;
    let code = bench.digest();
    let (purpose, to) = (EmailTokenPurpose::AuthFactor, account.email.as_deref().unwrap());
    let kept = bench
        .store
        .keep_email_token(&account.did, purpose, code, to, NOON)
        .await;
    assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
    let other = new_session(bench, &account, Basis::AccountPassword);
    let begun = try_begin(bench, &other, &account, Some(bench.digest())).await;
    assert_eq!(begun, LegacyBegin::CodeGone);
    let answers = race(|_| {
        let (store, account) = (bench.store.clone(), account.clone());
        let session = new_session(bench, &account, Basis::AccountPassword);
        async move {
            let new = NewLegacySession {
                session: &session,
                account: &account,
                auth_factor: Some(code),
            };
            store.begin_legacy_session(new).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &LegacyBegin::Begun), 1);
    assert_eq!(count(&answers, &LegacyBegin::CodeGone), 63);
    let ended = bench.store.end_legacy_sessions_of_account(&account.did).await;
    assert_eq!(ended.unwrap(), 1);
}

/// Half of them begin with the old password, while the other half change it: none of what began lives.
async fn no_session_outlives_the_password_it_was_begun_with(bench: &Bench) {
    let account = bench.account().await;
    race(|number| {
        let (store, account) = (bench.store.clone(), account.clone());
        let session = new_session(bench, &account, Basis::AccountPassword);
        async move {
            if number % 2 == 0 {
                let new = NewLegacySession {
                    session: &session,
                    account: &account,
                    auth_factor: None,
                };
                store.begin_legacy_session(new).await.unwrap();
            } else {
                let changed = store
                    .change_password(&account.did, &hash("second"), NOON + Seconds(1))
                    .await;
                assert_eq!(changed.unwrap(), PasswordChange::Changed);
            }
        }
    })
    .await;
    let left = bench.store.end_legacy_sessions_of_account(&account.did).await;
    assert_eq!(left.unwrap(), 0);
}

//
async fn an_account_s_sessions_are_listed_those_refreshed_last_first(bench: &Bench) {
    let (account, other) = (bench.account().await, bench.account().await);
    let list = async |seconds| {
        let now = NOON + Seconds(seconds);
        bench.store.legacy_sessions(&account.did, now).await.unwrap()
    };
    assert_eq!(list(0).await, LegacySessions::default());
    begin(bench, &other, Basis::AccountPassword).await;
    let basis = app_password(bench, &account, "a bot", AppPasswordKind::Privileged).await;
    let first = begin(bench, &account, basis).await;
    let second = begin(bench, &account, Basis::AccountPassword).await;
    let refreshed = rotated(&first);
    bench.store.rotate_legacy_session(&refreshed).await.unwrap();
    let entry = |of: &LegacySession| ListedLegacySession {
        id: of.id,
        basis: of.basis.clone(),
        created_at: of.created_at,
        expires_at: of.expires_at,
    };
    let listed = list(0).await;
    assert_eq!(
        (listed.listed, listed.count),
        (vec![entry(&refreshed), entry(&second)], 2)
    );
    // the second before, the second, and the second after the end of the other one
    let end = (second.expires_at - NOON).0;
    for (seconds, count) in [(end - 1, 2), (end, 1), (end + 1, 1), (end + 60, 0)] {
        assert_eq!(list(seconds).await.count, count, "{seconds}");
    }
    for _ in 0..LEGACY_SESSIONS_LISTED_MAX {
        begin(bench, &account, Basis::AccountPassword).await;
    }
    let (listed, most) = (list(0).await, LEGACY_SESSIONS_LISTED_MAX);
    assert_eq!(listed.listed.len(), most as usize);
    assert_eq!(listed.count, u64::from(most) + 2);
}

async fn a_session_whose_time_is_over_is_swept(bench: &Bench) {
    let account = bench.account().await;
    let session = begin(bench, &account, Basis::AccountPassword).await;
    let end = session.expires_at;
    for (now, legacy_sessions) in [(end - Seconds(1), 0), (end, 1), (end, 0)] {
        let expected = Swept {
            legacy_sessions,
            ..Swept::default()
        };
        assert_eq!(bench.store.sweep(now, 100).await.unwrap(), expected);
    }
    assert_eq!(stored(bench, &session).await, None);
}

on_both_engines![
    an_account_s_sessions_are_listed_those_refreshed_last_first,
    a_session_whose_time_is_over_is_swept,
    a_session_is_loaded_with_its_account_as_it_was_begun,
    a_session_of_an_account_that_is_taken_down_is_not_kept,
    a_rotation_replaces_the_generation_before_it_and_no_other,
    of_many_refreshes_at_once_one_rotates,
    a_session_ends_once_and_is_not_refreshed_again,
    every_session_of_an_account_ends_with_each_of_these,
    a_session_of_an_account_that_its_owner_switched_off_lives_on,
    nothing_begins_with_a_password_that_opens_nothing_any_more,
    a_code_begins_one_session,
    no_session_outlives_the_password_it_was_begun_with,
];
