//! Sign-ups: records that several drivers take up in turn, and what each of them has of names and invites (C28).
//!
//! A driver says what it started from and what that is now. Where the record is not what it started from, down
//! to the last instant, nothing changes: so no step is lost and none is taken twice.

mod advance;

use serde::Serialize;
use tracing::instrument;

use entryway_core::email::EmailAddress;
use entryway_core::invite::InviteCode;
use entryway_core::sign_up::{SignUp, SignUpId, Stage};
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{SignUpAdvance, SignUpBegin, SignUpRelease};
use crate::verbs::hosts::HostState;
use crate::verbs::names::{self, Holder, Name};
use crate::verbs::{Steps, Verb, accounts, hosts, invites};
use crate::{rows, sql};

use advance::AdvanceSignUp;

impl Store {
    /// Begins a sign-up as [`SignUp::admit`] made it: gives it its names and its use of the invite, all or none.
    ///
    /// Whether the request is one that resumes a sign-up is to be asked before, of
    /// [`Store::sign_ups_with`] and [`SignUp::claim`]; and again where a name is taken all the same.
    #[instrument(name = "store.begin_sign_up", level = "debug", skip_all)]
    pub async fn begin_sign_up(&self, admitted: &SignUp) -> Result<SignUpBegin, Fault> {
        self.write(BeginSignUp {
            stage: json("stage", &admitted.stage)?,
            arrival: admitted
                .request
                .arrival
                .as_ref()
                .map(|it| json("arrival", it))
                .transpose()?,
            admitted: admitted.clone(),
        })
        .await
    }

    /// The sign-up with which this DID comes here, until a while after it came.
    #[instrument(name = "store.arrival", level = "debug", skip_all)]
    pub async fn arrival(&self, did: &Did) -> Result<Option<SignUp>, Fault> {
        let row = self
            .load("arrival", query(sql::ARRIVAL).bind(did.to_string()))
            .await?;
        row.as_ref().map(rows::sign_up).transpose()
    }

    /// The sign-up of this id.
    #[instrument(name = "store.sign_up", level = "debug", skip_all)]
    pub async fn sign_up(&self, id: SignUpId) -> Result<Option<SignUp>, Fault> {
        let row = self
            .load("sign_up", query(sql::SIGN_UP).bind(id.to_string()))
            .await?;
        row.as_ref().map(rows::sign_up).transpose()
    }

    /// The sign-ups that have this handle or this address, or had it until they became the account that has it:
    /// one for each, at most.
    #[instrument(name = "store.sign_ups_with", level = "debug", skip_all)]
    pub async fn sign_ups_with(&self, handle: &Handle, email: &EmailAddress) -> Result<Vec<SignUp>, Fault> {
        let query = query(sql::SIGN_UPS_WITH)
            .bind(handle.to_string())
            .bind(email.as_str().to_owned());
        let rows = self.load_all("sign_ups_with", query).await?;
        rows.iter().map(rows::sign_up).collect()
    }

    /// Sign-ups that the reconciler is to take up, as [`SignUp::is_due`] says, those that waited longest first.
    #[instrument(name = "store.due_sign_ups", level = "debug", skip_all)]
    pub async fn due_sign_ups(&self, now: Timestamp, limit: u32) -> Result<Vec<SignUp>, Fault> {
        let query = query(sql::DUE_SIGN_UPS)
            .bind(now.seconds())
            .bind(i64::from(limit));
        let rows = self.load_all("due_sign_ups", query).await?;
        rows.iter().map(rows::sign_up).collect()
    }

    /// Makes of the sign-up what its driver says, whether it takes it up, records a step or lays it down.
    ///
    /// Its handle leads to its DID as soon as it has one, until it is undone: a PDS tells the world of an account
    /// before we hear of it. Where it becomes [`Stage::AccountStored`], the account exists with its password,
    /// its names and its use of the invite; where it becomes [`Stage::Undoing`], address and use are free.
    /// Does not look whether the step is one that [`SignUp`] takes.
    #[instrument(name = "store.advance_sign_up", level = "debug", skip_all)]
    pub async fn advance_sign_up(&self, from: &SignUp, to: &SignUp) -> Result<SignUpAdvance, Fault> {
        self.write(AdvanceSignUp {
            stage: json("stage", &to.stage)?,
            from: from.clone(),
            to: to.clone(),
        })
        .await
    }

