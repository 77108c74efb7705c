//! Sessions of `createSession`: one row each, gone when they end.
//!
//! The feed of revocations does not tell of them: its readers judge tokens of OAuth.

use tracing::instrument;

use entryway_core::account::Account;
use entryway_core::app_password::AppPasswordName;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::legacy_session::{Basis, LegacySession};
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{LegacyBegin, LegacyEnd, LegacyRotation, LegacySessionFacts, LegacySessions};
use crate::rows::Columns;
use crate::verbs::{Steps, Verb, app_passwords, email_tokens};
use crate::{rows, sql};

/// How many sessions one list has: more than a person can tell apart.
pub const LEGACY_SESSIONS_LISTED_MAX: u32 = 50;

/// A session that is to begin.
#[derive(Clone, Copy, Debug)]
pub struct NewLegacySession<'a> {
    /// The session.
    pub session: &'a LegacySession,
    /// Its account as it was when the password was checked.
    pub account: &'a Account,
    /// The code that was presented as the second factor, if one was asked for.
    pub auth_factor: Option<Digest>,
}

impl Store {
    /// Begins the session, and uses up the code, if what was checked is still so.
    ///
    /// One of an account that is taken down is not kept: nothing is looked at or written.
    #[instrument(name = "store.begin_legacy_session", level = "debug", skip_all)]
    pub async fn begin_legacy_session(&self, new: NewLegacySession<'_>) -> Result<LegacyBegin, Fault> {
        self.write(BeginLegacySession {
            session: new.session.clone(),
            credentials_changed_at: new.account.credentials_changed_at,
            auth_factor: new.auth_factor,
        })
        .await
    }

    /// The session and its account; `None` if it has ended. Does not look whether its time is over.
    #[instrument(name = "store.legacy_session", level = "debug", skip_all)]
    pub async fn legacy_session(&self, id: SessionId) -> Result<Option<LegacySessionFacts>, Fault> {
        let query = query(sql::LEGACY_SESSION).bind(id.to_string());
        let row = self.load("legacy_session", query).await?;
        row.as_ref().map(rows::legacy_session_facts).transpose()
    }

