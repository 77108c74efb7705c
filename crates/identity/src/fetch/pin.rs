//! `--resolve NAME=ADDRESS[:PORT]`: a name that is never looked up.

use std::net::{IpAddr, SocketAddr};

use url::Host;

use super::names;

/// A name with an address that is trusted instead of looked up and checked.
///
/// It is the only way to an address that is not public over https, so it is for development alone. The
/// certificate is still checked against the name. A name may be pinned more than once; its addresses are
/// then tried in turn.
///
/// ```
/// use entryway_identity::fetch::Pin;
///
/// let pin = Pin::parse("app.test=127.0.0.1:8443")?;
/// assert_eq!((pin.name(), pin.port()), ("app.test", Some(8443)));
/// assert_eq!(Pin::parse("app.test=[::1]:8443")?.port(), Some(8443));
/// assert_eq!(Pin::parse("app.test=::1")?.port(), None);
/// assert!(Pin::parse("localhost=192.0.2.1").is_err());
/// # Ok::<(), entryway_identity::fetch::MalformedPin>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pin {
    name: String,
    address: IpAddr,
    port: Option<u16>,
}

impl Pin {
    /// Reads `NAME=ADDRESS` or `NAME=ADDRESS:PORT`; an IPv6 address with a port is in brackets.
    ///
    /// # Errors
    ///
    /// See [`MalformedPin`]; any text is safe to give.
    pub fn parse(text: &str) -> Result<Self, MalformedPin> {
        let (name, place) = text.split_once('=').ok_or(MalformedPin::Form)?;
        let name = host_name(name).ok_or(MalformedPin::Name)?;
        let (address, port) = address(place).ok_or(MalformedPin::Address)?;
        Ok(Self { name, address, port })
    }

    /// The name, as the host of a URL shows it: lower case, in ASCII.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the name leads.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The port every connection to the name goes to, whatever the URL says. Without one the URL's is used.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    pub(super) fn socket(&self, url_port: u16) -> SocketAddr {
        SocketAddr::new(self.address, self.port.unwrap_or(url_port))
    }
}

/// Why a text is no [`Pin`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MalformedPin {
    /// There is no `=`.
    #[error("expected NAME=ADDRESS or NAME=ADDRESS:PORT, such as app.test=127.0.0.1:8443")]
    Form,
    /// The name is an address, `localhost`, or no host name.
    #[error("expected a host name before the =, such as app.test; localhost cannot be moved")]
    Name,
    /// What follows is no address.
    #[error("expected an address after the =, such as 127.0.0.1, 127.0.0.1:8443, ::1 or [::1]:8443")]
    Address,
}

/// The name as [`url::Url`] would show it, so that the two compare.
fn host_name(text: &str) -> Option<String> {
    match Host::parse(text) {
        // localhost means this machine whatever anybody says (RFC 6761 section 6.3)
        Ok(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => None,
        Ok(Host::Domain(name)) => names::is_host_name(&name).then_some(name),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => None,
    }
}

fn address(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return (socket.port() != 0).then_some((socket.ip(), Some(socket.port())));
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .filter(|inner| inner.contains(':'))
        .unwrap_or(text);
    Some((bare.parse().ok()?, None))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn a_pin_is_a_name_an_address_and_perhaps_a_port() {
        let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        let cases = [
            ("app.test=127.0.0.1", Ok(("app.test", v4, None))),
            ("app.test=127.0.0.1:8443", Ok(("app.test", v4, Some(8443)))),
            ("app.test=::1", Ok(("app.test", v6, None))),
            ("app.test=[::1]", Ok(("app.test", v6, None))),
            ("app.test=[::1]:443", Ok(("app.test", v6, Some(443)))),
            ("APP.Test=::1", Ok(("app.test", v6, None))),
            ("b\u{fc}cher.test=::1", Ok(("xn--bcher-kva.test", v6, None))),
            ("pds=::1", Ok(("pds", v6, None))),
            ("", Err(MalformedPin::Form)),
            ("app.test", Err(MalformedPin::Form)),
            ("app.test:443:127.0.0.1", Err(MalformedPin::Form)),
            ("=127.0.0.1", Err(MalformedPin::Name)),
            ("app.test.=127.0.0.1", Err(MalformedPin::Name)),
            ("app test=127.0.0.1", Err(MalformedPin::Name)),
            ("app.test/x=127.0.0.1", Err(MalformedPin::Name)),
            ("*.test=127.0.0.1", Err(MalformedPin::Name)),
            ("127.0.0.1=127.0.0.1", Err(MalformedPin::Name)),
            ("2130706433=127.0.0.1", Err(MalformedPin::Name)),
            ("[::1]=127.0.0.1", Err(MalformedPin::Name)),
            ("localhost=127.0.0.1", Err(MalformedPin::Name)),
            ("a.localhost=127.0.0.1", Err(MalformedPin::Name)),
            ("app.test=", Err(MalformedPin::Address)),
            ("app.test=other.test", Err(MalformedPin::Address)),
            ("app.test=127.0.0.1:0", Err(MalformedPin::Address)),
            ("app.test=127.0.0.1:65536", Err(MalformedPin::Address)),
            ("app.test=127.0.0.1:", Err(MalformedPin::Address)),
            ("app.test=[127.0.0.1]", Err(MalformedPin::Address)),
            ("app.test=127.1", Err(MalformedPin::Address)),
            ("app.test=::1:x", Err(MalformedPin::Address)),
            ("app.test= 127.0.0.1", Err(MalformedPin::Address)),
            ("app.test=a=127.0.0.1", Err(MalformedPin::Address)),
        ];
        for (text, expected) in cases {
            let pin = Pin::parse(text);
            let parts = pin
                .as_ref()
                .map(|pin| (pin.name(), pin.address(), pin.port()))
                .map_err(|error| *error);
            assert_eq!(parts, expected, "{text}");
        }
    }
}
