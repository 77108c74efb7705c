//! One statement on one connection of either engine: plain values in, rows of plain values out.
//!
//! SQLite is asked where the caller stands: its answers are in memory or one read of a file away, and a hop to a
//! thread and back costs more than most of them. Who may not be held up by a disk asks from a thread
//! ([`crate::sqlite`]). PostgreSQL is awaited.

mod row;
mod value;

use sqlx::postgres::{PgArguments, Postgres};
use sqlx::{Arguments as _, Executor as _, PgConnection, SqlStr};

use crate::fault::{EngineFault, Fault};
use crate::sqlite::Connection;

pub(crate) use self::row::{FromCell, Names, Row};
pub(crate) use self::value::{Bind, Kind, Value};

/// A connection that is held for a while.
pub(crate) enum Db<'c> {
    Sqlite(&'c mut Connection),
    Postgres(&'c mut PgConnection),
}

impl Db<'_> {
    /// Runs statements without parameters, one after the other, for what they do.
    pub(crate) async fn run(&mut self, statements: &'static str) -> Result<(), Fault> {
        match self {
            Self::Sqlite(sqlite) => sqlite.run(statements),
            Self::Postgres(postgres) => {
                let done = postgres.execute(sqlx::raw_sql(SqlStr::from_static(statements)));
                done.await.map(drop).map_err(Fault::from)
            }
        }
    }
}

/// A statement and what is bound to its parameters so far.
pub(crate) struct Query {
    statement: &'static str,
    values: Vec<Value>,
}

/// One statement, prepared once for each connection.
pub(crate) const fn query(statement: &'static str) -> Query {
    Query {
        statement,
        values: Vec::new(),
    }
}

/// A statement that was done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Executed(u64);

impl Executed {
    /// How many rows it inserted, updated or deleted.
    pub(crate) const fn rows_affected(self) -> u64 {
        self.0
    }
}

impl Query {
    /// Binds the next parameter, `$1` first.
    pub(crate) fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.into_value());
        self
    }

    /// What is bound, for a text of several statements.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// Does it.
    pub(crate) async fn execute(self, db: &mut Db<'_>) -> Result<Executed, Fault> {
        match db {
            Db::Sqlite(sqlite) => sqlite.execute(self.statement, &self.values).map(Executed),
            Db::Postgres(postgres) => {
                let done = self.for_postgres()?.execute(&mut **postgres).await?;
                Ok(Executed(done.rows_affected()))
            }
        }
    }

    /// Its first row, if there is one.
    pub(crate) async fn fetch_optional(self, db: &mut Db<'_>) -> Result<Option<Row>, Fault> {
        match db {
            Db::Sqlite(sqlite) => sqlite.first(self.statement, &self.values),
            Db::Postgres(postgres) => {
                let row = self.for_postgres()?.fetch_optional(&mut **postgres).await?;
                Ok(row.map(Row::Postgres))
            }
        }
    }

    /// Its first row.
    pub(crate) async fn fetch_one(self, db: &mut Db<'_>) -> Result<Row, Fault> {
        self.fetch_optional(db).await?.ok_or(Fault::NO_ROW)
    }

    /// All of its rows.
    pub(crate) async fn fetch_all(self, db: &mut Db<'_>) -> Result<Vec<Row>, Fault> {
        match db {
            Db::Sqlite(sqlite) => sqlite.all(self.statement, &self.values),
            Db::Postgres(postgres) => {
                let rows = self.for_postgres()?.fetch_all(&mut **postgres).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    fn for_postgres(self) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, Fault> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            let added = match value {
                Value::Null(Kind::Integer) => arguments.add(None::<i64>),
                Value::Null(Kind::Text) => arguments.add(None::<String>),
                Value::Null(Kind::Bytes) => arguments.add(None::<Vec<u8>>),
                Value::Integer(number) => arguments.add(number),
                Value::Text(text) => arguments.add(text),
                Value::Bytes(bytes) => arguments.add(bytes),
            };
            added.map_err(|error| Fault::from(sqlx::Error::Encode(error)))?;
        }
        Ok(sqlx::query_with(self.statement, arguments))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine {
            verb: "a statement",
            source: EngineFault::from(error),
        }
    }
}