    /// Forgets the sign-up, of which nothing is outside any more: its names are free, and its use of the invite.
    ///
    /// Nothing of its account, if it has become one, for that has them since. One that is done goes by itself,
    /// in a sweep.
    #[instrument(name = "store.release_sign_up", level = "debug", skip_all)]
    pub async fn release_sign_up(&self, from: &SignUp) -> Result<SignUpRelease, Fault> {
        self.write(ReleaseSignUp { from: from.clone() }).await
    }
}

fn json(column: &'static str, value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|_| Fault::Row {
        table: "sign_up",
        column,
    })
}

/// Where the handle of a sign-up leads.
const fn leads_to(sign_up: &SignUp) -> Option<&Did> {
    match sign_up.stage {
        Stage::Undoing { .. } => None,
        _ => sign_up.did(),
    }
}

const fn is_done(sign_up: &SignUp) -> bool {
    matches!(sign_up.stage, Stage::AccountStored { .. })
}

/// Whether the sign-up, which is held from here on, is what the driver started from.
async fn hold(from: &SignUp, db: &mut Db<'_>) -> Result<bool, Fault> {
    let held = query(sql::HOLD_SIGN_UP)
        .bind(from.id.to_string())
        .fetch_optional(db)
        .await?;
    let stored = held.as_ref().map(rows::sign_up).transpose()?;
    Ok(stored.as_ref() == Some(from))
}

struct BeginSignUp {
    admitted: SignUp,
    /// As JSON.
    stage: String,
    /// As JSON.
    arrival: Option<String>,
}

impl Verb for BeginSignUp {
    type Outcome = SignUpBegin;
    const NAME: &'static str = "begin_sign_up";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<SignUpBegin, Fault> {
        let (admitted, now) = (&self.admitted, self.admitted.created_at);
        if hosts::hold(&admitted.pds_did, &mut *db).await? != Some(HostState::Open) {
            return Ok(SignUpBegin::HostClosed);
        }
        let holder = Holder {
            owner: admitted.id.to_string(),
            did: leads_to(admitted).cloned(),
        };
        let request = &admitted.request;
        if let Some(arrival) = &request.arrival {
            let did = &arrival.follows.did;
            // an account comes to be only in the hands of whoever has this name
            if !names::take(Name::Arrival(did), &holder, now, &mut *db).await? {
                return Ok(SignUpBegin::DidTaken);
            }
            if accounts::hold(did, &mut *db).await? {
                names::release_all(&holder.owner, db).await?;
                return Ok(SignUpBegin::DidTaken);
            }
        }
        if !names::take(Name::Handle(&request.handle), &holder, now, &mut *db).await? {
            names::release_all(&holder.owner, db).await?;
            return Ok(SignUpBegin::HandleTaken);
        }
        if !names::take(Name::Email(request.email.as_str()), &holder, now, &mut *db).await? {
            names::release_all(&holder.owner, db).await?;
            return Ok(SignUpBegin::EmailTaken);
        }
        if let Some(code) = &request.invite
            && !invites::use_once(code, admitted.id, now, &mut *db).await?
        {
            names::release_all(&holder.owner, db).await?;
            return Ok(SignUpBegin::InviteSpent);
        }
        self.insert(db).await?;
        Ok(SignUpBegin::Begun)
    }
}

impl BeginSignUp {
    async fn insert(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let (record, request) = (&self.admitted, &self.admitted.request);
        query(sql::BEGIN_SIGN_UP)
            .bind(record.id.to_string())
            .bind(request.handle.as_str())
            .bind(request.email.as_str())
            .bind(request.invite.as_ref().map(InviteCode::as_str))
            .bind(request.recovery_key.as_deref())
            .bind(self.arrival.as_deref())
            .bind(record.password.expose())
            .bind(record.pds_did.as_str())
            .bind(self.stage.as_str())
            .bind(i64::from(is_done(record)))
            .bind(record.did().map(Did::as_str))
            .bind(i64::from(record.hold))
            .bind(record.held_until.seconds())
            .bind(record.retry_at.seconds())
            .bind(record.created_at.seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}

struct ReleaseSignUp {
    from: SignUp,
}

impl Verb for ReleaseSignUp {
    type Outcome = SignUpRelease;
    const NAME: &'static str = "release_sign_up";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<SignUpRelease, Fault> {
        if !hold(&self.from, &mut *db).await? {
            return Ok(SignUpRelease::Overtaken);
        }
        let id = self.from.id;
        names::release_all(&id.to_string(), &mut *db).await?;
        invites::give_back(id, &mut *db).await?;
        query(sql::RELEASE_SIGN_UP)
            .bind(id.to_string())
            .execute(db)
            .await?;
        Ok(SignUpRelease::Released)
    }
}