    /// The sessions of the account whose time is not over.
    #[instrument(name = "store.legacy_sessions", level = "debug", skip_all)]
    pub async fn legacy_sessions(&self, did: &Did, now: Timestamp) -> Result<LegacySessions, Fault> {
        let query = query(sql::LEGACY_SESSIONS_OF_ACCOUNT)
            .bind(did.to_string())
            .bind(now.seconds())
            .bind(i64::from(LEGACY_SESSIONS_LISTED_MAX));
        let rows = self.load_all("legacy_sessions", query).await?;
        Ok(LegacySessions {
            count: match rows.first() {
                Some(row) => Columns::of(row, "legacy_session").number("sessions")?,
                None => 0,
            },
            listed: rows
                .iter()
                .map(rows::listed_legacy_session)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Replaces the session by this one, of the next generation, if its generation is still the one before.
    #[instrument(name = "store.rotate_legacy_session", level = "debug", skip_all)]
    pub async fn rotate_legacy_session(&self, next: &LegacySession) -> Result<LegacyRotation, Fault> {
        self.write(RotateLegacySession { next: next.clone() }).await
    }

    /// Ends the session, whichever of its refresh tokens was presented.
    #[instrument(name = "store.end_legacy_session", level = "debug", skip_all)]
    pub async fn end_legacy_session(&self, id: SessionId) -> Result<LegacyEnd, Fault> {
        self.write(EndLegacySession { id }).await
    }

    /// Ends every session of the account, with whichever password it was begun, and says how many there were.
    #[instrument(name = "store.end_legacy_sessions_of_account", level = "debug", skip_all)]
    pub async fn end_legacy_sessions_of_account(&self, did: &Did) -> Result<u64, Fault> {
        self.write(EndLegacySessionsOfAccount { did: did.clone() }).await
    }
}

/// Ends those of the account as a step of a verb that holds it; how many there were.
pub(crate) async fn end_of_account(did: &Did, db: &mut Db<'_>) -> Result<u64, Fault> {
    let ended = query(sql::END_LEGACY_SESSIONS_OF_ACCOUNT)
        .bind(did.as_str())
        .execute(db)
        .await?;
    Ok(ended.rows_affected())
}

/// Ends those of an app password as a step of a verb that holds the account; how many there were.
pub(crate) async fn end_of_app_password(
    did: &Did,
    name: &AppPasswordName,
    db: &mut Db<'_>,
) -> Result<u64, Fault> {
    let ended = query(sql::END_LEGACY_SESSIONS_OF_APP_PASSWORD)
        .bind(did.as_str())
        .bind(name.as_str())
        .execute(db)
        .await?;
    Ok(ended.rows_affected())
}

struct BeginLegacySession {
    session: LegacySession,
    credentials_changed_at: Timestamp,
    auth_factor: Option<Digest>,
}

impl Verb for BeginLegacySession {
    type Outcome = LegacyBegin;
    const NAME: &'static str = "begin_legacy_session";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<LegacyBegin, Fault> {
        let session = &self.session;
        if !session.basis.is_stored() {
            return Ok(LegacyBegin::Begun);
        }
        let held = query(sql::HOLD_FOR_LEGACY_SESSION)
            .bind(session.did.as_str())
            .bind(self.credentials_changed_at.seconds())
            .execute(&mut *db)
            .await?;
        if held.rows_affected() == 0 {
            return Ok(LegacyBegin::PasswordGone);
        }
        if let Basis::AppPassword { name, kind } = &session.basis
            && app_passwords::hold(&session.did, name, &mut *db).await? != Some(*kind)
        {
            return Ok(LegacyBegin::PasswordGone);
        }
        let purpose = EmailTokenPurpose::AuthFactor;
        if let Some(digest) = self.auth_factor
            && !email_tokens::spend(&session.did, purpose, digest, &mut *db).await?
        {
            return Ok(LegacyBegin::CodeGone);
        }
        self.insert(db).await?;
        Ok(LegacyBegin::Begun)
    }
}

impl BeginLegacySession {
    async fn insert(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let session = &self.session;
        let app_password = match &session.basis {
            Basis::AppPassword { name, kind } => Some((name.as_str(), rows::kind_name(*kind))),
            Basis::AccountPassword | Basis::TakenDown => None,
        };
        query(sql::BEGIN_LEGACY_SESSION)
            .bind(session.id.to_string())
            .bind(session.did.as_str())
            .bind(app_password.map(|(name, _)| name))
            .bind(app_password.map(|(_, kind)| kind))
            .bind(session.salt.to_vec())
            .bind(i64::from(session.generation))
            .bind(session.superseded.to_string())
            .bind(session.created_at.seconds())
            .bind(session.expires_at.seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}

struct RotateLegacySession {
    next: LegacySession,
}

impl Verb for RotateLegacySession {
    type Outcome = LegacyRotation;
    const NAME: &'static str = "rotate_legacy_session";

    async fn apply(&self, db: &mut Db<'_>) -> Result<LegacyRotation, Fault> {
        let next = &self.next;
        let rotated = query(sql::ROTATE_LEGACY_SESSION)
            .bind(next.id.to_string())
            .bind(i64::from(next.generation) - 1)
            .bind(i64::from(next.generation))
            .bind(next.superseded.to_string())
            .bind(next.expires_at.seconds())
            .execute(&mut *db)
            .await?;
        if rotated.rows_affected() == 1 {
            return Ok(LegacyRotation::Rotated);
        }
        let exists = query(sql::LEGACY_SESSION_EXISTS)
            .bind(next.id.to_string())
            .fetch_optional(db)
            .await?;
        Ok(match exists {
            Some(_) => LegacyRotation::Overtaken,
            None => LegacyRotation::Gone,
        })
    }
}

struct EndLegacySession {
    id: SessionId,
}

impl Verb for EndLegacySession {
    type Outcome = LegacyEnd;
    const NAME: &'static str = "end_legacy_session";

    async fn apply(&self, db: &mut Db<'_>) -> Result<LegacyEnd, Fault> {
        let ended = query(sql::END_LEGACY_SESSION)
            .bind(self.id.to_string())
            .execute(db)
            .await?;
        Ok(if ended.rows_affected() == 1 {
            LegacyEnd::Ended
        } else {
            LegacyEnd::Gone
        })
    }
}

struct EndLegacySessionsOfAccount {
    did: Did,
}

impl Verb for EndLegacySessionsOfAccount {
    type Outcome = u64;
    const NAME: &'static str = "end_legacy_sessions_of_account";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<u64, Fault> {
        super::accounts::hold(&self.did, &mut *db).await?;
        end_of_account(&self.did, db).await
    }
}
