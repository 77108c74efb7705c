//! The search tree of a repository (<https://atproto.com/specs/repository>, "MST Structure").
//!
//! Which node a key is in follows from the key alone: its hash says the layer, and the keys around it the
//! place. So there is one tree for each set of records, and one path to each key, whether it is there or not.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;
use sha2::{Digest as _, Sha256};

use super::archive::Archive;
use super::error::{InvalidProof, Part};
use crate::cid::{self, Cid};

/// Walks from the root to a key, and tells the record it stands for.
///
/// Each step is one layer down, and the layer of the root is what a hash says, so nobody can make the walk
/// longer than they can afford to search for hashes.
pub(super) fn find(archive: &Archive<'_>, root: &Cid, wanted: &[u8]) -> Result<Option<Cid>, InvalidProof> {
    let mut node = Node::read(archive, root)?;
    let mut layer = node.root_layer()?;
    let mut range = Range::default();
    loop {
        node.check(layer, &range)?;
        let place = node
            .entries
            .partition_point(|entry| entry.key.as_slice() < wanted);
        if let Some(entry) = node.entries.get(place).filter(|entry| entry.key == wanted) {
            return Ok(Some(entry.value));
        }
        let Some(below) = node.subtree_before(place) else {
            return Ok(None);
        };
        range.narrow(&mut node.entries, place);
        // a node of the lowest layer has no subtrees: it was checked
        layer = layer.checked_sub(1).ok_or(InvalidProof::Layer)?;
        node = Node::read(archive, &below)?;
        if node.entries.is_empty() && node.left.is_none() {
            return Err(InvalidProof::EmptyNode);
        }
    }
}

/// The keys that a subtree may have: those between two of its parent's, or its parent's parent's.
#[derive(Default)]
struct Range {
    after: Option<Vec<u8>>,
    before: Option<Vec<u8>>,
}

impl Range {
    fn narrow(&mut self, entries: &mut Vec<Entry>, place: usize) {
        entries.truncate(place + 1);
        if let Some(next) = entries.get_mut(place) {
            self.before = Some(std::mem::take(&mut next.key));
        }
        if let Some(last) = place.checked_sub(1).and_then(|index| entries.get_mut(index)) {
            self.after = Some(std::mem::take(&mut last.key));
        }
    }
}

struct Node {
    /// The subtree before the first entry.
    left: Option<Cid>,
    /// In order, each key once.
    entries: Vec<Entry>,
}

struct Entry {
    key: Vec<u8>,
    value: Cid,
    /// The subtree between this entry and the next.
    right: Option<Cid>,
}

impl Node {
    fn read(archive: &Archive<'_>, cid: &Cid) -> Result<Self, InvalidProof> {
        let mut fields = archive.map(cid, Part::Node)?;
        let left = subtree(fields.remove("l").as_ref())?;
        let Some(Ipld::List(list)) = fields.remove("e") else {
            return Err(InvalidProof::NodeFields);
        };
        if !fields.is_empty() {
            return Err(InvalidProof::NodeFields);
        }
        if list.len() > ENTRIES_MAX {
            return Err(InvalidProof::NodeTooWide {
                entries_max: ENTRIES_MAX,
            });
        }
        let mut entries: Vec<Entry> = Vec::new();
        for item in list {
            let before = entries.last().map_or(&[][..], |entry| &entry.key);
            let entry = Entry::read(item, before)?;
            entries.push(entry);
        }
        Ok(Self { left, entries })
    }

    /// The layer of the topmost node, which is that of its keys; a tree without records is one node without.
    fn root_layer(&self) -> Result<u32, InvalidProof> {
        match self.entries.first() {
            Some(entry) => Ok(layer_of(&entry.key)),
            None if self.left.is_none() => Ok(0),
            None => Err(InvalidProof::EmptyNode),
        }
    }

