//! The sandbox as a whole: its services on loopback ports, and accounts made as an entryway makes them.
//!
//! In two steps, since a verifier wants to know the URL of the PDS before it can be made: [`Listeners::bind`]
//! finds the ports, [`Sandbox::start`] serves on them.

mod fault;
mod lexicons;
mod pds_name;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entryway_identity::did::{PublicKey, SigningKey};
use entryway_identity::plc::{PlcData, UnsignedOperation};
use entryway_resource::Verifier;
use entryway_scope::{Did, Handle};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ambient::{Clock, Entropy};
use crate::journal::{JournalFault, settle};
use crate::loopback::{Loopback, PortFault};
use crate::mailbox::Mailbox;
use crate::names::Names;
use crate::outbound;
use crate::pds::{AdminPassword, Pds, PdsSettings};
use crate::plc::{Directory, Submission};

pub use self::fault::LabFault;
pub use self::pds_name::{InvalidPdsName, PdsName};

/// Where to listen; 0 lets the system choose.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ports {
    /// The PLC directory.
    pub plc: u16,
    /// The PDS.
    pub pds: u16,
    /// The mailbox page.
    pub mailbox: u16,
}

/// The ports of a sandbox that does not serve yet.
#[derive(Debug)]
pub struct Listeners {
    plc: Loopback,
    pds: Loopback,
    mailbox: Loopback,
    pds_name: PdsName,
    names: Names,
}

impl Listeners {
    /// Binds all ports, or none.
    ///
    /// # Errors
    ///
    /// Those of [`Loopback::bind`].
    pub async fn bind(ports: Ports) -> Result<Self, PortFault> {
        let (plc, pds) = (Loopback::bind(ports.plc).await?, Loopback::bind(ports.pds).await?);
        Ok(Self {
            plc,
            pds_name: PdsName::on_localhost(pds.port()),
            pds,
            mailbox: Loopback::bind(ports.mailbox).await?,
            names: Names::default(),
        })
    }

    /// Gives the PDS the public name of a front, such as a proxy with a certificate, that passes on what it
    /// is asked to [`Listeners::pds_here`]. Whether there is one is not checked.
    pub fn behind(self, front: PdsName) -> Self {
        Self {
            pds_name: front,
            ..self
        }
    }

    /// The URL of the PDS as others know it: the public URL of its verifier.
    pub fn pds_url(&self) -> String {
        self.pds_name.origin().to_string()
    }

    /// Where the PDS listens, whatever it is called.
    pub fn pds_here(&self) -> String {
        self.pds.origin()
    }

    /// The DID of the PDS: the audience of access tokens for it.
    pub fn pds_did(&self) -> Did {
        self.pds_name.did().clone()
    }

    /// The URL of the PLC directory.
    pub fn plc_url(&self) -> String {
        self.plc.origin()
    }

    /// The URL of the mailbox page.
    pub fn mailbox_url(&self) -> String {
        self.mailbox.origin()
    }

    /// The names of the sandbox, empty until it serves: who answers look-ups of handles and of TXT records.
    pub fn names(&self) -> &Names {
        &self.names
    }
}

/// What a sandbox is made of.
pub struct SandboxSettings {
    /// Where it keeps its data. The same directory later gives the same accounts.
    pub directory: PathBuf,
    /// The authorization server, byte for byte as its metadata has it.
    pub issuer: String,
    /// The entryway's key over the identity of every account. The same directory wants the same key.
    pub rotation_key: SigningKey,
    /// Lets an entryway change the accounts of the PDS.
    pub admin_password: AdminPassword,
    /// Stands in front of the PDS; believes the issuer's tokens for [`Listeners::pds_did`] at
    /// [`Listeners::pds_url`].
    pub verifier: Arc<Verifier>,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
}

/// A running sandbox. Dropping it stops it at once, [`Sandbox::stop`] lets it finish what it is doing.
pub struct Sandbox {
    plc_url: String,
    pds_url: String,
    pds_here: String,
    mailbox_url: String,
    rotation_key: SigningKey,
    names: Names,
    mailbox: Mailbox,
    pds: Pds,
    http: reqwest::Client,
    /// Held from the look at whose handle it is until it is somebody's.
    creation: tokio::sync::Mutex<()>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<io::Result<()>>,
}

/// An account with everything but a password, which is the entryway's to keep.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountCreated {
    /// Its DID.
    pub did: Did,
    /// Its handle.
    pub handle: Handle,
}

