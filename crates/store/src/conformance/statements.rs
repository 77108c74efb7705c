use sqlx::{AssertSqlSafe, Executor as _, Row as _, SqlStr};

use super::bench::{Bench, connect};
use super::on_both_engines;
use crate::verbs::{revocations, sweep};
use crate::{Engine, at_once, sql};

fn statements_on(engine: Engine) -> Vec<(&'static str, &'static str)> {
    let by_engine = at_once::ALL.iter().chain(&sweep::ALL);
    let by_engine = by_engine.map(|(name, text)| (*name, text.on(engine)));
    let to_delete = ("HOLD_TO_DELETE", sql::HOLD_TO_DELETE.on(engine));
    sql::ALL
        .iter()
        .copied()
        .flatten()
        .copied()
        .chain(revocations::ENDINGS)
        .chain(by_engine)
        .chain([to_delete])
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

/// Whatever ends a session is told of: the statements that do are those of the one function that tells.
#[test]
fn no_other_statement_ends_a_session() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for (name, statement) in statements_on(engine) {
            let ends = ["ended_at =", "end_reason ="]
                .iter()
                .any(|end| statement.contains(end));
            let ends = ends && statement.contains("oauth_session");
            let tells = revocations::ENDINGS.iter().any(|(ending, _)| *ending == name);
            assert_eq!(ends, tells, "{name}");
        }
    }
}

/// A verb that reads a whole table waits for everybody else's rows and grows with them.
///
/// Asked of SQLite only: PostgreSQL reads small tables whole, whatever the index.
#[tokio::test]
async fn no_verb_reads_a_whole_table() {
    let bench = Bench::sqlite().await;
    let mut db = connect(&bench.database.url).await;
    for (name, statements) in statements_on(Engine::Sqlite) {
        // the lists are meant to, the subquery of ADMIT_REQUEST has two constant rows, what a sweep of
        // revocations looks at is as much as it may delete, and the steps of CONNECTED_APPS hold one account's
        let is_small = |step: &str| {
            [
                "SIGNING_KEYS",
                "FORGET_SIGNING_KEYS",
                "TRUSTED_CLIENTS",
                "PDS_HOSTS",
                "HOMES",
                "RECENT_INVITES",
                "USES_OF_RECENT_INVITES",
            ]
            .contains(&name)
                || ["SCAN CONSTANT ROW", "SCAN oldest"].contains(&step)
                || (name == "CONNECTED_APPS" && ["SCAN app", "SCAN live", "SCAN part"].contains(&step))
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
