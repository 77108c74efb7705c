//! The real look-ups, against a DNS server on this machine.

use std::net::IpAddr;
use std::sync::Arc;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::{A, AAAA};
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::net::UdpSocket;

use super::super::Dns;
use super::super::lookup::lookup;
use super::watched::Watched;
use super::*;
use crate::dns::zone::Zone;

/// A zone of addresses.
async fn zone(names: &'static [(&str, &[&str])]) -> Zone {
    Zone::serve(|name| {
        let known = names.iter().find(|(known, _)| *known == name);
        let (_, addresses) = known.ok_or(ResponseCode::NXDomain)?;
        let found = addresses.iter().map(|address| match address.parse().unwrap() {
            IpAddr::V4(v4) => RData::A(A(v4)),
            IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
        });
        Ok(found.collect())
    })
    .await
}

#[tokio::test]
async fn every_address_of_both_families_is_found_and_no_search_list_applied() {
    let zone = zone(&[
        ("app.com.", &["1.2.3.4", "1.2.3.5", "2600::1"]),
        ("six.com.", &["2600::2"]),
    ])
    .await;
    let lookup = lookup(Dns::Server(zone.address)).unwrap();
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
    let both = |name: &str| [RecordType::A, RecordType::AAAA].map(|kind| format!("{name}. {kind}"));
    assert_eq!(
        zone.asked(),
        ["app.com", "none.com", "six.com"].map(both).concat()
    );
    // a machine's search list is for names that are not
    assert!(crate::dns::complete("app.com").unwrap().is_fqdn());
}

//
#[tokio::test]
async fn one_private_address_in_the_other_family_is_enough_to_refuse() {
    let zone = zone(&[
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
