//! `--resolve` and `--extra-ca`: how documents of a test lab are fetched.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Args;

use entryway_identity::fetch::{
    Development, Dns, FetchSettings, Fetcher, FetcherUnavailable, Lookup, LookupFailed, Pin,
};

use entryway_resource::client::{ClientSettings, HttpClient};

use crate::usage::Usage;

/// What is fetched on a machine under development: http on loopback, names with addresses of one's own.
#[derive(Args)]
pub(crate) struct FetchArguments {
    /// Take a host name to be at this address, whatever the DNS says; repeatable. With a port, every
    /// connection to the name goes to that port.
    #[arg(long, value_name = "NAME=ADDR[:PORT]", value_parser = Pin::parse)]
    resolve: Vec<Pin>,
    /// Trust the certificate authorities in this PEM file too; repeatable.
    #[arg(long, value_name = "FILE")]
    extra_ca: Vec<PathBuf>,
}

impl FetchArguments {
    /// The fetcher these arguments ask for.
    ///
    /// # Errors
    /// [`Usage`] for a file that is no certificate authority, and what [`Fetcher::new`] says.
    pub(crate) fn fetcher(&self) -> anyhow::Result<Fetcher> {
        let development = Development {
            loopback_http: true,
            resolve: self.resolve.clone(),
            extra_ca: self.authorities()?,
        };
        let settings = FetchSettings {
            development: Some(development),
            ..FetchSettings::default()
        };
        let fetcher = match Fetcher::new(settings.clone()) {
            // without a network there is still a login to try, and a file to check
            Err(FetcherUnavailable::Dns(_)) => Fetcher::new(FetchSettings {
                dns: Dns::Other(Arc::new(NoNames)),
                ..settings
            }),
            fetcher => fetcher,
        };
        fetcher.map_err(|error| self.explained(error))
    }

    /// The client for hosts that these arguments may place too.
    ///
    /// # Errors
    /// [`Usage`] for a file that is no certificate authority, and what [`HttpClient::new`] says.
    pub(crate) fn http_client(&self) -> anyhow::Result<HttpClient> {
        Ok(HttpClient::new(ClientSettings {
            extra_authorities: self.authorities()?,
            resolve: self.resolve.iter().map(placed).collect(),
            ..ClientSettings::default()
        })?)
    }

    fn authorities(&self) -> Result<Vec<Vec<u8>>, Usage> {
        let read = |file: &PathBuf| fs::read(file).map_err(|error| no_authority(file, Some(error)));
        self.extra_ca.iter().map(read).collect()
    }

    /// Names the file where the fetcher knows its number only.
    fn explained(&self, unavailable: FetcherUnavailable) -> anyhow::Error {
        let file = match unavailable {
            FetcherUnavailable::Authority { number, .. } => number.checked_sub(1),
            FetcherUnavailable::Dns(_) | FetcherUnavailable::Tls(_) => None,
        };
        match file.and_then(|index| self.extra_ca.get(index)) {
            Some(file) => no_authority(file, None).into(),
            None => unavailable.into(),
        }
    }
}

/// A pinned name as the client has it.
pub(crate) fn placed(pin: &Pin) -> (String, SocketAddr) {
    let address = SocketAddr::new(pin.address(), pin.port().unwrap_or(HTTPS_PORT));
    (pin.name().to_owned(), address)
}

impl fmt::Display for FetchArguments {
    /// A line for each thing that is fetched otherwise than elsewhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pin in &self.resolve {
            let (name, address) = (pin.name(), pin.address());
            match pin.port() {
                Some(port) => {
                    let socket = SocketAddr::new(address, port);
                    writeln!(f, "{name} is taken to be at {socket}")?;
                }
                None => writeln!(f, "{name} is taken to be at {address}")?,
            }
        }
        for file in &self.extra_ca {
            writeln!(f, "the certificate authorities in {} are trusted", file.display())?;
        }
        Ok(())
    }
}

/// Where the URL names no port, and the pin none.
const HTTPS_PORT: u16 = 443;

/// The DNS of a machine that has none: names that are not pinned lead nowhere.
#[derive(Debug)]
struct NoNames;

#[async_trait]
impl Lookup for NoNames {
    async fn addresses(&self, _name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        Err(LookupFailed("this machine has no DNS configuration".to_owned()))
    }
}

fn no_authority(file: &Path, error: Option<io::Error>) -> Usage {
    let why = error.map_or_else(String::new, |error| format!(": {error}"));
    Usage(format!(
        "--extra-ca {} must be a file with a certificate authority in PEM, -----BEGIN CERTIFICATE----- and so on{why}",
        file.display()
    ))
}
