//! A row, and its cells by the names of their columns.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use crate::db::Value;

/// The names of a statement's columns.
pub(crate) type Names = Arc<[Box<str>]>;

/// What a statement answered with.
pub(crate) enum Row {
    Sqlite { names: Names, values: Vec<Value> },
    Postgres(PgRow),
}

/// What stands in a cell.
#[derive(Clone, Copy)]
pub(crate) enum Cell<'r> {
    Null,
    Integer(i64),
    Text(&'r str),
    Bytes(&'r [u8]),
}

impl Row {
    /// The cell of this column; `None` without such a column, or with a type that no statement of ours has.
    pub(crate) fn cell(&self, column: &str) -> Option<Cell<'_>> {
        match self {
            Self::Sqlite { names, values } => {
                let at = names.iter().position(|name| **name == *column)?;
                Some(match values.get(at)? {
                    Value::Null(_) => Cell::Null,
                    Value::Integer(number) => Cell::Integer(*number),
                    Value::Text(text) => Cell::Text(text),
                    Value::Bytes(bytes) => Cell::Bytes(bytes),
                })
            }
            Self::Postgres(row) => {
                let raw = row.try_get_raw(column).ok()?;
                if raw.is_null() {
                    return Some(Cell::Null);
                }
                match raw.type_info().name() {
                    "INT8" => row.try_get(column).map(Cell::Integer),
                    "INT4" => row.try_get::<i32, _>(column).map(|it| Cell::Integer(it.into())),
                    "BYTEA" => row.try_get(column).map(Cell::Bytes),
                    _ => row.try_get(column).map(Cell::Text),
                }
                .ok()
            }
        }
    }
}

/// What a cell can be read as; nothing when it holds something else.
pub(crate) trait FromCell<'r>: Sized {
    fn from_cell(cell: Cell<'r>) -> Option<Self>;
}

impl FromCell<'_> for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl<'r> FromCell<'r> for &'r str {
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'r> FromCell<'r> for &'r [u8] {
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl<'r, T: FromCell<'r>> FromCell<'r> for Option<T> {
    fn from_cell(cell: Cell<'r>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}
