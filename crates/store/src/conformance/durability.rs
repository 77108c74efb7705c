//! What holds for every verb, whoever goes away and whatever goes wrong.

use std::error::Error as _;

use super::bench::{Bench, NOON, RACERS, WINDOW, account, execute, race, scope};
use super::on_both_engines;
use crate::db::Db;
use crate::verbs::Verb;
use crate::{Approval, Basis, Engine, Fault, NewSession, Redemption, Remembered, Rotation, Store};
use entryway_core::session::Session;

async fn a_verb_is_done_though_its_caller_went_away(bench: &Bench) {
    let (session, _) = bench.session().await;
    let store = bench.store.clone();
    let proof = bench.mark();
    let mut verb = Box::pin(store.rotate_refresh(session.id, 0, WINDOW, proof, NOON));
    // polled once: asked for, and not waited for
    let asked = std::future::poll_fn(|context| std::task::Poll::Ready(verb.as_mut().poll(context)));
    // on a busy machine it may have been done meanwhile, which is as well
    let _ = asked.await;
    drop(verb);
    // the proof is used up in the same commit as the rotation
    while bench.stored(session.id).await.generation == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        bench.store.remember_mark(proof, NOON).await.unwrap(),
        Remembered::Replayed
    );
}

async fn loads_whose_callers_went_away_leave_nothing_behind(bench: &Bench) {
    let (session, _) = bench.session().await;
    for _ in 0..RACERS {
        let mut load = Box::pin(bench.store.session(session.id));
        let asked = std::future::poll_fn(|context| std::task::Poll::Ready(load.as_mut().poll(context)));
        let _ = asked.await;
    }
    for _ in 0..RACERS {
        assert_eq!(bench.stored(session.id).await, session);
    }
}

async fn what_a_verb_did_is_seen_by_the_next_load(bench: &Bench) {
    let (session, _) = bench.session().await;
    for generation in 0..50 {
        assert_eq!(
            bench.rotate(session.id, generation, NOON).await,
            Rotation::Rotated
        );
        assert_eq!(bench.stored(session.id).await.generation, generation + 1);
    }
}

/// Sixty-four redemptions queued together, half of which cannot be: the other half are.
async fn a_fault_is_only_its_own_verbs(bench: &Bench) {
    let (existing, _) = bench.session().await;
    let mut codes = Vec::new();
    for _ in 0..RACERS {
        codes.push(bench.code().await);
    }
    let answers = race(|number| {
        let (store, proof) = (bench.store.clone(), bench.mark());
        let (code, account) = codes[number].clone();
        let mut session = bench.new_session(&account.did);
        if number % 2 == 0 {
            session.id = existing.id;
        }
        async move {
            let new = NewSession { session: &session };
            let redemption = store.redeem_code(code, new, proof, NOON).await;
            (number, redemption)
        }
    })
    .await;
    for (number, redemption) in answers {
        match redemption {
            Ok(redemption) => assert_eq!((number % 2, redemption), (1, Redemption::Redeemed)),
            Err(fault) => assert_eq!(number % 2, 0, "{fault}"),
        }
    }
    assert_eq!(bench.stored(existing.id).await, existing);
}

/// The same with verbs of one step: what was rolled back with a neighbour is done again.
async fn a_verb_beside_a_fault_is_done(bench: &Bench) {
    let (id, browser) = bench.opened_request().await;
    let answers = race(|number| {
        let (store, mark, code) = (bench.store.clone(), bench.mark(), bench.digest());
        async move {
            if number % 4 > 0 {
                let remembered = store.remember_mark(mark, NOON).await.unwrap();
                assert_eq!(remembered, Remembered::Fresh);
                return Some(mark);
            }
            let approval = Approval {
                basis: Basis::Page,
                did: &account(9_999).did,
                scope: &scope(),
                code,
                code_expires_at: NOON,
                authenticated_at: NOON,
            };
            let approved = store.approve_request(id, browser, approval, NOON).await;
            assert!(approved.is_err());
            None
        }
    })
    .await;
    for mark in answers.into_iter().flatten() {
        let again = bench.store.remember_mark(mark, NOON).await.unwrap();
        assert_eq!(again, Remembered::Replayed);
    }
}

struct Panics;

impl Verb for Panics {
    type Outcome = ();
    const NAME: &'static str = "panics";

    async fn apply(&self, _db: &mut Db<'_>) -> Result<(), Fault> {
        panic!("on purpose")
    }
}

async fn a_verb_that_panics_harms_no_other(bench: &Bench) {
    let (session, _) = bench.session().await;
    let answers = race(|number| {
        let (store, mark) = (bench.store.clone(), bench.mark());
        async move {
            if number % 4 > 0 {
                return store.remember_mark(mark, NOON).await.map(drop);
            }
            let engine = store.engine();
            let panicked = tokio::spawn(async move { store.write(Panics).await }).await;
            match engine {
                Engine::Sqlite => {
                    let fault = panicked.unwrap().unwrap_err();
                    assert_eq!(fault.to_string(), "the database failed in panics");
                    assert_eq!(fault.source().unwrap().to_string(), "the verb panicked");
                }
                // the panic itself: it was nobody else's
                Engine::Postgres => assert!(panicked.unwrap_err().is_panic()),
            }
            Ok(())
        }
    })
    .await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(bench.rotate(session.id, 0, NOON).await, Rotation::Rotated);
}

