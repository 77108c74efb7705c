//! Whether an account may act: its owner's word, and the operator's, which weighs more.

use sqlx::AnyConnection;
use tracing::instrument;

use entryway_core::account::AccountStatus;
use entryway_core::session::EndReason;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::fault::Fault;
use crate::outcome::{Activation, Deactivation, Restoration, TakingDown};
use crate::rows::Columns;
use crate::verbs::revocations::{self, Ending};
use crate::verbs::{Steps, Verb, codes, devices, legacy_sessions};
use crate::{rows, sql};

/// What an operator said when an account was taken down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takedown {
    /// When that was.
    pub at: Timestamp,
    /// The operator's own name for the case, if one was given.
    pub reference: Option<String>,
    /// Who said so.
    pub origin: TakedownOrigin,
}

/// Who took an account down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakedownOrigin {
    /// Our operator.
    Operator,
    /// Somebody on the account's PDS, whose word is followed here.
    Pds,
}

impl TakedownOrigin {
    const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Pds => "pds",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Operator, Self::Pds]
            .into_iter()
            .find(|origin| origin.name() == word)
    }
}

impl Store {
    /// Lets an account that its owner switched off act again. What it had granted before has ended.
    #[instrument(name = "store.activate_account", level = "debug", skip_all)]
    pub async fn activate_account(&self, did: &Did) -> Result<Activation, Fault> {
        self.write(ActivateAccount { did: did.clone() }).await
    }

    /// Switches the account off for its owner: its OAuth sessions end, which is told, and its codes.
    /// Its grants stay, and what `createSession` began, by which it is switched on again.
    ///
    /// One that is taken down stays that, and is off once it is restored.
    #[instrument(name = "store.deactivate_account", level = "debug", skip_all)]
    pub async fn deactivate_account(&self, did: &Did, now: Timestamp) -> Result<Deactivation, Fault> {
        let did = did.clone();
        self.write(DeactivateAccount { did, now }).await
    }

    /// Takes the account down: everything that acts for it ends, which is told. Its grants stay.
    ///
    /// Said again, the last reference counts.
    #[instrument(name = "store.take_down_account", level = "debug", skip_all)]
    pub async fn take_down_account(
        &self,
        did: &Did,
        reference: Option<&str>,
        now: Timestamp,
    ) -> Result<TakingDown, Fault> {
        self.write(TakeDownAccount {
            did: did.clone(),
            reference: reference.map(str::to_owned),
            now,
        })
        .await
    }

    /// Undoes that: the account is active again, or deactivated, if it was or its owner said so meanwhile.
    #[instrument(name = "store.restore_account", level = "debug", skip_all)]
    pub async fn restore_account(&self, did: &Did) -> Result<Restoration, Fault> {
        self.write(RestoreAccount { did: did.clone() }).await
    }

    /// What was said when the account was taken down, if it is.
    #[instrument(name = "store.takedown", level = "debug", skip_all)]
    pub async fn takedown(&self, did: &Did) -> Result<Option<Takedown>, Fault> {
        let query = sqlx::query(sql::TAKEDOWN).bind(did.to_string());
        let Some(row) = self.load("takedown", query).await? else {
            return Ok(None);
        };
        let columns = Columns::of(&row, "account");
        Ok(Some(Takedown {
            at: columns.instant("taken_down_at")?,
            reference: columns.optional_text("takedown_ref")?.map(str::to_owned),
            origin: columns.parsed("takedown_origin", TakedownOrigin::parse)?,
        }))
    }
}

