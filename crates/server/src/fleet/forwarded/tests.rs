use super::*;
use entryway_oauth::issuer::Issuer;
use entryway_resource::peer::FORWARDED_FOR;
use entryway_scope::Did;
use entryway_store::HostState;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn host(url: &str) -> Arc<PdsHost> {
    Arc::new(PdsHost {
        did: Did::parse("did:web:pds.example").unwrap(),
        url: Issuer::parse(url).unwrap(),
        sealed_password: Vec::new(),
        state: HostState::Open,
        added_at: NOW,
    })
}

async fn client(peer: &str, said: &[&str]) -> String {
    let believed = Believed::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    let hosts = [
        host("https://192.0.2.7"),
        host("http://localhost:2583"),
        host("https://[2001:db8::7]"),
    ];
    let mut headers = HeaderMap::new();
    for value in said {
        headers.append(FORWARDED_FOR, value.parse().unwrap());
    }
    let peer = peer.parse().unwrap();
    believed.client(peer, &headers, &hosts, NOW).await.to_string()
}

// contract 2.1: a PDS sends the address of its caller
#[tokio::test]
async fn hosts_of_the_fleet_and_proxies_are_believed_and_nobody_else() {
    for (peer, said, expected) in [
        // a stranger says what it likes
        ("198.51.100.1", &["203.0.113.9"][..], "198.51.100.1"),
        ("192.0.2.8", &["203.0.113.9"], "192.0.2.8"),
        // hosts of the fleet
        ("192.0.2.7", &["203.0.113.9"], "203.0.113.9"),
        ("::ffff:192.0.2.7", &["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", &["203.0.113.9"], "203.0.113.9"),
        ("::1", &["2001:db8::1"], "2001:db8::1"),
        ("2001:db8::7", &[" 203.0.113.9 "], "203.0.113.9"),
        // a proxy before us, with a host behind it
        ("10.1.2.3", &["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", &["203.0.113.9, 192.0.2.7"], "203.0.113.9"),
        ("fd00::1", &["203.0.113.9", "192.0.2.7, 10.9.9.9"], "203.0.113.9"),
        // what a stranger wrote before a proxy added the stranger's own address
        ("10.1.2.3", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", &["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", &["10.0.0.1, 198.51.100.1, 192.0.2.7"], "198.51.100.1"),
    ] {
        assert_eq!(client(peer, said).await, expected, "{peer} {said:?}");
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_looked_up_is_nobody() {
    let believed = Believed::new(Vec::new());
    let hosts = [host("https://nobody.invalid")];
    let mut headers = HeaderMap::new();
    headers.insert(FORWARDED_FOR, "203.0.113.9".parse().unwrap());
    let peer = "192.0.2.7".parse().unwrap();
    let client = believed.client(peer, &headers, &hosts, NOW).await;
    assert_eq!(client, peer);
}
