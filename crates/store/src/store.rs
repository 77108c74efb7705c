//! The handle everybody holds.

use std::sync::Arc;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tracing::instrument;

use crate::db::{Db, Query, Row};
use crate::fault::Fault;
use crate::migrate::{self, SchemaState};
use crate::postgres::{self, Postgres};
use crate::sqlite::{self, File, Sqlite};
use crate::verbs::Verb;

/// Everything that outlives a request, behind verbs that are atomic and either happen or answer no.
///
/// Cheap to clone: clones share one database. What PostgreSQL is asked is boxed: it is large, and would make the future
/// of every request as large on SQLite as well.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    /// Counts the verbs of this process that told of a revocation.
    told: watch::Sender<u64>,
}

enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file beside the program.
    Sqlite,
    /// A server, for several instances.
    Postgres,
}

/// Who brings the schema up to date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Migrations {
    Apply,
    Leave,
}

/// A database not yet opened.
enum Location {
    Sqlite(File),
    Postgres(Box<PgConnectOptions>),
}

impl Store {
    /// Opens the database of this URL and brings its schema up to date.
    ///
    /// `sqlite:///path/to/file.db` is made if it is not there, unless the URL says `?mode=rw`;
    /// `postgres://user:password@host/name` must be there. Several may start at once.
    ///
    /// # Errors
    /// `Url` and `Open` for what cannot be reached; `SchemaNewer` and `SchemaForked` for a database of
    /// another release.
    #[instrument(name = "store.open", level = "debug", skip_all)]
    pub async fn open(url: &str) -> Result<Self, Fault> {
        Location::parse(url)?.open(Migrations::Apply).await
    }

    /// Opens the database of this URL, whose migrations somebody else applies.
    ///
    /// # Errors
    /// As [`Store::open`], and `SchemaBehind` when a migration is missing.
    #[instrument(name = "store.open_unmigrated", level = "debug", skip_all)]
    pub async fn open_unmigrated(url: &str) -> Result<Self, Fault> {
        let location = Location::parse(url)?;
        location.check().await?.current()?;
        location.open(Migrations::Leave).await
    }

    /// Says which migrations [`Store::open`] would apply. Changes nothing, and makes no file.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[instrument(name = "store.migrate_check", level = "debug", skip_all)]
    pub async fn migrate_check(url: &str) -> Result<SchemaState, Fault> {
        Location::parse(url)?.check().await
    }

    /// How the schema compares with this binary's now: another release may have changed it since.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[instrument(name = "store.schema", level = "debug", skip_all)]
    pub async fn schema(&self) -> Result<SchemaState, Fault> {
        match &*self.database {
            Database::Sqlite(sqlite) => sqlite
                .readers()
                .point(|db| sqlite::answered(migrate::check(Engine::Sqlite, &mut Db::Sqlite(db)))),
            Database::Postgres(postgres) => {
                let mut db = postgres.pool().acquire().await?;
                migrate::check(Engine::Postgres, &mut Db::Postgres(&mut db)).await
            }
        }
    }

    /// Which kind of database this is.
    pub fn engine(&self) -> Engine {
        match *self.database {
            Database::Sqlite(_) => Engine::Sqlite,
            Database::Postgres(_) => Engine::Postgres,
        }
    }

