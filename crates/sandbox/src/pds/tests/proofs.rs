//! Proofs of records, as whoever does not trust this server verifies them.

use entryway_identity::repo_proof::{self, Claim, Found, Proof, RecordPath};
use entryway_scope::Nsid;

use super::app::authorized;
use super::*;

impl Fixture {
    async fn archive(&self, did: &Did, collection: &str, rkey: &str) -> Answer {
        let parameters = [("did", did.as_str()), ("collection", collection), ("rkey", rkey)];
        self.query("com.atproto.sync.getRecord", &parameters).await
    }

    /// What the account's own signature says of a record, by the key in its DID document.
    pub(super) async fn proof(&self, did: &Did, collection: &str, rkey: &str) -> Proof {
        let answer = self.archive(did, collection, rkey).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/vnd.ipld.car");
        let document = self.directory.last(did).unwrap();
        let signing_key = document.data().unwrap().document(did).signing_key().unwrap();
        let claim = Claim {
            did,
            signing_key: &signing_key,
            path: &RecordPath::new(&Nsid::parse(collection).unwrap(), rkey).unwrap(),
        };
        repo_proof::verify(&answer.body, &claim).unwrap()
    }

    async fn write(&self, did: &Did, method: &str, input: Value) -> Answer {
        let mut all = json!({ "repo": did, "collection": NOTE });
        all.as_object_mut()
            .unwrap()
            .extend(input.as_object().unwrap().clone());
        let request = procedure(&format!("com.atproto.repo.{method}"), &all);
        self.send(authorized(request, did, "atproto repo:test.jotter.note"))
            .await
    }
}

//
#[tokio::test]
async fn every_record_has_a_proof_and_every_change_a_later_revision() {
    let (fixture, alice) = Fixture::with_alice().await;
    let empty = fixture.proof(&alice, NOTE, "one").await;
    assert_eq!(empty.found, Found::Absent);

    let record = json!({ "text": "hi", "link": { "$link": empty.commit.to_string() }, "n": [-1, null] });
    let input = json!({ "rkey": "one", "record": record });
    let written = fixture.write(&alice, "createRecord", input).await.json();
    let created = fixture.proof(&alice, NOTE, "one").await;
    let Found::Record(found) = &created.found else {
        panic!("{created:?}")
    };
    assert_eq!(found.cid.to_string(), written["cid"]);
    let fields = json!({ "$type": NOTE, "text": "hi", "link": record["link"], "n": [-1, null] });
    assert_eq!(json!(found.fields), fields);
    assert!(created.rev > empty.rev);

    let input = json!({ "rkey": "one", "record": { "text": "ho" } });
    fixture.write(&alice, "putRecord", input).await;
    let changed = fixture.proof(&alice, NOTE, "one").await;
    assert!(changed.rev > created.rev && changed.found != created.found);

    fixture
        .write(&alice, "deleteRecord", json!({ "rkey": "one" }))
        .await;
    let deleted = fixture.proof(&alice, NOTE, "one").await;
    assert!(deleted.rev > changed.rev);
    assert_eq!(deleted.found, Found::Absent);

    fixture
        .write(&alice, "deleteRecord", json!({ "rkey": "one" }))
        .await;
    assert_eq!(
        fixture.proof(&alice, NOTE, "one").await,
        deleted,
        "nothing changed"
    );
}

#[tokio::test]
async fn a_restart_signs_the_same_and_goes_on_from_there() {
    let (fixture, alice) = Fixture::with_alice().await;
    for index in 0..30 {
        let input = json!({ "rkey": index.to_string(), "record": { "n": index } });
        assert_eq!(fixture.write(&alice, "createRecord", input).await.status, 200);
    }
    let before = fixture.archive(&alice, NOTE, "7").await.body;
    let last = fixture.proof(&alice, NOTE, "7").await;
    let fixture = fixture.restart();
    assert_eq!(fixture.archive(&alice, NOTE, "7").await.body, before);
    let input = json!({ "rkey": "x", "record": {} });
    fixture.write(&alice, "createRecord", input).await;
    assert!(fixture.proof(&alice, NOTE, "7").await.rev > last.rev);
}

#[tokio::test]
async fn what_was_stored_before_there_were_revisions_has_proofs() {
    let (fixture, alice) = Fixture::with_alice().await;
    let input = json!({ "rkey": "one", "record": { "text": "old" } });
    fixture.write(&alice, "createRecord", input).await;
    let journal = fixture.stored.path().join("pds.jsonl");
    let lines = std::fs::read_to_string(&journal).unwrap();
    // keys that wait were not stored then
    let old = lines.lines().filter(|line| !line.contains("\"reserved\""));
    let old = old.map(|line| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        assert!(entry.as_object_mut().unwrap().remove("rev").is_some(), "{line}");
        format!("{entry}\n")
    });
    std::fs::write(&journal, old.collect::<String>()).unwrap();
    let fixture = fixture.restart();
    let old = fixture.proof(&alice, NOTE, "one").await;
    assert!(matches!(old.found, Found::Record(_)));
    let input = json!({ "rkey": "two", "record": {} });
    fixture.write(&alice, "createRecord", input).await;
    assert!(fixture.proof(&alice, NOTE, "one").await.rev > old.rev);
}

#[tokio::test]
async fn there_are_no_proofs_of_other_accounts() {
    let (fixture, alice) = Fixture::with_alice().await;
    let stranger = Did::parse("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb").unwrap();
    let answer = fixture.archive(&stranger, NOTE, "one").await;
    assert_eq!(answer.error(), (400, "RepoNotFound".to_owned()));
    for (collection, rkey) in [("note", "one"), (NOTE, ""), (NOTE, "a/b"), ("*", "one")] {
        let answer = fixture.archive(&alice, collection, rkey).await;
        assert_eq!(
            answer.error(),
            (400, "InvalidRequest".to_owned()),
            "{collection}/{rkey}"
        );
    }
}

const NOTE: &str = "test.jotter.note";
