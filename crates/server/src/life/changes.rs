//! Changes that others have to learn of: begun for a request, and finished where a request left them.
//!
//! What comes next is [`core::account_change`](entryway_core::account_change)'s to say. Whoever works on a record takes
//! it up first, and the store lets one of them have it, on whichever instance; so all of this may run on many at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use entryway_core::account::Account;
use entryway_core::account_change::{AccountChange, Change, Kind};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::{ChangeAdvance, ChangeBegin, PdsHost};

use super::driver::{Driver, End};
use crate::app::App;
use crate::failure::Fault;
use crate::turns::Turn;
use crate::xrpc::Failure;

/// Makes changes. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Changes(App);

impl Changes {
    /// Those of this instance.
    pub(crate) fn of(app: &App) -> Self {
        Self(app.clone())
    }

    /// Waits for the turn of whoever wants a change of this kind of this account.
    ///
    /// # Errors
    /// [`XrpcDenial::ChangeUnderWay`] where it does not come soon.
    pub(super) async fn turn(&self, did: &Did, kind: Kind) -> Result<Turn, XrpcDenial> {
        let turn = self.0.change_turns().take(&(did.clone(), kind)).await;
        turn.ok_or(UNDER_WAY)
    }

    /// Makes the change, or goes on where the same one stopped before: all agree when this answers.
    ///
    /// The work goes on to its next stop even where the caller does not wait for it.
    ///
    /// # Errors
    /// [`XrpcDenial::HandleNotAvailable`] for a handle that somebody has; [`XrpcDenial::ChangeUnderWay`] while
    /// another one is worked on; what [`Why::denial`](entryway_core::account_change::Why::denial) says where it is
    /// not made. [`XrpcDenial::PdsUnavailable`] and its like where the same change, asked for again, goes on, and so
    /// does the reconciler.
    pub(super) async fn make(&self, account: &Account, change: Change) -> Result<(), Failure> {
        match self.begin(account, &change).await? {
            Some(held) => self.finish(held).await,
            None => Ok(()),
        }
    }

    /// Gives the request a record of its own, a new one, or the one it began before; none where all is as it is to
    /// be.
    async fn begin(&self, account: &Account, change: &Change) -> Result<Option<AccountChange>, Failure> {
        for _ in 0..BEGINNINGS_MAX {
            let now = self.0.now();
            let record = AccountChange::begin(account, change.clone(), now);
            match self.0.store().begin_change(&record).await? {
                ChangeBegin::Begun(record) => return Ok(Some(record)),
                ChangeBegin::Resumed(found) => {
                    if let Some(held) = self.take_up_for_request(found).await? {
                        return Ok(Some(held));
                    }
                }
                ChangeBegin::Current => return Ok(None),
                ChangeBegin::UnderWay(other) => return Err(other.under_way(now).into()),
                ChangeBegin::HandleTaken => return Err(XrpcDenial::HandleNotAvailable.into()),
                ChangeBegin::TakenDown => return Err(XrpcDenial::AccountTakedown.into()),
                ChangeBegin::HostUnknown => return Err(XrpcDenial::PdsUnknown.into()),
                ChangeBegin::Unknown => return Err(XrpcDenial::AccountGone.into()),
            }
        }
        Err(UNDER_WAY.into())
    }

    /// A record in the hands of this request; none where it has changed meanwhile.
    pub(super) async fn take_up_for_request(
        &self,
        found: AccountChange,
    ) -> Result<Option<AccountChange>, Failure> {
        let held = found.clone().held_by_request(self.0.now())?;
        let taken = self.0.store().advance_change(&found, &held).await?;
        Ok(matches!(taken, ChangeAdvance::Advanced).then_some(held))
    }

    /// Carries a record that is held as far as it goes.
    pub(super) async fn finish(&self, held: AccountChange) -> Result<(), Failure> {
        let changes = self.clone();
        let driven = tokio::spawn(async move { changes.drive(held).await }).await;
        match driven.map_err(|error| Fault::because("a change of an account", error))?? {
            End::Done => Ok(()),
            End::Refused(denial) => Err(denial.into()),
        }
    }

    /// Takes up what requests left behind and is due by now, and says how many of them.
    ///
    /// # Errors
    /// A [`Fault`] of the store; what goes wrong with one change is logged, and holds up no other.
    pub(crate) async fn reconcile(&self) -> Result<usize, Fault> {
        let due = self.0.store().due_changes(self.0.now(), ROUND_ROWS).await?;
        let found = due.len();
        let mut working = JoinSet::new();
        for record in due {
            if working.len() >= AT_ONCE {
                working.join_next().await;
            }
            let changes = self.clone();
            working.spawn(async move { changes.take_up_and_log(record).await });
        }
        working.join_all().await;
        Ok(found)
    }

    async fn take_up_and_log(&self, record: AccountChange) {
        let (did, kind) = (record.did.clone(), record.kind().name());
        match self.take_up(record).await {
            Ok(Some(end)) => tracing::info!(account.did = %did, change = kind, ?end, "change reconciled"),
            Ok(None) => {}
            Err(fault) => {
                let fault = format!("{fault:#}");
                tracing::error!(account.did = %did, change = kind, fault, "change failed");
            }
        }
    }

    /// Drives a record that is due, unless somebody else does.
    async fn take_up(&self, record: AccountChange) -> Result<Option<End>, Fault> {
        let Some(held) = record.clone().held_by_reconciler(self.0.now()) else {
            return Ok(None);
        };
        match self.0.store().advance_change(&record, &held).await? {
            ChangeAdvance::Advanced => self.drive(held).await.map(Some),
            ChangeAdvance::Overtaken => Ok(None),
        }
    }

    async fn drive(&self, held: AccountChange) -> Result<End, Fault> {
        let host = self.host_of(&held).await?;
        Driver::new(&self.0, host, held).run().await
    }

    async fn host_of(&self, record: &AccountChange) -> Result<Option<Arc<PdsHost>>, Fault> {
        match Did::parse(&record.pds_did) {
            Ok(did) => self.0.fleet().host(&did).await,
            Err(_) => Ok(None),
        }
    }
}

/// Told where somebody else changed a record first: that takes moments.
pub(super) const UNDER_WAY: XrpcDenial = XrpcDenial::ChangeUnderWay {
    retry_after_seconds: 5,
};

/// Looks at what is there before a request is told to come back: each sees what another one changed meanwhile.
const BEGINNINGS_MAX: usize = 4;
/// Records of one round of the reconciler.
pub(crate) const ROUND: usize = ROUND_ROWS as usize;
const ROUND_ROWS: u32 = 50;
/// How many of them at once: each may wait half a minute for a PDS that does not answer.
const AT_ONCE: usize = 8;
