//! Each step of a sign-up that concerns somebody else: the PDS, or the PLC directory.

use std::sync::Arc;

use entryway_core::account_change::StatusChange;
use entryway_core::sign_up::{
    Action, Event, Failure, Follows, HostRefusal, InDirectory, Made, OnHost, Seen, SignUp,
};
use entryway_identity::did::PublicKey;
use entryway_identity::plc::{Operation, PlcData, UnsignedOperation};
use entryway_scope::{Did, Handle};
use entryway_store::PdsHost;

use crate::app::App;
use crate::failure::Fault;
use crate::pds::{HandleHolder, PdsClient, PdsFault, RepoStatus};
use crate::plc::{PlcClient, PlcFault, Registered, Submitted};

/// The other parties to a sign-up.
pub(super) struct Parties<'a> {
    app: &'a App,
    host: Arc<PdsHost>,
    pds: PdsClient,
    plc: PlcClient,
}

/// Why a step was not taken.
pub(super) enum Stop {
    /// By another party.
    Failed(Failure),
    /// By us.
    Fault(Fault),
}

impl<'a> Parties<'a> {
    pub(super) fn new(app: &'a App, host: Arc<PdsHost>) -> Self {
        let outside = app.outside();
        Self {
            app,
            pds: PdsClient::new(outside.http.clone(), host.url.clone()),
            plc: PlcClient::new(outside.http.clone(), outside.plc.clone()),
            host,
        }
    }

    /// Takes a step, and says what became true by it; nothing where only a look tells.
    pub(super) async fn act(&self, record: &SignUp, action: Action) -> Result<Option<Event>, Stop> {
        match action {
            Action::ReserveKey { did } => self.reserve_key(record, did.as_ref()).await.map(Some),
            Action::MakeOperation { signing_key, follows } => {
                let made = self.make_operation(record, signing_key, follows)?;
                Ok(Some(Event::OperationMade(made)))
            }
            Action::CreateOnPds(made) => {
                let operation: Operation = serde_json::from_str(&made.operation)
                    .map_err(|error| Fault::because("an operation that is stored", error))?;
                self.pds
                    .create_account(&made.did, &record.request.handle, &operation)
                    .await?;
                Ok(Some(Event::CreatedOnPds))
            }
            Action::Activate(did) => self.activate(&did).await.map(Some),
            Action::Record(event) => Ok(Some(event)),
            Action::DeleteOnPds(did) => {
                let password = self.app.fleet().password(&self.host)?;
                let admin = self.pds.as_admin(password.expose());
                admin.delete_account(&did).await?;
                Ok(None)
            }
            Action::Tombstone(follows) => self.tombstone(follows).await.map(|()| None),
            Action::Look(_)
            | Action::StoreAccount(_)
            | Action::BeginSession(_)
            | Action::Pause
            | Action::Release => Err(Fault::new("a step of a sign-up concerns nobody else").into()),
        }
    }

    /// What directory and PDS have now. Both at once: the record is held for a while only.
    pub(super) async fn look(&self, did: &Did, handle: &Handle) -> Result<Seen, Stop> {
        let directory = async { self.plc.last(did).await.map_err(Stop::from) };
        let host = async { self.on_host(did, handle).await.map_err(Stop::from) };
        let (directory, host) = tokio::join!(directory, host);
        let directory = match directory? {
            Registered::Absent => InDirectory::Absent,
            Registered::Live { last, .. } => InDirectory::Live { last },
            Registered::Tombstoned => InDirectory::Tombstoned,
        };
        Ok(Seen {
            directory,
            host: host?,
        })
    }

    async fn on_host(&self, did: &Did, handle: &Handle) -> Result<OnHost, PdsFault> {
        if self.pds.repo_status(did).await? != RepoStatus::Absent {
            return Ok(OnHost::Present);
        }
        Ok(match self.pds.holder(handle).await? {
            HandleHolder::Nobody => OnHost::Absent,
            HandleHolder::Account(holder) if holder == *did => OnHost::Present,
            HandleHolder::Account(_) | HandleHolder::Hidden => OnHost::HandleTaken,
        })
    }

