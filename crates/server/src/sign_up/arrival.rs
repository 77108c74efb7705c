//! What somebody brings who lives elsewhere and moves here: a DID that we may change (A18, contract 2.3).

use std::net::IpAddr;

use entryway_core::account::Account;
use entryway_core::handle::NewHandle;
use entryway_core::sign_up::{Arrival, Brought, Follows, SignUpRequest, Typed};
use entryway_identity::did::PublicKey;
use entryway_identity::plc::{Operation, PlcData};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::{Did, Handle};

use super::SignUps;
use crate::failure::Fault;
use crate::plc::{PlcClient, Registered};
use crate::xrpc::Failure;

/// A DID whose holder asks, and what comes with it.
#[derive(Clone, Debug)]
pub(crate) struct Bringing {
    /// The DID.
    pub(crate) did: Did,
    /// An operation that lets us sign the next, where the directory has none yet.
    pub(crate) operation: Option<Operation>,
    /// A key of their own.
    pub(crate) recovery_key: Option<PublicKey>,
}

impl SignUps {
    /// Makes the account of a DID that lives elsewhere, which rests until its repository is there; or goes on where the
    /// same request stopped before. That whoever asks may act for the DID was seen to.
    ///
    /// # Errors
    /// [`XrpcDenial::UnresolvableDid`], [`XrpcDenial::DidEnded`], [`XrpcDenial::IncompatibleDidDoc`] and
    /// [`XrpcDenial::RotationKeyMissing`] for a DID that we cannot change; [`XrpcDenial::AccountExists`];
    /// [`XrpcDenial::HandleUnresolved`] for a handle elsewhere that does not lead to the DID; and as
    /// [`Self::begin`].
    pub(crate) async fn arrive(
        &self,
        typed: Typed<'_>,
        brought: Bringing,
        from: IpAddr,
    ) -> Result<Account, Failure> {
        let config = self.0.config();
        let recovery_key = brought.recovery_key.as_ref().map(PublicKey::to_did_key);
        let arrival = self.arrival(&brought).await?;
        let (request, password, handle) =
            SignUpRequest::arriving(typed, arrival, recovery_key, &config.handles, config.invitation)?;
        self.count(request.email.as_str(), from).await?;
        if let NewHandle::Elsewhere(handle) = &handle {
            self.check_elsewhere(handle, &brought.did).await?;
        }
        self.make(request, password).await
    }

    /// What the directory says of the DID, if it lets us say the next.
    async fn arrival(&self, brought: &Bringing) -> Result<Arrival, Failure> {
        let did = &brought.did;
        if did.host().is_some() {
            return Err(self.of_a_host(did).await?.into());
        }
        let outside = self.0.outside();
        let plc = PlcClient::new(outside.http.clone(), outside.plc.clone());
        let registered = plc.last(did).await.map_err(|fault| {
            tracing::warn!(account.did = %did, %fault, "a DID that moves here cannot be looked up");
            XrpcDenial::DirectoryUnavailable
        })?;
        let (last, data) = match registered {
            Registered::Absent => return Err(XrpcDenial::UnresolvableDid.into()),
            Registered::Tombstoned => return Err(XrpcDenial::DidEnded.into()),
            Registered::Live { last, data } => (last, *data),
        };
        let ours = self.0.keys().plc_rotation.public_key();
        let operation = brought.operation.as_ref();
        let operation = operation.filter(|_| !data.may_be_changed_by(&ours));
        let (last, data, brought) = match operation {
            Some(operation) => {
                let next = lets_us_change(operation, &data, &last, &ours)?.clone();
                let brought = Brought {
                    operation: operation.to_json(),
                    prev: last,
                };
                (operation.cid().to_string(), next, Some(brought))
            }
            None if data.may_be_changed_by(&ours) => (last, data, None),
            None => {
                let key = ours.to_did_key();
                return Err(XrpcDenial::RotationKeyMissing { key }.into());
            }
        };
        let before = serde_json::to_string(&data)
            .map_err(|error| Fault::because("writing what a DID says down", error))?;
        let did = did.clone();
        Ok(Arrival {
            follows: Follows { did, last },
            before,
            brought,
        })
    }

    /// Why a `did:web` cannot come: a PDS that delegates takes an account with an operation of the PLC directory
    /// only (contract 2.3).
    async fn of_a_host(&self, did: &Did) -> Result<XrpcDenial, Fault> {
        let Ok(document) = self.0.did_documents().recent(did).await else {
            return Ok(XrpcDenial::UnresolvableDid);
        };
        let hosts = self.0.fleet().hosts().await?;
        let named = document.pds_endpoint();
        let is_ours = hosts.iter().any(|host| Some(host.url.as_str()) == named);
        let expected = if is_ours {
            "must be of a did:plc: a PDS behind this service takes no account of a did:web"
        } else {
            "must name a PDS of this service as its service #atproto_pds, and be of a did:plc"
        };
        Ok(XrpcDenial::IncompatibleDidDoc { expected })
    }

    async fn check_elsewhere(&self, handle: &Handle, did: &Did) -> Result<(), XrpcDenial> {
        match self.0.outside().handles.resolve(handle).await {
            Ok(holder) if holder == *did => Ok(()),
            _ => Err(XrpcDenial::HandleUnresolved),
        }
    }

    /// Why a DID cannot come although it may be changed.
    pub(super) async fn did_taken(&self, request: &SignUpRequest) -> Result<XrpcDenial, Fault> {
        let Some(arrival) = &request.arrival else {
            return Err(Fault::new("a sign-up without a DID met another of its DID"));
        };
        let account = self.0.store().account(&arrival.follows.did).await?;
        Ok(match account {
            Some(_) => XrpcDenial::AccountExists,
            None => super::under_way(),
        })
    }
}

/// What the operation says, if it is the next of the DID, its holder signed it, and it does nothing but let us sign.
///
/// What else is to change, we change with the next: so that whatever becomes of it, the account is as usable where it
/// lives as it was.
fn lets_us_change<'a>(
    operation: &'a Operation,
    now: &PlcData,
    last: &str,
    ours: &PublicKey,
) -> Result<&'a PlcData, XrpcDenial> {
    let refused = |expected| XrpcDenial::ParameterInvalid {
        name: "plcOp",
        expected,
    };
    let next = operation
        .data()
        .filter(|next| next.may_be_changed_by(ours))
        .ok_or_else(|| XrpcDenial::RotationKeyMissing {
            key: ours.to_did_key(),
        })?;
    if operation.prev() != Some(last) {
        return Err(refused("must follow the newest operation of did"));
    }
    if operation.signer(&now.rotation_keys).is_err() {
        return Err(refused("must be signed by a rotation key of did"));
    }
    let alone = PlcData {
        rotation_keys: next.rotation_keys.clone(),
        ..now.clone()
    };
    if *next != alone {
        return Err(refused("must change nothing but the rotation keys of did"));
    }
    Ok(next)
}
