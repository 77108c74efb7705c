//! Commits that the account did not sign, or that are no commits.

use ipld_core::ipld::Ipld;
use k256::ecdsa::signature::Signer as _;

use super::repo::{Signer, block_of};
use super::{deep, did, draft, fault, repo, verify};
use crate::cid;
use crate::did::RejectedSignature;
use crate::repo_proof::{Claim, InvalidProof, Part};

//
#[test]
fn a_commit_signed_with_another_key_proves_nothing() {
    for signer in [Signer::k256(8), Signer::p256(7)] {
        let mut draft = draft();
        draft.signer = signer;
        assert_eq!(
            fault(&draft.archive()),
            InvalidProof::CommitSignature(RejectedSignature::Mismatch)
        );
    }
}

#[test]
fn a_key_of_the_other_curve_does_not_fit() {
    let (did, path) = (did(), deep());
    let key = Signer::p256(7).public_key();
    let claim = Claim {
        did: &did,
        signing_key: &key,
        path: &path,
    };
    assert_eq!(
        crate::repo_proof::verify(&draft().archive(), &claim),
        Err(InvalidProof::CommitSignature(RejectedSignature::Mismatch))
    );
}

#[test]
fn a_signature_that_is_none_proves_nothing() {
    for (signature, rejected) in [
        (vec![], RejectedSignature::Form),
        (vec![0; 64], RejectedSignature::Form),
        (vec![1; 63], RejectedSignature::Form),
        (vec![1; 64], RejectedSignature::Mismatch),
    ] {
        let mut draft = draft();
        draft.commit.insert("sig".to_owned(), Ipld::Bytes(signature));
        // what the draft signs then has a signature in it, which is not what is verified
        assert_eq!(fault(&draft.archive()), InvalidProof::CommitSignature(rejected));
    }
}

#[test]
fn the_high_s_twin_of_a_signature_proves_nothing() {
    let (did, path) = (did(), deep());
    let unsigned = block_of(&Ipld::Map(draft().commit)).1;

    let k256_key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let low: k256::ecdsa::Signature = k256_key.sign(&unsigned);
    let (r, s) = low.normalize_s().split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    let k256 = (Signer::k256(7), high.to_vec());

    let p256_key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let low: p256::ecdsa::Signature = p256_key.sign(&unsigned);
    let (r, s) = low.normalize_s().split_scalars();
    let high = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    let p256 = (Signer::p256(7), high.to_vec());

    for (signer, signature) in [k256, p256] {
        let mut draft = draft();
        draft.commit.insert("sig".to_owned(), Ipld::Bytes(signature));
        let claim = Claim {
            did: &did,
            signing_key: &signer.public_key(),
            path: &path,
        };
        assert_eq!(
            crate::repo_proof::verify(&draft.archive(), &claim),
            Err(InvalidProof::CommitSignature(RejectedSignature::HighS))
        );
    }
}

// the account itself signed it, but for another of its repositories
#[test]
fn a_commit_of_another_did_proves_nothing() {
    let mut draft = draft();
    draft.commit.insert(
        "did".to_owned(),
        Ipld::String("did:plc:abcdefghijklmnopqrstuvwx".to_owned()),
    );
    assert_eq!(fault(&draft.archive()), InvalidProof::CommitDid);
}

#[test]
fn a_commit_that_was_changed_after_it_was_signed_proves_nothing() {
    let signed = draft().sealed();
    let later = {
        let mut commit: Ipld = serde_ipld_dagcbor::from_slice(&signed.blocks[0]).unwrap();
        let Ipld::Map(fields) = &mut commit else {
            unreachable!()
        };
        fields.insert("rev".to_owned(), Ipld::String("3zzzzzzzzzzzz".to_owned()));
        block_of(&commit).1
    };
    let mut changed = draft().sealed();
    changed.blocks[0] = later;
    assert_eq!(
        fault(&changed.archive()),
        InvalidProof::CommitSignature(RejectedSignature::Mismatch)
    );
}

#[test]
fn a_field_of_another_kind_makes_it_no_commit() {
    let text = |text: &str| Some(Ipld::String(text.to_owned()));
    let raw = Some(Ipld::Link(cid::of_raw(b"tree")));
    let cases = [
        ("version", None, InvalidProof::CommitVersion),
        ("version", Some(Ipld::Integer(2)), InvalidProof::CommitVersion),
        ("version", text("3"), InvalidProof::CommitVersion),
        ("did", None, InvalidProof::CommitDid),
        ("did", Some(Ipld::Null), InvalidProof::CommitDid),
        ("rev", None, InvalidProof::CommitRev),
        ("rev", text("2026-01-01"), InvalidProof::CommitRev),
        ("rev", Some(Ipld::Integer(3)), InvalidProof::CommitRev),
        ("data", None, InvalidProof::CommitFields),
        ("data", Some(Ipld::Null), InvalidProof::CommitFields),
        ("data", raw.clone(), InvalidProof::CommitFields),
        ("prev", None, InvalidProof::CommitFields),
        ("prev", raw, InvalidProof::CommitFields),
        ("prev", text("bafy"), InvalidProof::CommitFields),
        ("sig", text("AAAA"), InvalidProof::CommitFields),
    ];
    for (name, value, expected) in cases {
        let mut draft = draft();
        match value.clone() {
            Some(value) => draft.commit.insert(name.to_owned(), value),
            None => draft.commit.remove(name),
        };
        assert_eq!(fault(&draft.archive()), expected, "{name}: {value:?}");
    }
}

#[test]
fn a_commit_may_have_a_parent_and_fields_to_come() {
    let mut draft = draft();
    let parent = Ipld::Link(cid::of_dag_cbor(b"\xa0"));
    draft.commit.insert("prev".to_owned(), parent);
    draft.commit.insert("since".to_owned(), Ipld::Integer(1));
    assert!(verify(&draft.archive(), &deep()).is_ok());
}

#[test]
fn a_root_that_is_no_commit_is_told_as_such() {
    let mut sealed = draft().sealed();
    sealed.blocks.remove(0);
    // the root of the tree takes its place
    assert_eq!(fault(&sealed.archive()), InvalidProof::CommitVersion);
}

#[test]
fn another_record_of_the_same_repository_is_not_the_one_asked_for() {
    let other = repo().proof(&super::path("r0"));
    let archive = other.archive();
    // the way to it branches off: nothing is proven of the one asked for
    assert_eq!(fault(&archive), InvalidProof::Missing(Part::Node));
}