    /// Changes whenever a verb that was asked of this store, or of a clone, has told of a revocation.
    ///
    /// A hint, to look at [`Store::feed_position`] at once: verbs of other processes do not show here, nor
    /// one whose caller went away.
    pub fn told(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Waits for the verbs that were asked for, then lets the database go. Later verbs fault with `Closed`.
    pub async fn close(&self) {
        match &*self.database {
            Database::Sqlite(sqlite) => sqlite.close().await,
            Database::Postgres(postgres) => postgres.pool().close().await,
        }
    }

    /// Has a verb done.
    pub(crate) async fn write<V: Verb>(&self, verb: V) -> Result<V::Outcome, Fault> {
        let outcome = match &*self.database {
            Database::Sqlite(sqlite) => sqlite.write(verb).await,
            Database::Postgres(postgres) => Box::pin(postgres.write(verb)).await,
        }?;
        if V::has_told(&outcome) {
            self.told.send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(outcome)
    }

    /// Loads a row that is found by a key.
    pub(crate) async fn load(&self, name: &'static str, query: Query) -> Result<Option<Row>, Fault> {
        let row = match &*self.database {
            Database::Sqlite(sqlite) => sqlite
                .readers()
                .point(|db| sqlite::answered(query.fetch_optional(&mut Db::Sqlite(db)))),
            Database::Postgres(postgres) => Box::pin(postgres.first(query)).await,
        };
        row.map_err(|fault| fault.during(name))
    }

    /// Loads a handful of rows, each found by a key.
    pub(crate) async fn load_few(&self, name: &'static str, query: Query) -> Result<Vec<Row>, Fault> {
        match &*self.database {
            Database::Sqlite(sqlite) => sqlite
                .readers()
                .point(|db| sqlite::answered(query.fetch_all(&mut Db::Sqlite(db))))
                .map_err(|fault| fault.during(name)),
            Database::Postgres(_) => self.load_all(name, query).await,
        }
    }

    /// Loads rows.
    pub(crate) async fn load_all(&self, name: &'static str, query: Query) -> Result<Vec<Row>, Fault> {
        let rows = match &*self.database {
            Database::Sqlite(sqlite) => {
                let list = sqlite
                    .readers()
                    .list(|db| sqlite::answered(query.fetch_all(&mut Db::Sqlite(db))));
                list.await
            }
            Database::Postgres(postgres) => Box::pin(postgres.all(query)).await,
        };
        rows.map_err(|fault| fault.during(name))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({:?})", self.engine())
    }
}

impl Location {
    fn parse(url: &str) -> Result<Self, Fault> {
        if url.starts_with("sqlite:") {
            return File::parse(url).map(Self::Sqlite);
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(Fault::Url("must begin with sqlite: or postgres://"));
        }
        let options: PgConnectOptions = url
            .parse()
            .map_err(|_| Fault::Url("is not one of PostgreSQL: expected postgres://user@host/name"))?;
        Ok(Self::Postgres(Box::new(options.disable_statement_logging())))
    }

    async fn open(&self, migrations: Migrations) -> Result<Store, Fault> {
        let database = match self {
            Self::Sqlite(file) => Database::Sqlite(
                of_file(file, move |file| {
                    let mut writer = file.connect()?;
                    if migrations == Migrations::Apply {
                        let db = &mut Db::Sqlite(&mut writer);
                        sqlite::answered(migrate::apply(Engine::Sqlite, db))?;
                    }
                    Sqlite::start(file, writer)
                })
                .await?,
            ),
            Self::Postgres(options) => {
                let postgres = Postgres::open((**options).clone()).await?;
                if migrations == Migrations::Apply {
                    let mut db = postgres.pool().acquire().await?;
                    migrate::apply(Engine::Postgres, &mut Db::Postgres(&mut db)).await?;
                }
                Database::Postgres(postgres)
            }
        };
        Ok(Store {
            database: Arc::new(database),
            told: watch::Sender::new(0),
        })
    }

    async fn check(&self) -> Result<SchemaState, Fault> {
        match self {
            Self::Sqlite(file) => {
                of_file(file, |file| {
                    if !file.exists() {
                        return Ok(SchemaState::empty());
                    }
                    let db = &mut file.connect_reader()?;
                    sqlite::answered(migrate::check(Engine::Sqlite, &mut Db::Sqlite(db)))
                })
                .await
            }
            Self::Postgres(options) => {
                let connected = options.connect().await;
                let mut db = connected.map_err(postgres::unreachable)?;
                migrate::check(Engine::Postgres, &mut Db::Postgres(&mut db)).await
            }
        }
    }
}

/// Does what may wait for others who have the file, in a thread that may.
async fn of_file<T: Send + 'static>(
    file: &File,
    work: impl FnOnce(&File) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let file = file.clone();
    // the runtime is shutting down
    let done = spawn_blocking(move || work(&file)).await;
    done.map_err(|_| Fault::Closed)?
}
