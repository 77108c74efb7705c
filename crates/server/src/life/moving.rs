//! An account moves from one PDS of ours to another: its DID names the other, which gets all that the first has.
//!
//! A PDS behind us makes an account by having the directory take the operation, so the DID is moved before the
//! repository is there (contract 2.3). The account rests on both meanwhile: nothing that is written can be lost, and
//! nobody sees half of it. Sessions and grants are ours and stay; their next tokens are for the other PDS.
//!
//! Every part looks for what was done before, or can be done twice, so that whoever takes the record up goes on. Where
//! the other PDS refuses, or cannot take it for an hour, the DID names the first again and the account wakes there.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use entryway_core::account::{Account, AccountStatus};
use entryway_core::account_change::{
    AccountChange, Event, Failure, Former, MoveStep, Stage, StatusChange, Why,
};
use entryway_identity::did::PublicKey;
use entryway_identity::plc::{Operation, PlcData, UnsignedOperation};
use entryway_oauth::access_token::TokenId;
use entryway_oauth::secret::SessionId;
use entryway_oauth::session_token::{SessionAccessClaims, SessionScope, SessionToken};
use entryway_oauth::time::Seconds;
use entryway_store::PdsHost;

use super::parties::Stop;
use crate::app::App;
use crate::failure::Fault;
use crate::pds::{PdsClient, PdsFault, RepoStatus};
use crate::plc::{PlcClient, Registered, Submitted};

/// A move that is held by its driver.
pub(super) struct Moving<'a> {
    app: &'a App,
    account: Account,
    /// Where it lives.
    here: Host,
    /// Where it is to live.
    there: Host,
    former: Former,
    is_late: bool,
    /// Whether a driver before this one may have asked for the account, which may still come to be.
    may_be_asked_for: bool,
    plc: PlcClient,
    reached: mpsc::Sender<Reached>,
}

/// A part that is done: the next begins once somebody has written that down.
pub(super) struct Reached {
    pub(super) step: MoveStep,
    pub(super) written: oneshot::Sender<()>,
}

struct Host {
    host: Arc<PdsHost>,
    pds: PdsClient,
}

/// What the directory says of the DID.
struct Said {
    last: String,
    data: PlcData,
}

impl Said {
    fn names(&self, host: &Host) -> bool {
        self.data.pds_endpoint() == Some(host.host.url.as_str())
    }
}

impl<'a> Moving<'a> {
    /// Everything it takes; each part that is done is told to `reached`.
    pub(super) async fn prepare(
        app: &'a App,
        record: &AccountChange,
        to: &str,
        former: Former,
        reached: mpsc::Sender<Reached>,
    ) -> Result<Self, Stop> {
        let account = app.store().account(&record.did).await.map_err(Fault::from)?;
        // a deletion waits for a move
        let account = account.ok_or(Fault::new("an account that moves is gone"))?;
        let outside = app.outside();
        let hosts = app.fleet().hosts().await?;
        let host = |did: &str| {
            let host = hosts.iter().find(|host| host.did.as_str() == did).cloned();
            host.map(|host| Host {
                pds: PdsClient::new(outside.http.clone(), host.url.clone()),
                host,
            })
            .ok_or(Stop::Failed(Failure::HostUnknown))
        };
        Ok(Self {
            here: host(&account.pds_did)?,
            there: host(to)?,
            plc: PlcClient::new(outside.http.clone(), outside.plc.clone()),
            is_late: record.is_late_to_move(app.now()),
            may_be_asked_for: record.stage != Stage::Begun,
            app,
            account,
            former,
            reached,
        })
    }

    /// Carries it as far as it goes: all of it, or back to where it was where that is how it ends.
    pub(super) async fn run(self) -> Result<Event, Stop> {
        if self.is_late {
            self.put_back().await?;
            return Err(Stop::Failed(Failure::Unmoved(Why::GaveUp)));
        }
        match self.carry().await {
            Ok(()) => Ok(Event::HostTold),
            Err(Broken::Stop(stop)) => Err(stop),
            Err(Broken::Refused(why)) => {
                self.put_back().await?;
                Err(Stop::Failed(Failure::Unmoved(why)))
            }
        }
    }

