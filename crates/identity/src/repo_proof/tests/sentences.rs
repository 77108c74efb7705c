//! What the errors say.

use crate::did::RejectedSignature;
use crate::repo_proof::{BlockFault, InvalidProof, Part};

#[test]
fn every_error_ends_a_sentence_that_fits_an_error_description() {
    use InvalidProof as I;
    let mut all = vec![
        I::TooLarge { bytes_max: 1 },
        I::TooManyBlocks { blocks_max: 1 },
        I::Section,
        I::Header,
        I::BlockName,
        I::BlockHash,
        I::CommitVersion,
        I::CommitDid,
        I::CommitRev,
        I::CommitFields,
        I::CommitSignature(RejectedSignature::HighS),
        I::NodeFields,
        I::NodeTooWide { entries_max: 1 },
        I::KeyTooLong { bytes_max: 1 },
        I::KeyOrder,
        I::KeyCompression,
        I::Layer,
        I::EmptyNode,
    ];
    for part in [Part::Header, Part::Commit, Part::Node, Part::Record] {
        all.push(I::Missing(part));
        for fault in [
            BlockFault::Encoding,
            BlockFault::NoMap,
            BlockFault::Number,
            BlockFault::TooDeep { levels_max: 1 },
            BlockFault::TooManyValues { values_max: 1 },
        ] {
            all.push(I::Malformed { part, fault });
        }
    }
    for error in all {
        let text = error.to_string();
        assert!(
            text.starts_with(|first: char| first.is_ascii_lowercase()),
            "{text}"
        );
        assert!(!text.ends_with('.'), "{text}");
        let allowed = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        assert!(text.bytes().all(allowed), "{text}");
    }
    let part = Part::Record;
    let fault = BlockFault::NoMap;
    assert_eq!(
        I::Malformed { part, fault }.to_string(),
        "is broken: the record is not a map"
    );
    assert_eq!(I::Missing(Part::Commit).to_string(), "lacks the commit");
}