    fn check(&self, layer: u32, range: &Range) -> Result<(), InvalidProof> {
        if self.entries.iter().any(|entry| layer_of(&entry.key) != layer) {
            return Err(InvalidProof::Layer);
        }
        let mut subtrees = self.entries.iter().map(|entry| entry.right).chain([self.left]);
        if layer == 0 && subtrees.any(|subtree| subtree.is_some()) {
            return Err(InvalidProof::Layer);
        }
        let too_low = |entry: &Entry| range.after.as_ref().is_some_and(|after| entry.key <= *after);
        let too_high = |entry: &Entry| range.before.as_ref().is_some_and(|before| entry.key >= *before);
        if self.entries.first().is_some_and(too_low) || self.entries.last().is_some_and(too_high) {
            return Err(InvalidProof::KeyOrder);
        }
        Ok(())
    }

    /// The subtree for keys between the entry before a place and the one at it.
    fn subtree_before(&self, place: usize) -> Option<Cid> {
        match place.checked_sub(1) {
            None => self.left,
            Some(index) => self.entries.get(index)?.right,
        }
    }
}

impl Entry {
    /// Takes an entry apart; its key starts as the one before does.
    fn read(item: Ipld, before: &[u8]) -> Result<Self, InvalidProof> {
        let Ipld::Map(mut fields) = item else {
            return Err(InvalidProof::NodeFields);
        };
        let key = key(&mut fields, before)?;
        let Some(Ipld::Link(value)) = fields.remove("v") else {
            return Err(InvalidProof::NodeFields);
        };
        let right = subtree(fields.remove("t").as_ref())?;
        if fields.is_empty() {
            Ok(Self { key, value, right })
        } else {
            Err(InvalidProof::NodeFields)
        }
    }
}

fn key(fields: &mut BTreeMap<String, Ipld>, before: &[u8]) -> Result<Vec<u8>, InvalidProof> {
    let (Some(Ipld::Integer(shared)), Some(Ipld::Bytes(suffix))) = (fields.remove("p"), fields.remove("k"))
    else {
        return Err(InvalidProof::NodeFields);
    };
    let shared = usize::try_from(shared).map_err(|_| InvalidProof::KeyCompression)?;
    let (prefix, differs) = before
        .split_at_checked(shared)
        .ok_or(InvalidProof::KeyCompression)?;
    match (suffix.first(), differs.first()) {
        // the keys share more than they say
        (Some(here), Some(there)) if here == there => return Err(InvalidProof::KeyCompression),
        // the first key of a node is not empty, and the others come after the one before
        (here, there) if here <= there => return Err(InvalidProof::KeyOrder),
        _ => {}
    }
    if prefix.len() + suffix.len() > KEY_BYTES_MAX {
        return Err(InvalidProof::KeyTooLong {
            bytes_max: KEY_BYTES_MAX,
        });
    }
    Ok([prefix, &suffix].concat())
}

/// A link to a subtree, which is there even where it is null.
fn subtree(field: Option<&Ipld>) -> Result<Option<Cid>, InvalidProof> {
    match field {
        Some(Ipld::Null) => Ok(None),
        Some(Ipld::Link(cid)) if cid::names_dag_cbor(cid) => Ok(Some(*cid)),
        _ => Err(InvalidProof::NodeFields),
    }
}

/// Pairs of zero bits that the hash of a key starts with.
fn layer_of(key: &[u8]) -> u32 {
    let mut zeros = 0;
    for byte in Sha256::digest(key) {
        zeros += byte.leading_zeros();
        if byte != 0 {
            break;
        }
    }
    zeros / 2
}

/// Entries of a node. Three of four keys follow one of their own layer, so by chance nobody has a hundred.
const ENTRIES_MAX: usize = 1000;

/// Longest key, in bytes: longer than the longest collection and record key together.
const KEY_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    // the examples of the specification
    #[test]
    fn the_hash_of_a_key_says_its_layer() {
        for (key, layer) in [
            ("2653ae71", 0),
            ("blue", 1),
            ("app.bsky.feed.post/454397e440ec", 4),
            ("app.bsky.feed.post/9adeb165882c", 8),
        ] {
            assert_eq!(layer_of(key.as_bytes()), layer, "{key}");
        }
    }
}
