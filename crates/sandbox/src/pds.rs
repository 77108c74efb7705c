//! A small PDS behind an entryway: enough to log in with and to try records and blobs.
//!
//! Not a PDS for anything else. Records are kept as plain JSON; of sync there is the proof of one record and
//! nothing else, there is no app view behind it, and no validation against lexicons. What it does as the
//! reference does (contract sections 2.3, 2.5 and 5.4): what an entryway makes of its accounts, and the permission
//! each method asks for. What no PDS does: it takes lexicons from anybody on this machine, to publish them.
//!
//! Access tokens are not its business: `entryway-resource` stands in front of the methods that need one.

mod accounts;
mod admin;
mod blobs;
mod caller;
mod create_account;
mod data_model;
mod lexicons;
mod metadata;
mod read;
mod record_key;
mod routes;
mod service_auth;
mod session;
mod sync;
mod write;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use entryway_identity::did::PublicKey;
use entryway_resource::{Verifier, steadied};
use entryway_scope::{Did, Handle};

use self::accounts::{Accounts, Entry};
use self::caller::Caller;
pub use self::data_model::InvalidRecord;
pub use self::lexicons::{PublicationFault, PublishedLexicon};
use self::record_key::Tids;
use crate::ambient::{Clock, Entropy};
use crate::journal::{Journal, JournalFault};
use crate::names::Names;
use crate::xrpc::Failure;

/// Who this PDS is, and whom it belongs to.
#[derive(Clone, Debug)]
pub struct PdsSettings {
    /// Its URL as others write it, such as `http://localhost:2584`, without a trailing slash.
    pub origin: String,
    /// Its DID: the audience of access tokens.
    pub did: Did,
    /// The authorization server, byte for byte as its metadata has it.
    pub issuer: String,
    /// The PLC directory, without a trailing slash.
    pub plc: String,
    /// How the directory is reached.
    pub http: reqwest::Client,
    /// The entryway's key that signs the operations of every account here.
    pub entryway_rotation_key: PublicKey,
    /// Lets its entryway change the accounts here (contract section 2.5).
    pub admin_password: AdminPassword,
    /// Stands in front of the methods that need an access token.
    pub verifier: Arc<Verifier>,
}

/// The password of a PDS's administrator. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct AdminPassword(String);

impl AdminPassword {
    /// This one.
    pub const fn new(password: String) -> Self {
        Self(password)
    }
}

impl fmt::Debug for AdminPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminPassword([redacted])")
    }
}

/// The PDS; clones are the same PDS.
#[derive(Clone)]
pub struct Pds(Arc<Inner>);

struct Inner {
    settings: PdsSettings,
    names: Names,
    clock: Clock,
    /// The same, for the verifier.
    verifier_clock: entryway_resource::Clock,
    entropy: Entropy,
    blobs: PathBuf,
    /// Whether it is as if the hosts of all lexicons were away.
    is_dark: AtomicBool,
    state: Mutex<State>,
    /// Each held from the look at an account until what becomes of it is stored, and nobody else's account waits.
    turns: Mutex<HashMap<Did, Arc<tokio::sync::Mutex<()>>>>,
    /// Held from the look at who has a handle until whoever gets it is stored.
    naming: tokio::sync::Mutex<()>,
}

struct State {
    journal: Journal<Entry>,
    accounts: Accounts,
    tids: Tids,
}

impl Pds {
    /// Opens the PDS that is stored in `directory`, and enters its handles into `names`.
    ///
    /// # Errors
    ///
    /// Those of [`Journal::open`].
    pub fn open(
        directory: &Path,
        settings: PdsSettings,
        names: Names,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, JournalFault> {
        let (journal, entries) = Journal::<Entry>::open(directory, "pds")?;
        let mut accounts = Accounts::default();
        for entry in entries {
            accounts.apply(entry);
        }
        for (did, account) in accounts.iter() {
            names.claim(&account.handle, did);
        }
        let mut clock_id = [0; 2];
        entropy(&mut clock_id);
        let mut tids = Tids::new(u16::from_be_bytes(clock_id));
        for (_, account) in accounts.iter() {
            tids.continue_after(&account.rev);
        }
        let state = State {
            journal,
            accounts,
            tids,
        };
        Ok(Self(Arc::new(Inner {
            settings,
            names,
            verifier_clock: steadied({
                let clock = Arc::clone(&clock);
                move || clock()
            }),
            clock,
            entropy,
            blobs: directory.join("blobs"),
            is_dark: AtomicBool::new(false),
            state: Mutex::new(state),
            turns: Mutex::default(),
            naming: tokio::sync::Mutex::default(),
        })))
    }

    /// Waits for the turn of whoever changes this account.
    async fn turn(&self, did: &Did) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // those that nobody has and nobody waits for
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(did.clone()).or_default())
        };
        turn.lock_owned().await
    }

    /// The HTTP interface.
    pub fn router(&self) -> Router {
        routes::router(self)
    }

    /// The DIDs and handles of all accounts.
    pub fn accounts(&self) -> Vec<(Did, Handle)> {
        let state = self.state();
        state
            .accounts
            .iter()
            .map(|(did, account)| (did.clone(), account.handle.clone()))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // a panic in between leaves the state as it was: it changes in the last step of `State::store`
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> &PdsSettings {
        &self.0.settings
    }
}

impl State {
    /// Makes an entry true: on the disk first, then here.
    fn store(&mut self, entry: Entry) -> Result<(), JournalFault> {
        self.journal.append(&entry)?;
        self.accounts.apply(entry);
        Ok(())
    }
}

/// The refusal of a name no account here has.
fn no_such_repo() -> Failure {
    Failure::new(
        http::StatusCode::BAD_REQUEST,
        "RepoNotFound",
        "repo: expected an account of this server",
    )
}

#[cfg(test)]
mod tests;
