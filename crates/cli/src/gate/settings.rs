//! The file of a gate, understood.

mod host;
mod issuer;
mod limits;
mod transport;

use std::net::SocketAddr;

use entryway_oauth::issuer::Issuer;
use entryway_resource::proxy::Network;

pub(super) use host::HostFile;
pub(super) use issuer::{FeedFile, IssuerFile};
pub(super) use limits::Bounds;

use transport::Transport;

use crate::config::Section;

/// Everything an operator decides about a gate.
pub(super) struct GateFile {
    pub(super) listen: SocketAddr,
    /// For figures and health.
    pub(super) operator_listen: Option<SocketAddr>,
    pub(super) development: bool,
    pub(super) trusted_proxies: Vec<Network>,
    /// PEM texts.
    pub(super) extra_authorities: Vec<Vec<u8>>,
    pub(super) bounds: Bounds,
    pub(super) issuers: Vec<IssuerFile>,
    pub(super) hosts: Vec<HostFile>,
}

impl GateFile {
    /// Reads the file's fields; every fault is told to the section.
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let transport = Transport {
            development: root.flag("development"),
        };
        let listen = root.required("listen", "an address and a port such as 127.0.0.1:2590", |text| {
            text.parse().ok()
        });
        let operator_listen = root.optional(
            "operator_listen",
            "an address and a port such as 127.0.0.1:2591",
            |text| text.parse().ok(),
        );
        let trusted_proxies = root.list(
            "trusted_proxies",
            "an address or a range such as 10.0.0.0/8",
            |text| text.parse().ok(),
        );
        let extra_authorities = root.pem_files("extra_ca");
        let (names, issuers): (Vec<_>, Vec<_>) = some(root, "issuer")
            .iter()
            .map(|section| IssuerFile::read(section, transport))
            .unzip();
        let names: Vec<&Issuer> = names.iter().flatten().collect();
        let issuers: Option<Vec<_>> = issuers.into_iter().collect();
        let hosts: Option<Vec<_>> = some(root, "host")
            .iter()
            .map(|section| HostFile::read(section, &names, transport))
            .collect();
        let bounds = Bounds::read(root);
        Some(Self {
            listen: listen?,
            operator_listen,
            development: transport.development,
            trusted_proxies,
            extra_authorities,
            bounds,
            hosts: hosts?,
            issuers: issuers?,
        })
    }
}

/// The tables of this name, of which there has to be one.
fn some<'a>(root: &Section<'a>, name: &str) -> Vec<Section<'a>> {
    let sections = root.sections(name);
    if sections.is_empty() && !root.has(name) {
        root.fault(
            name,
            format_args!("is missing, must be at least one table [[{name}]]"),
        );
    }
    sections
}

#[cfg(test)]
mod tests;
