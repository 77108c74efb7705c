use super::bench::{Database, NOON, account, execute, hash, race, wish};
use crate::migrate::SchemaState;
use crate::{ChangeBegin, Creation, EmailChange, Fault, FeedPosition, Mark, NewAccount, Remembered, Store};
use entryway_core::account::Account;
use entryway_core::email::EmailAddress;
use entryway_core::email_change::AddressWarrant;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Seconds;
use entryway_scope::Handle;

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        /// In order.
        const NAMES: &[&str] = &[$($name),*];

        const SQLITE_TEXTS: Texts = Texts {
            in_order: &[$(include_str!(concat!("../../../../migrations/sqlite/", $name, ".sql"))),*],
            runs: [2, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2, 2],
        };

        const POSTGRES_TEXTS: Texts = Texts {
            in_order: &[$(include_str!(concat!("../../../../migrations/postgres/", $name, ".sql"))),*],
            runs: [2; 13],
        };
    };
}

migrations![
    "0001_first_login",
    "0002_known_clients",
    "0003_permission_sets",
    "0004_revocations",
    "0005_devices",
    "0006_fleet",
    "0007_sessions",
    "0008_sign_ups",
    "0009_account_life",
    "0010_arrivals",
    "0011_recent_invites",
    "0012_instances",
    "0013_fewer_pages",
];

/// The files of an engine, as somebody runs them by hand.
struct Texts {
    in_order: &'static [&'static str],
    /// How often each may be run.
    runs: [u32; 13],
}

impl Texts {
    /// The text of a migration, the first one being 1.
    fn of(&self, number: usize) -> &'static str {
        self.in_order[number - 1]
    }

    /// The texts before this one.
    fn before(&self, number: usize) -> &[&'static str] {
        &self.in_order[..number - 1]
    }
}

/// As the program records migrations.
const RECORD_TABLE: &str = "create table schema_migration
    (version bigint not null primary key, name text not null, checksum text not null)";

/// Makes two tests of each function, on a database that is still empty.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&crate::conformance::bench::Database::sqlite(), &super::SQLITE_TEXTS).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(database) = crate::conformance::bench::Database::postgres().await {
                    super::$test(&database, &super::POSTGRES_TEXTS).await;
                }
            })*
        }
    };
}

/// The store works, and nothing is left to do.
async fn is_up_to_date(database: &Database) {
    let store = Store::open(&database.url).await.unwrap();
    works(&store).await;
    let seen_from_inside = store.schema().await.unwrap();
    store.close().await;
    let state = Store::migrate_check(&database.url).await.unwrap();
    let (version, pending) = (13, Vec::new());
    assert_eq!(state, SchemaState { version, pending });
    assert_eq!(seen_from_inside, state);
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

async fn nothing_is_applied_by_looking(database: &Database, _texts: &Texts) {
    for _ in 0..2 {
        let state = Store::migrate_check(&database.url).await.unwrap();
        let (version, pending) = (0, NAMES.to_vec());
        assert_eq!(state, SchemaState { version, pending });
        let fault = Store::open_unmigrated(&database.url).await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the database lacks 13 migrations, the first is 0001_first_login: run entryway migrate"
        );
        if let Some(path) = database.url.strip_prefix("sqlite://") {
            assert!(!std::path::Path::new(path).exists());
        }
    }
}

async fn a_fresh_database_is_migrated(database: &Database, _texts: &Texts) {
    is_up_to_date(database).await;
}

