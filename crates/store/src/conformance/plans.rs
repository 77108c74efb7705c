//! What the engines say about how they would find the rows of each statement.

use sqlx::{AnyConnection, AssertSqlSafe, Executor as _, Row as _};

use super::bench::{Bench, connect};
use super::on_both_engines;
use super::statements::statements_on;
use crate::Engine;

/// What reads a whole table, and may: the table is an operator's own and small, or a person waits for a count.
const LISTS: [&str; 5] = [
    "SIGNING_KEYS",
    "FORGET_SIGNING_KEYS",
    "TRUSTED_CLIENTS",
    "PDS_HOSTS",
    "HOMES",
];

/// What PostgreSQL finds by its key or its index, unless the table is empty: then all of an index that leaves rows out
/// costs as little.
const EMPTY: [&str; 2] = ["LIVE_SIGN_INS", "DUE_SIGN_UPS"];

/// A verb that reads a whole table waits for everybody else's rows and grows with them; one that sweeps does so
/// again for each of its batches.
async fn no_verb_reads_a_whole_table(bench: &Bench) {
    let engine = bench.store.engine();
    let mut db = connect(&bench.database.url).await;
    if engine == Engine::Postgres {
        // small tables it reads whole, alone and to join them, whatever the index, unless that is forbidden
        let settings = "set enable_seqscan = off; set enable_mergejoin = off; set enable_hashjoin = off;
             set plan_cache_mode = force_generic_plan";
        db.execute(settings).await.unwrap();
    }
    let (mut looked_at, mut found) = (0, Vec::new());
    for (name, text) in statements_on(engine) {
        let read_whole = match engine {
            Engine::Sqlite => read_whole_by_sqlite(name, text, &mut db).await,
            Engine::Postgres => read_whole_by_postgres(text, &mut db).await,
        };
        let is_list = LISTS.contains(&name) || (engine == Engine::Postgres && EMPTY.contains(&name));
        looked_at += usize::from(!is_list);
        if !is_list && !read_whole.is_empty() {
            found.push((name, read_whole));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(looked_at > 100, "{looked_at}");
}

on_both_engines![no_verb_reads_a_whole_table];

/// The steps that go through all there is.
async fn read_whole_by_sqlite(name: &str, text: &str, db: &mut AnyConnection) -> Vec<String> {
    // the subquery of ADMIT_REQUEST has two constant rows, what a sweep of revocations looks at is as much as it may
    // delete, and the steps of CONNECTED_APPS hold one account's
    let is_bounded = |step: &str| {
        ["SCAN CONSTANT ROW", "SCAN oldest"].contains(&step)
            || (name == "CONNECTED_APPS" && ["SCAN app", "SCAN live", "SCAN part"].contains(&step))
            || step.starts_with("SCAN (subquery")
    };
    let mut steps = Vec::new();
    for statement in text.split(';') {
        let explained = AssertSqlSafe(format!("explain query plan {statement}"));
        for row in sqlx::query(explained).fetch_all(&mut *db).await.unwrap() {
            steps.push(row.get::<String, _>("detail"));
        }
    }
    steps.retain(|step| step.starts_with("SCAN") && !is_bounded(step));
    steps
}

/// The steps that go through a whole table, or a whole index, whatever the parameters are.
async fn read_whole_by_postgres(text: &str, db: &mut AnyConnection) -> Vec<String> {
    let prepare = format!("prepare looked_at as {text}");
    db.execute(AssertSqlSafe(prepare)).await.unwrap();
    let count = "select coalesce(cardinality(parameter_types), 0) from pg_prepared_statements where name = 'looked_at'";
    let parameters: i32 = sqlx::query(count).fetch_one(&mut *db).await.unwrap().get(0);
    let explain = match usize::try_from(parameters).unwrap() {
        0 => "explain execute looked_at".to_owned(),
        count => format!("explain execute looked_at ({})", vec!["null"; count].join(", ")),
    };
    let rows = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_all(&mut *db)
        .await
        .unwrap();
    db.execute("deallocate looked_at").await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0)).collect();
    let reads_whole = |(at, line): (usize, &String)| {
        let is_narrowed = lines
            .get(at + 1)
            .is_some_and(|next| next.trim_start().starts_with("Index Cond:"));
        let is_index_scan = ["Index Scan ", "Index Only Scan ", "Index Scan on "]
            .iter()
            .any(|scan| line.contains(scan));
        (line.contains("Seq Scan on") || (is_index_scan && !is_narrowed)).then(|| line.clone())
    };
    lines.iter().enumerate().filter_map(reads_whole).collect()
}
