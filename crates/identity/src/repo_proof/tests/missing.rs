//! Proofs that lack something.

use super::repo::{header, section};
use super::{draft, fault, path, repo, verify};
use crate::cid;
use crate::repo_proof::{InvalidProof, Part, RecordPath};

#[test]
fn what_leads_to_the_record_has_to_be_there() {
    let whole = draft().sealed();
    let count = whole.blocks.len();
    for left_out in 0..count {
        let mut archive = header(1, &[cid::of_dag_cbor(&whole.blocks[0])]);
        for (_, block) in whole
            .blocks
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != left_out)
        {
            archive.extend(section(&[&cid::of_dag_cbor(block).to_bytes(), block]));
        }
        let part = match left_out {
            0 => Part::Commit,
            _ if left_out == count - 1 => Part::Record,
            _ => Part::Node,
        };
        assert_eq!(fault(&archive), InvalidProof::Missing(part), "block {left_out}");
    }
}

#[test]
fn absence_needs_the_whole_way_too() {
    let absent: RecordPath = (300..600)
        .map(|n| path(&format!("r{n}")))
        .find(|path| repo().proof(path).nodes.len() > 3)
        .unwrap();
    let mut sealed = repo().proof(&absent).sealed();
    sealed.blocks.pop();
    assert_eq!(
        verify(&sealed.archive(), &absent),
        Err(InvalidProof::Missing(Part::Node))
    );
}
