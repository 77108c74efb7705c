//! The hot verbs in one round trip, each written for either engine.
//!
//! Such a text does the verb when nothing stands against it, and otherwise changes nothing: then
//! [`crate::verbs::Verb::apply`], which is written once, finds out what to answer. Both texts of a verb
//! take the same parameters and answer with one row of `held`, `proof` and `changed`.
//!
//! PostgreSQL gets one statement. It holds the row first, so that a proof is used up only by a verb that
//! happens. A step reads from the one before it by a join, never by a subquery in a condition: when a
//! row has changed under an update, PostgreSQL evaluates the condition again, which it cannot do with
//! a step that writes.
//!
//! SQLite gets several statements in one message to its thread. Nobody else writes meanwhile, so the
//! first may look at the marks, and each following one asks whether the one before it changed a row.

use sqlx::AnyConnection;
use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;

use crate::fault::Fault;
use crate::rows::Columns;
use crate::sql::ByEngine;

/// What became of it.
pub(crate) struct Done {
    /// The row it is about was there, in the state it expects. SQLite does not say.
    pub(crate) held: bool,
    /// The proof was used up by it. SQLite does not say.
    pub(crate) proof_was_fresh: bool,
    /// The verb was done.
    pub(crate) changed: bool,
}

impl Done {
    /// Runs the text of one of the verbs below with its parameters.
    pub(crate) async fn by(
        query: Query<'static, Any, AnyArguments>,
        db: &mut AnyConnection,
    ) -> Result<Self, Fault> {
        // not `fetch_one`, which on SQLite looks at the first of the statements only
        let rows = query.fetch_all(db).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        let columns = Columns::of(row, "(at once)");
        Ok(Self {
            held: columns.count("held")? > 0,
            proof_was_fresh: columns.count("proof")? > 0,
            changed: columns.count("changed")? > 0,
        })
    }

    /// Done, or refused for its proof; `None` when nothing was changed, for a reason still to be found.
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

/// id, request, admitted_at, expires_at, proof and its end or nulls, challenge and its end
///
/// On PostgreSQL a challenge that was used leaves the proof used up.
pub(crate) const ADMIT_REQUEST: ByEngine = ByEngine {
    sqlite: "
insert into auth_request (id, request, admitted_at, expires_at, state)
select $1, $2, $3, $4, 'pending'
where not exists (select 1 from mark where digest in ($5, $7) and expires_at > $3);

insert into mark (digest, expires_at)
select digest, expires_at
from (select $5 as digest, $6 as expires_at union all select $7, $8)
where digest is not null and changes() = 1
on conflict (digest) do update set expires_at = excluded.expires_at;

select 0 as held, 0 as proof, changes() as changed",
    postgres: "
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
  (select count(*) from changed) as changed",
};

/// code, now, proof, its end, then the session as in `BEGIN_SESSION`
pub(crate) const REDEEM_CODE: ByEngine = ByEngine {
    sqlite: "
update auth_request
set state = 'redeemed', session = $5
where code = $1 and state = 'approved' and code_expires_at > $2
  and not exists (select 1 from mark where digest = $3 and expires_at > $2);

insert into oauth_session
  (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key, device, browser)
select $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, device, browser
from auth_request
where code = $1 and changes() = 1;

insert into mark (digest, expires_at)
select $3, $4
where changes() = 1
on conflict (digest) do update set expires_at = excluded.expires_at;

select 0 as held, 0 as proof, changes() as changed",
    postgres: "
with held as (
  select device, browser from auth_request
  where code = $1 and state = 'approved' and code_expires_at > $2
  for update
), proof as (
  insert into mark (digest, expires_at)
  select $3, $4 from held
  on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $2
  returning 1 as fresh
), session as (
  insert into oauth_session
    (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key, device, browser)
  select $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, held.device, held.browser from proof, held
  returning id
), changed as (
  update auth_request r
  set state = 'redeemed', session = session.id
  from session
  where r.code = $1 and r.state = 'approved'
  returning 1 as redeemed
)
select (select count(*) from held) as held, (select count(*) from proof) as proof,
  (select count(*) from changed) as changed",
};

/// id, generation presented, now, proof, its end
pub(crate) const ROTATE_REFRESH: ByEngine = ByEngine {
    sqlite: "
update oauth_session
set generation = generation + 1, rotated_at = $3
where id = $1 and generation = $2 and ended_at is null and expires_at > $3
  and not exists (select 1 from mark where digest = $4 and expires_at > $3);

insert into mark (digest, expires_at)
select $4, $5
where changes() = 1
on conflict (digest) do update set expires_at = excluded.expires_at;

select 0 as held, 0 as proof, changes() as changed",
    postgres: "
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
  (select count(*) from changed) as changed",
};

/// Each of them, by name.
#[cfg(test)]
pub(crate) const ALL: [(&str, ByEngine); 3] = [
    ("ADMIT_REQUEST", ADMIT_REQUEST),
    ("REDEEM_CODE", REDEEM_CODE),
    ("ROTATE_REFRESH", ROTATE_REFRESH),
];
