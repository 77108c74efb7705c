//! What goes wrong on our side, told without telling a secret.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use sqlx::error::DatabaseError;

/// A fault of the database, the disk or the data: never the caller's doing.
///
/// Neither the text nor `Debug` of a fault or of its sources holds a bound value or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The URL names no database this store can use.
    #[error("the database URL {0}")]
    Url(&'static str),
    /// The engine refused a connection, or the file could not be opened or made.
    #[error("cannot open the {engine} database{at}")]
    Open {
        /// Which engine.
        engine: &'static str,
        /// ` at PATH` for a file, nothing for a server.
        at: String,
        /// What the engine said.
        source: EngineFault,
    },
    /// A statement or its commit failed; nothing of the verb happened.
    #[error("the database failed in {verb}")]
    Engine {
        /// The verb or load.
        verb: &'static str,
        /// What the engine said.
        source: EngineFault,
    },
    /// A row holds what no verb writes.
    #[error("table {table} holds an impossible value in column {column}")]
    Row {
        /// Its table.
        table: &'static str,
        /// The column that gave it away.
        column: &'static str,
    },
    /// A sealed value does not open: the key is another one, or the value was moved or damaged.
    #[error("the sealed value in column {column} of table {table} does not open with this key")]
    Sealed {
        /// Its table.
        table: &'static str,
        /// Its column.
        column: &'static str,
    },
    /// The database was migrated by a newer release: running on it could damage what that one wrote.
    #[error("the database has schema {found} and this release knows up to {known}: run the newer release")]
    SchemaNewer {
        /// The schema of the database.
        found: i64,
        /// The newest schema this binary has.
        known: i64,
    },
    /// Migrations are missing and were not to be applied.
    #[error("the database lacks {missing} migrations, the first is {first}: run entryway migrate")]
    SchemaBehind {
        /// How many are missing.
        missing: usize,
        /// The name of the first.
        first: &'static str,
    },
    /// A migration was recorded with another text than this binary has.
    #[error("migration {name} was applied to this database in another form")]
    SchemaForked {
        /// The migration.
        name: &'static str,
    },
    /// More verbs wait than may; nothing of this one happened.
    #[error("too many verbs wait for the database")]
    Busy,
    /// The store was closed, or its runtime is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl Fault {
    /// A statement that always answers with a row did not.
    pub(crate) const NO_ROW: Self = Self::Engine {
        verb: "a statement",
        source: EngineFault(Cause::NoRow),
    };

    /// A verb ended in a panic, so nothing of it happened.
    pub(crate) const PANICKED: Self = Self::Engine {
        verb: "a statement",
        source: EngineFault(Cause::Panicked),
    };

    /// Whether more is asked of the database than it can do: nothing of the verb happened, and later it may.
    pub fn is_shortage(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Engine { source, .. } => source.is_shortage(),
            _ => false,
        }
    }

    /// Names the verb in which the engine failed.
    pub(crate) fn during(self, verb: &'static str) -> Self {
        match self {
            Self::Engine { source, .. } => Self::Engine { verb, source },
            other => other,
        }
    }

    /// Whether the engine gave up on a transaction that may simply be tried again.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Engine { source, .. } if source.is_transient())
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Engine {
            verb: "a statement",
            source: EngineFault::from(error),
        }
    }
}

/// What the engine said, reduced to what cannot hold a value: codes and the names of constraints.
///
/// PostgreSQL's messages and details quote values, so they are left out.
pub struct EngineFault(Cause);

enum Cause {
    Postgres(sqlx::Error),
    Sqlite(rusqlite::Error),
    Io(std::io::Error),
    NoRow,
    Panicked,
}

impl From<sqlx::Error> for EngineFault {
    fn from(error: sqlx::Error) -> Self {
        Self(match error {
            sqlx::Error::Io(error) => Cause::Io(error),
            error => Cause::Postgres(error),
        })
    }
}

impl From<rusqlite::Error> for EngineFault {
    fn from(error: rusqlite::Error) -> Self {
        Self(Cause::Sqlite(error))
    }
}

impl From<std::io::Error> for EngineFault {
    fn from(error: std::io::Error) -> Self {
        Self(Cause::Io(error))
    }
}

impl EngineFault {
    /// PostgreSQL's serialization_failure and deadlock_detected; and foreign_key_violation, for what was referred to was
    /// there a moment ago: once more, and its absence is an outcome.
    fn is_transient(&self) -> bool {
        matches!(self.postgres_code().as_deref(), Some("40001" | "40P01" | "23503"))
    }

    /// No connection of the pool in time; PostgreSQL's too_many_connections, cannot_connect_now,
    /// lock_not_available and query_canceled, which is our time for a statement.
    fn is_shortage(&self) -> bool {
        matches!(self.0, Cause::Postgres(sqlx::Error::PoolTimedOut))
            || matches!(
                self.postgres_code().as_deref(),
                Some("53300" | "57P03" | "55P03" | "57014")
            )
    }

    fn postgres_code(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Cause::Postgres(error) => error.as_database_error().and_then(DatabaseError::code),
            _ => None,
        }
    }
}

impl fmt::Display for EngineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Postgres(error) => postgres(error, f),
            Cause::Sqlite(error) => sqlite(error, f),
            Cause::Io(_) => f.write_str("input or output failed"),
            Cause::NoRow => f.write_str("a row was expected"),
            Cause::Panicked => f.write_str("the verb panicked"),
        }
    }
}

fn postgres(error: &sqlx::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        sqlx::Error::Database(error) => {
            write!(f, "code {}", error.code().as_deref().unwrap_or("unknown"))?;
            match error.constraint() {
                Some(constraint) => write!(f, ", constraint {constraint}"),
                None => Ok(()),
            }
        }
        sqlx::Error::Tls(_) => f.write_str("the connection could not be secured"),
        sqlx::Error::Configuration(_) => f.write_str("the URL has a parameter that is not understood"),
        sqlx::Error::PoolTimedOut => f.write_str("no connection became free in time"),
        sqlx::Error::PoolClosed => f.write_str("the pool is closed"),
        _ => f.write_str("the driver failed"),
    }
}

/// SQLite names tables and columns, and never quotes values.
fn sqlite(error: &rusqlite::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        rusqlite::Error::SqliteFailure(error, message) => {
            write!(f, "code {}", error.extended_code)?;
            match message {
                Some(message) => write!(f, ", {message}"),
                None => Ok(()),
            }
        }
        _ => f.write_str("the driver failed"),
    }
}

impl fmt::Debug for EngineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EngineFault({self})")
    }
}

impl Error for EngineFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Io(error) => Some(error),
            Cause::Postgres(sqlx::Error::Tls(error)) => Some(error.as_ref()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_verb_and_keeps_its_source() {
        let broken = sqlx::Error::Io(std::io::ErrorKind::BrokenPipe.into());
        let fault = Fault::from(broken).during("rotate_refresh");
        assert_eq!(fault.to_string(), "the database failed in rotate_refresh");
        let engine = fault.source().unwrap();
        assert_eq!(engine.to_string(), "input or output failed");
        assert!(engine.source().unwrap().is::<std::io::Error>());
    }
}
