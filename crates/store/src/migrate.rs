//! Migrations: embedded, ordered, applied under a lock, each recorded with a checksum.
//!
//! A migration says `if not exists` throughout, so that it may be applied to a fresh database, to one
//! where it stopped halfway, and to one where somebody ran the files by hand (C16, C17). SQLite cannot say
//! that of a column, so there [`pieces`] finds the columns and those that are there are left out. Its text
//! never changes once released. Several processes may start at once: all but one wait, then find
//! nothing to do.

use entryway_oauth::secret::Digest;

use crate::db::{Db, query};
use crate::fault::Fault;
use crate::rows::Columns;
use crate::store::Engine;

/// One step of the schema, written for both engines.
struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal),* $(,)?) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

/// In order.
const MIGRATIONS: &[Migration] = migrations![
    1 "0001_first_login",
    2 "0002_known_clients",
    3 "0003_permission_sets",
    4 "0004_revocations",
    5 "0005_devices",
    6 "0006_fleet",
    7 "0007_sessions",
    8 "0008_sign_ups",
    9 "0009_account_life",
    10 "0010_arrivals",
    11 "0011_recent_invites",
    12 "0012_instances",
    13 "0013_fewer_pages",
];

impl Migration {
    const fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    fn checksum(&self, engine: Engine) -> String {
        Digest::of(self.text(engine).as_bytes()).to_string()
    }
}

/// How a database's schema compares with this binary's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaState {
    /// The newest migration that is recorded; 0 for none.
    pub version: i64,
    /// What is missing, in the order in which it would be applied.
    pub pending: Vec<&'static str>,
}

impl SchemaState {
    /// Of a database that is not there yet.
    pub(crate) fn empty() -> Self {
        Self {
            version: 0,
            pending: MIGRATIONS.iter().map(|migration| migration.name).collect(),
        }
    }

    pub(crate) fn current(self) -> Result<(), Fault> {
        match self.pending.first() {
            Some(first) => Err(Fault::SchemaBehind {
                missing: self.pending.len(),
                first,
            }),
            None => Ok(()),
        }
    }
}

/// Brings the schema up to date: everything that is missing, or nothing.
pub(crate) async fn apply(engine: Engine, db: &mut Db<'_>) -> Result<(), Fault> {
    let begin = match engine {
        Engine::Sqlite => "begin immediate",
        Engine::Postgres => "begin",
    };
    let work = async {
        query(begin).execute(db).await?;
        let done = apply_missing(engine, db).await;
        // refused when the engine has rolled back by itself
        let end = if done.is_ok() { "commit" } else { "rollback" };
        let ended = query(end).execute(db).await;
        done.and(ended.map(drop))
    };
    work.await.map_err(|fault: Fault| fault.during("migrate"))
}

/// As a step of a transaction.
async fn apply_missing(engine: Engine, db: &mut Db<'_>) -> Result<(), Fault> {
    if engine == Engine::Postgres {
        db.run(POSTGRES_LOCK).await?;
    }
    db.run(CREATE_RECORD).await?;
    let recorded = recorded(db).await?;
    for migration in missing(engine, &recorded)? {
        match engine {
            Engine::Sqlite => apply_pieces(migration.sqlite, db).await?,
            Engine::Postgres => db.run(migration.postgres).await?,
        }
        query(RECORD)
            .bind(migration.version)
            .bind(migration.name)
            .bind(migration.checksum(engine))
            .execute(db)
            .await?;
        tracing::info!(migration = migration.name, "migration applied");
    }
    Ok(())
}

/// Applies a text of SQLite, without the columns that are there.
async fn apply_pieces(text: &'static str, db: &mut Db<'_>) -> Result<(), Fault> {
    for piece in pieces(text) {
        if let Some((table, column)) = piece.column {
            let there = query(SQLITE_COLUMN_EXISTS).bind(table).bind(column);
            if there.fetch_optional(&mut *db).await?.is_some() {
                continue;
            }
        }
        db.run(piece.text).await?;
    }
    Ok(())
}

/// A part of a migration's text.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: &'static str,
    /// Of which table it adds which column, and nothing else.
    column: Option<(&'static str, &'static str)>,
}

/// A statement that adds a column stands on a line of its own; what is between such lines stays together.
fn pieces(text: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let after = end + line.len();
        if let Some(column) = added_column(line) {
            let parts = [(&text[begin..end], None), (&text[end..after], Some(column))];
            pieces.extend(parts.map(|(text, column)| Piece { text, column }));
            begin = after;
        }
        end = after;
    }
    let text = &text[begin..];
    pieces.push(Piece { text, column: None });
    pieces.retain(|piece| !piece.text.trim().is_empty());
    pieces
}

