//! The ways out of a deployment: to what strangers name, to what the operator named, and to the DNS.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;

use entryway_identity::fetch::{self, Dns, FetchSettings, Fetcher};
use entryway_identity::resolve::RealTxt;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_server::{Outside, Smtp};

use super::settings::Settings;
use crate::fetching::placed;

/// The ways out that the settings ask for; nothing is sent.
pub(super) fn of(settings: &Settings) -> anyhow::Result<Outside> {
    let names = RealTxt::new(dns_server(settings)).context("dns_server")?;
    let outside = Outside::new(
        fetcher(settings)?,
        client(settings)?,
        settings.plc_url.clone(),
        Arc::new(names),
    );
    if let Some(mail) = &settings.mail {
        return Ok(outside.with_post(Arc::new(Smtp::new(mail)?)));
    }
    tracing::warn!("no letter is sent: smtp_url is not given");
    Ok(outside)
}

/// To what strangers name.
fn fetcher(settings: &Settings) -> anyhow::Result<Fetcher> {
    let development = settings
        .development
        .as_ref()
        .map(|development| fetch::Development {
            loopback_http: true,
            resolve: development.resolve.clone(),
            extra_ca: development.extra_authorities.clone(),
        });
    let fetcher = Fetcher::new(FetchSettings {
        dns: dns_server(settings).map_or(Dns::System, Dns::Server),
        development,
        ..FetchSettings::default()
    });
    Ok(fetcher?)
}

/// To PDS hosts and the PLC directory, which the operator named.
///
/// # Errors
/// What [`HttpClient::new`] says.
pub(crate) fn client(settings: &Settings) -> anyhow::Result<HttpClient> {
    let (resolve, extra_authorities) = match &settings.development {
        Some(development) => (
            development.resolve.iter().map(placed).collect(),
            development.extra_authorities.clone(),
        ),
        None => (Vec::new(), Vec::new()),
    };
    let client = HttpClient::new(ClientSettings {
        resolve,
        extra_authorities,
        ..ClientSettings::default()
    });
    Ok(client?)
}

/// Who is asked for names; nothing for the machine's own servers.
fn dns_server(settings: &Settings) -> Option<SocketAddr> {
    let development = settings.development.as_ref();
    development
        .and_then(|development| development.dns_server)
        .or(settings.dns_server)
}
