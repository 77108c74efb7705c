//! The server under load, in a process of its own on a core of its own.

use std::net::SocketAddr;

use anyhow::bail;
use entryway_oauth::secret::ServerKey;
use entryway_tests::{Database, Launch, Process, TestAccount, alice, bob};

use crate::options::Options;
use crate::reference::Reference;

/// A server that was started for this run, with a database of its own. It ends with this.
pub(crate) struct Target {
    /// What runs there, and on which database.
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) issuer: String,
    /// Its process.
    pub(crate) id: u32,
    /// Whose sessions are made.
    pub(crate) accounts: [Account; 2],
    /// How a browser gets through its pages.
    pub(crate) pages: Pages,
    running: Running,
}

/// Somebody with a password.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) handle: String,
    pub(crate) password: String,
}

/// Whose pages they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// Forms, which need no script.
    Ours,
    /// One page whose script calls an API.
    Reference,
}

enum Running {
    Ours(Box<Process>),
    #[expect(dead_code, reason = "kept so that it ends where the target does")]
    Reference(Box<Reference>),
}

impl Target {
    /// Starts this program of ours on SQLite, or on this database.
    pub(crate) async fn start(
        binary: &std::path::Path,
        options: &Options,
        database: Option<Database>,
    ) -> Self {
        let engine = if database.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        };
        let process = Process::start(Launch {
            binary: binary.to_owned(),
            database,
            core: Some(options.server_core()),
            log_filter: "warn",
            log_name: format!("load-{engine}"),
        })
        .await;
        Self {
            name: engine.to_owned(),
            address: process.address(),
            issuer: entryway_tests::Service::issuer(&process).to_owned(),
            id: process.id().await,
            accounts: [alice(), bob()].map(Account::of),
            pages: Pages::Ours,
            running: Running::Ours(Box::new(process)),
        }
    }

    /// Starts the reference as it comes.
    pub(crate) async fn start_reference(node: &std::path::Path, options: &Options) -> anyhow::Result<Self> {
        let reference = Reference::start(node, options.server_core()).await?;
        Ok(Self {
            name: "reference".to_owned(),
            address: reference.address,
            issuer: reference.issuer.clone(),
            id: reference.id,
            accounts: reference.accounts.clone(),
            pages: Pages::Reference,
            running: Running::Reference(Box::new(reference)),
        })
    }

    /// Ends ours; its data stays.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        self.ours()?.kill().await;
        Ok(())
    }

    /// Starts ours again, on its data.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        let process = self.ours()?;
        process.start_again().await;
        self.id = process.id().await;
        Ok(())
    }

    /// Where ours keeps its data.
    pub(crate) fn database_url(&self) -> anyhow::Result<String> {
        Ok(self.ours()?.database_url())
    }

    /// What the keys of ours are derived from.
    pub(crate) fn root_key(&self) -> anyhow::Result<ServerKey> {
        Ok(self.ours()?.root_key())
    }

    fn ours(&self) -> anyhow::Result<&Process> {
        match &self.running {
            Running::Ours(process) => Ok(process),
            Running::Reference(_) => bail!("the reference cannot be asked for that"),
        }
    }

    /// The account of this caller.
    pub(crate) const fn account(&self, number: usize) -> &Account {
        &self.accounts[number % self.accounts.len()]
    }

    /// The public URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

impl Account {
    pub(crate) fn of(account: &TestAccount) -> Self {
        Self {
            handle: account.handle.to_owned(),
            password: account.password.clone(),
        }
    }
}

/// Where both have them.
pub(crate) const PAR: &str = "/oauth/par";
pub(crate) const TOKEN: &str = "/oauth/token";
pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
