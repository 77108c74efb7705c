//! Which TXT records tie a name to a DID.

use std::time::Duration;

use async_trait::async_trait;
use entryway_scope::{Did, Handle, Nsid};

use super::Table;
use crate::resolve::{DidRecord, DidRecordFault, TxtLookup, TxtLookupFailed};

async fn resolve(texts: &[&str]) -> Result<Did, DidRecordFault> {
    let table = texts.iter().map(|text| ("_lexicon.toy.app", (*text).to_owned()));
    let name = Nsid::parse("app.toy.record").unwrap();
    DidRecord::Lexicon(&name).resolve(&Table(table.collect())).await
}

//
#[tokio::test]
async fn exactly_one_record_has_to_have_a_did() {
    let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
    let good = &format!("did={did}");
    let cases: &[(&[&str], Result<&str, DidRecordFault>)] = &[
        (&[good], Ok(did)),
        (&["did=did:web:toy.app"], Ok("did:web:toy.app")),
        (&["v=spf1 -all", good, "google-site-verification=x"], Ok(did)),
        (&[], Err(DidRecordFault::Missing)),
        (&["v=spf1 -all"], Err(DidRecordFault::Missing)),
        (&[did], Err(DidRecordFault::Missing)),
        (&[&format!(" {good}")], Err(DidRecordFault::Missing)),
        (&[&format!("DID={did}")], Err(DidRecordFault::Missing)),
        (&[good, "did=did:web:toy.app"], Err(DidRecordFault::Ambiguous)),
        (&[good, good], Err(DidRecordFault::Ambiguous)),
        (&[good, "did="], Err(DidRecordFault::Ambiguous)),
        (&["did="], Err(DidRecordFault::NoDid)),
        (
            &["did=did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"],
            Err(DidRecordFault::NoDid),
        ),
        (&[&format!("{good} ")], Err(DidRecordFault::NoDid)),
        (&["did=did:web:127.0.0.1"], Err(DidRecordFault::NoDid)),
    ];
    for (texts, expected) in cases {
        let expected = expected.map(|did| Did::parse(did).unwrap());
        assert_eq!(resolve(texts).await, expected, "{texts:?}");
    }
}

#[tokio::test]
async fn only_the_name_of_the_group_itself_counts() {
    let record = |name| (name, "did=did:web:toy.app".to_owned());
    let table = Table(vec![
        record("_lexicon.blog.toy.app"),
        record("_lexicon.app"),
        record("toy.app"),
        record("_atproto.toy.app"),
    ]);
    let name = Nsid::parse("app.toy.record").unwrap();
    assert_eq!(
        DidRecord::Lexicon(&name).resolve(&table).await,
        Err(DidRecordFault::Missing)
    );
    let handle = Handle::parse("toy.app").unwrap();
    assert_eq!(
        DidRecord::Handle(&handle).resolve(&table).await,
        Ok(Did::parse("did:web:toy.app").unwrap())
    );
}

#[tokio::test]
async fn a_look_up_that_fails_or_takes_too_long_may_succeed_later() {
    let name = Nsid::parse("app.fails.record").unwrap();
    let failed = DidRecord::Lexicon(&name).resolve(&Table::default()).await;
    assert_eq!(failed, Err(DidRecordFault::LookupFailed));
    let silent = DidRecord::Lexicon(&name)
        .resolve_within(Duration::from_millis(10), &Silence)
        .await;
    assert_eq!(silent, Err(DidRecordFault::LookupFailed));
    for (fault, is_temporary) in [
        (DidRecordFault::LookupFailed, true),
        (DidRecordFault::Missing, false),
        (DidRecordFault::Ambiguous, false),
        (DidRecordFault::NoDid, false),
    ] {
        assert_eq!(fault.is_temporary(), is_temporary, "{fault}");
    }
}

#[tokio::test]
async fn a_name_that_no_domain_can_have_is_not_looked_up() {
    let long = format!("a{}", ".bbbbbbb".repeat(31));
    let name = Nsid::parse(&format!("{long}.record")).unwrap();
    let record = DidRecord::Lexicon(&name);
    assert!(record.name().len() > 253);
    let found = record.resolve_within(Duration::from_millis(10), &Silence).await;
    assert_eq!(found, Err(DidRecordFault::Missing));
}

/// Never answers.
#[derive(Debug)]
struct Silence;

#[async_trait]
impl TxtLookup for Silence {
    async fn txt(&self, _: &str) -> Result<Vec<String>, TxtLookupFailed> {
        std::future::pending().await
    }
}