/// The table and the column of `alter table TABLE add column COLUMN ...`.
fn added_column(line: &str) -> Option<(&str, &str)> {
    let (table, rest) = line.strip_prefix("alter table ")?.split_once(" add column ")?;
    Some((table, rest.split_whitespace().next()?))
}

/// What [`apply`] would do.
pub(crate) async fn check(engine: Engine, db: &mut Db<'_>) -> Result<SchemaState, Fault> {
    let work = async {
        let exists = match engine {
            Engine::Sqlite => SQLITE_RECORD_EXISTS,
            Engine::Postgres => POSTGRES_RECORD_EXISTS,
        };
        let recorded = match query(exists).fetch_optional(&mut *db).await? {
            Some(_) => recorded(db).await?,
            None => Vec::new(),
        };
        Ok(SchemaState {
            version: recorded.last().map_or(0, |last| last.version),
            pending: missing(engine, &recorded)?.map(|step| step.name).collect(),
        })
    };
    work.await.map_err(|fault: Fault| fault.during("migrate_check"))
}

struct Recorded {
    version: i64,
    checksum: String,
}

async fn recorded(db: &mut Db<'_>) -> Result<Vec<Recorded>, Fault> {
    let rows = query(RECORDED).fetch_all(db).await?;
    let read = |row| {
        let columns = Columns::of(row, "schema_migration");
        Ok(Recorded {
            version: columns.count("version")?,
            checksum: columns.text("checksum")?.to_owned(),
        })
    };
    rows.iter().map(read).collect()
}

/// What is not recorded, if the database is one this binary may run on.
fn missing(
    engine: Engine,
    recorded: &[Recorded],
) -> Result<impl Iterator<Item = &'static Migration> + use<>, Fault> {
    let known = MIGRATIONS.last().map_or(0, |newest| newest.version);
    let mut applied = Vec::with_capacity(recorded.len());
    for record in recorded {
        let migration = MIGRATIONS
            .iter()
            .find(|migration| migration.version == record.version);
        match migration {
            None => {
                return Err(Fault::SchemaNewer {
                    found: record.version,
                    known,
                });
            }
            Some(migration) if migration.checksum(engine) != record.checksum => {
                return Err(Fault::SchemaForked { name: migration.name });
            }
            Some(_) => applied.push(record.version),
        }
    }
    Ok(MIGRATIONS
        .iter()
        .filter(move |migration| !applied.contains(&migration.version)))
}

/// A migration may take as long as it must, and those who wait for it almost as long. The lock's number
/// means something to nobody but us; it is held until the transaction ends.
const POSTGRES_LOCK: &str = "
set local statement_timeout = 0;
set local lock_timeout = '10min';
do $$ begin perform pg_advisory_xact_lock(7310031980451627); end $$";

const CREATE_RECORD: &str = "
create table if not exists schema_migration (
  version bigint not null primary key,
  name text not null,
  checksum text not null
)";

const RECORD: &str = "
insert into schema_migration (version, name, checksum)
values ($1, $2, $3)";

const RECORDED: &str = "
select version, checksum
from schema_migration
order by version";

const SQLITE_COLUMN_EXISTS: &str = "
select name
from pragma_table_info($1)
where name = $2";

const SQLITE_RECORD_EXISTS: &str = "
select name
from sqlite_schema
where type = 'table' and name = 'schema_migration'";

const POSTGRES_RECORD_EXISTS: &str = "
select 1 as found
where to_regclass('schema_migration') is not null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_added_is_a_piece_of_its_own() {
        let text = "-- one; two\ncreate table a (b text);\nalter table a add column c text;\n\n-- three\ncreate table d (e text);";
        let piece = |text, column| Piece { text, column };
        assert_eq!(
            pieces(text),
            [
                piece("-- one; two\ncreate table a (b text);\n", None),
                piece("alter table a add column c text;\n", Some(("a", "c"))),
                piece("\n-- three\ncreate table d (e text);", None),
            ]
        );
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn every_column_is_added_on_a_line_of_its_own() {
        for migration in MIGRATIONS {
            for line in migration
                .sqlite
                .lines()
                .filter(|line| line.contains("add column"))
            {
                let is_whole = added_column(line).is_some() && line.ends_with(';');
                assert!(is_whole, "{}: {line}", migration.name);
            }
        }
    }
}
