//! Each step of a sign-up that concerns somebody else: the PDS, or the PLC directory.

use std::sync::Arc;

use entryway_core::account_change::StatusChange;
use entryway_core::sign_up::{
    Action, Arrival, Brought, Event, Failure, Follows, HostRefusal, InDirectory, Made, OnHost, Seen, SignUp,
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
                let created = self
                    .pds
                    .create_account(&made.did, &record.request.handle, &operation)
                    .await;
                // whatever it says: the directory may have another document now
                self.app.did_documents().forget(&made.did);
                created?;
                Ok(Some(Event::CreatedOnPds))
            }
            Action::Activate(did) => self.activate(&did).await.map(Some),
            Action::Deactivate(did) => self.deactivate(&did).await.map(Some),
            Action::Record(event) => Ok(Some(event)),
            Action::DeleteOnPds(did) => {
                let password = self.app.fleet().password(&self.host)?;
                let admin = self.pds.as_admin(password.expose());
                admin.delete_account(&did).await?;
                Ok(None)
            }
            Action::Tombstone(follows) => self.tombstone(follows).await.map(|()| None),
            Action::PutBack(follows) => self.put_back(record, follows).await.map(|()| None),
            Action::Look(_)
            | Action::StoreAccount(_)
            | Action::BeginSession(_)
            | Action::Pause
            | Action::Release => Err(Fault::new("a step of a sign-up concerns nobody else").into()),
        }
    }

    /// What directory and PDS have now. Both at once: the record is held for a while only.
    pub(super) async fn look(&self, record: &SignUp, did: &Did) -> Result<Seen, Stop> {
        let directory = async { self.plc.last(did).await.map_err(Stop::from) };
        let host = async {
            let host = self.on_host(did, &record.request.handle).await;
            host.map_err(Stop::from)
        };
        let (directory, host) = tokio::join!(directory, host);
        let directory = match directory? {
            Registered::Absent => InDirectory::Absent,
            Registered::Live { last, data } if !self.is_of_our_making(record, &data)? => {
                InDirectory::Unmoved { last }
            }
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
        if let Some(arrival) = &record.request.arrival {
            // nothing was made yet: somebody who lived there before has to be removed there first
            if self.pds.repo_status(&arrival.follows.did).await? != RepoStatus::Absent {
                tracing::warn!(host = %self.host.did, account.did = %arrival.follows.did, "a PDS has the account");
                return Err(Stop::Failed(Failure::HostRefused(HostRefusal::Other)));
            }
            self.send_brought(arrival).await?;
        }
        let key = self.pds.reserve_signing_key(did).await?;
        Ok(Event::KeyReserved {
            signing_key: key.to_did_key(),
        })
    }

    /// Whether what the directory says of a DID that was brought is what we made it say.
    fn is_of_our_making(&self, record: &SignUp, data: &PlcData) -> Result<bool, Fault> {
        let Some(arrival) = &record.request.arrival else {
            return Ok(true);
        };
        Ok(data.pds_endpoint() == Some(self.host.url.as_str()) && *data != said_before(arrival)?)
    }

    /// Sends the operation that was brought, unless the directory has it.
    async fn send_brought(&self, arrival: &Arrival) -> Result<(), Stop> {
        let Some(Brought { operation, prev }) = &arrival.brought else {
            return Ok(());
        };
        let did = &arrival.follows.did;
        match self.plc.last(did).await? {
            Registered::Live { last, .. } if last == arrival.follows.last => return Ok(()),
            Registered::Live { last, .. } if last == *prev => {}
            // the key was lost after the directory took operations of ours
            Registered::Live { data, .. } if self.may_change(&data) => return Ok(()),
            _ => return Err(Stop::Failed(Failure::BroughtRefused)),
        }
        let operation: Operation = serde_json::from_str(operation)
            .map_err(|error| Fault::because("an operation that was brought", error))?;
        match self.plc.submit(did, &operation).await? {
            Submitted::Accepted => Ok(()),
            Submitted::Refused { status, message } => {
                tracing::info!(account.did = %did, plc.status = status, plc.message = message, "operation refused");
                Err(Stop::Failed(Failure::BroughtRefused))
            }
        }
    }

    fn may_change(&self, data: &PlcData) -> bool {
        data.may_be_changed_by(&self.app.keys().plc_rotation.public_key())
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
        let (recovery, key) = (recovery.transpose()?, stored_key(&signing_key)?);
        let (handle, url) = (&record.request.handle, self.host.url.as_str());
        let data = if let Some(arrival) = &record.request.arrival {
            let mut data = said_before(arrival)?.moved(handle, &key, url);
            let recovery = recovery.filter(|recovery| !data.may_be_changed_by(recovery));
            if let Some(recovery) = recovery {
                data.rotation_keys.insert(0, recovery.to_did_key());
            }
            data
        } else {
            let ours = rotation_key.public_key();
            let keys = PlcData::rotation_keys_of_account(recovery.as_ref(), &ours);
            PlcData::account(handle, &key, url, keys)
        };
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

    /// The reference lets act whoever it has; what is to be brought would be lost if it was written to meanwhile.
    async fn deactivate(&self, did: &Did) -> Result<Event, Stop> {
        match self.pds.repo_status(did).await? {
            RepoStatus::Deactivated | RepoStatus::Inactive => {}
            RepoStatus::Active => {
                let password = self.app.fleet().password(&self.host)?;
                let admin = self.pds.as_admin(password.expose());
                admin
                    .update_subject_status(did, &StatusChange::Deactivated)
                    .await?;
            }
            RepoStatus::Absent => return Err(Stop::Failed(Failure::HostRefused(HostRefusal::Other))),
        }
        Ok(Event::Activated)
    }

    async fn tombstone(&self, Follows { did, last }: Follows) -> Result<(), Stop> {
        self.end(&did, UnsignedOperation::Tombstone { prev: last }).await
    }

    /// Has the directory say of a DID again what it said before it was to move here.
    async fn put_back(&self, record: &SignUp, Follows { did, last }: Follows) -> Result<(), Stop> {
        let Some(arrival) = &record.request.arrival else {
            return Err(Fault::new("a DID that was made here is put back").into());
        };
        let before = UnsignedOperation::following(&last, said_before(arrival)?);
        self.end(&did, before).await
    }

    async fn end(&self, did: &Did, unsigned: UnsignedOperation) -> Result<(), Stop> {
        let operation = unsigned.sign(&self.app.keys().plc_rotation);
        let submitted = self.plc.submit(did, &operation).await;
        self.app.did_documents().forget(did);
        match submitted? {
            Submitted::Accepted => Ok(()),
            Submitted::Refused { status, message } => {
                tracing::warn!(account.did = %did, plc.status = status, plc.message = message, "operation refused");
                Err(Stop::Failed(Failure::DirectoryUnavailable))
            }
        }
    }
}

/// What the directory said of a DID before it was to move here.
fn said_before(arrival: &Arrival) -> Result<PlcData, Fault> {
    serde_json::from_str(&arrival.before)
        .map_err(|error| Fault::because("what a DID said before it came", error))
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
