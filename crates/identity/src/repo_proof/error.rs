//! Why an archive proves nothing.

use std::fmt;

use super::block::BlockFault;
use crate::did::RejectedSignature;

/// Why an archive proves nothing, neither that a record is there nor that it is not.
///
/// Each text continues a sentence whose subject the caller knows, as in `the proof {error}`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidProof {
    /// The archive is longer than the limit.
    #[error("is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// The archive has more blocks than the limit.
    #[error("has more than {blocks_max} blocks")]
    TooManyBlocks {
        /// The limit.
        blocks_max: usize,
    },
    /// A length is no varint in its shortest form, or leads past the end of the archive.
    #[error("is cut off, or has a section whose length is no varint in its shortest form")]
    Section,
    /// The header is of another version of CAR, or names no root.
    #[error("does not start with a CAR header of version 1 that names a root")]
    Header,
    /// A block is not named by a CID of version 1, DAG-CBOR and SHA-256.
    #[error("has a block that is not named by a CID of version 1, DAG-CBOR and SHA-256")]
    BlockName,
    /// A block is not the one its CID names.
    #[error("has a block whose hash is not the one of its CID")]
    BlockHash,
    /// Something that the proof rests on is not in the archive.
    #[error("lacks {0}")]
    Missing(Part),
    /// Something that the proof rests on is no object of the AT Protocol at all.
    #[error("is broken: {part} {fault}")]
    Malformed {
        /// What.
        part: Part,
        /// What is wrong with it.
        fault: BlockFault,
    },
    /// The commit is of another version of repositories.
    #[error("has a commit of a version other than 3")]
    CommitVersion,
    /// The commit is of another account's repository.
    #[error("has a commit of another DID")]
    CommitDid,
    /// The revision is no TID.
    #[error("has a commit whose rev is no TID")]
    CommitRev,
    /// A field of the commit is missing or of another type, or links to something that cannot be a tree.
    #[error("has a commit without the fields data, prev and sig of their types")]
    CommitFields,
    /// The account did not sign the commit.
    #[error("has a commit with a wrong signature: {0}")]
    CommitSignature(RejectedSignature),
    /// A node of the tree lacks a field, or has a surplus one or one of another type.
    #[error("has a tree node that is not l and e, with p, k, v and t in each entry")]
    NodeFields,
    /// A node of the tree has more entries than the limit.
    #[error("has a tree node with more than {entries_max} entries")]
    NodeTooWide {
        /// The limit.
        entries_max: usize,
    },
    /// A key of the tree is longer than the limit.
    #[error("has a tree key of more than {bytes_max} bytes")]
    KeyTooLong {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// Keys do not ascend, or there is one twice, or one is in a subtree where it does not belong.
    #[error("has a tree whose keys are not in order")]
    KeyOrder,
    /// A key shares more or fewer bytes with the one before than it says.
    #[error("has a tree key that is not compressed against the one before")]
    KeyCompression,
    /// A key is not in the layer that its hash says, or a subtree is not one layer below its parent.
    #[error("has a tree key or subtree in a layer other than its own")]
    Layer,
    /// A node has no entries where one has to have some.
    #[error("has an empty tree node at the top or at the bottom of the tree")]
    EmptyNode,
}

/// What a proof rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// The header of the archive.
    Header,
    /// The commit that the archive's first root names.
    Commit,
    /// A node of the search tree.
    Node,
    /// The record itself.
    Record,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "the header",
            Self::Commit => "the commit",
            Self::Node => "a node of the tree",
            Self::Record => "the record",
        })
    }
}
