//! Bytes of any kind: nothing panics, and nothing is proven that was not signed.

use proptest::prelude::*;
use proptest::sample::Index;

use super::repo::section;
use super::{deep, draft, verify};
use crate::cid;

proptest! {
    #[test]
    fn any_bytes_are_safe(bytes in any::<Vec<u8>>()) {
        prop_assert!(verify(&bytes, &deep()).is_err());
    }

    #[test]
    fn any_blocks_under_their_own_names_are_safe(blocks in prop::collection::vec(any::<Vec<u8>>(), 1..8)) {
        let mut archive = super::repo::header(1, &[cid::of_dag_cbor(&blocks[0])]);
        for block in &blocks {
            archive.extend(section(&[&cid::of_dag_cbor(block).to_bytes(), block]));
        }
        prop_assert!(verify(&archive, &deep()).is_err());
    }

    // whatever of it is changed, each byte of a proof counts
    #[test]
    fn a_byte_that_is_changed_anywhere_breaks_the_proof(at in any::<Index>(), flipped in 1..=u8::MAX) {
        let mut archive = draft().archive();
        let at = at.index(archive.len());
        archive[at] ^= flipped;
        prop_assert!(verify(&archive, &deep()).is_err());
    }

    // an account that signs nonsense: the block of the root node is any bytes
    #[test]
    fn any_bytes_that_were_signed_are_safe(node in any::<Vec<u8>>()) {
        let mut draft = draft();
        draft.nodes.clear();
        draft.record = None;
        draft.commit.insert("data".to_owned(), ipld_core::ipld::Ipld::Link(cid::of_dag_cbor(&node)));
        let mut sealed = draft.sealed();
        sealed.blocks.push(node);
        prop_assert!(verify(&sealed.archive(), &deep()).is_err());
    }
}
