//! Codes: redeemed once, spoiled by a wrong verifier, and deadly when they come back.

use tracing::instrument;

use entryway_core::code::{CodeFacts, CodeState};
use entryway_core::session::{EndReason, Session};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, Query, query};
use crate::fault::Fault;
use crate::outcome::{Redemption, Remembered, SessionEnd, Spoiling};
use crate::rows::Columns;
use crate::verbs::marks::{Mark, remember};
use crate::verbs::revocations::{self, Ending};
use crate::verbs::{Steps, Verb, sessions};
use crate::{at_once, rows, sql};

/// The session a code is to give. `ended` is ignored: a session begins alive.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The session.
    pub session: &'a Session,
}

impl Store {
    /// What the code stands for, used or not, over or not; `None` if it was never given out.
    #[instrument(name = "store.code", level = "debug", skip_all)]
    pub async fn code(&self, code: Digest) -> Result<Option<CodeFacts>, Fault> {
        let row = self
            .load("code", query(sql::CODE).bind(code.as_bytes().to_vec()))
            .await?;
        row.as_ref().map(rows::code_facts).transpose()
    }

    /// Begins the session the code gives, and uses up the code and the proof.
    ///
    /// A code that had given a session ends it. Does not check the verifier or the client.
    #[instrument(name = "store.redeem_code", level = "debug", skip_all)]
    pub async fn redeem_code(
        &self,
        code: Digest,
        session: NewSession<'_>,
        proof: Mark,
        now: Timestamp,
    ) -> Result<Redemption, Fault> {
        let client_key = session.session.client_key.as_ref();
        let client_key = client_key.map(serde_json::to_string).transpose();
        self.write(RedeemCode {
            code,
            session: session.session.clone(),
            client_key: client_key.map_err(|_| Fault::Row {
                table: "oauth_session",
                column: "client_key",
            })?,
            proof,
            now,
        })
        .await
    }

    /// Ends the session that the code gave, for the code came back, and tells of it.
    ///
    /// `Ended` the first time only; `Unknown` if the code gave no session.
    #[instrument(name = "store.replay_code", level = "debug", skip_all)]
    pub async fn replay_code(&self, code: Digest, now: Timestamp) -> Result<SessionEnd, Fault> {
        self.write(ReplayCode { code, now }).await
    }

    /// Makes an open code worthless, for it came with a wrong verifier.
    #[instrument(name = "store.spoil_code", level = "debug", skip_all)]
    pub async fn spoil_code(&self, code: Digest) -> Result<Spoiling, Fault> {
        self.write(SpoilCode { code }).await
    }
}

struct RedeemCode {
    code: Digest,
    session: Session,
    /// As JSON.
    client_key: Option<String>,
    proof: Mark,
    now: Timestamp,
}

impl Verb for RedeemCode {
    type Outcome = Redemption;
    const NAME: &'static str = "redeem_code";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Redemption, Fault> {
        let held = query(sql::HOLD_CODE)
            .bind(self.code.as_bytes().to_vec())
            .fetch_optional(&mut *db)
            .await?;
        let held = match held {
            Some(row) => {
                let columns = Columns::of(&row, "auth_request");
                let state = rows::code_state(columns)?;
                let is_over = columns.instant("code_expires_at")? <= self.now;
                Some((state, is_over))
            }
            None => None,
        };
        if let Some((CodeState::Redeemed(session), _)) = held {
            // before the mark: sql.rs says in which order rows are held
            sessions::hold(session, db).await?;
        }
        if remember(self.proof, self.now, db).await? == Remembered::Replayed {
            return Ok(Redemption::ProofReplayed);
        }
        match held {
            Some((CodeState::Open, false)) => {
                self.begin_session(db).await?;
                Ok(Redemption::Redeemed)
            }
            Some((CodeState::Redeemed(session), _)) => {
                let ending = Ending::Session(session);
                revocations::end(ending, EndReason::CodeReplayed, self.now, db).await?;
                Ok(Redemption::AlreadyRedeemed)
            }
            Some((CodeState::Open | CodeState::Spoiled, _)) | None => Ok(Redemption::Gone),
        }
    }

    async fn at_once(&self, db: &mut Db<'_>) -> Result<Option<Redemption>, Fault> {
        let session = &self.session;
        let bind = |query: Query| {
            query
                .bind(self.code.as_bytes().to_vec())
                .bind(self.now.seconds())
                .bind(self.proof.digest.as_bytes().to_vec())
                .bind(self.proof.expires_at.seconds())
                .bind(session.id.to_string())
                .bind(session.did.as_str())
                .bind(session.client_id.as_str())
                .bind(session.scope.to_string())
                .bind(session.jkt.to_string())
                .bind(session.salt.to_vec())
                .bind(i64::from(session.generation))
                .bind(session.created_at.seconds())
                .bind(session.rotated_at.seconds())
                .bind(session.expires_at.seconds())
                .bind(self.client_key.as_deref())
        };
        let done = at_once::Done::by(at_once::REDEEM_CODE, bind, db).await?;
        Ok(done.outcome(Redemption::Redeemed, Redemption::ProofReplayed))
    }

    fn has_told(outcome: &Redemption) -> bool {
        *outcome == Redemption::AlreadyRedeemed
    }
}

