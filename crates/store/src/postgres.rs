//! PostgreSQL: a pool of connections.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use tracing::Instrument as _;

use crate::db::{Db, Query, Row};
use crate::fault::{EngineFault, Fault};
use crate::verbs::{Steps, Verb};

/// The pool of one process.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    pub(crate) async fn open(options: PgConnectOptions) -> Result<Self, Fault> {
        // the pool tries for a while and then only says that it took too long
        let first = options.connect().await.map_err(unreachable)?;
        first.close().await.map_err(unreachable)?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // a ping before each use would double the round trips; one that lay idle is pinged below
            .test_before_acquire(false)
            .before_acquire(|db, meta| {
                Box::pin(async move {
                    if meta.idle_for > IDLE_UNTESTED_MAX {
                        db.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|db, _| Box::pin(async move { db.execute(SETTINGS).await.map(drop) }))
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// The pool, for the schema.
    pub(crate) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Loads the first row.
    pub(crate) async fn first(&self, query: Query) -> Result<Option<Row>, Fault> {
        let mut db = self.pool.acquire().await?;
        query.fetch_optional(&mut Db::Postgres(&mut db)).await
    }

    /// Loads all rows.
    pub(crate) async fn all(&self, query: Query) -> Result<Vec<Row>, Fault> {
        let mut db = self.pool.acquire().await?;
        query.fetch_all(&mut Db::Postgres(&mut db)).await
    }

    /// Does the verb in a task of its own, so that a caller who goes away leaves nothing half done.
    pub(crate) async fn write<V: Verb>(&self, verb: V) -> Result<V::Outcome, Fault> {
        let pool = self.pool.clone();
        let task = async move {
            for _ in 1..ATTEMPTS_MAX {
                match attempt(&verb, &pool).await {
                    Err(fault) if fault.is_transient() => {}
                    done => return done,
                }
            }
            attempt(&verb, &pool).await
        };
        match tokio::spawn(task.in_current_span()).await {
            Ok(done) => done.map_err(|fault| fault.during(V::NAME)),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // the runtime is shutting down
                Err(_) => Err(Fault::Closed),
            },
        }
    }
}

/// Without the address: the URL has it, and may have a password.
pub(crate) fn unreachable(error: sqlx::Error) -> Fault {
    Fault::Open {
        engine: "PostgreSQL",
        at: String::new(),
        source: EngineFault::from(error),
    }
}

async fn attempt<V: Verb>(verb: &V, pool: &PgPool) -> Result<V::Outcome, Fault> {
    let mut db = pool.acquire().await?;
    if V::STEPS == Steps::OneWrite {
        return verb.apply(&mut Db::Postgres(&mut db)).await;
    }
    if let Some(outcome) = verb.at_once(&mut Db::Postgres(&mut db)).await? {
        return Ok(outcome);
    }
    let mut transaction = db.begin().await?;
    let outcome = verb.apply(&mut Db::Postgres(&mut transaction)).await?;
    transaction.commit().await?;
    Ok(outcome)
}

/// Verbs are made for this isolation, whatever the server's default. A statement or a lock that takes
/// longer than this is a fault.
const SETTINGS: &str = "
set default_transaction_isolation = 'read committed';
set statement_timeout = '10s';
set lock_timeout = '5s';
set idle_in_transaction_session_timeout = '10s'";

/// Connections of one process: more only queue inside PostgreSQL.
const CONNECTIONS_MAX: u32 = 16;

/// How long a verb waits for one of them.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was used this recently is not tested before it is used again.
const IDLE_UNTESTED_MAX: Duration = Duration::from_secs(1);

/// How often a verb is tried when PostgreSQL breaks a circle of waiting transactions.
const ATTEMPTS_MAX: u32 = 3;
