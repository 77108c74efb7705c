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
//! SQLite gets several statements, which take the same parameters. Nobody else writes meanwhile, so the first may look
//! at the marks, and each following one is done only when the one before it changed a row.

use crate::db::{Db, Query, query};
use crate::fault::Fault;
use crate::rows::Columns;

/// The text of a verb: a statement of PostgreSQL, and the steps of SQLite.
#[derive(Clone, Copy)]
pub(crate) struct AtOnce {
    pub(crate) sqlite: &'static [&'static str],
    pub(crate) postgres: &'static str,
}

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
        text: AtOnce,
        bind: impl FnOnce(Query) -> Query + Send,
        db: &mut Db<'_>,
    ) -> Result<Self, Fault> {
        let query = bind(query(text.postgres));
        if let Db::Sqlite(sqlite) = db {
            return Ok(Self {
                held: false,
                proof_was_fresh: false,
                changed: sqlite.steps(text.sqlite, &query.into_values())?,
            });
        }
        let row = query.fetch_one(db).await?;
        let columns = Columns::of(&row, "(at once)");
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
pub(crate) const ADMIT_REQUEST: AtOnce = AtOnce {
    sqlite: &[
        "
insert into auth_request (id, request, admitted_at, expires_at, state)
select $1, $2, $3, $4, 'pending'
where not exists (select 1 from mark where digest in ($5, $7) and expires_at > $3)",
        "
insert into mark (digest, expires_at)
select digest, expires_at
from (select $5 as digest, $6 as expires_at union all select $7, $8)
where digest is not null
on conflict (digest) do update set expires_at = excluded.expires_at",
    ],
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
pub(crate) const REDEEM_CODE: AtOnce = AtOnce {
    sqlite: &[
        "
update auth_request
set state = 'redeemed', session = $5
where code = $1 and state = 'approved' and code_expires_at > $2
  and not exists (select 1 from mark where digest = $3 and expires_at > $2)",
        "
insert into oauth_session
  (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key, device, browser)
select $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, device, browser
from auth_request
where code = $1",
        "
insert into mark (digest, expires_at)
values ($3, $4)
on conflict (digest) do update set expires_at = excluded.expires_at",
    ],
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
pub(crate) const ROTATE_REFRESH: AtOnce = AtOnce {
    sqlite: &[
        "
update oauth_session
set generation = generation + 1, rotated_at = $3
where id = $1 and generation = $2 and ended_at is null and expires_at > $3
  and not exists (select 1 from mark where digest = $4 and expires_at > $3)",
        "
insert into mark (digest, expires_at)
values ($4, $5)
on conflict (digest) do update set expires_at = excluded.expires_at",
    ],
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

#[cfg(test)]
impl AtOnce {
    /// The statements of an engine.
    pub(crate) fn on(&self, engine: crate::Engine) -> &[&'static str] {
        match engine {
            crate::Engine::Sqlite => self.sqlite,
            crate::Engine::Postgres => std::slice::from_ref(&self.postgres),
        }
    }
}

/// Each of them, by name.
#[cfg(test)]
pub(crate) const ALL: [(&str, AtOnce); 3] = [
    ("ADMIT_REQUEST", ADMIT_REQUEST),
    ("REDEEM_CODE", REDEEM_CODE),
    ("ROTATE_REFRESH", ROTATE_REFRESH),
];
