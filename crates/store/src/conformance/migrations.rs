use super::bench::{Database, NOON, execute, race};
use crate::migrate::SchemaState;
use crate::{Fault, Mark, Remembered, Store};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Seconds;

const SQLITE_TEXT: &str = include_str!("../../../../migrations/sqlite/0001_first_login.sql");
const POSTGRES_TEXT: &str = include_str!("../../../../migrations/postgres/0001_first_login.sql");

/// As the program records migrations.
const RECORD_TABLE: &str = "create table schema_migration
    (version bigint not null primary key, name text not null, checksum text not null)";

/// Makes two tests of each function, on a database that is still empty.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&crate::conformance::bench::Database::sqlite(), super::SQLITE_TEXT).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(database) = crate::conformance::bench::Database::postgres().await {
                    super::$test(&database, super::POSTGRES_TEXT).await;
                }
            })*
        }
    };
}

/// The store works, and nothing is left to do.
async fn is_up_to_date(database: &Database) {
    let store = Store::open(&database.url).await.unwrap();
    works(&store).await;
    store.close().await;
    let state = Store::migrate_check(&database.url).await.unwrap();
    let (version, pending) = (1, Vec::new());
    assert_eq!(state, SchemaState { version, pending });
    Store::open_unmigrated(&database.url).await.unwrap();
}

async fn works(store: &Store) {
    let mut entropy = [0; 8];
    aws_lc_rs::rand::fill(&mut entropy).unwrap();
    let mark = Mark {
        digest: Digest::of(&entropy),
        expires_at: NOON + Seconds(1),
    };
    let remembered = store.remember_mark(mark, NOON).await.unwrap();
    assert_eq!(remembered, Remembered::Fresh);
}

async fn nothing_is_applied_by_looking(database: &Database, _text: &str) {
    for _ in 0..2 {
        let state = Store::migrate_check(&database.url).await.unwrap();
        let (version, pending) = (0, vec!["0001_first_login"]);
        assert_eq!(state, SchemaState { version, pending });
        let fault = Store::open_unmigrated(&database.url).await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the database lacks 1 migrations, the first is 0001_first_login: run entryway migrate"
        );
        if let Some(path) = database.url.strip_prefix("sqlite://") {
            assert!(!std::path::Path::new(path).exists());
        }
    }
}

async fn a_fresh_database_is_migrated(database: &Database, _text: &str) {
    is_up_to_date(database).await;
}

async fn migrations_run_once(database: &Database, _text: &str) {
    is_up_to_date(database).await;
    is_up_to_date(database).await;
    execute(&database.url, "drop table mark").await;
    let store = Store::open(&database.url).await.unwrap();
    let mark = Mark {
        digest: Digest::of(b"1"),
        expires_at: NOON,
    };
    let refused = store.remember_mark(mark, NOON).await;
    assert!(matches!(
        refused,
        Err(Fault::Engine {
            verb: "remember_mark",
            ..
        })
    ));
}

// C17
async fn a_database_that_stopped_halfway_is_completed(database: &Database, text: &str) {
    let half = text.find("create table if not exists mark").unwrap();
    execute(&database.url, &text[..half]).await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_migrated_by_hand_is_taken_over(database: &Database, text: &str) {
    execute(&database.url, text).await;
    execute(&database.url, text).await;
    is_up_to_date(database).await;
}

async fn an_empty_record_is_filled(database: &Database, text: &str) {
    execute(&database.url, text).await;
    execute(&database.url, RECORD_TABLE).await;
    is_up_to_date(database).await;
}

async fn a_newer_schema_is_refused(database: &Database, _text: &str) {
    is_up_to_date(database).await;
    execute(
        &database.url,
        "insert into schema_migration (version, name, checksum) values (7, '0007_later', 'x')",
    )
    .await;
    let sentence = "the database has schema 7 and this release knows up to 1: run the newer release";
    for refused in [
        Store::open(&database.url).await.unwrap_err(),
        Store::open_unmigrated(&database.url).await.unwrap_err(),
        Store::migrate_check(&database.url).await.unwrap_err(),
    ] {
        assert_eq!(refused.to_string(), sentence);
    }
}

async fn a_migration_of_another_text_is_refused(database: &Database, _text: &str) {
    is_up_to_date(database).await;
    execute(&database.url, "update schema_migration set checksum = 'x'").await;
    let refused = Store::open(&database.url).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "migration 0001_first_login was applied to this database in another form"
    );
}

// C16
async fn many_starters_at_once_migrate_once_and_all_work(database: &Database, _text: &str) {
    race(|_| {
        let url = database.url.clone();
        async move {
            let store = Store::open(&url).await.unwrap();
            works(&store).await;
            store.close().await;
        }
    })
    .await;
    is_up_to_date(database).await;
}

on_both_engines![
    nothing_is_applied_by_looking,
    a_fresh_database_is_migrated,
    migrations_run_once,
    a_database_that_stopped_halfway_is_completed,
    a_database_migrated_by_hand_is_taken_over,
    an_empty_record_is_filled,
    a_newer_schema_is_refused,
    a_migration_of_another_text_is_refused,
    many_starters_at_once_migrate_once_and_all_work,
];
