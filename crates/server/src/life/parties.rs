//! Each step of a change that concerns somebody else: the PDS, the PLC directory, whoever has the DID document.

use std::sync::Arc;

use entryway_core::account_change::{
    AccountChange, Action, Document, Event, Failure, HostCall, HostRefusal, Stage,
};
use entryway_identity::plc::UnsignedOperation;
use entryway_identity::resolve::DidUnresolved;
use entryway_scope::{Did, Handle};
use entryway_store::PdsHost;

use crate::app::App;
use crate::failure::Fault;
use crate::pds::{PdsClient, PdsFault};
use crate::plc::{PlcClient, PlcFault, Registered, Submitted};

/// The other parties to a change.
pub(super) struct Parties<'a> {
    app: &'a App,
    /// None where the account is on no host of ours.
    host: Option<Arc<PdsHost>>,
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
    pub(super) fn new(app: &'a App, host: Option<Arc<PdsHost>>) -> Self {
        let outside = app.outside();
        Self {
            app,
            plc: PlcClient::new(outside.http.clone(), outside.plc.clone()),
            host,
        }
    }

    /// Takes a step, and says what became true by it.
    pub(super) async fn act(&self, record: &AccountChange, action: Action) -> Result<Event, Stop> {
        match action {
            Action::ChangeDocument { handle } => {
                self.change_document(&record.did, &handle).await?;
                Ok(match record.stage {
                    Stage::Reverting { .. } => Event::DocumentReverted,
                    _ => Event::DocumentChanged,
                })
            }
            Action::TellHost(call) => {
                self.tell_host(&record.did, &call).await?;
                Ok(Event::HostTold)
            }
            Action::MoveTo { .. }
            | Action::Look
            | Action::Record(_)
            | Action::Finish
            | Action::Rest
            | Action::Drop(_) => Err(Fault::new("a step of a change concerns nobody else").into()),
        }
    }

    /// The DID document at its source.
    pub(super) async fn document(&self, did: &Did) -> Result<Document, Stop> {
        if did.host().is_some() {
            return self.foreign_document(did).await;
        }
        Ok(match self.plc.last(did).await? {
            Registered::Live { data, .. } => Document::Plc {
                handle: data.document(did).handle(),
                is_ours_to_sign: data.may_be_changed_by(&self.app.keys().plc_rotation.public_key()),
            },
            Registered::Absent | Registered::Tombstoned => Document::Ended,
        })
    }

    async fn foreign_document(&self, did: &Did) -> Result<Document, Stop> {
        match self.app.outside().dids.resolve(did).await {
            Ok(document) => Ok(Document::Foreign {
                handle: document.handle(),
            }),
            Err(DidUnresolved::Unknown | DidUnresolved::Ended) => Ok(Document::Ended),
            Err(error) if error.is_temporary() => {
                tracing::warn!(account.did = %did, %error, "a DID document could not be read");
                Err(Stop::Failed(Failure::DirectoryUnavailable))
            }
            // what is no document of this DID names no handle
            Err(_) => Ok(Document::Foreign { handle: None }),
        }
    }

    /// Has the directory put this handle first. Signed on top of what it has now: whoever comes between is not
    /// overwritten, for the directory refuses this one then.
    async fn change_document(&self, did: &Did, handle: &Handle) -> Result<(), Stop> {
        let Registered::Live { last, data } = self.plc.last(did).await? else {
            return Err(Stop::Failed(Failure::DirectoryRefused));
        };
        let unsigned = UnsignedOperation::following(&last, data.with_handle(handle));
        let operation = unsigned.sign(&self.app.keys().plc_rotation);
        match self.plc.submit(did, &operation).await? {
            Submitted::Accepted => Ok(()),
            Submitted::Refused { status, message } => {
                tracing::warn!(
                    account.did = %did,
                    plc.status = status,
                    plc.message = message,
                    "the PLC directory refused a change of handle"
                );
                Err(Stop::Failed(Failure::DirectoryRefused))
            }
        }
    }

    async fn tell_host(&self, did: &Did, call: &HostCall) -> Result<(), Stop> {
        let Some(host) = &self.host else {
            return Err(Stop::Failed(Failure::HostUnknown));
        };
        let pds = PdsClient::new(self.app.outside().http.clone(), host.url.clone());
        let password = self.app.fleet().password(host)?;
        let admin = pds.as_admin(password.expose());
        match call {
            HostCall::Handle(handle) => admin.update_account_handle(did, handle).await?,
            HostCall::Status(change) => admin.update_subject_status(did, change).await?,
            HostCall::Delete => admin.delete_account(did).await?,
        }
        Ok(())
    }
}

/// What it is to a change.
fn failure(fault: &PdsFault) -> Failure {
    match fault {
        PdsFault::Refused {
            status,
            name,
            message,
            ..
        } => HostRefusal::read(*status, name, message).map_or(Failure::HostBroken, Failure::HostRefused),
        PdsFault::Broken { .. } => Failure::HostBroken,
        PdsFault::Silent { .. } => Failure::HostSilent,
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
        let failure = failure(&fault);
        let fault = Fault::because("a step of a change", fault);
        tracing::warn!(
            fault = format!("{fault:#}"),
            ?failure,
            "the PDS failed a change of an account"
        );
        Self::Failed(failure)
    }
}

/// As with a PDS.
impl From<PlcFault> for Stop {
    fn from(fault: PlcFault) -> Self {
        let fault = Fault::because("a step of a change", fault);
        tracing::warn!(
            fault = format!("{fault:#}"),
            "the PLC directory failed a change of an account"
        );
        Self::Failed(Failure::DirectoryUnavailable)
    }
}
