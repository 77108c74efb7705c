//! The guard against being sent to places that are not public: every target is refused, the canaries
//! see nobody, and a pin shows that they would have.

use std::net::SocketAddr;
use std::sync::Arc;

use super::super::Dns;
use super::watched::{Answers, Watched};
use super::*;

/// Hosts that are addresses, in every notation; an empty error is a text that is no URL at all.
const LITERALS: &[&str] = &[
    // IPv4: dotted, short, decimal, hexadecimal, octal, mixed, with a final dot, in other digits
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0x1",
    "00000177.0.0.1",
    "127.0.0.1.",
    "127.000.000.001",
    "%31%32%37.0.0.1",
    "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
    "127\u{3002}0\u{3002}0\u{3002}1",
    "\u{2460}\u{2461}\u{2466}.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "0x0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "224.0.0.1",
    "255.255.255.255",
    // public ones too: a document is at a name
    "1.1.1.1",
    "16843009",
    // IPv6: loopback, unspecified, mapped, compatible, translated, NAT64, 6to4, Teredo, local kinds
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::ffff:10.0.0.1]",
    "[::ffff:0.0.0.0]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[2001:0:0:0:0:0:80ff:fffe]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
    "[2606:4700:4700::1111]",
];

/// Hosts that are names of this machine or of its network.
const LOCAL_NAMES: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost.localdomain",
    "app.localhost",
    "loc\u{ad}alhost",
    "\u{24db}\u{24de}\u{24d2}\u{24d0}\u{24db}\u{24d7}\u{24de}\u{24e2}\u{24e3}",
    "ip6-localhost",
    "router",
    "metadata",
    "metadata.google.internal",
    "instance-data.ec2.internal",
    "printer.local",
    "kubernetes.default.svc.cluster.local",
    "nas.lan",
    "intranet.corp",
    "fritz.box.",
    "app.test",
    "app.example",
    "app.invalid",
    "hidden.onion",
    "1.0.0.127.in-addr.arpa",
    "box.home.arpa",
];

