//! Who is on the other end: the peer of the connection, or whom a proxy that we trust names. For whoever serves
//! behind proxies.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderName;

/// A range of addresses, such as `10.0.0.0/8` or a single one.
///
/// ```
/// use entryway_resource::peer::Network;
/// let local: Network = "10.0.0.0/8".parse()?;
/// assert!(local.contains([10, 1, 2, 3].into()) && !local.contains([11, 1, 2, 3].into()));
/// assert!("10.0.0.0/33".parse::<Network>().is_err());
/// # Ok::<_, entryway_resource::peer::InvalidNetwork>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether the address is in it. An IPv4 address in the clothes of IPv6 is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same_prefix(ours.to_bits().into(), theirs.to_bits().into(), 32 - self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                same_prefix(ours.to_bits(), theirs.to_bits(), 128 - self.prefix)
            }
            _ => false,
        }
    }
}

fn same_prefix(ours: u128, theirs: u128, free_bits: u32) -> bool {
    (ours ^ theirs).checked_shr(free_bits).unwrap_or(0) == 0
}

/// The range of this one address.
impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = if address.is_ipv4() { 32 } else { 128 };
        Self { address, prefix }
    }
}

impl std::str::FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), str::parse).map_err(|_| InvalidNetwork)?;
        if prefix > bits || address != address.to_canonical() {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix })
    }
}

/// The text is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address such as 192.0.2.1, or a range such as 192.0.2.0/24")]
pub struct InvalidNetwork;

/// From where a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, as far as it is known.
    pub address: IpAddr,
    /// Whether nobody on the way could read what it says: TLS up to a proxy that we trust, or this machine.
    pub private: bool,
}

/// Reads the forwarding headers of those we trust, and of nobody else (R-472).
pub fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Origin {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) || !headers.contains_key(FORWARDED_FOR) {
        return Origin {
            address: peer,
            private: peer.is_loopback() && !headers.contains_key(FORWARDED_PROTO),
        };
    }
    let mut address = peer;
    // from the right, since each proxy adds what it saw itself; whoever is not trusted ends the chain
    for entry in entries(headers, &FORWARDED_FOR).rev() {
        let Some(before) = entry.and_then(|text| text.parse::<IpAddr>().ok()) else {
            break;
        };
        address = before.to_canonical();
        if !is_trusted(address) {
            break;
        }
    }
    Origin {
        address,
        private: entries(headers, &FORWARDED_PROTO).next_back() == Some(Some("https")),
    }
}

/// The members of a list header over all its lines; nothing for a line that is not ASCII.
fn entries<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl DoubleEndedIterator<Item = Option<&'a str>> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    lines.into_iter().flat_map(|line| {
        let members: Vec<_> = match line.to_str() {
            Ok(text) => text.split(',').map(|member| Some(member.trim())).collect(),
            Err(_) => vec![None],
        };
        members.into_iter()
    })
}

/// Where proxies say whom they ask for.
pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Where they say whether they were asked over TLS.
pub const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_network_has_the_addresses_of_its_prefix() {
        for (network, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.128/25", "::ffff:192.0.2.200", "192.0.2.127"),
            ("10.0.0.0/8", "10.255.255.255", "::a00:1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "127.0.0.1"),
            ("0.0.0.0/0", "8.8.8.8", "::8"),
            ("::/0", "2001:db8::1", "8.8.8.8"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?}");
        }
        for bad in [
            "",
            "a",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "10/8",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(bad.parse::<Network>(), Err(InvalidNetwork), "{bad}");
        }
    }

    // R-472
    #[test]
    fn only_a_trusted_peer_may_say_for_whom_it_asks() {
        let trusted = networks(&["10.0.0.0/8", "127.0.0.1"]);
        let forwarded = "x-forwarded-for";
        for (peer, lines, address) in [
            ("192.0.2.1", &[(forwarded, "203.0.113.9")][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[(forwarded, "203.0.113.9")], "203.0.113.9"),
            ("::ffff:10.0.0.1", &[(forwarded, "203.0.113.9")], "203.0.113.9"),
            (
                "10.0.0.1",
                &[(forwarded, "198.51.100.1, 203.0.113.9")],
                "203.0.113.9",
            ),
            ("10.0.0.1", &[(forwarded, "203.0.113.9, 10.0.0.2")], "203.0.113.9"),
            (
                "10.0.0.1",
                &[(forwarded, "203.0.113.9"), (forwarded, "10.0.0.2")],
                "203.0.113.9",
            ),
            ("10.0.0.1", &[(forwarded, "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
            (
                "10.0.0.1",
                &[(forwarded, "203.0.113.9, unknown, 10.0.0.2")],
                "10.0.0.2",
            ),
            ("10.0.0.1", &[(forwarded, "203.0.113.9,")], "10.0.0.1"),
            ("10.0.0.1", &[("forwarded", "for=203.0.113.9")], "10.0.0.1"),
        ] {
            let origin = origin(peer.parse().unwrap(), &headers(lines), &trusted);
            assert_eq!(
                origin.address,
                address.parse::<IpAddr>().unwrap(),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn only_tls_up_to_a_trusted_proxy_and_this_machine_are_private() {
        let trusted = networks(&["10.0.0.0/8", "127.0.0.1"]);
        let (forwarded, proto) = (("x-forwarded-for", "203.0.113.9"), "x-forwarded-proto");
        for (peer, lines, private) in [
            ("192.0.2.1", &[][..], false),
            ("192.0.2.1", &[forwarded, (proto, "https")], false),
            ("10.0.0.1", &[], false),
            ("10.0.0.1", &[forwarded], false),
            ("10.0.0.1", &[forwarded, (proto, "http")], false),
            ("10.0.0.1", &[forwarded, (proto, "https")], true),
            ("10.0.0.1", &[forwarded, (proto, "https, http")], false),
            ("127.0.0.1", &[], true),
            ("127.0.0.1", &[forwarded], false),
            ("127.0.0.1", &[(proto, "http")], false),
            ("127.0.0.1", &[forwarded, (proto, "https")], true),
            ("::1", &[], true),
        ] {
            let origin = origin(peer.parse().unwrap(), &headers(lines), &trusted);
            assert_eq!(origin.private, private, "{peer} {lines:?}");
        }
    }
}
