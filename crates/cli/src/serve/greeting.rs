//! What `serve` says once it is ready.

use serde::Serialize;
use tokio::net::TcpListener;

use super::settings::Settings;
use crate::output::{print, printable_json};

/// Who it is and where it listens. The JSON form is for programs.
#[derive(Serialize)]
pub(super) struct Greeting {
    issuer: String,
    service_did: String,
    listening: Vec<String>,
    development: bool,
}

impl Greeting {
    pub(super) fn of(settings: &Settings, listeners: &[TcpListener]) -> std::io::Result<Self> {
        let at = |listener: &TcpListener| listener.local_addr().map(|address| format!("http://{address}"));
        Ok(Self {
            issuer: settings.issuer.to_string(),
            service_did: settings.service_did.to_string(),
            listening: listeners.iter().map(at).collect::<Result<_, _>>()?,
            development: settings.development.is_some(),
        })
    }

    pub(super) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            print(&printable_json(self)?);
            return Ok(());
        }
        let listening = self.listening.join(" and ");
        print(&format!(
            "entryway: listening at {listening} for {} as {}",
            self.issuer, self.service_did
        ));
        Ok(())
    }
}
