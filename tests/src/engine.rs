//! The two engines, and a database of one's own for each test.

use std::fs;
use std::future::Future;
use std::io::{Write as _, stderr};
use std::sync::Once;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};
use tempfile::TempDir;
use url::Url;

use crate::environment;
use crate::key::random_hex;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of the cluster that `tests/run` starts.
    Postgres,
}

const SKIPPED: &str = "
skipped: postgres: every test on it, since ENTRYWAY_TEST_POSTGRES_URL names none (tests/run starts one)

";

impl Engine {
    /// Runs a test on this engine, or says loudly that it cannot.
    pub async fn run<F: Future<Output = ()>>(self, test: impl FnOnce(Self) -> F) {
        if self == Self::Postgres && environment::postgres_url().is_none() {
            static SAID: Once = Once::new();
            // the runner swallows what a passing test prints, but not what goes to the terminal itself
            SAID.call_once(|| stderr().write_all(SKIPPED.as_bytes()).unwrap());
            return;
        }
        test(self).await;
    }
}

/// A fresh database, gone when it is dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Sqlite(TempDir),
    Postgres { cluster: String, name: String },
}

impl Database {
    /// Makes one.
    pub async fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", folder.path().join("entryway.db").display());
                Self {
                    url,
                    place: Place::Sqlite(folder),
                }
            }
            Engine::Postgres => {
                let cluster = environment::postgres_url().expect("Engine::run has looked");
                Self::create_on(&cluster).await
            }
        }
    }

    /// Makes one on the PostgreSQL of this URL.
    pub async fn create_on(cluster: &str) -> Self {
        let name = format!("test_{}", random_hex::<12>());
        execute_on_postgres(cluster, &format!("create database {name}")).await;
        let mut url = Url::parse(cluster).unwrap();
        url.set_path(&name);
        Self {
            url: url.into(),
            place: Place::Postgres {
                cluster: cluster.to_owned(),
                name,
            },
        }
    }

    /// Where the store finds it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Changes something behind the store's back.
    pub async fn execute(&self, statement: &str) {
        match self.place {
            Place::Sqlite(_) => {
                let mut db = SqliteConnection::connect(&self.url).await.unwrap();
                db.execute(AssertSqlSafe(statement)).await.unwrap();
                db.close().await.unwrap();
            }
            Place::Postgres { .. } => execute_on_postgres(&self.url, statement).await,
        }
    }

    /// Everything that is stored: the bytes of every file, or the text of every row.
    ///
    /// PostgreSQL shows bytes as hexadecimal digits.
    pub async fn everything(&self) -> Vec<u8> {
        match &self.place {
            Place::Sqlite(folder) => {
                let files = fs::read_dir(folder.path()).unwrap();
                files
                    .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
                    .collect()
            }
            Place::Postgres { .. } => rows_of_postgres(&self.url).await.into_bytes(),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Postgres { cluster, name } = &self.place else {
            return;
        };
        let (cluster, statement) = (
            cluster.clone(),
            format!("drop database if exists {name} with (force)"),
        );
        // a runtime cannot be waited for on one of its own threads
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(execute_on_postgres(&cluster, &statement));
        });
        let gone = dropped.join().is_ok();
        assert!(
            gone || std::thread::panicking(),
            "a test's database could not be dropped"
        );
    }
}

async fn execute_on_postgres(url: &str, statement: &str) {
    let mut db = PgConnection::connect(url).await.unwrap();
    db.execute(AssertSqlSafe(statement)).await.unwrap();
    db.close().await.unwrap();
}

async fn rows_of_postgres(url: &str) -> String {
    let mut db = PgConnection::connect(url).await.unwrap();
    let tables = "select table_name::text from information_schema.tables where table_schema = 'public'";
    let tables = db.fetch_all(tables).await.unwrap();
    let mut everything = String::new();
    for table in tables {
        let table: String = table.get(0);
        let rows = format!("select row_to_json(one)::text from {table} one");
        for row in db.fetch_all(AssertSqlSafe(rows)).await.unwrap() {
            everything.push_str(row.get(0));
            everything.push('\n');
        }
    }
    db.close().await.unwrap();
    everything
}
