use sqlx::Executor as _;

use super::bench::Bench;
use super::on_both_engines;
use crate::{Engine, postgres as one_statement, sql};

async fn every_statement_prepares(bench: &Bench) {
    let mut statements = sql::ALL.to_vec();
    if bench.store.engine() == Engine::Postgres {
        statements.extend(one_statement::ALL);
    }
    assert!(statements.len() > 40);
    let mut db = bench.store.pool().acquire().await.unwrap();
    for (name, statement) in statements {
        let prepared = (&mut *db).prepare(sqlx::SqlStr::from_static(statement)).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

/// Every row that is looked for by name is found by an index: a scan of a table would wait for
/// everybody else's rows and grow with them.
async fn no_hot_statement_reads_a_whole_table(bench: &Bench) {
    // PostgreSQL scans small tables whatever the index, so the plan is asked of SQLite only
    if bench.store.engine() == Engine::Postgres {
        return;
    }
    let mut db = bench.store.pool().acquire().await.unwrap();
    for (name, statement) in sql::ALL.iter().filter(|(name, _)| *name != "SIGNING_KEYS") {
        let explained = sqlx::AssertSqlSafe(format!("explain query plan {statement}"));
        for row in sqlx::query(explained).fetch_all(&mut *db).await.unwrap() {
            let step: String = sqlx::Row::get(&row, "detail");
            assert!(!step.starts_with("SCAN"), "{name}: {step}");
        }
    }
}

on_both_engines![every_statement_prepares, no_hot_statement_reads_a_whole_table];
