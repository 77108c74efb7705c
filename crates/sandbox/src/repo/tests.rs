//! Proofs, as whoever does not trust the host verifies them.

use std::str::FromStr as _;

use entryway_identity::did::PublicKey;
use entryway_identity::repo_proof::{self, Claim, Found, RecordPath, Tid};
use entryway_scope::Nsid;
use serde_json::json;

use super::*;

/// As many records as asked for, in two collections whose names sort otherwise than their paths.
fn records(number: usize) -> BTreeMap<String, Block> {
    (0..number)
        .map(|index| {
            let collection = if index % 3 == 0 {
                "test.jotter.note"
            } else {
                "test.jotter.note.draft"
            };
            let value = Ipld::Map([("n".to_owned(), Ipld::Integer(index as i128))].into());
            (format!("{collection}/{index}"), Block::of(&value))
        })
        .collect()
}

fn proof(records: &BTreeMap<String, Block>, path: &RecordPath) -> Vec<u8> {
    let repository = Repository {
        did: &did(),
        rev: REV,
        signing_key: &key(),
        records: records
            .iter()
            .map(|(path, record)| (path.clone(), record.cid))
            .collect(),
    };
    repository.proof(path.as_str(), records.get(path.as_str()).cloned())
}

fn found(archive: &[u8], path: &RecordPath) -> Found {
    let claim = Claim {
        did: &did(),
        signing_key: &public_key(),
        path,
    };
    let proof = repo_proof::verify(archive, &claim).unwrap();
    assert_eq!(proof.rev, Tid::from_str(REV).unwrap());
    proof.found
}

fn path(collection: &str, rkey: &str) -> RecordPath {
    RecordPath::new(&Nsid::parse(collection).unwrap(), rkey).unwrap()
}

fn did() -> Did {
    Did::parse("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa").unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32]).unwrap()
}

fn public_key() -> PublicKey {
    key().public_key()
}

//
#[test]
fn proofs_from_repositories_of_many_sizes_verify() {
    for number in [1, 2, 3, 4, 5, 8, 13, 21, 34, 55, 400] {
        let records = records(number);
        for (text, block) in records.iter().step_by(1 + number / 40) {
            let (collection, rkey) = text.split_once('/').unwrap();
            let path = path(collection, rkey);
            let Found::Record(record) = found(&proof(&records, &path), &path) else {
                panic!("{text} of {number}")
            };
            assert_eq!(record.cid, block.cid, "{text} of {number}");
            assert_eq!(json!(record.fields), json!({ "n": rkey.parse::<u32>().unwrap() }));
        }
    }
}

//
#[test]
fn that_there_is_no_record_is_proven_too() {
    for number in [0, 1, 2, 3, 50, 400] {
        let records = records(number);
        for (collection, rkey) in [
            ("a.b.c", "0"),
            ("test.jotter.note", "x"),
            ("test.jotter.note.draft", "0"),
            ("test.jotter.note.draft", "17x"),
            ("z.z.z", "z"),
        ] {
            let path = path(collection, rkey);
            assert_eq!(
                found(&proof(&records, &path), &path),
                Found::Absent,
                "{path:?} of {number}"
            );
        }
    }
}

#[test]
fn a_proof_has_the_way_to_its_record_and_nothing_else() {
    let records = records(400);
    let path = path("test.jotter.note", "9");
    let sizes = [proof(&records, &path).len(), 400 * 100];
    assert!(sizes[0] < sizes[1] / 4, "{sizes:?}");
}

#[test]
fn the_same_records_make_the_same_archive() {
    let records = records(30);
    let path = path("test.jotter.note", "9");
    assert_eq!(proof(&records, &path), proof(&records, &path));
}

const REV: &str = "3lhhxizu5wr2d";