async fn a_fault_tells_no_value(bench: &Bench) {
    let (existing, _) = bench.session().await;
    let (code, account) = bench.code().await;
    let taken = Session {
        did: account.did,
        ..existing
    };
    let new = NewSession { session: &taken };
    let fault = bench
        .store
        .redeem_code(code, new, bench.mark(), NOON)
        .await
        .unwrap_err();
    let engine = fault.source().unwrap();
    let told = format!("{fault} {fault:?} {engine} {engine:?}");
    assert!(!told.contains("ses-"), "{told}");
    let expected = match bench.store.engine() {
        Engine::Sqlite => "code 1555, UNIQUE constraint failed: oauth_session.id",
        Engine::Postgres => "code 23505, constraint oauth_session_pkey",
    };
    assert_eq!(engine.to_string(), expected);
}

async fn a_row_no_verb_writes_is_a_fault_that_names_its_column(bench: &Bench) {
    let (session, code) = bench.session().await;
    for (damage, column) in [
        ("update oauth_session set end_reason = 'revoked'", "end_reason"),
        (
            "update oauth_session set ended_at = 1, end_reason = 'bored'",
            "end_reason",
        ),
        (
            "update oauth_session set ended_at = null, end_reason = null, generation = -1",
            "generation",
        ),
        ("update oauth_session set generation = 0, jkt = 'short'", "jkt"),
    ] {
        execute(&bench.database.url, damage).await;
        let fault = bench.store.session(session.id).await.unwrap_err();
        let expected = format!("table oauth_session holds an impossible value in column {column}");
        assert_eq!(fault.to_string(), expected);
    }
    for (damage, column) in [
        ("update auth_request set session = null", "state"),
        ("update auth_request set state = 'lost'", "state"),
        ("update auth_request set scope = 'rm -rf'", "scope"),
        ("update auth_request set request = '{}'", "request"),
    ] {
        execute(&bench.database.url, damage).await;
        let fault = bench.store.code(code).await.unwrap_err();
        let expected = format!("table auth_request holds an impossible value in column {column}");
        assert_eq!(fault.to_string(), expected);
    }
}

async fn a_store_that_was_closed_keeps_what_it_did(bench: &Bench) {
    let (session, _) = bench.session().await;
    bench.rotate(session.id, 0, NOON).await;
    bench.store.close().await;
    bench.store.close().await;
    assert!(bench.store.session(session.id).await.is_err());
    let verb = bench.store.remember_mark(bench.mark(), NOON).await;
    assert!(verb.is_err());
    let again = Store::open(&bench.database.url).await.unwrap();
    let stored = again.session(session.id).await.unwrap().unwrap().session;
    assert_eq!(stored.generation, 1);
}

on_both_engines![
    a_verb_is_done_though_its_caller_went_away,
    loads_whose_callers_went_away_leave_nothing_behind,
    what_a_verb_did_is_seen_by_the_next_load,
    a_fault_is_only_its_own_verbs,
    a_verb_beside_a_fault_is_done,
    a_verb_that_panics_harms_no_other,
    a_fault_tells_no_value,
    a_row_no_verb_writes_is_a_fault_that_names_its_column,
    a_store_that_was_closed_keeps_what_it_did,
];

#[tokio::test]
async fn a_url_that_names_no_database_is_refused_in_a_sentence() {
    for (url, sentence) in [
        ("", "the database URL must begin with sqlite: or postgres://"),
        (
            "mysql://root:hunter2@db/entryway",
            "the database URL must begin with sqlite: or postgres://",
        ),
        (
            "sqlite::memory:",
            "the database URL must name a file: SQLite in memory has one connection only",
        ),
        (
            "sqlite://x?mode=memory",
            "the database URL must name a file: SQLite in memory has one connection only",
        ),
        (
            "sqlite:",
            "the database URL must name a file: expected sqlite:///path/to/file.db",
        ),
        (
            "sqlite://x?mode=odd",
            "the database URL has a parameter that is not understood: SQLite takes mode=rw and mode=rwc",
        ),
        (
            "postgres://me:hunter2@db:port/entryway",
            "the database URL is not one of PostgreSQL: expected postgres://user@host/name",
        ),
        (
            "postgres://me:hunter2@127.0.0.1:1/entryway",
            "cannot open the PostgreSQL database",
        ),
        (
            "sqlite:///dev/null/hunter2.db",
            "cannot open the SQLite database at /dev/null/hunter2.db",
        ),
    ] {
        let fault = Store::open(url).await.unwrap_err();
        assert_eq!(fault.to_string(), sentence, "{url}");
        assert!(!url.contains("me:hunter2") || !format!("{fault:?}").contains("hunter2"));
        let has_cause = matches!(fault, Fault::Open { .. });
        assert_eq!(fault.source().is_some(), has_cause);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_file_is_for_its_owners_eyes_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("made/with spaces #1.db");
    let url = format!(
        "sqlite://{}",
        path.display().to_string().replace(' ', "%20").replace('#', "%23")
    );
    let store = Store::open(&url).await.unwrap();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
    store.close().await;
    assert!(path.exists());
    let absent = format!("{url}2?mode=rw");
    assert!(matches!(Store::open(&absent).await, Err(Fault::Open { .. })));
}
