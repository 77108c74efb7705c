//! `--origin` and `--pds-origin`: the public names of login and PDS behind a front.

use clap::Args;

use entryway_oauth::issuer::Issuer;
use entryway_sandbox::lab::PdsName;

/// What a front, such as a reverse proxy with a certificate, is called. Listening stays on loopback.
#[derive(Args)]
pub(crate) struct Origins {
    /// Public origin of the login, such as `https://login.test`, where a TLS front passes requests on to its
    /// port: issuer, metadata and cookies then use it. Default: `http://localhost:PORT`
    #[arg(long = "origin", value_name = "URL", value_parser = Issuer::parse)]
    pub(crate) login: Option<Issuer>,
    /// Public origin of the PDS, such as `https://pds.test`, likewise: its metadata, its did:web and the
    /// accounts' DID documents then use it. Default: `http://localhost:PORT`
    #[arg(long = "pds-origin", value_name = "URL", value_parser = PdsName::parse)]
    pub(crate) pds: Option<PdsName>,
}
