//! A connection to a SQLite file, with its prepared statements.

use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{CachedStatement, ToSql};

use crate::db::{Kind, Names, Row, Value};
use crate::fault::Fault;

/// A connection, which is asked by one caller at a time.
pub(crate) struct Connection {
    sqlite: rusqlite::Connection,
    /// By where the statement's text is: each is written once and lives for ever.
    names: HashMap<(usize, usize), Names>,
}

impl Connection {
    pub(super) fn new(sqlite: rusqlite::Connection) -> Self {
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        Self {
            sqlite,
            names: HashMap::new(),
        }
    }

    /// Runs statements without parameters.
    pub(crate) fn run(&mut self, statements: &str) -> Result<(), Fault> {
        Ok(self.sqlite.execute_batch(statements)?)
    }

    /// Does it, and says how many rows it changed.
    pub(crate) fn execute(&mut self, statement: &'static str, values: &[Value]) -> Result<u64, Fault> {
        let mut prepared = prepare(&self.sqlite, statement, values)?;
        let mut rows = prepared.raw_query();
        while rows.next()?.is_some() {}
        drop(rows);
        drop(prepared);
        Ok(self.sqlite.changes())
    }

    /// Does each step if the one before it changed a row. Whether the last one did; if it did not, none did.
    pub(crate) fn steps(&mut self, steps: &[&'static str], values: &[Value]) -> Result<bool, Fault> {
        for (number, step) in steps.iter().enumerate() {
            if self.execute(step, values)? > 0 {
                continue;
            }
            return match number {
                0 => Ok(false),
                // half of it was done: the fault undoes that
                _ => Err(Fault::NO_ROW),
            };
        }
        Ok(true)
    }

    /// The first row.
    pub(crate) fn first(&mut self, statement: &'static str, values: &[Value]) -> Result<Option<Row>, Fault> {
        Ok(self.all(statement, values)?.into_iter().next())
    }

    /// All rows. Steps to the end, also for one row: a statement that changes something is done only then.
    pub(crate) fn all(&mut self, statement: &'static str, values: &[Value]) -> Result<Vec<Row>, Fault> {
        let mut prepared = prepare(&self.sqlite, statement, values)?;
        let place = (statement.as_ptr().addr(), statement.len());
        let names = self.names.entry(place);
        let names = names.or_insert_with(|| prepared.column_names().into_iter().map(Box::from).collect());
        let count = names.len();
        let mut found = Vec::new();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(count);
            for at in 0..count {
                values.push(owned(row.get_ref(at)?)?);
            }
            found.push(Row::Sqlite {
                names: Names::clone(names),
                values,
            });
        }
        Ok(found)
    }
}

/// Prepares it, unless that was done before, and binds each value to the parameters of its number.
fn prepare<'c>(
    sqlite: &'c rusqlite::Connection,
    statement: &'static str,
    values: &[Value],
) -> Result<CachedStatement<'c>, Fault> {
    let mut prepared = sqlite.prepare_cached(statement)?;
    for at in 1..=prepared.parameter_count() {
        // `$7`, wherever it stands in the text
        let number = prepared
            .parameter_name(at)
            .and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(at, values.len()))?;
        prepared.raw_bind_parameter(at, value)?;
    }
    Ok(prepared)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null(_) => ToSqlOutput::Owned(SqlValue::Null),
            Self::Integer(number) => ToSqlOutput::Owned(SqlValue::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn owned(value: ValueRef<'_>) -> Result<Value, rusqlite::Error> {
    Ok(match value {
        ValueRef::Null => Value::Null(Kind::Text),
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(str::from_utf8(text)?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        // no column of ours has one
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
    })
}

/// More than there are statements.
const STATEMENTS_MAX: usize = 512;
