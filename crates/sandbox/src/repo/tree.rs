//! The search tree of a repository (<https://atproto.com/specs/repository>, "MST Structure").
//!
//! Which node a path is in follows from the paths alone: the hash of one says its layer, and its neighbours
//! its place. So the tree of some records is made in one go, from its top layer down.

use std::collections::BTreeMap;

use entryway_identity::cid::Cid;
use ipld_core::ipld::Ipld;
use sha2::{Digest as _, Sha256};

use super::Block;

/// Where in a tree something is, or would be.
pub(super) struct Way {
    /// What the commit names.
    pub(super) root: Cid,
    /// The nodes in which a path is looked for, from the root down.
    pub(super) nodes: Vec<Block>,
}

/// Makes the tree of these records, and tells the way to a path in it.
pub(super) fn way_to(records: &BTreeMap<String, Cid>, path: &str) -> Way {
    let leaves: Vec<Leaf<'_>> = records
        .iter()
        .map(|(path, cid)| Leaf {
            path,
            layer: layer_of(path),
            cid: *cid,
        })
        .collect();
    let top = leaves.iter().map(|leaf| leaf.layer).max().unwrap_or_default();
    let mut nodes = Vec::new();
    let root = grow(&leaves, top, Some(path), &mut nodes);
    nodes.reverse();
    Way { root, nodes }
}

/// A record before it has a place.
struct Leaf<'a> {
    path: &'a str,
    layer: u32,
    cid: Cid,
}

/// Makes the node of a layer that holds these leaves, none of which is above it, and the nodes below.
///
/// Those in which `wanted` is looked for are left in `way`, the lowest first.
fn grow(leaves: &[Leaf<'_>], layer: u32, wanted: Option<&str>, way: &mut Vec<Block>) -> Cid {
    let place = wanted.map(|wanted| leaves.partition_point(|leaf| leaf.path < wanted));
    let is_here = |index: usize| {
        leaves
            .get(index)
            .is_some_and(|leaf| Some(leaf.path) == wanted && leaf.layer == layer)
    };
    let place_below = place.filter(|place| !is_here(*place));
    let mut node = Node::default();
    let mut start = 0;
    for run in leaves.chunk_by(|one, next| one.layer < layer && next.layer < layer) {
        match run {
            [leaf] if leaf.layer == layer => node.push(leaf),
            below => {
                // an entry is between any two subtrees, so at most one of them has the place in it or at its end
                let is_wanted = place_below.is_some_and(|place| (start..=start + run.len()).contains(&place));
                // no leaf is below layer 0
                let subtree = grow(below, layer - 1, wanted.filter(|_| is_wanted), way);
                node.hang(subtree);
            }
        }
        start += run.len();
    }
    let block = Block::of(&node.into_value());
    let cid = block.cid;
    if wanted.is_some() {
        way.push(block);
    }
    cid
}

/// A node under construction.
#[derive(Default)]
struct Node<'a> {
    left: Option<Cid>,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    path: &'a str,
    cid: Cid,
    right: Option<Cid>,
}

impl<'a> Node<'a> {
    fn push(&mut self, leaf: &Leaf<'a>) {
        self.entries.push(Entry {
            path: leaf.path,
            cid: leaf.cid,
            right: None,
        });
    }

    /// Hangs a subtree behind the entry that came last, or before all.
    fn hang(&mut self, subtree: Cid) {
        match self.entries.last_mut() {
            Some(entry) => entry.right = Some(subtree),
            None => self.left = Some(subtree),
        }
    }

    /// The node as it is in its block: of each path what it does not share with the one before.
    fn into_value(self) -> Ipld {
        let mut before = "";
        let mut entries = Vec::with_capacity(self.entries.len());
        for Entry { path, cid, right } in self.entries {
            let shared = path
                .bytes()
                .zip(before.bytes())
                .take_while(|(one, other)| one == other)
                .count();
            entries.push(map([
                ("p", Ipld::Integer(i128::try_from(shared).unwrap_or_default())),
                ("k", Ipld::Bytes(path.as_bytes()[shared..].to_vec())),
                ("v", Ipld::Link(cid)),
                ("t", link(right)),
            ]));
            before = path;
        }
        map([("l", link(self.left)), ("e", Ipld::List(entries))])
    }
}

fn map<const FIELDS: usize>(fields: [(&str, Ipld); FIELDS]) -> Ipld {
    Ipld::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

fn link(cid: Option<Cid>) -> Ipld {
    cid.map_or(Ipld::Null, Ipld::Link)
}

/// Pairs of zero bits that the hash of a path starts with.
fn layer_of(path: &str) -> u32 {
    let mut zeros = 0;
    for byte in Sha256::digest(path) {
        zeros += byte.leading_zeros();
        if byte != 0 {
            break;
        }
    }
    zeros / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(paths: &[&str]) -> String {
        let cid = Cid::try_from("bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454").unwrap();
        let records = paths
            .iter()
            .map(|rkey| (format!("com.example.record/{rkey}"), cid));
        way_to(&records.collect(), "").root.to_string()
    }

    // the examples of the specification
    #[test]
    fn the_hash_of_a_path_says_its_layer() {
        for (path, layer) in [
            ("2653ae71", 0),
            ("blue", 1),
            ("app.bsky.feed.post/454397e440ec", 4),
            ("app.bsky.feed.post/9adeb165882c", 8),
        ] {
            assert_eq!(layer_of(path), layer, "{path}");
        }
    }

    // the known trees of the reference's own tests
    #[test]
    fn a_tree_is_the_one_that_others_make_of_the_same_records() {
        for (paths, cid) in [
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
            assert_eq!(root(paths), cid, "{paths:?}");
        }
    }
}
