//! The real look-ups, against a DNS server on this machine.

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::{A, TXT};

use crate::dns::zone::Zone;
use crate::resolve::{RealTxt, TxtLookup as _};

fn texts(strings: &[&str]) -> RData {
    RData::TXT(TXT::new(strings.iter().map(|text| (*text).to_owned()).collect()))
}

#[tokio::test]
async fn the_strings_of_a_record_are_one_text_and_only_txt_records_count() {
    let zone = Zone::serve(|name| match name {
        "_lexicon.toy.app." => Ok(vec![
            texts(&["did=did:plc:", "ewvi7nxzyoun6zhxrhs64oiz"]),
            texts(&["v=spf1 -all"]),
            RData::TXT(TXT::from_bytes(vec![b"did=\xff"])),
            RData::A(A([127, 0, 0, 1].into())),
        ]),
        "_lexicon.bare.app." => Ok(vec![RData::A(A([127, 0, 0, 1].into()))]),
        "_lexicon.broken.app." => Err(ResponseCode::ServFail),
        "_lexicon.refused.app." => Err(ResponseCode::Refused),
        _ => Err(ResponseCode::NXDomain),
    })
    .await;
    let dns = RealTxt::new(Some(zone.address)).unwrap();
    let mut found = dns.txt("_lexicon.toy.app").await.unwrap();
    found.sort();
    assert_eq!(
        found,
        [
            "did=did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "did=\u{fffd}",
            "v=spf1 -all"
        ]
    );
    for none in ["_lexicon.bare.app", "_lexicon.none.app"] {
        assert_eq!(dns.txt(none).await.unwrap(), Vec::<String>::new(), "{none}");
    }
    for failing in ["_lexicon.broken.app", "_lexicon.refused.app", "a..b"] {
        assert!(dns.txt(failing).await.is_err(), "{failing}");
    }
    // no search list was applied, and nothing else asked
    let asked = ["bare", "broken", "none", "refused", "toy"].map(|name| format!("_lexicon.{name}.app. TXT"));
    assert_eq!(zone.asked(), asked);
}