impl RedeemCode {
    async fn begin_session(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let session = &self.session;
        query(sql::REDEEM_CODE)
            .bind(self.code.as_bytes().to_vec())
            .bind(session.id.to_string())
            .execute(&mut *db)
            .await?;
        query(sql::BEGIN_SESSION)
            .bind(session.id.to_string())
            .bind(session.did.as_str())
            .bind(session.client_id.as_str())
            .bind(session.scope.to_string())
            .bind(session.jkt.to_string())
            .bind(session.salt.to_vec())
            .bind(i64::from(session.generation))
            .bind(session.created_at.seconds())
            .bind(session.rotated_at.seconds())
            .bind(session.expires_at.seconds())
            .bind(self.client_key.as_deref())
            .bind(self.code.as_bytes().to_vec())
            .execute(db)
            .await?;
        Ok(())
    }
}

struct ReplayCode {
    code: Digest,
    now: Timestamp,
}

impl Verb for ReplayCode {
    type Outcome = SessionEnd;
    const NAME: &'static str = "replay_code";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<SessionEnd, Fault> {
        let ending = Ending::OfCode(self.code);
        if revocations::end(ending, EndReason::CodeReplayed, self.now, &mut *db).await? == 1 {
            return Ok(SessionEnd::Ended);
        }
        let gave = query(sql::CODE_GAVE_SESSION)
            .bind(self.code.as_bytes().to_vec())
            .fetch_optional(db)
            .await?;
        Ok(match gave {
            Some(_) => SessionEnd::AlreadyEnded,
            None => SessionEnd::Unknown,
        })
    }

    fn has_told(outcome: &SessionEnd) -> bool {
        *outcome == SessionEnd::Ended
    }
}

/// Makes every open code of the account worthless as a step of a verb, of one client only if one is named;
/// how many there were.
///
/// A code that is being exchanged at this moment is waited for: it gave its session, which the verb ends
/// next, or will give none.
pub(crate) async fn spoil_open(
    did: &Did,
    client_id: Option<&ClientId>,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<u64, Fault> {
    let open = query(sql::OPEN_CODES)
        .bind(did.as_str())
        .bind(now.seconds())
        .fetch_all(&mut *db)
        .await?;
    let mut codes = Vec::new();
    for row in &open {
        if let Some(client_id) = client_id
            && rows::request(row)?.client_id != *client_id
        {
            continue;
        }
        codes.push(Columns::of(row, "auth_request").bytes("code")?.to_vec());
    }
    // in one order, so that nobody waits in a circle
    codes.sort();
    let mut spoiled = 0;
    for code in codes {
        let done = query(sql::SPOIL_CODE).bind(code).execute(&mut *db).await?;
        spoiled += done.rows_affected();
    }
    Ok(spoiled)
}

struct SpoilCode {
    code: Digest,
}

impl Verb for SpoilCode {
    type Outcome = Spoiling;
    const NAME: &'static str = "spoil_code";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Spoiling, Fault> {
        let done = query(sql::SPOIL_CODE)
            .bind(self.code.as_bytes().to_vec())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            Spoiling::Spoiled
        } else {
            Spoiling::Gone
        })
    }
}
