use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqlStr};

use super::bench::{Bench, connect};
use super::on_both_engines;
use crate::verbs::sweep;
use crate::{Engine, at_once, sql};

fn statements_on(engine: Engine) -> Vec<(&'static str, &'static str)> {
    let by_engine = at_once::ALL.iter().chain(&sweep::ALL);
    let by_engine = by_engine.map(|(name, text)| (*name, text.on(engine)));
    sql::ALL
        .iter()
        .copied()
        .flatten()
        .copied()
        .chain(by_engine)
        .collect()
}

async fn every_statement_prepares(bench: &Bench) {
    let statements = statements_on(bench.store.engine());
    assert!(statements.len() > 40);
    let mut db = connect(&bench.database.url).await;
    for (name, statement) in statements {
        let prepared = (&mut db).prepare(SqlStr::from_static(statement)).await;
        assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
    }
}

on_both_engines![every_statement_prepares];

/// A verb that reads a whole table waits for everybody else's rows and grows with them.
///
/// Asked of SQLite only: PostgreSQL reads small tables whole, whatever the index.
#[tokio::test]
async fn no_verb_reads_a_whole_table() {
    let bench = Bench::sqlite().await;
    let mut db = connect(&bench.database.url).await;
    for (name, statements) in statements_on(Engine::Sqlite) {
        // the two lists are meant to, and the subquery of ADMIT_REQUEST has two constant rows
        let is_small = |step: &str| {
            ["SIGNING_KEYS", "TRUSTED_CLIENTS"].contains(&name)
                || step == "SCAN CONSTANT ROW"
                || step.starts_with("SCAN (subquery")
        };
        for statement in statements.split(';') {
            let explained = AssertSqlSafe(format!("explain query plan {statement}"));
            for row in sqlx::query(explained).fetch_all(&mut db).await.unwrap() {
                let step: String = row.get("detail");
                assert!(!step.starts_with("SCAN") || is_small(&step), "{name}: {step}");
            }
        }
    }
}