async fn migrations_run_once(database: &Database, _texts: &Texts) {
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
async fn a_database_that_stopped_in_the_first_migration_is_completed(database: &Database, texts: &Texts) {
    run_until(database, texts.of(1), "create table if not exists mark").await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_that_stopped_before_the_new_column_is_completed(database: &Database, texts: &Texts) {
    execute(&database.url, texts.of(1)).await;
    run_until(database, texts.of(2), "alter table").await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_that_stopped_after_the_new_column_is_completed(database: &Database, texts: &Texts) {
    execute(&database.url, texts.of(1)).await;
    run_until(database, texts.of(2), "create table if not exists client_grant").await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_that_stopped_between_new_tables_is_completed(database: &Database, texts: &Texts) {
    execute(&database.url, texts.of(1)).await;
    run_until(database, texts.of(2), "create table if not exists trusted_client").await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_that_stopped_in_a_later_migration_is_completed(database: &Database, texts: &Texts) {
    execute(&database.url, texts.of(1)).await;
    execute(&database.url, texts.of(2)).await;
    run_until(
        database,
        texts.of(3),
        "create table if not exists scope_reference",
    )
    .await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_that_stopped_before_the_head_of_the_feed_is_completed(
    database: &Database,
    texts: &Texts,
) {
    for text in texts.before(4) {
        execute(&database.url, text).await;
    }
    run_until(database, texts.of(4), "insert into").await;
    is_up_to_date(database).await;
    let store = Store::open(&database.url).await.unwrap();
    let (head, oldest) = (0, 1);
    assert_eq!(
        store.feed_position().await.unwrap(),
        FeedPosition { head, oldest }
    );
}

// C17
async fn a_database_that_stopped_between_new_columns_is_completed(database: &Database, texts: &Texts) {
    for text in texts.before(5) {
        execute(&database.url, text).await;
    }
    run_until(database, texts.of(5), "alter table oauth_session").await;
    is_up_to_date(database).await;
}

/// The feed of a database that was in use goes on where it was.
async fn a_migration_run_again_by_hand_leaves_the_head_of_the_feed(database: &Database, texts: &Texts) {
    by_hand(database, texts).await;
    execute(&database.url, "update revocation_head set seq = 7").await;
    execute(&database.url, texts.of(4)).await;
    is_up_to_date(database).await;
    let store = Store::open(&database.url).await.unwrap();
    let (head, oldest) = (7, 8);
    assert_eq!(
        store.feed_position().await.unwrap(),
        FeedPosition { head, oldest }
    );
}

// C17
async fn a_database_that_stopped_before_the_names_were_copied_is_completed(
    database: &Database,
    texts: &Texts,
) {
    first_release(database, texts).await;
    for text in &texts.before(6)[1..] {
        execute(&database.url, text).await;
    }
    run_until(database, texts.of(6), "insert into taken_name").await;
    has_the_names_of_its_account(database).await;
}

// C17
async fn a_database_that_stopped_between_new_facts_of_accounts_is_completed(
    database: &Database,
    texts: &Texts,
) {
    first_release(database, texts).await;
    for text in &texts.before(6)[1..] {
        execute(&database.url, text).await;
    }
    run_until(database, texts.of(6), "-- while it is taken down").await;
    has_the_names_of_its_account(database).await;
}

/// Names that were given before there was a table of them are nobody else's.
async fn the_names_of_an_older_release_are_taken(database: &Database, texts: &Texts) {
    first_release(database, texts).await;
    has_the_names_of_its_account(database).await;
}

async fn has_the_names_of_its_account(database: &Database) {
    is_up_to_date(database).await;
    let store = Store::open(&database.url).await.unwrap();
    let old = account(1);
    let owner = store.handle_owner(&old.handle).await.unwrap().unwrap();
    assert_eq!(owner.did, old.did);
    let newer = Account {
        handle: Handle::parse("newer.test").unwrap(),
        ..account(2)
    };
    let new = NewAccount {
        account: &newer,
        password_hash: &hash("first"),
    };
    assert_eq!(store.create_account(new, NOON).await.unwrap(), Creation::Created);
    let wished = wish(&store, &newer, &old.handle).await;
    assert_eq!(wished, ChangeBegin::HandleTaken);
    let address = EmailAddress::parse("person1@mail.example").unwrap();
    let change = store
        .change_email(&newer.did, &address, AddressWarrant::Operator, NOON)
        .await;
    assert_eq!(change.unwrap(), EmailChange::Taken);
}

// C17
async fn a_database_that_stopped_between_app_passwords_and_their_sessions_is_completed(
    database: &Database,
    texts: &Texts,
) {
    first_release(database, texts).await;
    for text in &texts.before(7)[1..] {
        execute(&database.url, text).await;
    }
    run_until(database, texts.of(7), "create table if not exists legacy_session").await;
    is_up_to_date(database).await;
}

// C17
async fn a_database_that_stopped_between_old_marks_and_new_is_completed(database: &Database, texts: &Texts) {
    by_hand(database, texts).await;
    let again = texts.of(13);
    for stop in [
        "insert or ignore into mark_in_order",
        "drop table mark",
        "alter table mark_in_order",
    ] {
        // PostgreSQL has no such step
        if again.contains(stop) {
            run_until(database, again, stop).await;
        }
        is_up_to_date(database).await;
        execute(&database.url, "drop table schema_migration").await;
    }
}

/// What was used once stays used.
async fn marks_outlive_the_migration(database: &Database, texts: &Texts) {
    for text in texts.before(13) {
        execute(&database.url, text).await;
    }
    let (used, later) = (Digest::of(b"used"), NOON + Seconds(1));
    let digest = if database.url.starts_with("sqlite:") {
        format!("x'{used}'")
    } else {
        format!("'\\x{used}'")
    };
    let row = format!(
        "insert into mark (digest, expires_at) values ({digest}, {})",
        later.seconds()
    );
    execute(&database.url, &row).await;
    is_up_to_date(database).await;
    let store = Store::open(&database.url).await.unwrap();
    let mark = Mark {
        digest: used,
        expires_at: later,
    };
    let again = store.remember_mark(mark, NOON).await.unwrap();
    assert_eq!(again, Remembered::Replayed);
}

// C17
async fn a_database_that_stopped_before_the_uses_of_invites_is_completed(database: &Database, texts: &Texts) {
    by_hand(database, texts).await;
    execute(&database.url, "drop table invite_use").await;
    execute(&database.url, "drop table sign_up").await;
    is_up_to_date(database).await;
}

/// Somebody left out the line that SQLite refused to run twice.
async fn a_new_column_that_alone_is_missing_is_added(database: &Database, texts: &Texts) {
    execute(&database.url, texts.of(1)).await;
    let tables = texts
        .of(2)
        .find("create table if not exists client_grant")
        .unwrap();
    execute(&database.url, &texts.of(2)[tables..]).await;
    is_up_to_date(database).await;
}

async fn run_until(database: &Database, text: &str, stop: &str) {
    execute(&database.url, &text[..text.find(stop).unwrap()]).await;
}

// C17
async fn a_database_migrated_by_hand_is_taken_over(database: &Database, texts: &Texts) {
    by_hand(database, texts).await;
    is_up_to_date(database).await;
}

async fn an_empty_record_is_filled(database: &Database, texts: &Texts) {
    by_hand(database, texts).await;
    execute(&database.url, RECORD_TABLE).await;
    is_up_to_date(database).await;
}

async fn by_hand(database: &Database, texts: &Texts) {
    for (text, runs) in texts.in_order.iter().zip(texts.runs) {
        for _ in 0..runs {
            execute(&database.url, text).await;
        }
    }
}

/// A database of the first release, with a session in it.
async fn first_release(database: &Database, texts: &Texts) {
    execute(&database.url, texts.of(1)).await;
    execute(&database.url, RECORD_TABLE).await;
    let record = format!(
        "insert into schema_migration (version, name, checksum) values (1, '0001_first_login', '{}')",
        Digest::of(texts.of(1).as_bytes())
    );
    execute(&database.url, &record).await;
    let (account, jkt) = (account(1), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let rows = format!(
        "insert into account values ('{did}', '{handle}', '{email}', 'did:web:pds.example', 'active', 'x', 1, 1);
        insert into oauth_session values ('{OLD_SESSION}', '{did}', 'http://localhost', 'atproto', '{jkt}', {salt},
            3, 1, 1, {expires_at}, null, null)",
        did = account.did,
        handle = account.handle,
        email = account.email.unwrap(),
        expires_at = NOON.seconds(),
        salt = if database.url.starts_with("sqlite:") { "x'07070707070707070707070707070707'" } else {
            "'\\x07070707070707070707070707070707'"
        },
    );
    execute(&database.url, &rows).await;
}

const OLD_SESSION: &str = "ses-02020202020202020202020202020202";

async fn keeps_the_old_session(database: &Database) {
    is_up_to_date(database).await;
    let store = Store::open(&database.url).await.unwrap();
    let found = store.session(SessionId::parse(OLD_SESSION).unwrap()).await;
    let session = found.unwrap().unwrap().session;
    assert_eq!((session.generation, session.client_key), (3, None));
}

async fn a_session_of_the_first_release_is_one_of_a_public_client(database: &Database, texts: &Texts) {
    first_release(database, texts).await;
    keeps_the_old_session(database).await;
}

async fn a_first_release_migrated_by_hand_is_taken_over(database: &Database, texts: &Texts) {
    first_release(database, texts).await;
    for _ in 0..texts.runs[1] {
        execute(&database.url, texts.of(2)).await;
    }
    keeps_the_old_session(database).await;
}

async fn a_newer_schema_is_refused(database: &Database, _texts: &Texts) {
    is_up_to_date(database).await;
    execute(
        &database.url,
        "insert into schema_migration (version, name, checksum) values (99, '0099_later', 'x')",
    )
    .await;
    let sentence = "the database has schema 99 and this release knows up to 13: run the newer release";
    for refused in [
        Store::open(&database.url).await.unwrap_err(),
        Store::open_unmigrated(&database.url).await.unwrap_err(),
        Store::migrate_check(&database.url).await.unwrap_err(),
    ] {
        assert_eq!(refused.to_string(), sentence);
    }
}

async fn a_migration_of_another_text_is_refused(database: &Database, _texts: &Texts) {
    is_up_to_date(database).await;
    execute(&database.url, "update schema_migration set checksum = 'x'").await;
    let refused = Store::open(&database.url).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "migration 0001_first_login was applied to this database in another form"
    );
}

// C16
async fn many_starters_at_once_migrate_once_and_all_work(database: &Database, _texts: &Texts) {
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
    a_database_that_stopped_in_the_first_migration_is_completed,
    a_database_that_stopped_before_the_new_column_is_completed,
    a_database_that_stopped_after_the_new_column_is_completed,
    a_database_that_stopped_between_new_tables_is_completed,
    a_database_that_stopped_in_a_later_migration_is_completed,
    a_database_that_stopped_before_the_head_of_the_feed_is_completed,
    a_database_that_stopped_between_new_columns_is_completed,
    a_migration_run_again_by_hand_leaves_the_head_of_the_feed,
    a_database_that_stopped_before_the_names_were_copied_is_completed,
    a_database_that_stopped_between_new_facts_of_accounts_is_completed,
    the_names_of_an_older_release_are_taken,
    a_database_that_stopped_between_app_passwords_and_their_sessions_is_completed,
    a_database_that_stopped_between_old_marks_and_new_is_completed,
    marks_outlive_the_migration,
    a_database_that_stopped_before_the_uses_of_invites_is_completed,
    a_new_column_that_alone_is_missing_is_added,
    a_database_migrated_by_hand_is_taken_over,
    an_empty_record_is_filled,
    a_session_of_the_first_release_is_one_of_a_public_client,
    a_first_release_migrated_by_hand_is_taken_over,
    a_newer_schema_is_refused,
    a_migration_of_another_text_is_refused,
    many_starters_at_once_migrate_once_and_all_work,
];
