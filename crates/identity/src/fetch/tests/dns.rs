//! The real look-ups, against a DNS server on this machine.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;

use super::super::lookup::lookup;
use super::super::{Dns, Lookup};
use super::watched::Watched;
use super::*;

/// A DNS server that knows a few names, and what it was asked.
struct Zone {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Zone {
    async fn serve(names: &'static [(&str, &[&str])]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut bytes = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                let question = Message::from_vec(&bytes[..length]).unwrap();
                let query = question.queries[0].clone();
                heard
                    .lock()
                    .unwrap()
                    .push(format!("{} {}", query.name(), query.query_type()));
                let mut answer = question.into_response();
                let name = query.name().to_string();
                match names.iter().find(|(known, _)| *known == name) {
                    None => answer.metadata.response_code = ResponseCode::NXDomain,
                    Some((_, addresses)) => {
                        for address in *addresses {
                            let data = match address.parse().unwrap() {
                                IpAddr::V4(v4) => RData::A(A(v4)),
                                IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
                            };
                            if data.record_type() == query.query_type() {
                                answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
                            }
                        }
                    }
                }
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        Self { address, asked }
    }

    fn lookup(&self) -> Arc<dyn Lookup> {
        lookup(Dns::Server(self.address)).unwrap()
    }
}

#[tokio::test]
async fn every_address_of_both_families_is_found_and_no_search_list_applied() {
    let zone = Zone::serve(&[
        ("app.com.", &["1.2.3.4", "1.2.3.5", "2600::1"]),
        ("six.com.", &["2600::2"]),
    ])
    .await;
    let lookup = zone.lookup();
    let mut found = lookup.addresses("app.com").await.unwrap();
    found.sort();
    assert_eq!(
        found,
        ["1.2.3.4", "1.2.3.5", "2600::1"].map(|text| text.parse::<IpAddr>().unwrap())
    );
    assert_eq!(
        lookup.addresses("six.com").await.unwrap(),
        ["2600::2".parse::<IpAddr>().unwrap()]
    );
    assert!(lookup.addresses("none.com").await.is_err());
    let mut asked = zone.asked.lock().unwrap().clone();
    asked.sort();
    asked.dedup();
    let both = |name: &str| [RecordType::A, RecordType::AAAA].map(|kind| format!("{name}. {kind}"));
    assert_eq!(asked, ["app.com", "none.com", "six.com"].map(both).concat());
}

//
#[tokio::test]
async fn one_private_address_in_the_other_family_is_enough_to_refuse() {
    let zone = Zone::serve(&[
        ("four.com.", &["127.0.0.1", "2600::1"]),
        ("six.com.", &["1.2.3.4", "::1"]),
        ("mapped.com.", &["::ffff:127.0.0.1"]),
    ])
    .await;
    let network = Watched::new(&[]).await;
    let settings = FetchSettings {
        dns: Dns::Server(zone.address),
        ..FetchSettings::default()
    };
    let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
    for name in ["four.com", "six.com", "mapped.com", "none.com"] {
        let refusal = fetcher.get(&url(&format!("https://{name}/")), &wanted()).await;
        assert_eq!(refusal, Err(FetchError::Unresolved), "{name}");
    }
    assert_eq!(network.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_dns_server_that_keeps_silent_costs_no_more_than_the_fetch() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let settings = FetchSettings {
        dns: Dns::Server(silent.local_addr().unwrap()),
        ..FetchSettings::default()
    };
    let fetcher = Fetcher::new(settings).unwrap();
    let wanted = Wanted {
        time_max: Duration::from_millis(300),
        ..wanted()
    };
    assert_eq!(
        fetcher.get(&url("https://app.com/"), &wanted).await,
        Err(FetchError::Unreachable)
    );
}
