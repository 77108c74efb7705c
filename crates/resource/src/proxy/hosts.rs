//! Which PDS a request is for: by its `Host`, compared with what is configured.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{HOST, HeaderValue};

use super::fault::GateFault;
use super::host::Host;

/// The hosts by their public names.
#[derive(Default)]
pub(super) struct Hosts {
    by_authority: HashMap<String, Arc<Host>>,
    /// Suffixes of handles, each beginning with a dot.
    by_suffix: Vec<(String, Arc<Host>)>,
}

/// What a name stands for.
pub(super) enum Found {
    /// A PDS.
    Host(Arc<Host>),
    /// A handle of one of its accounts, and the name as a header.
    Handle(Arc<Host>, HeaderValue),
}

impl Hosts {
    /// Adds a host. False where its name is taken.
    pub(super) fn add(&mut self, host: Host, handle_domains: Vec<String>) -> bool {
        let host = Arc::new(host);
        let public = host.upstream.public.as_str();
        let name = public.split_once("://").map_or(public, |(_, name)| name);
        let domains = handle_domains
            .into_iter()
            .map(|domain| domain.to_ascii_lowercase());
        self.by_suffix
            .extend(domains.map(|domain| (domain, host.clone())));
        self.by_authority.insert(name.to_owned(), host).is_none()
    }

    /// The host of a request.
    ///
    /// # Errors
    /// [`GateFault::HostMalformed`], [`GateFault::HostUnknown`].
    pub(super) fn find(&self, headers: &HeaderMap) -> Result<Found, GateFault> {
        let mut values = headers.get_all(HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(GateFault::HostMalformed);
        };
        let name = value.to_str().map_err(|_| GateFault::HostMalformed)?;
        let name = canonical(name).ok_or(GateFault::HostMalformed)?;
        // a port that is the scheme's own may be written out
        let bare = name.strip_suffix(":443").or(name.strip_suffix(":80"));
        let known = |name: &str| self.by_authority.get(name).cloned();
        if let Some(host) = known(&name).or_else(|| bare.and_then(known)) {
            return Ok(Found::Host(host));
        }
        let bare = bare.unwrap_or(&name);
        let is_below = |suffix: &str| bare.strip_suffix(suffix).is_some_and(|label| !label.is_empty());
        let host = self.by_suffix.iter().find(|(suffix, _)| is_below(suffix));
        let (_, host) = host.ok_or(GateFault::HostUnknown)?;
        let name = HeaderValue::from_str(bare).map_err(|_| GateFault::HostMalformed)?;
        Ok(Found::Handle(host.clone(), name))
    }
}

/// The name in lower case, where it is one: a host, and a port.
fn canonical(name: &str) -> Option<String> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let is_plain = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_name);
    is_plain.then(|| name.to_ascii_lowercase())
}

/// A name of the DNS, brackets and a port.
const NAME_BYTES_MAX: usize = 253 + 8;