async fn status(did: &Did, db: &mut AnyConnection) -> Result<Option<AccountStatus>, Fault> {
    let row = sqlx::query(sql::ACCOUNT)
        .bind(did.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(rows::status).transpose()
}

/// Ends what acts for the account, which is held, by OAuth. How many sessions ended.
async fn end_grants_in_use(
    did: &Did,
    reason: EndReason,
    now: Timestamp,
    db: &mut AnyConnection,
) -> Result<u64, Fault> {
    codes::spoil_open(did, None, now, &mut *db).await?;
    revocations::end(Ending::OfAccount(did), reason, now, db).await
}

struct ActivateAccount {
    did: Did,
}

impl Verb for ActivateAccount {
    type Outcome = Activation;
    const NAME: &'static str = "activate_account";

    async fn apply(&self, db: &mut AnyConnection) -> Result<Activation, Fault> {
        activate(&self.did, db).await
    }
}

/// Lets the account act again as a step of a verb.
pub(crate) async fn activate(did: &Did, db: &mut AnyConnection) -> Result<Activation, Fault> {
    let done = sqlx::query(sql::ACTIVATE_ACCOUNT)
        .bind(did.as_str())
        .execute(&mut *db)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(Activation::Activated);
    }
    Ok(match status(did, db).await? {
        // switched off at this very moment: it was on when this was asked
        Some(AccountStatus::Active | AccountStatus::Deactivated) => Activation::AlreadyActive,
        Some(AccountStatus::TakenDown) => Activation::TakenDown,
        None => Activation::Unknown,
    })
}

struct DeactivateAccount {
    did: Did,
    now: Timestamp,
}

impl Verb for DeactivateAccount {
    type Outcome = Deactivation;
    const NAME: &'static str = "deactivate_account";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut AnyConnection) -> Result<Deactivation, Fault> {
        deactivate(&self.did, self.now, db).await
    }

    fn has_told(outcome: &Deactivation) -> bool {
        matches!(outcome, Deactivation::Deactivated { sessions: 1.. })
    }
}

/// Switches the account off as a step of a verb: its last, for sessions end.
pub(crate) async fn deactivate(
    did: &Did,
    now: Timestamp,
    db: &mut AnyConnection,
) -> Result<Deactivation, Fault> {
    let done = sqlx::query(sql::DEACTIVATE_ACCOUNT)
        .bind(did.as_str())
        .execute(&mut *db)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(match status(did, db).await? {
            Some(_) => Deactivation::AlreadyDeactivated,
            None => Deactivation::Unknown,
        });
    }
    let sessions = end_grants_in_use(did, EndReason::AccountDeactivated, now, db).await?;
    Ok(Deactivation::Deactivated { sessions })
}

struct TakeDownAccount {
    did: Did,
    reference: Option<String>,
    now: Timestamp,
}

impl Verb for TakeDownAccount {
    type Outcome = TakingDown;
    const NAME: &'static str = "take_down_account";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut AnyConnection) -> Result<TakingDown, Fault> {
        let reference = self.reference.as_deref();
        take_down(&self.did, TakedownOrigin::Operator, reference, self.now, db).await
    }

    fn has_told(outcome: &TakingDown) -> bool {
        matches!(outcome, TakingDown::TakenDown { sessions: 1.. })
    }
}

/// Takes the account down as a step of a verb: its last, for sessions end.
pub(crate) async fn take_down(
    did: &Did,
    origin: TakedownOrigin,
    reference: Option<&str>,
    now: Timestamp,
    db: &mut AnyConnection,
) -> Result<TakingDown, Fault> {
    let done = sqlx::query(sql::TAKE_DOWN_ACCOUNT)
        .bind(did.as_str())
        .bind(now.seconds())
        .bind(reference)
        .bind(origin.name())
        .execute(&mut *db)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(TakingDown::Unknown);
    }
    legacy_sessions::end_of_account(did, &mut *db).await?;
    devices::end_of_account(did, now, &mut *db).await?;
    let sessions = end_grants_in_use(did, EndReason::AccountTakenDown, now, db).await?;
    Ok(TakingDown::TakenDown { sessions })
}

struct RestoreAccount {
    did: Did,
}

impl Verb for RestoreAccount {
    type Outcome = Restoration;
    const NAME: &'static str = "restore_account";

    async fn apply(&self, db: &mut AnyConnection) -> Result<Restoration, Fault> {
        restore(&self.did, db).await
    }
}

/// Undoes a takedown as a step of a verb.
pub(crate) async fn restore(did: &Did, db: &mut AnyConnection) -> Result<Restoration, Fault> {
    let restored = sqlx::query(sql::RESTORE_ACCOUNT)
        .bind(did.as_str())
        .fetch_optional(&mut *db)
        .await?;
    if let Some(row) = restored {
        return rows::status(&row).map(Restoration::Restored);
    }
    Ok(match status(did, db).await? {
        Some(_) => Restoration::NotTakenDown,
        None => Restoration::Unknown,
    })
}
