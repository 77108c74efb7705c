//! Where a URL leads, as far as its text tells: everything that is refused before a name is looked up.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;
use rustls::pki_types::ServerName;
use url::{Host, Url};

use super::error::FetchError;
use super::names;
use super::settings::{Development, FetchSettings};

/// A URL that may be fetched if the addresses of its host may be connected to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Destination {
    /// The host, with the port where it is not the scheme's own: what `Host` says, and what fetches are
    /// counted by.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: Uri,
    pub(super) place: Place,
    /// Whom the certificate must name; nobody, over plain http.
    pub(super) server_name: Option<ServerName<'static>>,
}

/// Where to connect to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// A name to look up; every answer has to be public, and the port is that of https.
    Name(String),
    /// Addresses that a development setting trusts.
    Trusted(Vec<SocketAddr>),
}

impl Destination {
    /// Reads where a URL leads. A fragment means nothing to a fetch and is left out.
    pub(super) fn of(url: &Url, settings: &FetchSettings) -> Result<Self, FetchError> {
        let bytes_max = settings.url_bytes_max;
        if url.as_str().len() > bytes_max {
            return Err(FetchError::UrlRefused { bytes_max });
        }
        let development = settings.development.as_ref();
        let (place, server_name) = match url.scheme() {
            "https" => over_tls(url, development)?,
            "http" if development.is_some_and(|admitted| admitted.loopback_http) => {
                (on_this_machine(url)?, None)
            }
            _ => return Err(FetchError::SchemeRefused),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::UserinfoRefused);
        }
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self {
            authority: url.authority().to_owned(),
            target: target.parse().map_err(|_| FetchError::UrlRefused { bytes_max })?,
            place,
            server_name,
        })
    }
}

/// A pinned name on any port, or a public one on 443: what else a public host runs is none of our business,
/// and a stranger's URL is no reason to talk to it.
fn over_tls(
    url: &Url,
    development: Option<&Development>,
) -> Result<(Place, Option<ServerName<'static>>), FetchError> {
    // the parser has turned 2130706433, 0x7f.1 and their like into addresses by now
    let Some(Host::Domain(name)) = url.host() else {
        return Err(FetchError::LiteralRefused);
    };
    let port = url.port().unwrap_or(HTTPS_PORT);
    let pinned = trusted(name, port, development);
    if pinned.is_empty() && !names::is_public_name(name) {
        return Err(FetchError::NameRefused);
    }
    if pinned.is_empty() && port != HTTPS_PORT {
        return Err(FetchError::PortRefused);
    }
    let server_name = ServerName::try_from(name.to_owned()).map_err(|_| FetchError::NameRefused)?;
    let place = if pinned.is_empty() {
        Place::Name(name.to_owned())
    } else {
        Place::Trusted(pinned)
    };
    Ok((place, Some(server_name)))
}

fn trusted(name: &str, port: u16, development: Option<&Development>) -> Vec<SocketAddr> {
    let pins = development.map_or(&[][..], |admitted| admitted.resolve.as_slice());
    pins.iter()
        .filter(|pin| pin.name() == name)
        .map(|pin| pin.socket(port))
        .collect()
}

fn on_this_machine(url: &Url) -> Result<Place, FetchError> {
    let port = url.port().unwrap_or(HTTP_PORT);
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let addresses = match url.host() {
        Some(Host::Ipv4(Ipv4Addr::LOCALHOST)) => vec![v4],
        Some(Host::Ipv6(Ipv6Addr::LOCALHOST)) => vec![v6],
        // not looked up: the name means this machine (RFC 6761 section 6.3)
        Some(Host::Domain("localhost")) => vec![v4, v6],
        _ => return Err(FetchError::SchemeRefused),
    };
    Ok(Place::Trusted(addresses))
}

/// RFC 9110 section 4.2.
pub(super) const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;
