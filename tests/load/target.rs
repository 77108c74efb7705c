//! The server under load, in a process of its own on a core of its own.

use std::net::SocketAddr;

use entryway_tests::{Database, Launch, Process};

use crate::options::Options;

/// Ours, freshly started, with a database of its own.
pub(crate) struct Target {
    /// Its process, which ends with this.
    pub(crate) process: Process,
    /// The number of that process.
    pub(crate) id: u32,
    /// How its database is called.
    pub(crate) engine: &'static str,
}

impl Target {
    /// Starts it on SQLite, or on this database.
    pub(crate) async fn start(options: &Options, database: Option<Database>) -> Self {
        let engine = if database.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        };
        let process = Process::start(Launch {
            binary: options.server.clone(),
            database,
            core: Some(options.server_core()),
            log_filter: "warn",
            log_name: format!("load-{engine}"),
        })
        .await;
        let id = process.id().await;
        Self { process, id, engine }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.process.address()
    }
}
