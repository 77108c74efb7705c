//! Whether an account may act: its owner's word, and the operator's, which weighs more.

use tracing::instrument;

use entryway_core::session::EndReason;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::rows::Columns;
use crate::sql;
use crate::verbs::revocations::{self, Ending};
use crate::verbs::{codes, devices, legacy_sessions};

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
    /// What was said when the account was taken down, if it is.
    #[instrument(name = "store.takedown", level = "debug", skip_all)]
    pub async fn takedown(&self, did: &Did) -> Result<Option<Takedown>, Fault> {
        let query = query(sql::TAKEDOWN).bind(did.to_string());
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

/// Ends what acts for the account, which is held, by OAuth.
async fn end_grants_in_use(
    did: &Did,
    reason: EndReason,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<(), Fault> {
    codes::spoil_open(did, None, now, &mut *db).await?;
    revocations::end(Ending::OfAccount(did), reason, now, db).await?;
    Ok(())
}

/// Lets an account that its owner switched off act again. What it had granted before has ended.
pub(crate) async fn activate(did: &Did, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::ACTIVATE_ACCOUNT)
        .bind(did.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Switches the account off for its owner: its OAuth sessions end, which is told, and its codes. Its grants
/// stay, and what `createSession` began, by which it is switched on again. Whether it was on: one that is taken down
/// stays that, and is off once it is restored.
///
/// The last step of a verb, for sessions end.
pub(crate) async fn deactivate(did: &Did, now: Timestamp, db: &mut Db<'_>) -> Result<bool, Fault> {
    let done = query(sql::DEACTIVATE_ACCOUNT)
        .bind(did.as_str())
        .execute(&mut *db)
        .await?;
    let was_on = done.rows_affected() == 1;
    if was_on {
        end_grants_in_use(did, EndReason::AccountDeactivated, now, db).await?;
    }
    Ok(was_on)
}

/// Takes the account down: everything that acts for it ends, which is told. Its grants stay. Said
/// again, the last reference counts.
///
/// The last step of a verb, for sessions end.
pub(crate) async fn take_down(
    did: &Did,
    origin: TakedownOrigin,
    reference: Option<&str>,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<(), Fault> {
    query(sql::TAKE_DOWN_ACCOUNT)
        .bind(did.as_str())
        .bind(now.seconds())
        .bind(reference)
        .bind(origin.name())
        .execute(&mut *db)
        .await?;
    legacy_sessions::end_of_account(did, &mut *db).await?;
    devices::end_of_account(did, now, &mut *db).await?;
    end_grants_in_use(did, EndReason::AccountTakenDown, now, db).await
}

/// Undoes a takedown: the account is active again, or deactivated, if it was or its owner said so meanwhile.
pub(crate) async fn restore(did: &Did, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::RESTORE_ACCOUNT).bind(did.as_str()).execute(db).await?;
    Ok(())
}
