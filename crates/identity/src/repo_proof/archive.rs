//! CAR archives: blocks, each beside the CID that names it (<https://ipld.io/specs/transport/car/carv1>).

use std::collections::{BTreeMap, HashMap};

use ipld_core::ipld::Ipld;

use super::block;
use super::error::{InvalidProof, Part};
use crate::cid::{self, Cid};

/// The blocks of an archive, each of them the one its CID names.
pub(super) struct Archive<'a> {
    root: Cid,
    blocks: HashMap<Cid, &'a [u8]>,
}

impl<'a> Archive<'a> {
    /// Reads an archive whose blocks are all DAG-CBOR, as those of a repository are.
    pub(super) fn read(archive: &'a [u8]) -> Result<Self, InvalidProof> {
        if archive.len() > ARCHIVE_BYTES_MAX {
            return Err(InvalidProof::TooLarge {
                bytes_max: ARCHIVE_BYTES_MAX,
            });
        }
        let (header, mut rest) = section(archive)?;
        let root = root(header)?;
        let mut blocks = HashMap::new();
        while !rest.is_empty() {
            let (named_block, after) = section(rest)?;
            let (cid, block) = checked(named_block)?;
            // the same block twice is no fault (https://atproto.com/specs/repository)
            blocks.insert(cid, block);
            if blocks.len() > BLOCKS_MAX {
                return Err(InvalidProof::TooManyBlocks {
                    blocks_max: BLOCKS_MAX,
                });
            }
            rest = after;
        }
        Ok(Self { root, blocks })
    }

    /// What the header names first: the commit.
    pub(super) fn root(&self) -> Cid {
        self.root
    }

    /// The map that a block is.
    pub(super) fn map(&self, cid: &Cid, part: Part) -> Result<BTreeMap<String, Ipld>, InvalidProof> {
        let block = self.blocks.get(cid).ok_or(InvalidProof::Missing(part))?;
        block::map(block).map_err(|fault| InvalidProof::Malformed { part, fault })
    }
}

/// The bytes that a length announces, and what follows them.
fn section(bytes: &[u8]) -> Result<(&[u8], &[u8]), InvalidProof> {
    let (length, rest) = unsigned_varint::decode::usize(bytes).map_err(|_| InvalidProof::Section)?;
    rest.split_at_checked(length).ok_or(InvalidProof::Section)
}

/// The first root: what further ones would mean is not defined.
fn root(header: &[u8]) -> Result<Cid, InvalidProof> {
    let mut header = block::map(header).map_err(|fault| InvalidProof::Malformed {
        part: Part::Header,
        fault,
    })?;
    if header.get("version") != Some(&Ipld::Integer(1)) {
        return Err(InvalidProof::Header);
    }
    let Some(Ipld::List(roots)) = header.remove("roots") else {
        return Err(InvalidProof::Header);
    };
    match roots.first() {
        Some(Ipld::Link(root)) if cid::names_dag_cbor(root) => Ok(*root),
        _ => Err(InvalidProof::Header),
    }
}

/// A block and its CID, which has one spelling of 36 bytes.
fn checked(named_block: &[u8]) -> Result<(Cid, &[u8]), InvalidProof> {
    let (name, block) = named_block
        .split_at_checked(CID_BYTES)
        .ok_or(InvalidProof::BlockName)?;
    let hash = name.strip_prefix(&CID_PREFIX).ok_or(InvalidProof::BlockName)?;
    let cid = cid::of_dag_cbor(block);
    if cid.hash().digest() == hash {
        Ok((cid, block))
    } else {
        Err(InvalidProof::BlockHash)
    }
}

/// Longest archive, in bytes: a record has at most 1 MiB in the hosts that are in use, and the path to it
/// some kilobytes.
pub const ARCHIVE_BYTES_MAX: usize = (1024 + 64) * 1024;

/// Most blocks of an archive. The path to a record among millions has some fifteen nodes.
const BLOCKS_MAX: usize = 1000;

const CID_BYTES: usize = 36;

/// Version 1, `dag-cbor`, `sha2-256`, 32 bytes.
const CID_PREFIX: [u8; 4] = [0x01, 0x71, 0x12, 0x20];
