//! Every cell of every table, as bytes: for tests that ask what is stored, and whether anything changed.

use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, PgConnection, Row as _, SqliteConnection, ValueRef as _,
};

use crate::engine::Database;

/// One value that is stored somewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Whose column it is in.
    pub table: String,
    /// Its column.
    pub column: String,
    /// What is stored: a text's bytes, a blob's, or those of a number as the engine keeps them.
    pub bytes: Vec<u8>,
}

impl Database {
    /// All that is stored but nulls, in an order that depends on nothing else.
    pub async fn cells(&self) -> Vec<Cell> {
        let mut rows = if self.url().starts_with("sqlite:") {
            rows_of_sqlite(self.url()).await
        } else {
            rows_of_postgres(self.url()).await
        };
        rows.sort();
        rows.concat()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> usize {
        let rows = if self.url().starts_with("sqlite:") {
            rows_of_sqlite(self.url()).await
        } else {
            rows_of_postgres(self.url()).await
        };
        rows.iter()
            .filter(|row| row.first().is_some_and(|cell| cell.table == table))
            .count()
    }
}

/// Stamped twice, because a connection, a row and a value are other types with each engine.
macro_rules! rows {
    ($name:ident, $connection:ty, $tables:literal) => {
        async fn $name(url: &str) -> Vec<Vec<Cell>> {
            let mut db = <$connection>::connect(url).await.unwrap();
            let mut all = Vec::new();
            let tables: Vec<String> = sqlx::query_scalar($tables)
                .fetch_all(&mut db)
                .await
                .unwrap();
            for table in tables {
                // a prepared statement, so that bytes come as bytes
                let query = sqlx::query(AssertSqlSafe(format!("select * from {table}")));
                for row in query.fetch_all(&mut db).await.unwrap() {
                    let cells = row.columns().iter().filter_map(|column| {
                        let place = column.ordinal();
                        if row.try_get_raw(place).unwrap().is_null() {
                            return None;
                        }
                        Some(Cell {
                            table: table.clone(),
                            column: column.name().to_owned(),
                            bytes: row.try_get_unchecked(place).unwrap(),
                        })
                    });
                    all.push(cells.collect());
                }
            }
            db.close().await.unwrap();
            all
        }
    };
}

rows!(
    rows_of_sqlite,
    SqliteConnection,
    "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
);
rows!(
    rows_of_postgres,
    PgConnection,
    "select table_name::text from information_schema.tables where table_schema = 'public'"
);