impl Sandbox {
    /// Opens the stored data, points every account at the present URL of the PDS, serves, and publishes the
    /// sandbox's own lexicons.
    ///
    /// # Errors
    ///
    /// [`LabFault::Journal`] when the directory cannot be used or another process uses it,
    /// [`LabFault::NotMoved`] when accounts cannot be pointed here, as with another rotation key.
    pub async fn start(listeners: Listeners, settings: SandboxSettings) -> Result<Self, LabFault> {
        let (plc_url, mailbox_url) = (listeners.plc_url(), listeners.mailbox_url());
        let (pds_url, pds_here) = (listeners.pds_url(), listeners.pds_here());
        let SandboxSettings {
            directory: stored,
            issuer,
            rotation_key,
            admin_password,
            verifier,
            clock,
            entropy,
        } = settings;
        let http = outbound::client().map_err(LabFault::Client)?;
        let names = listeners.names.clone();
        let pds_settings = PdsSettings {
            origin: pds_url.clone(),
            did: listeners.pds_did(),
            issuer,
            plc: plc_url.clone(),
            http: http.clone(),
            entryway_rotation_key: rotation_key.public_key(),
            admin_password,
            verifier,
        };
        let opened = {
            let names = names.clone();
            settle(move || {
                let directory = Directory::open(&stored, Arc::clone(&clock))?;
                let pds = Pds::open(&stored, pds_settings, names, clock, entropy)?;
                Ok::<_, JournalFault>((directory, pds, Mailbox::open(&stored)?))
            })
        };
        let (directory, pds, mailbox) = opened.await?;
        point_accounts_at(&pds_url, &rotation_key, &directory, &pds).await?;

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        listeners.plc.serve(&directory.router(), &stopped, &mut tasks);
        listeners.pds.serve(&pds.router(), &stopped, &mut tasks);
        listeners.mailbox.serve(&mailbox.router(), &stopped, &mut tasks);
        let creation = tokio::sync::Mutex::default();
        let sandbox = Self {
            plc_url,
            pds_url,
            pds_here,
            mailbox_url,
            rotation_key,
            names,
            mailbox,
            pds,
            http,
            creation,
            stop,
            tasks,
        };
        sandbox.publish_own_lexicons().await?;
        Ok(sandbox)
    }

    /// Makes an account the way an entryway does (contract section 2.3), or finds the one that has the
    /// handle.
    ///
    /// # Errors
    ///
    /// [`LabFault::ForeignHandle`] unless the handle ends in `.test`, [`LabFault::Call`] and
    /// [`LabFault::Refused`] when a step fails. An identity without an account may then be left in the
    /// directory; it is in nobody's way.
    pub async fn create_account(&self, handle: &Handle) -> Result<AccountCreated, LabFault> {
        if handle.as_str().strip_suffix(".test").is_none() {
            return Err(LabFault::ForeignHandle);
        }
        let _creating = self.creation.lock().await;
        if let Some(did) = self.names.resolve(handle) {
            return Ok(AccountCreated {
                did,
                handle: handle.clone(),
            });
        }
        let reserved = self
            .procedure("com.atproto.server.reserveSigningKey", &json!({}))
            .await?;
        let signing_key = reserved["signingKey"]
            .as_str()
            .and_then(|key| PublicKey::from_did_key(key).ok());
        let signing_key = signing_key.ok_or(LabFault::Answer("com.atproto.server.reserveSigningKey"))?;

        let rotation_keys = vec![self.rotation_key.public_key().to_did_key()];
        let data = PlcData::account(handle, &signing_key, &self.pds_url, rotation_keys);
        let operation = UnsignedOperation::genesis(data).sign(&self.rotation_key);
        let did = operation.did();
        let input = json!({ "did": did, "handle": handle, "plcOp": operation });
        self.procedure("com.atproto.server.createAccount", &input).await?;
        Ok(AccountCreated {
            did,
            handle: handle.clone(),
        })
    }

    /// The URL of the PLC directory.
    pub fn plc_url(&self) -> &str {
        &self.plc_url
    }

    /// The URL of the PDS as others know it.
    pub fn pds_url(&self) -> &str {
        &self.pds_url
    }

    /// Where the PDS listens, whatever it is called.
    pub fn pds_here(&self) -> &str {
        &self.pds_here
    }

    /// The URL of the mailbox page.
    pub fn mailbox_url(&self) -> &str {
        &self.mailbox_url
    }

    /// Which handle is whose, and so which domain.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Where mail goes.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// All accounts, those of earlier runs among them, and `jotter.test`, which publishes lexicons.
    pub fn accounts(&self) -> Vec<AccountCreated> {
        self.pds
            .accounts()
            .into_iter()
            .map(|(did, handle)| AccountCreated { did, handle })
            .collect()
    }

    /// Answers what is under way, takes no more, and ends; after a while in any case.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WAIT, finished).await.is_err() {
            tracing::warn!("the sandbox stopped with requests under way");
        }
    }

    async fn procedure(&self, method: &'static str, input: &Value) -> Result<Value, LabFault> {
        let url = format!("{}/xrpc/{method}", self.pds_here);
        let call = |source| LabFault::Call { method, source };
        let answer = self.http.post(url).json(input).send().await.map_err(call)?;
        let status = answer.status();
        if status != StatusCode::OK {
            let message = outbound::message(answer).await.unwrap_or_default();
            return Err(LabFault::Refused {
                method,
                status,
                message,
            });
        }
        outbound::json(answer).await.ok_or(LabFault::Answer(method))
    }
}

/// After a start on another port, or behind another front, the DID documents still name the old one: tells the directory.
async fn point_accounts_at(
    pds_url: &str,
    rotation_key: &SigningKey,
    directory: &Directory,
    pds: &Pds,
) -> Result<(), LabFault> {
    for (did, _) in pds.accounts() {
        let Some(last) = directory.last(&did) else {
            continue;
        };
        // an identity that was ended stays so
        let Some(data) = last.data().filter(|data| data.pds_endpoint() != Some(pds_url)) else {
            continue;
        };
        let moved = UnsignedOperation::update(&last, data.clone().on_pds(pds_url)).sign(rotation_key);
        let submission = {
            let (directory, did) = (directory.clone(), did.clone());
            settle(move || directory.submit(&did, moved))
        };
        if let Submission::Refused(refusal) = submission.await? {
            return Err(LabFault::NotMoved { did, refusal });
        }
    }
    Ok(())
}

/// Enough for every request the sandbox has; a client that never finishes its upload is not waited for.
const STOP_WAIT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
