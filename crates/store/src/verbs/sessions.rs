//! OAuth sessions: one row each, rotated and ended.

use tracing::instrument;

use entryway_core::session::EndReason;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, Query, query};
use crate::fault::Fault;
use crate::outcome::{Remembered, Rotation, SessionEnd, SessionFacts};
use crate::rows::Columns;
use crate::verbs::marks::{Mark, remember};
use crate::verbs::revocations::{self, Ending};
use crate::verbs::{Steps, Verb};
use crate::{at_once, rows, sql};

impl Store {
    /// The session and its account, ended or not; `None` if there never was one, or long ago.
    #[instrument(name = "store.session", level = "debug", skip_all)]
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionFacts>, Fault> {
        let row = self
            .load("session", query(sql::SESSION).bind(id.to_string()))
            .await?;
        row.as_ref().map(rows::session_facts).transpose()
    }

    /// Makes the next generation good and the presented one spent (D3), and uses up the proof.
    ///
    /// The last spent generation may come again until `window` seconds after it was spent (D4); any
    /// other spent one ends the session. Does not check the key or the client.
    #[instrument(name = "store.rotate_refresh", level = "debug", skip_all)]
    pub async fn rotate_refresh(
        &self,
        id: SessionId,
        presented_generation: u32,
        window: Seconds,
        proof: Mark,
        now: Timestamp,
    ) -> Result<Rotation, Fault> {
        self.write(RotateRefresh {
            id,
            presented: presented_generation,
            window,
            proof,
            now,
        })
        .await
    }

    /// Ends the session, unless it has ended, and tells of it.
    #[instrument(name = "store.end_session", level = "debug", skip_all)]
    pub async fn end_session(
        &self,
        id: SessionId,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<SessionEnd, Fault> {
        self.write(EndSession { id, reason, now }).await
    }

    /// Ends every session of the account that is alive, tells of it, and says how many there were.
    #[instrument(name = "store.end_sessions_of_account", level = "debug", skip_all)]
    pub async fn end_sessions_of_account(
        &self,
        did: &Did,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<u64, Fault> {
        let did = did.clone();
        self.write(EndSessionsOfAccount { did, reason, now }).await
    }
}

struct RotateRefresh {
    id: SessionId,
    presented: u32,
    window: Seconds,
    proof: Mark,
    now: Timestamp,
}

impl Verb for RotateRefresh {
    type Outcome = Rotation;
    const NAME: &'static str = "rotate_refresh";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Rotation, Fault> {
        let held = hold(self.id, db).await?;
        if remember(self.proof, self.now, db).await? == Remembered::Replayed {
            return Ok(Rotation::ProofReplayed);
        }
        let rotation = held.map_or(Rotation::Unknown, |held| self.judge(&held));
        match rotation {
            Rotation::Rotated => self.rotate(db).await?,
            Rotation::Replayed => {
                let ending = Ending::Session(self.id);
                revocations::end(ending, EndReason::RefreshReplayed, self.now, db).await?;
            }
            Rotation::Repeated | Rotation::Ended | Rotation::Unknown | Rotation::ProofReplayed => {}
        }
        Ok(rotation)
    }

    async fn at_once(&self, db: &mut Db<'_>) -> Result<Option<Rotation>, Fault> {
        let bind = |query: Query| {
            query
                .bind(self.id.to_string())
                .bind(i64::from(self.presented))
                .bind(self.now.seconds())
                .bind(self.proof.digest.as_bytes().to_vec())
                .bind(self.proof.expires_at.seconds())
        };
        let done = at_once::Done::by(at_once::ROTATE_REFRESH, bind, db).await?;
        Ok(done.outcome(Rotation::Rotated, Rotation::ProofReplayed))
    }

    fn has_told(outcome: &Rotation) -> bool {
        *outcome == Rotation::Replayed
    }
}

impl RotateRefresh {
    fn judge(&self, held: &Held) -> Rotation {
        if held.has_ended || held.expires_at <= self.now {
            return Rotation::Ended;
        }
        // -1 is the last spent one
        match i64::from(self.presented) - i64::from(held.generation) {
            0 => Rotation::Rotated,
            -1 if self.now - held.rotated_at <= self.window => Rotation::Repeated,
            ..0 => Rotation::Replayed,
            1.. => Rotation::Unknown,
        }
    }

    async fn rotate(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        query(sql::ROTATE_REFRESH)
            .bind(self.id.to_string())
            .bind(i64::from(self.presented))
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}

/// What decides about a refresh, while nobody else can change it.
pub(crate) struct Held {
    generation: u32,
    rotated_at: Timestamp,
    expires_at: Timestamp,
    has_ended: bool,
}

/// Holds the session as a step of a verb.
pub(crate) async fn hold(id: SessionId, db: &mut Db<'_>) -> Result<Option<Held>, Fault> {
    let row = query(sql::HOLD_SESSION)
        .bind(id.to_string())
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns::of(&row, "oauth_session");
    Ok(Some(Held {
        generation: columns.generation("generation")?,
        rotated_at: columns.instant("rotated_at")?,
        expires_at: columns.instant("expires_at")?,
        has_ended: columns.optional_instant("ended_at")?.is_some(),
    }))
}

struct EndSession {
    id: SessionId,
    reason: EndReason,
    now: Timestamp,
}

impl Verb for EndSession {
    type Outcome = SessionEnd;
    const NAME: &'static str = "end_session";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<SessionEnd, Fault> {
        let ending = Ending::Session(self.id);
        if revocations::end(ending, self.reason, self.now, &mut *db).await? == 1 {
            return Ok(SessionEnd::Ended);
        }
        let exists = query(sql::SESSION_EXISTS)
            .bind(self.id.to_string())
            .fetch_optional(db)
            .await?;
        Ok(match exists {
            Some(_) => SessionEnd::AlreadyEnded,
            None => SessionEnd::Unknown,
        })
    }

    fn has_told(outcome: &SessionEnd) -> bool {
        *outcome == SessionEnd::Ended
    }
}

struct EndSessionsOfAccount {
    did: Did,
    reason: EndReason,
    now: Timestamp,
}

impl Verb for EndSessionsOfAccount {
    type Outcome = u64;
    const NAME: &'static str = "end_sessions_of_account";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<u64, Fault> {
        revocations::end(Ending::OfAccount(&self.did), self.reason, self.now, db).await
    }

    fn has_told(ended: &u64) -> bool {
        *ended > 0
    }
}
