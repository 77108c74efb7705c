//! What only a machine under development admits: a whole fleet on it, and names of its own.

use std::fmt;
use std::net::SocketAddr;

use entryway_identity::fetch::Pin;

use crate::config::Section;

/// A section `[development]`. That it is there at all admits http on this machine for issuer, PDS hosts, PLC
/// directory and client documents.
#[derive(Debug)]
pub(crate) struct Development {
    pub(crate) resolve: Vec<Pin>,
    /// PEM texts.
    pub(crate) extra_authorities: Vec<Vec<u8>>,
    pub(crate) dns_server: Option<SocketAddr>,
    pub(crate) rate_limits: bool,
}

impl Development {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let resolve = section.list(
            "resolve",
            "NAME=ADDRESS or NAME=ADDRESS:PORT such as app.test=127.0.0.1:8443",
            |text| Pin::parse(text).ok(),
        );
        let dns_server = section.optional(
            "dns_server",
            "the address and port of a DNS server such as 127.0.0.1:5353",
            |text| text.parse().ok(),
        );
        Self {
            resolve,
            extra_authorities: section.pem_files("extra_ca"),
            dns_server,
            rate_limits: section.flag_or("rate_limits", true),
        }
    }
}

impl fmt::Display for Development {
    /// Said at each start, so that nobody runs so without knowing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "entryway: {}", "*".repeat(72))?;
        writeln!(
            f,
            "entryway: [development] is on: plain http, and whatever documents this machine has."
        )?;
        for pin in &self.resolve {
            writeln!(f, "entryway: {} is taken to be at {}", pin.name(), pin.address())?;
        }
        if !self.extra_authorities.is_empty() {
            let count = self.extra_authorities.len();
            writeln!(
                f,
                "entryway: certificate authorities trusted besides the public ones: {count}"
            )?;
        }
        if let Some(server) = self.dns_server {
            writeln!(f, "entryway: names are asked of {server}")?;
        }
        if !self.rate_limits {
            writeln!(
                f,
                "entryway: nobody is limited, neither in guessing passwords nor in calls"
            )?;
        }
        writeln!(f, "entryway: Never for other people's accounts.")?;
        writeln!(f, "entryway: {}", "*".repeat(72))
    }
}
