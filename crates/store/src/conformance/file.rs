//! What is so of SQLite's file alone: its log, and how SQLite is compiled.

use std::path::PathBuf;
use std::time::Duration;

use super::bench::{Bench, Database, NOON, race};
use crate::Remembered;
use crate::sqlite::File;

const PAGE: u64 = 4096;
/// After so many pages the log begins anew.
const LOG_PAGES: u64 = 8192;

fn file(bench: &Bench, end: &str) -> PathBuf {
    let path = bench.database.url.strip_prefix("sqlite://").unwrap();
    PathBuf::from(format!("{path}{end}"))
}

fn length(bench: &Bench, end: &str) -> u64 {
    file(bench, end).metadata().unwrap().len()
}

/// Sixty-four callers with a few verbs each.
async fn write(bench: &Bench, each: usize) {
    race(|_| {
        let store = bench.store.clone();
        let marks: Vec<_> = (0..each).map(|_| bench.mark()).collect();
        async move {
            for mark in marks {
                let remembered = store.remember_mark(mark, NOON).await.unwrap();
                assert_eq!(remembered, Remembered::Fresh);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_copied_into_the_file_long_before_it_must() {
    let bench = Bench::sqlite().await;
    let before = length(&bench, "");
    write(&bench, 4).await;
    assert!(length(&bench, "-wal") < LOG_PAGES * PAGE / 2);
    while length(&bench, "") <= before + 16 * PAGE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_begins_anew_when_it_is_copied() {
    let bench = Bench::sqlite().await;
    let mut before = 0;
    loop {
        write(&bench, 32).await;
        let after = length(&bench, "-wal");
        if after == before {
            break;
        }
        assert!(after < 2 * LOG_PAGES * PAGE, "{after} bytes");
        before = after;
    }
    bench.store.close().await;
    assert!(!file(&bench, "-wal").exists());
}

/// A hundred pages at a time, with nobody else to copy them.
#[tokio::test]
async fn the_writer_alone_keeps_the_log_short_where_the_copier_is_late() {
    let database = Database::sqlite();
    let mut writer = File::parse(&database.url).unwrap().connect().unwrap();
    writer
        .run("create table filler (bytes blob); insert into filler values (null)")
        .unwrap();
    for _ in 0..250 {
        writer
            .run("update filler set bytes = randomblob(409600)")
            .unwrap();
    }
    let path = database.url.strip_prefix("sqlite://").unwrap();
    let log = std::fs::metadata(format!("{path}-wal")).unwrap().len();
    assert!(
        (LOG_PAGES * PAGE..2 * LOG_PAGES * PAGE).contains(&log),
        "{log} bytes"
    );
}

/// As `.cargo/config.toml` says; that a commit need not wait for the file's times is not among what SQLite tells.
#[test]
fn sqlite_is_compiled_as_we_ask() {
    let db = rusqlite::Connection::open_in_memory().unwrap();
    let mut statement = db.prepare("pragma compile_options").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let options: Vec<String> = rows.map(Result::unwrap).collect();
    assert!(
        options.iter().any(|option| option == "DEFAULT_MEMSTATUS=0"),
        "{options:?}"
    );
    assert!(
        !options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT"),
        "{options:?}"
    );
}
