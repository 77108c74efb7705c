//! Resolution as it should go.

use serde_json::json;

use super::{World, archive, did, now, nsid, permission_set, publishing};
use crate::cid;
use crate::lexicon::{ResolvedLexicon, Seen};
use crate::repo_proof::tests::repo::{REV, Signer};

//
#[tokio::test]
async fn a_lexicon_is_taken_from_the_repository_of_its_authority() {
    let outcome = World::new().resolve().await;
    let resolved = outcome.resolved.unwrap();
    let block = serde_ipld_dagcbor::to_vec(&permission_set()).unwrap();
    assert_eq!(
        resolved,
        ResolvedLexicon {
            nsid: nsid(),
            did: did(),
            pds: outcome.pds.parse().unwrap(),
            cid: cid::of_dag_cbor(&block),
            rev: REV.parse().unwrap(),
            record: permission_set(),
            resolved_at: now(),
        }
    );
    assert_eq!(
        resolved.seen(),
        Seen {
            did: did(),
            rev: REV.parse().unwrap()
        }
    );
}

#[tokio::test]
async fn the_host_is_asked_for_the_proof_of_the_record_once() {
    let asked = World::new().resolve().await.asked_of_pds;
    assert_eq!(asked.len(), 1);
    let line = "GET /xrpc/com.atproto.sync.getRecord?did=did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz\
        &collection=com.atproto.lexicon.schema&rkey=app.toy.blogging HTTP/1.1\r\n";
    assert!(asked[0].starts_with(line), "{}", asked[0]);
    assert!(
        asked[0].contains("\r\naccept: application/vnd.ipld.car\r\n"),
        "{}",
        asked[0]
    );
}

#[tokio::test]
async fn an_authority_may_sign_with_p256() {
    let mut repo = publishing(permission_set()).proof(&crate::repo_proof::RecordPath::of_lexicon(&nsid()));
    repo.signer = Signer::p256(5);
    let world = World {
        key: Signer::p256(5).public_key(),
        ..World::serving(&repo.archive())
    };
    assert_eq!(world.resolve().await.resolved.unwrap().record, permission_set());
}

#[tokio::test]
async fn what_a_lexicon_defines_is_left_to_who_asked() {
    let record = json!({
        "$type": "com.atproto.lexicon.schema",
        "lexicon": 1,
        "id": "app.toy.blogging",
        "defs": 7,
        "more": [null],
    });
    let resolved = World::serving(&archive(&publishing(record.clone())))
        .resolve()
        .await;
    assert_eq!(resolved.resolved.unwrap().record, record);
}

#[tokio::test]
async fn a_repository_that_goes_on_is_followed() {
    let seen = |rev: &str, of| Seen {
        did: of,
        rev: rev.parse().unwrap(),
    };
    let other = entryway_scope::Did::parse("did:web:old.toy.app").unwrap();
    for seen in [
        // a revision before, the same one, and a later one of an account that published it before
        seen("3lhhxiz32k52v", did()),
        seen(REV, did()),
        seen("3zzzzzzzzzzzz", other),
    ] {
        let world = World {
            seen: Some(seen),
            ..World::new()
        };
        assert!(world.resolve().await.resolved.is_ok());
    }
}
