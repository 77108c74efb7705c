//! Which addresses a document may be fetched from: the ones anybody on the internet could reach.
//!
//! After the IANA registries of special-purpose addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `iana-ipv6-special-registry`). IPv4 is
//! public unless listed here; IPv6 only within `2000::/3`, the one block that is handed out, unless listed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Says whether an address is one anybody on the internet could reach.
///
/// Not known here: which public addresses are our own, and which prefix a network uses for its own NAT64
/// (RFC 6052 section 2.2) if it is not the well-known one.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|(network, bits)| {
        let shift = 32 - bits;
        address.to_bits() >> shift == network.to_bits() >> shift
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // where a network has no IPv4, its DNS64 answers with these for every IPv4 host: the gateway connects to
    // the address within, so the address within decides
    if let Some(address) = behind_nat64(address) {
        return is_public_v4(address);
    }
    is_within(address, GLOBAL_UNICAST, 3)
        && !NOT_PUBLIC_V6
            .iter()
            .any(|(network, bits)| is_within(address, *network, *bits))
}

/// The IPv4 address that a gateway connects to for this one.
pub(super) fn behind_nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    is_within(address, NAT64, 96).then(|| Ipv4Addr::from_bits(low_half(address)))
}

fn is_within(address: Ipv6Addr, network: Ipv6Addr, bits: u32) -> bool {
    let shift = 128 - bits;
    address.to_bits() >> shift == network.to_bits() >> shift
}

/// The last 32 bits.
fn low_half(address: Ipv6Addr) -> u32 {
    let [.., a, b, c, d] = address.octets();
    u32::from_be_bytes([a, b, c, d])
}

/// IPv4 networks that are not public, and the bits of their prefixes.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    // this network (RFC 791); 0.0.0.0 connects to this machine
    (Ipv4Addr::UNSPECIFIED, 8),
    // private (RFC 1918)
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // shared by carriers' customers (RFC 6598); a cloud keeps its metadata at 100.100.100.200
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // loopback (RFC 1122)
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // the host a virtual machine of one cloud runs on, a public address by its number only
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // link-local (RFC 3927); clouds keep their metadata at 169.254.169.254
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // private (RFC 1918)
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // protocol assignments (RFC 6890), its two anycast services included; metadata at 192.0.0.192
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // documentation (RFC 5737)
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // relays of 6to4, withdrawn (RFC 7526)
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // private (RFC 1918)
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // benchmarks (RFC 2544)
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // documentation (RFC 5737)
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // multicast (RFC 1112)
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // never handed out (RFC 1112), and the broadcast address
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What is handed out. Outside of it lie the unspecified address, loopback, IPv4-mapped and -compatible
/// addresses, the NAT64 prefix for local use, discard (100::/64), unique local (fc00::/7), link-local
/// (fe80::/10), the withdrawn site-local (fec0::/10) and multicast (ff00::/8).
const GLOBAL_UNICAST: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);

/// The well-known prefix of NAT64 (RFC 6052). Its sibling for local use, 64:ff9b:1::/48 (RFC 8215), is refused
/// as a whole: where in it the IPv4 address sits is each network's own choice.
const NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// IPv6 networks within [`GLOBAL_UNICAST`] that are not public, and the bits of their prefixes.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    // protocol assignments (RFC 2928): Teredo, benchmarks, ORCHID and others; none of them is a web server.
    // Teredo (RFC 4380) carries two IPv4 addresses, and is refused whatever they are
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // documentation (RFC 3849)
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4 (RFC 3056): an IPv4 address in the next 32 bits, reached through relays that are withdrawn
    // (RFC 7526), and refused whatever it is
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // the test network of old (RFC 3701), returned
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16),
    // documentation (RFC 9637)
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

#[cfg(test)]
mod tests;
