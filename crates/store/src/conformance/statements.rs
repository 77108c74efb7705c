use sqlx::{Executor as _, SqlStr};

use super::bench::{Bench, connect};
use super::on_both_engines;
use crate::verbs::{revocations, sweep};
use crate::{Engine, at_once, sql};

pub(super) fn statements_on(engine: Engine) -> Vec<(&'static str, &'static str)> {
    let sweeps = sweep::ALL.iter().map(|(name, text)| (*name, text.on(engine)));
    let steps = |(name, text): &'static (&'static str, at_once::AtOnce)| {
        text.on(engine).iter().map(move |step| (*name, *step))
    };
    let to_delete = ("HOLD_TO_DELETE", sql::HOLD_TO_DELETE.on(engine));
    sql::ALL
        .iter()
        .copied()
        .flatten()
        .copied()
        .chain(revocations::ENDINGS)
        .chain(sweeps)
        .chain(at_once::ALL.iter().flat_map(steps))
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
