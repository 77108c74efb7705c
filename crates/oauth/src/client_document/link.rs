//! URLs a document gives for fetching or for following.

use url::{Host, Url};

use crate::client_id::{ClientId, ClientIdKind, is_public_name};

/// Reads one: https at a public domain name, or where the client is under development on this machine
/// also http at one of its loopback addresses.
///
/// # Errors
/// What was expected, without the member's name.
pub(super) fn read(text: &str, id: &ClientId) -> Result<Url, &'static str> {
    if text.len() > BYTES_MAX {
        return Err("is longer than 2048 bytes");
    }
    let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
    let local = id.kind() == ClientIdKind::LocalDocument && is_loopback(&url);
    if url.scheme() != "https" && !local {
        return Err("must use https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not have a user or password");
    }
    match url.host() {
        _ if local => Ok(url),
        Some(Host::Domain(name)) if is_public_name(name) => Ok(url),
        _ => Err("must be at a public domain name"),
    }
}

fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
}

const BYTES_MAX: usize = 2048;