    async fn reserve_key(&self, record: &SignUp, did: Option<&Did>) -> Result<Event, Stop> {
        match self.pds.holder(&record.request.handle).await? {
            HandleHolder::Nobody => {}
            HandleHolder::Account(holder) if Some(&holder) == did => {}
            HandleHolder::Account(_) | HandleHolder::Hidden => {
                return Err(Stop::Failed(Failure::HandleTaken));
            }
        }
        let key = self.pds.reserve_signing_key(did).await?;
        Ok(Event::KeyReserved {
            signing_key: key.to_did_key(),
        })
    }

    fn make_operation(
        &self,
        record: &SignUp,
        signing_key: String,
        follows: Option<Follows>,
    ) -> Result<Made, Fault> {
        let stored_key = |text: &str| {
            PublicKey::from_did_key(text).map_err(|error| Fault::because("a key of a sign-up", error))
        };
        let recovery = record.request.recovery_key.as_deref().map(stored_key);
        let rotation_key = &self.app.keys().plc_rotation;
        let data = PlcData::account(
            &record.request.handle,
            &stored_key(&signing_key)?,
            self.host.url.as_str(),
            PlcData::rotation_keys_of_account(recovery.transpose()?.as_ref(), &rotation_key.public_key()),
        );
        let unsigned = match &follows {
            Some(follows) => UnsignedOperation::following(&follows.last, data),
            None => UnsignedOperation::genesis(data),
        };
        let operation = unsigned.sign(rotation_key);
        let (did, prev) = match follows {
            Some(Follows { did, last }) => (did, Some(last)),
            None => (operation.did(), None),
        };
        Ok(Made {
            did,
            signing_key,
            operation: operation.to_json(),
            cid: operation.cid().to_string(),
            prev,
        })
    }

    /// The reference makes accounts that may act; others make them at rest.
    async fn activate(&self, did: &Did) -> Result<Event, Stop> {
        match self.pds.repo_status(did).await? {
            // whoever took it down so soon has reasons of their own
            RepoStatus::Active | RepoStatus::Inactive => {}
            RepoStatus::Deactivated => {
                let password = self.app.fleet().password(&self.host)?;
                let admin = self.pds.as_admin(password.expose());
                admin.update_subject_status(did, &StatusChange::Activated).await?;
            }
            RepoStatus::Absent => return Err(Stop::Failed(Failure::HostRefused(HostRefusal::Other))),
        }
        Ok(Event::Activated)
    }

    async fn tombstone(&self, Follows { did, last }: Follows) -> Result<(), Stop> {
        let unsigned = UnsignedOperation::Tombstone { prev: last };
        let tombstone = unsigned.sign(&self.app.keys().plc_rotation);
        match self.plc.submit(&did, &tombstone).await? {
            Submitted::Accepted => Ok(()),
            Submitted::Refused { status, message } => {
                tracing::warn!(account.did = %did, plc.status = status, plc.message = message, "tombstone refused");
                Err(Stop::Failed(Failure::DirectoryUnavailable))
            }
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Told to the operator here, once; the person hears of it in other words.
impl From<PdsFault> for Stop {
    fn from(fault: PdsFault) -> Self {
        let failure = fault.failure();
        let fault = Fault::because("a step of a sign-up", fault);
        tracing::warn!(fault = format!("{fault:#}"), ?failure, "the PDS failed a sign-up");
        Self::Failed(failure)
    }
}

/// As with a PDS.
impl From<PlcFault> for Stop {
    fn from(fault: PlcFault) -> Self {
        let fault = Fault::because("a step of a sign-up", fault);
        tracing::warn!(fault = format!("{fault:#}"), "the PLC directory failed a sign-up");
        Self::Failed(Failure::DirectoryUnavailable)
    }
}
