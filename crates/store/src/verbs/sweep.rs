//! Forgetting what is over.

use tracing::instrument;

use entryway_core::email_token::EMAIL_TOKEN_LIFETIME;
use entryway_oauth::time::{Seconds, Timestamp};

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Swept;
use crate::sql::ByEngine;
use crate::verbs::Verb;

/// How long a decided request is kept after its code is over: so long a replay of the code is recognised.
pub const DECIDED_REQUEST_KEPT: Seconds = Seconds::days(1);

/// How long an OAuth session is kept after its end, for people who ask what happened.
pub const ENDED_SESSION_KEPT: Seconds = Seconds::days(30);

/// How long an event of the feed is kept after the last token concerned is over: so long a reader may be away
/// and still go on where it was.
pub const REVOCATION_KEPT: Seconds = Seconds::days(1);

/// Marks that are deleted where one row of another kind is. There is one for each request, in a small table that is
/// in memory, while each session is on pages of its own.
pub const MARKS_FOR_A_ROW: u32 = 20;

impl Store {
    /// Deletes what is over, at most `limit` rows of each kind and [`MARKS_FOR_A_ROW`] times as many marks, so that no
    /// verb waits long.
    ///
    /// To be called again while [`Swept::reached`] says so.
    #[instrument(name = "store.sweep", level = "debug", skip_all)]
    pub async fn sweep(&self, now: Timestamp, limit: u32) -> Result<Swept, Fault> {
        let (request_kept, revocation_kept) = (now - DECIDED_REQUEST_KEPT, now - REVOCATION_KEPT);
        let (month_ago, code_good) = (now - ENDED_SESSION_KEPT, now - EMAIL_TOKEN_LIFETIME);
        let engine = self.engine();
        let sweep_up_to = |limit, rows: &ByEngine, before| {
            self.write(Sweep {
                statement: rows.on(engine),
                before,
                limit,
            })
        };
        let sweep = |rows: &ByEngine, before| sweep_up_to(limit, rows, before);
        // one verb each: a sweep holds nothing together
        let pending = sweep(&PENDING_REQUESTS, now).await?;
        let decided = sweep(&DECIDED_REQUESTS, request_kept).await?;
        Ok(Swept {
            requests: pending + decided,
            marks: sweep_up_to(limit.saturating_mul(MARKS_FOR_A_ROW), &MARKS, now).await?,
            browsers: sweep(&BROWSERS, now).await?,
            sign_ins: sweep(&SIGN_INS, now).await?,
            sessions: sweep(&SESSIONS, month_ago).await?,
            legacy_sessions: sweep(&LEGACY_SESSIONS, now).await?,
            email_tokens: sweep(&EMAIL_TOKENS, code_good).await?,
            sign_ups: sweep(&SIGN_UPS, now).await?,
            scopes: sweep(&SCOPES, now).await?,
            revocations: sweep(&REVOCATIONS, revocation_kept).await?,
            attempts: sweep(&ATTEMPTS, now).await?,
        })
    }
}

struct Sweep {
    statement: &'static str,
    before: Timestamp,
    limit: u32,
}

impl Verb for Sweep {
    type Outcome = u64;
    const NAME: &'static str = "sweep";

    async fn apply(&self, db: &mut Db<'_>) -> Result<u64, Fault> {
        let done = query(self.statement)
            .bind(self.before.seconds())
            .bind(i64::from(self.limit))
            .execute(db)
            .await?;
        Ok(done.rows_affected())
    }
}

/// Deletes rows of a table, by their key, that are over: `$1` is now or an earlier instant, `$2` the limit.
///
/// On PostgreSQL rows that a verb holds are left for the next sweep, as are those another instance is
/// sweeping: to wait for several rows is how two transactions come to wait for each other.
macro_rules! delete_over {
    ($table:literal, $key:literal, $is_over:literal) => {
        ByEngine {
            sqlite: delete_over!($table, $key, $is_over, ""),
            postgres: delete_over!($table, $key, $is_over, "for update skip locked"),
        }
    };
    ($table:literal, $key:literal, $is_over:literal, $lock:literal) => {
        concat!(
            "with doomed as (select ",
            $key,
            " from ",
            $table,
            " where ",
            $is_over,
            " limit $2 ",
            $lock,
            ") ",
            "delete from ",
            $table,
            " where ",
            $key,
            " in (select ",
            $key,
            " from doomed)"
        )
    };
}

const PENDING_REQUESTS: ByEngine =
    delete_over!("auth_request", "id", "state = 'pending' and expires_at <= $1");
const DECIDED_REQUESTS: ByEngine = delete_over!(
    "auth_request",
    "id",
    "state <> 'pending' and coalesce(code_expires_at, decided_at) <= $1"
);
const MARKS: ByEngine = delete_over!("mark", "digest", "expires_at <= $1");
const BROWSERS: ByEngine = delete_over!("browser_session", "id", "expires_at <= $1");
const SIGN_INS: ByEngine = delete_over!("browser_sign_in", "id", "coalesce(ended_at, expires_at) <= $1");
const SESSIONS: ByEngine = delete_over!("oauth_session", "id", "coalesce(ended_at, expires_at) <= $1");
const LEGACY_SESSIONS: ByEngine = delete_over!("legacy_session", "id", "expires_at <= $1");
const EMAIL_TOKENS: ByEngine = delete_over!("email_token", "digest", "created_at <= $1");
const SIGN_UPS: ByEngine = delete_over!("sign_up", "id", "done = 1 and retry_at <= $1");
const ATTEMPTS: ByEngine = delete_over!("attempt_count", "digest", "expires_at <= $1");
const SCOPES: ByEngine = delete_over!("scope_reference", "reference", "expires_at <= $1");

/// The oldest up to the first that must stay, so that what is kept has no gaps; sweeps at once wait for each other.
const REVOCATIONS: ByEngine = ByEngine {
    sqlite: REVOCATIONS_TEXT,
    postgres: REVOCATIONS_TEXT,
};

const REVOCATIONS_TEXT: &str = "
with oldest as (select seq, over_at from revocation where seq > 0 order by seq limit $2)
delete from revocation
where seq <= coalesce((select min(seq) - 1 from oldest where over_at > $1), (select max(seq) from oldest))";

/// Each of them, by name.
#[cfg(test)]
pub(crate) const ALL: [(&str, ByEngine); 12] = [
    ("PENDING_REQUESTS", PENDING_REQUESTS),
    ("DECIDED_REQUESTS", DECIDED_REQUESTS),
    ("MARKS", MARKS),
    ("BROWSERS", BROWSERS),
    ("SIGN_INS", SIGN_INS),
    ("SESSIONS", SESSIONS),
    ("LEGACY_SESSIONS", LEGACY_SESSIONS),
    ("EMAIL_TOKENS", EMAIL_TOKENS),
    ("SIGN_UPS", SIGN_UPS),
    ("SCOPES", SCOPES),
    ("REVOCATIONS", REVOCATIONS),
    ("ATTEMPTS", ATTEMPTS),
];
