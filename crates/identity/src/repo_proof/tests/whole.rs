//! Proofs as an orderly host makes them.

use std::collections::BTreeMap;

use serde_json::json;

use super::repo::{Repo, Signer, Tree, named_in};
use super::{did, fields, path, repo, verify};
use crate::cid::{self, Cid};
use crate::repo_proof::{Claim, Found, RecordPath};

//
#[test]
fn every_record_of_a_repository_is_proven() {
    let repo = repo();
    let mut nodes_most = 0;
    for n in 0..300 {
        let path = path(&format!("r{n}"));
        let draft = repo.proof(&path);
        nodes_most = nodes_most.max(draft.nodes.len());
        let proof = verify(&draft.archive(), &path).unwrap();
        assert_eq!(fields(&proof), Some(json!({"n": n})));
    }
    assert!(nodes_most >= 4, "the tree has {nodes_most} layers");
}

#[test]
fn a_proof_tells_commit_revision_and_cid() {
    let path = path("r1");
    let sealed = repo().proof(&path).sealed();
    let (commit, record) = (&sealed.blocks[0], sealed.blocks.last().unwrap());
    let proof = verify(&sealed.archive(), &path).unwrap();
    assert_eq!(proof.commit, cid::of_dag_cbor(commit));
    assert_eq!(proof.rev.to_string(), super::repo::REV);
    let Found::Record(found) = proof.found else {
        panic!("absent")
    };
    assert_eq!(found.cid, cid::of_dag_cbor(record));
}

#[test]
fn absence_is_proven_wherever_the_record_would_be() {
    let repo = repo();
    let mut ends = BTreeMap::new();
    for n in 300..600 {
        let path = path(&format!("r{n}"));
        let draft = repo.proof(&path);
        *ends.entry(draft.nodes.len()).or_insert(0) += 1;
        assert_eq!(verify(&draft.archive(), &path).unwrap().found, Found::Absent);
    }
    assert!(ends.len() > 1, "all ways end in the same layer: {ends:?}");
    for outside in ["", "zzz"] {
        let path = path(&format!("{outside}0"));
        let archive = repo.proof(&path).archive();
        assert_eq!(verify(&archive, &path).unwrap().found, Found::Absent, "{outside}");
    }
}

#[test]
fn an_empty_repository_has_nothing() {
    let path = path("self");
    let archive = Repo::new(did(), Signer::k256(7)).proof(&path).archive();
    assert_eq!(verify(&archive, &path).unwrap().found, Found::Absent);
}

#[test]
fn both_curves_sign_repositories() {
    let path = path("self");
    for signer in [Signer::k256(3), Signer::p256(3)] {
        let repo = Repo::new(did(), signer.clone()).with(path.clone(), json!({"hello": "world"}));
        let claim = Claim {
            did: &did(),
            signing_key: &signer.public_key(),
            path: &path,
        };
        let proof = crate::repo_proof::verify(&repo.proof(&path).archive(), &claim).unwrap();
        assert_eq!(fields(&proof), Some(json!({"hello": "world"})));
    }
}

#[test]
fn a_lone_record_of_a_high_layer_is_proven_without_the_layers_below() {
    let path = lying_in(4, "h");
    let draft = Repo::new(did(), Signer::k256(7))
        .with(path.clone(), json!({}))
        .proof(&path);
    assert_eq!(draft.nodes.len(), 1);
    assert_eq!(fields(&verify(&draft.archive(), &path).unwrap()), Some(json!({})));
}

#[test]
fn a_layer_without_keys_is_a_node_all_the_same() {
    let (high, low) = (lying_in(3, "a"), lying_in(0, "b"));
    let repo = Repo::new(did(), Signer::k256(7)).with_all([(high, json!({})), (low.clone(), json!({}))]);
    let draft = repo.proof(&low);
    assert_eq!(draft.nodes.len(), 4);
    assert_eq!(fields(&verify(&draft.archive(), &low).unwrap()), Some(json!({})));
}

/// A record whose key starts like this and is in a layer.
fn lying_in(layer: u32, start: &str) -> RecordPath {
    let key = named_in(layer, |n| path(&format!("{start}{n}")).as_str().to_owned());
    path(key.split_once('/').unwrap().1)
}

// Roots that every implementation has to come to, as the interoperability tests of the AT Protocol have them;
// they are of the tree these tests make, which is the tree that the proofs above are read from.
#[test]
fn known_sets_of_records_have_the_known_root() {
    let value: Cid = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"
        .parse()
        .unwrap();
    for (rkeys, root) in [
        (
            &[][..],
            "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm",
        ),
        (
            &["3jqfcqzm3fo2j"],
            "bafyreibj4lsc3aqnrvphp5xmrnfoorvru4wynt6lwidqbm2623a6tatzdu",
        ),
        (
            &["3jqfcqzm3fx2j"],
            "bafyreih7wfei65pxzhauoibu3ls7jgmkju4bspy4t2ha2qdjnzqvoy33ai",
        ),
        (
            &[
                "3jqfcqzm3fp2j",
                "3jqfcqzm3fr2j",
                "3jqfcqzm3fs2j",
                "3jqfcqzm3ft2j",
                "3jqfcqzm4fc2j",
            ],
            "bafyreicmahysq4n6wfuxo522m6dpiy7z7qzym3dzs756t5n7nfdgccwq7m",
        ),
    ] {
        let leaves = rkeys.iter().map(|rkey| (path(rkey).as_str().to_owned(), value));
        assert_eq!(Tree::of(leaves.collect()).root.to_string(), root, "{rkeys:?}");
    }
}