    async fn carry(&self) -> Result<(), Broken> {
        if self.account.status == AccountStatus::TakenDown {
            return Err(Broken::Refused(Why::TakenDown));
        }
        let said = self.said().await?;
        if !said
            .data
            .may_be_changed_by(&self.app.keys().plc_rotation.public_key())
        {
            return Err(Broken::Refused(Why::KeyRemoved));
        }
        match self.here.pds.repo_status(&self.account.did).await? {
            RepoStatus::Absent if said.names(&self.there) => {
                // deleted there already, which is the last part of all
                return self.wake_there().await;
            }
            RepoStatus::Absent => return Err(Broken::Refused(Why::NotOnHost)),
            RepoStatus::Inactive => return Err(Broken::Refused(Why::TakenDown)),
            RepoStatus::Active | RepoStatus::Deactivated => {}
        }
        self.tell(&self.here, &StatusChange::Deactivated).await??;
        self.reach(MoveStep::AtRest).await;
        self.create(said).await?;
        self.reach(MoveStep::Created).await;
        self.carry_repository().await?;
        self.reach(MoveStep::RepositoryCarried).await;
        self.carry_blobs().await?;
        self.reach(MoveStep::BlobsCarried).await;
        self.carry_preferences().await?;
        self.reach(MoveStep::PreferencesCarried).await;
        self.wake_there().await?;
        self.reach(MoveStep::Awake).await;
        if self.former == Former::Deleted {
            let password = self.app.fleet().password(&self.here.host)?;
            let admin = self.here.pds.as_admin(password.expose());
            admin.delete_account(&self.account.did).await?;
        }
        Ok(())
    }

    /// An empty account that rests, by an operation that follows whatever the directory has.
    async fn create(&self, said: Said) -> Result<(), Broken> {
        let (did, there) = (&self.account.did, &self.there.pds);
        let is_moved = said.names(&self.there);
        let status = there.repo_status(did).await?;
        if status != RepoStatus::Absent && !is_moved {
            // from when it lived there once: what it has now is elsewhere
            let password = self.app.fleet().password(&self.there.host)?;
            there.as_admin(password.expose()).delete_account(did).await?;
        }
        if status == RepoStatus::Absent || !is_moved {
            // the same key each time, so that an operation that was taken before fits
            let key = refusable(there.reserve_signing_key(Some(did)).await)?;
            let url = self.there.host.url.as_str();
            let data = said.data.moved(&self.account.handle, &key, url);
            let operation = UnsignedOperation::following(&said.last, data);
            let operation = operation.sign(&self.app.keys().plc_rotation);
            let created = there.create_account(did, &self.account.handle, &operation).await;
            self.app.did_documents().forget(did);
            if let Err(PdsFault::Refused { .. }) = &created
                && (self.may_be_asked_for || self.said().await?.last != said.last)
            {
                // it may be refused since it is there, or about to be: that shows later
                return Err(Broken::Stop(Stop::Failed(Failure::HostBroken)));
            }
            refusable(created)?;
        }
        self.tell(&self.there, &StatusChange::Deactivated).await??;
        Ok(())
    }

    async fn carry_repository(&self) -> Result<(), Broken> {
        let did = &self.account.did;
        let (leaving, coming) = (self.token(&self.here)?, self.token(&self.there)?);
        let archive = self.here.pds.as_owner(did, &leaving).repository().await?;
        let there = self.there.pds.as_owner(did, &coming);
        refusable(there.import_repository(archive).await)
    }

    /// File by file, until the other PDS misses none that there is.
    async fn carry_blobs(&self) -> Result<(), Broken> {
        let did = &self.account.did;
        let mut after = None;
        loop {
            let token = self.token(&self.there)?;
            let missing = self
                .there
                .pds
                .as_owner(did, &token)
                .missing_blobs(after.as_deref())
                .await?;
            for blob in &missing.blobs {
                self.carry_blob(&blob.cid).await?;
            }
            match missing.cursor {
                Some(cursor) if !missing.blobs.is_empty() => after = Some(cursor),
                _ => return Ok(()),
            }
        }
    }

    async fn carry_blob(&self, cid: &str) -> Result<(), Broken> {
        let did = &self.account.did;
        let (leaving, coming) = (self.token(&self.here)?, self.token(&self.there)?);
        let Some((kind, blob)) = self.here.pds.as_owner(did, &leaving).blob(cid).await? else {
            // a record may name a file that was never there, or that is lost
            tracing::warn!(account.did = %did, "a file that a record names is on no PDS");
            return Ok(());
        };
        refusable(
            self.there
                .pds
                .as_owner(did, &coming)
                .upload_blob(kind, blob)
                .await,
        )
    }

    async fn carry_preferences(&self) -> Result<(), Broken> {
        let did = &self.account.did;
        let (leaving, coming) = (self.token(&self.here)?, self.token(&self.there)?);
        let Some(preferences) = self.here.pds.as_owner(did, &leaving).preferences().await? else {
            return Ok(());
        };
        let there = self.there.pds.as_owner(did, &coming);
        refusable(there.put_preferences(&preferences).await)
    }

