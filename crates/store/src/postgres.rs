//! PostgreSQL: a pool, and the hot verbs in one statement each.

use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{AnyPool, Connection as _, Executor as _};
use tracing::Instrument as _;

use crate::fault::{EngineFault, Fault};
use crate::rows::Columns;
use crate::sql::statements;
use crate::verbs::{Steps, Verb};

/// The pool of one process.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: AnyPool,
}

impl Postgres {
    pub(crate) async fn open(options: AnyConnectOptions) -> Result<Self, Fault> {
        let pool = AnyPoolOptions::new()
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
            .connect_with(options)
            .await
            .map_err(|error| Fault::Open {
                engine: "PostgreSQL",
                at: String::new(),
                source: EngineFault::new(error),
            })?;
        Ok(Self { pool })
    }

    /// The pool, for loads.
    pub(crate) const fn pool(&self) -> &AnyPool {
        &self.pool
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

async fn attempt<V: Verb>(verb: &V, pool: &AnyPool) -> Result<V::Outcome, Fault> {
    let mut db = pool.acquire().await?;
    if V::STEPS == Steps::OneWrite {
        return verb.apply(&mut db).await;
    }
    if let Some(outcome) = verb.at_once(&mut db).await? {
        return Ok(outcome);
    }
    let mut transaction = db.begin().await?;
    let outcome = verb.apply(&mut transaction).await?;
    transaction.commit().await?;
    Ok(outcome)
}

/// What a statement of several steps did.
pub(crate) struct Done {
    /// The row it is about was there, in the state it expects.
    pub(crate) held: bool,
    /// The proof was used up by it.
    pub(crate) proof_was_fresh: bool,
    /// The last step was taken.
    pub(crate) changed: bool,
}

impl Done {
    /// From `held, proof, changed`.
    pub(crate) fn read(row: &AnyRow) -> Result<Self, Fault> {
        let columns = Columns::of(row, "(statement)");
        Ok(Self {
            held: columns.count("held")? > 0,
            proof_was_fresh: columns.count("proof")? > 0,
            changed: columns.count("changed")? > 0,
        })
    }

    /// `None` when nothing was changed, for a reason still to be found.
    pub(crate) fn outcome<T>(&self, changed: T, proof_replayed: T) -> Option<T> {
        match self {
            Self { changed: true, .. } => Some(changed),
            Self {
                held: true,
                proof_was_fresh: false,
                ..
            } => Some(proof_replayed),
            Self { .. } => None,
        }
    }
}

// A step reads from the one before it by a join, never by a subquery in a condition: when a row has
// changed under an update, PostgreSQL evaluates the condition again, which it cannot do with a step that writes.
// The row is held first, so that a proof is used up only by a verb that happens.
statements! { ALL:

/// id, request, admitted_at, expires_at, proof and its end or nulls, challenge and its end
ADMIT_REQUEST_AT_ONCE = "
with proof as (
  insert into mark (digest, expires_at)
  select $5, $6 where $5::bytea is not null
  on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $3
  returning 1 as fresh
), challenge as (
  insert into mark (digest, expires_at)
  select $7, $8 where $5::bytea is null or exists (select 1 from proof)
  on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $3
  returning 1 as fresh
), changed as (
  insert into auth_request (id, request, admitted_at, expires_at, state)
  select $1, $2, $3, $4, 'pending' from challenge
  returning 1 as admitted
)
select (select count(*) from challenge) as held, (select count(*) from proof) as proof,
  (select count(*) from changed) as changed";

/// code, now, proof, its end, then the session as in `BEGIN_SESSION`
REDEEM_CODE_AT_ONCE = "
with held as (
  select id from auth_request
  where code = $1 and state = 'approved' and code_expires_at > $2
  for update
), proof as (
  insert into mark (digest, expires_at)
  select $3, $4 from held
  on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $2
  returning 1 as fresh
), session as (
  insert into oauth_session
    (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at)
  select $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 from proof
  returning id
), changed as (
  update auth_request r
  set state = 'redeemed', session = session.id
  from session
  where r.code = $1 and r.state = 'approved'
  returning 1 as redeemed
)
select (select count(*) from held) as held, (select count(*) from proof) as proof,
  (select count(*) from changed) as changed";

/// id, generation presented, now, proof, its end
ROTATE_REFRESH_AT_ONCE = "
with held as (
  select id from oauth_session
  where id = $1 and generation = $2 and ended_at is null and expires_at > $3
  for update
), proof as (
  insert into mark (digest, expires_at)
  select $4, $5 from held
  on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $3
  returning 1 as fresh
), changed as (
  update oauth_session s
  set generation = s.generation + 1, rotated_at = $3
  from proof
  where s.id = $1 and s.generation = $2
  returning 1 as rotated
)
select (select count(*) from held) as held, (select count(*) from proof) as proof,
  (select count(*) from changed) as changed";

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