/// What a public name may lead to, and must not.
const ANSWERS: &[&str] = &[
    "127.0.0.1",
    "127.0.0.53",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::127.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::",
    "2001:0:101:101:0:0:80ff:fffe",
    "2001:10::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

/// A public address that a test leads back to a host of its own.
const PUBLIC: &str = "93.184.215.14";
const PUBLIC_V6: &str = "2606:2800:21f:cb07:6820:80da:af6b:8b2c";

fn production(dns: &Arc<Answers>) -> FetchSettings {
    FetchSettings {
        dns: Dns::Other(Arc::clone(dns) as _),
        ..FetchSettings::default()
    }
}

/// Settings that admit everything development may, for other names than those of the tables.
fn development_with(dns: &Arc<Answers>) -> FetchSettings {
    FetchSettings {
        dns: Dns::Other(Arc::clone(dns) as _),
        ..development(
            &Authority::new(),
            &["pinned.test=127.0.0.1".to_owned(), "six.test=::1".to_owned()],
        )
    }
}

/// Both canaries see whoever is led to them: only a pin does that over https.
async fn canaries_sing(network: &Arc<Watched>) {
    let settings = development_with(&Answers::always(&[]));
    let fetcher = Fetcher::over(Arc::clone(network) as _, settings).unwrap();
    for name in ["pinned", "six"] {
        let refusal = fetcher
            .get(&url(&format!("https://{name}.test/")), &wanted())
            .await;
        // it takes the connection, and speaks no TLS
        assert_eq!(refusal, Err(FetchError::Unreachable));
    }
    assert_eq!(
        network.canaries().came(2).await,
        2,
        "only the two that a pin led here"
    );
    assert_eq!(network.asked(), ["127.0.0.1:443", "[::1]:443"]);
}

#[tokio::test]
async fn a_host_that_is_an_address_is_refused_in_every_notation() {
    let network = Watched::new(&[]).await;
    let dns = Answers::always(&["127.0.0.1"]);
    for settings in [production(&dns), development_with(&dns)] {
        let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
        for host in LITERALS {
            let [v4, v6] = network.canaries().ports();
            for port in [String::new(), format!(":{v4}"), format!(":{v6}")] {
                let target = url(&format!("https://{host}{port}/client.json"));
                let refusal = fetcher.get(&target, &wanted()).await;
                assert_eq!(refusal, Err(FetchError::LiteralRefused), "{target}");
            }
        }
    }
    assert_eq!(dns.asked(), Vec::<String>::new());
    canaries_sing(&network).await;
}

#[tokio::test]
async fn a_local_name_is_refused_before_it_is_looked_up() {
    let network = Watched::new(&[]).await;
    let dns = Answers::always(&["127.0.0.1"]);
    for settings in [production(&dns), development_with(&dns)] {
        let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
        for host in LOCAL_NAMES {
            let [v4, _] = network.canaries().ports();
            for port in [String::new(), format!(":{v4}")] {
                let target = url(&format!("https://{host}{port}/client.json"));
                let refusal = fetcher.get(&target, &wanted()).await;
                assert_eq!(refusal, Err(FetchError::NameRefused), "{target}");
            }
        }
    }
    assert_eq!(dns.asked(), Vec::<String>::new());
    canaries_sing(&network).await;
}

#[tokio::test]
async fn a_public_name_that_leads_elsewhere_than_to_public_addresses_is_refused() {
    let network = Watched::new(&[]).await;
    for address in ANSWERS {
        for answer in [
            &[*address][..],
            // among public ones, in any place
            &[address, PUBLIC],
            &[PUBLIC, address],
            &[PUBLIC, PUBLIC_V6, address, PUBLIC],
        ] {
            let dns = Answers::always(answer);
            for settings in [production(&dns), development_with(&dns)] {
                let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
                let refusal = fetcher
                    .get(&url("https://app.rebind.net/client.json"), &wanted())
                    .await;
                assert_eq!(refusal, Err(FetchError::Unresolved), "{answer:?}");
            }
            assert_eq!(dns.asked(), ["app.rebind.net", "app.rebind.net"]);
        }
    }
    canaries_sing(&network).await;
}

// a name that is not there looks like one that leads inwards
#[tokio::test]
async fn a_name_without_an_address_is_refused_in_the_same_words() {
    let network = Watched::new(&[]).await;
    for dns in [Answers::always(&[]), Answers::one_after_the_other(&[])] {
        let fetcher = Fetcher::over(Arc::clone(&network) as _, production(&dns)).unwrap();
        let refusal = fetcher.get(&url("https://app.rebind.net/"), &wanted()).await;
        assert_eq!(refusal, Err(FetchError::Unresolved));
    }
    assert_eq!(network.asked(), Vec::<String>::new());
}

/// A host that holds `app.rebind.net`, a network that leads public addresses to it, and settings to match.
async fn published(dns: &Arc<Answers>, addresses: &[&str]) -> (Host, Arc<Watched>, Fetcher) {
    let authority = Authority::new();
    let host = Host::https(&authority, "app.rebind.net", |_| document("{}")).await;
    let detours: Vec<(&str, SocketAddr)> = addresses.iter().map(|from| (*from, host.address())).collect();
    let network = Watched::new(&detours).await;
    let settings = FetchSettings {
        dns: Dns::Other(Arc::clone(dns) as _),
        ..development(&authority, &[])
    };
    let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
    (host, network, fetcher)
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_connected_to() {
    // public while it is checked, this machine as soon as anybody asks again
    let dns = Answers::one_after_the_other(&[&[PUBLIC], &["127.0.0.1"]]);
    let (host, network, fetcher) = published(&dns, &[PUBLIC]).await;
    let document = url("https://app.rebind.net/client.json");
    assert_eq!(fetcher.get(&document, &wanted()).await.unwrap().body, "{}");
    assert_eq!(dns.asked(), ["app.rebind.net"], "one look-up a fetch");
    // the next fetch asks again, keeps no connection, and is not led astray
    assert_eq!(
        fetcher.get(&document, &wanted()).await,
        Err(FetchError::Unresolved)
    );
    assert_eq!(dns.asked().len(), 2);
    assert_eq!(network.asked(), [format!("{PUBLIC}:443")]);
    assert_eq!(host.heads().len(), 1);
}

#[tokio::test]
async fn the_first_address_that_accepts_is_used_and_families_take_turns() {
    let dead = ["1.1.1.1", "2.2.2.2", "2600::1", "2600::2"];
    let dns = Answers::always(&[dead[0], dead[1], PUBLIC, dead[2], dead[3]]);
    let (host, network, fetcher) = published(&dns, &[PUBLIC]).await;
    let refusal = fetcher.get(&url("https://app.rebind.net/"), &wanted()).await;
    // four are tried; the fifth would have done
    assert_eq!(refusal, Err(FetchError::Unreachable));
    let asked = ["1.1.1.1:443", "[2600::1]:443", "2.2.2.2:443", "[2600::2]:443"];
    assert_eq!(network.asked(), asked);
    assert_eq!(host.heads().len(), 0);

    let dns = Answers::always(&[dead[2], dead[0], PUBLIC_V6]);
    let (host, network, fetcher) = published(&dns, &[PUBLIC_V6]).await;
    assert!(
        fetcher
            .get(&url("https://app.rebind.net/"), &wanted())
            .await
            .is_ok()
    );
    let asked = [
        "1.1.1.1:443",
        "[2600::1]:443",
        "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443",
    ];
    assert_eq!(network.asked(), asked);
    assert_eq!(host.heads().len(), 1);
}

#[tokio::test]
async fn a_pinned_name_is_not_looked_up_and_its_port_wins() {
    let authority = Authority::new();
    let host = Host::https(&authority, "app.test", |_| document("{}")).await;
    let network = Watched::new(&[("10.1.2.3", host.address())]).await;
    let dns = Answers::always(&["127.0.0.1"]);
    let pins = [
        "app.test=10.1.2.3:8443",
        "bare.test=10.1.2.3",
        "two.test=10.9.9.9",
        "two.test=10.1.2.3:1",
    ];
    let settings = FetchSettings {
        dns: Dns::Other(Arc::clone(&dns) as _),
        ..development(&authority, &pins.map(str::to_owned))
    };
    let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
    for (target, outcome) in [
        ("https://app.test/", Ok(())),
        ("https://APP.test:9000/", Ok(())),
        // the certificate names another
        ("https://bare.test/", Err(FetchError::Unreachable)),
        ("https://bare.test:9000/", Err(FetchError::Unreachable)),
        ("https://two.test:7/", Err(FetchError::Unreachable)),
        ("https://www.app.test/", Err(FetchError::NameRefused)),
        ("https://app.test./", Err(FetchError::NameRefused)),
    ] {
        assert_eq!(
            fetcher.get(&url(target), &wanted()).await.map(|_| ()),
            outcome,
            "{target}"
        );
    }
    let asked = [
        "10.1.2.3:8443",
        "10.1.2.3:8443",
        "10.1.2.3:443",
        "10.1.2.3:9000",
        "10.9.9.9:7",
        "10.1.2.3:1",
    ];
    assert_eq!(network.asked(), asked);
    assert_eq!(dns.asked(), Vec::<String>::new());
    let hosts: Vec<String> = host
        .heads()
        .iter()
        .map(|head| head.lines().nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(hosts, ["host: app.test", "host: app.test:9000"]);
}

#[test]
fn the_tables_have_the_sixty_targets_they_promise() {
    assert!(LITERALS.len() >= 60);
    assert!(LITERALS.len() + LOCAL_NAMES.len() + ANSWERS.len() >= 120);
}