    /// The person who rested their account finds it at rest.
    async fn wake_there(&self) -> Result<(), Broken> {
        if self.account.status == AccountStatus::Active {
            refusable(self.tell(&self.there, &StatusChange::Activated).await?)?;
        }
        Ok(())
    }

    /// Makes the account what it was, where it was. What came to be of it elsewhere is deleted.
    async fn put_back(&self) -> Result<(), Stop> {
        let did = &self.account.did;
        let said = self.said().await?;
        if said.names(&self.there) {
            let before = self.said_here().await?;
            let data = said
                .data
                .moved(&self.account.handle, &before, self.here.host.url.as_str());
            let operation = UnsignedOperation::following(&said.last, data);
            let operation: Operation = operation.sign(&self.app.keys().plc_rotation);
            let submitted = self.plc.submit(did, &operation).await;
            self.app.did_documents().forget(did);
            if let Submitted::Refused { status, message } = submitted? {
                tracing::warn!(account.did = %did, plc.status = status, plc.message = message, "operation refused");
                return Err(Stop::Failed(Failure::DirectoryRefused));
            }
            let password = self.app.fleet().password(&self.there.host)?;
            self.there
                .pds
                .as_admin(password.expose())
                .delete_account(did)
                .await?;
        }
        let is_there = self.here.pds.repo_status(did).await? == RepoStatus::Deactivated;
        if is_there && self.account.status == AccountStatus::Active {
            self.tell(&self.here, &StatusChange::Activated).await??;
        }
        Ok(())
    }

    async fn said(&self) -> Result<Said, Stop> {
        if self.account.did.host().is_some() {
            return Err(Stop::Failed(Failure::Unmoved(Why::DocumentUnfit)));
        }
        match self.plc.last(&self.account.did).await? {
            Registered::Live { last, data } => Ok(Said { last, data: *data }),
            Registered::Absent | Registered::Tombstoned => Err(Stop::Failed(Failure::Unmoved(Why::DidEnded))),
        }
    }

    /// The key of the repository where it lived, which the directory had before.
    async fn said_here(&self) -> Result<PublicKey, Stop> {
        let url = self.here.host.url.as_str();
        let log = self.plc.log(&self.account.did).await?;
        let mut there = log.iter().rev().filter_map(Operation::data);
        let before = there.find(|data| data.pds_endpoint() == Some(url));
        let key = before.and_then(PlcData::signing_key);
        let key = key.and_then(|key| PublicKey::from_did_key(key).ok());
        key.ok_or_else(|| Fault::new("the directory never named the PDS that an account leaves").into())
    }

    async fn tell(&self, host: &Host, change: &StatusChange) -> Result<Result<(), PdsFault>, Fault> {
        let password = self.app.fleet().password(&host.host)?;
        let admin = host.pds.as_admin(password.expose());
        Ok(admin.update_subject_status(&self.account.did, change).await)
    }

    /// A session token that only this host takes, for a single errand: there is no session of it.
    fn token(&self, host: &Host) -> Result<SessionToken, Fault> {
        let (chance, now) = (self.app.chance(), self.app.now());
        let claims = SessionAccessClaims {
            iss: self.app.issuer().clone(),
            aud: host.host.did.to_string(),
            sub: self.account.did.clone(),
            scope: SessionScope::Access,
            iat: now,
            exp: now + ERRAND,
            jti: TokenId::from_entropy(chance.bytes()?),
            sid: SessionId::from_entropy(chance.bytes()?),
        };
        Ok(claims.sign(&self.app.keys().access_tokens))
    }

    async fn reach(&self, step: MoveStep) {
        let (written, done) = oneshot::channel();
        // where nobody listens any more the record is somebody else's, and this ends with its driver
        if self.reached.send(Reached { step, written }).await.is_ok() {
            let _ = done.await;
        }
    }
}

/// How carrying ended early.
enum Broken {
    /// It goes on later.
    Stop(Stop),
    /// It never will: back to where it was.
    Refused(Why),
}

/// A refusal of the other PDS is its last word, but for being busy.
fn refusable<T>(answer: Result<T, PdsFault>) -> Result<T, Broken> {
    match answer {
        Err(fault @ PdsFault::Refused { status, .. }) if status != 429 => {
            tracing::warn!(%fault, "a PDS refused an account that moves");
            Err(Broken::Refused(Why::HostRefused))
        }
        answer => answer.map_err(|fault| Broken::Stop(fault.into())),
    }
}

impl<T: Into<Stop>> From<T> for Broken {
    fn from(stop: T) -> Self {
        Self::Stop(stop.into())
    }
}

/// Long enough for one request to begin.
const ERRAND: Seconds = Seconds::minutes(5);
