use super::*;

/// Each network that is refused: last address before it, first and last of it, first after it. Where the
/// neighbour is refused too, for its own reason, it stands in `REFUSED_NEIGHBOURS`.
const NETWORKS: &[[&str; 4]] = &[
    ["0.0.0.0", "0.0.0.0", "0.255.255.255", "1.0.0.0"],
    ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"],
    ["100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"],
    ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"],
    ["168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"],
    ["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"],
    ["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"],
    ["191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"],
    ["192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"],
    ["192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"],
    ["192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"],
    ["198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"],
    ["198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"],
    ["203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"],
    ["223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0"],
    [
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "255.255.255.255",
    ],
    // everything below and above what is handed out
    ["::", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"],
    [
        "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3ffe::",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff::",
    ],
    [
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
    ],
    [
        "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "4000::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ],
    [
        "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:200::",
    ],
    [
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
    ],
    [
        "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002::",
        "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2003::",
    ],
];

/// Addresses just outside one network and inside another.
const REFUSED_NEIGHBOURS: &[&str] = &[
    "0.0.0.0",
    "240.0.0.0",
    "239.255.255.255",
    "255.255.255.255",
    "::",
    "3fff::",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

//
#[test]
fn every_network_is_refused_from_its_first_address_to_its_last_and_no_further() {
    for [before, first, last, after] in NETWORKS {
        assert!(!public(first), "first: {first}");
        assert!(!public(last), "last: {last}");
        for neighbour in [before, after] {
            let refused = REFUSED_NEIGHBOURS.contains(neighbour);
            assert_eq!(public(neighbour), !refused, "neighbour: {neighbour}");
        }
    }
}

//
#[test]
fn every_kind_of_address_that_leads_inwards_is_refused() {
    let refused = [
        // this machine
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "::",
        // what clouds keep for their guests
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd20:ce::254",
        // anycast services of the network one is in
        "192.0.0.9",
        "192.0.0.10",
        // IPv4-mapped, public ones too: no name has a reason to answer with one
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:1.1.1.1",
        // IPv4-compatible, -translated
        "::127.0.0.1",
        "::10.0.0.1",
        "::1.1.1.1",
        "::ffff:0:127.0.0.1",
        // NAT64
        "64:ff9b::",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::192.168.1.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::224.0.0.1",
        "64:ff9b::255.255.255.255",
        "64:ff9b:0:0:0:1:1.1.1.1",
        "64:ff9a::1.1.1.1",
        "64:ff9c::1.1.1.1",
        "64:ff9b:1::",
        "64:ff9b:1::127.0.0.1",
        "64:ff9b:1::1.1.1.1",
        "64:ff9b:1:7f00:0:100::",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        // discard
        "100::",
        "100::1",
        "100::ffff:ffff:ffff:ffff",
        "100:0:0:1::",
        // Teredo: of a loopback client, of a private server, of nobody in particular
        "2001:0:0101:0101:0:0:80ff:fffe",
        "2001:0:0a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        // benchmarks, ORCHID, ORCHIDv2, drone identifiers
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:30::1",
        // 6to4 of loopback, of private and of public addresses
        "2002:7f00:1::",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "2002:c0a8:101::1",
        "2002:a9fe:a9fe::1",
        "2002:101:101::1",
        // segment routing, unique local, link-local, site-local, multicast
        "5f00::1",
        "fc00::",
        "fc00::1",
        "fd12:3456:789a::1",
        "fe80::1",
        "febf:ffff::1",
        "fec0::1",
        "feff::1",
        "ff00::",
        "ff02::1",
        "ff0e::1",
        // multicast, experiments, broadcast
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
    ];
    for address in refused {
        assert!(!public(address), "{address}");
    }
}

#[test]
fn addresses_that_are_handed_out_are_public() {
    let handed_out = [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "172.67.1.1",
        "192.0.1.1",
        "192.1.0.1",
        "198.41.0.4",
        "223.255.255.254",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700:4700::1111",
        "2620:fe::fe",
        "2a00:1450:4001:810::200e",
        // an IPv4 host as a network without IPv4 sees it
        "64:ff9b::1.1.1.1",
        "64:ff9b::5db8:d70e",
    ];
    for address in handed_out {
        assert!(public(address), "{address}");
    }
}

fn public(address: &str) -> bool {
    is_public(
        address
            .parse()
            .unwrap_or_else(|error| panic!("{address}: {error}")),
    )
}
