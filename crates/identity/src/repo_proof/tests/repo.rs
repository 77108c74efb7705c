//! A repository that is really made and signed, and proofs drafted from it that a test may spoil.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use entryway_scope::Did;
use ipld_core::ipld::Ipld;
use k256::ecdsa::signature::Signer as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::cid::{self, Cid};
use crate::did::{PublicKey, SigningKey};
use crate::repo_proof::RecordPath;

/// A key of one of the two curves.
#[derive(Clone)]
pub(crate) enum Signer {
    K256(SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl Signer {
    pub(crate) fn k256(seed: u8) -> Self {
        Self::K256(SigningKey::from_bytes(&[seed; 32]).unwrap())
    }

    pub(crate) fn p256(seed: u8) -> Self {
        Self::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        match self {
            Self::K256(key) => key.public_key(),
            Self::P256(key) => PublicKey::P256(*key.verifying_key()),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::K256(key) => key.sign(message).to_vec(),
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.normalize_s().to_vec()
            }
        }
    }
}

/// The records of an account and what it signs them with.
#[derive(Clone)]
pub(crate) struct Repo {
    did: Did,
    signer: Signer,
    rev: String,
    records: BTreeMap<String, Ipld>,
    /// Grown once it is asked for: it takes a while.
    tree: OnceCell<Rc<Tree>>,
}

impl Repo {
    pub(crate) fn new(did: Did, signer: Signer) -> Self {
        Self {
            did,
            signer,
            rev: REV.to_owned(),
            records: BTreeMap::new(),
            tree: OnceCell::new(),
        }
    }

    pub(crate) fn with_all(mut self, records: impl IntoIterator<Item = (RecordPath, Value)>) -> Self {
        for (path, record) in records {
            let block = serde_ipld_dagcbor::to_vec(&record).unwrap();
            let record = serde_ipld_dagcbor::from_slice(&block).unwrap();
            self.records.insert(path.as_str().to_owned(), record);
        }
        self.tree = OnceCell::new();
        self
    }

    pub(crate) fn with(self, path: RecordPath, record: Value) -> Self {
        self.with_all([(path, record)])
    }

    pub(crate) fn at_rev(self, rev: &str) -> Self {
        Self {
            rev: rev.to_owned(),
            ..self
        }
    }

    /// Commit, the nodes on the way to a path, and the record if there is one.
    pub(crate) fn proof(&self, path: &RecordPath) -> Draft {
        let tree = self.tree.get_or_init(|| {
            let leaves = self.records.iter();
            let leaves = leaves.map(|(path, record)| (path.clone(), block_of(record).0));
            Rc::new(Tree::of(leaves.collect()))
        });
        let nodes = tree.way_to(path.as_str());
        let record = self.records.get(path.as_str()).map(|record| Linked {
            cid: block_of(record).0,
            value: record.clone(),
        });
        let commit = [
            ("did", Ipld::String(self.did.to_string())),
            ("version", Ipld::Integer(3)),
            ("data", Ipld::Link(tree.root)),
            ("rev", Ipld::String(self.rev.clone())),
            ("prev", Ipld::Null),
        ];
        Draft {
            signer: self.signer.clone(),
            commit: commit.map(|(name, value)| (name.to_owned(), value)).into(),
            nodes,
            record,
        }
    }
}

/// A proof before it is signed and packed: whatever a test changes in it, links and signature are made to fit.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) signer: Signer,
    pub(crate) commit: BTreeMap<String, Ipld>,
    /// From the root down.
    pub(crate) nodes: Vec<Linked>,
    pub(crate) record: Option<Linked>,
}

/// A value, and the CID by which the one above links to it.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) cid: Cid,
    pub(crate) value: Ipld,
}

impl Draft {
    /// Links every part to the one below as it now is, and signs.
    pub(crate) fn sealed(self) -> Sealed {
        let mut blocks = Vec::new();
        let mut renamed: Vec<(Cid, Cid)> = Vec::new();
        for Linked { cid, mut value } in self.nodes.into_iter().chain(self.record).rev() {
            for (before, after) in &renamed {
                relink(&mut value, before, after);
            }
            let (now, block) = block_of(&value);
            renamed.push((cid, now));
            blocks.push(block);
        }
        let mut commit = Ipld::Map(self.commit);
        for (before, after) in &renamed {
            relink(&mut commit, before, after);
        }
        let signature = self.signer.sign(&block_of(&commit).1);
        let Ipld::Map(mut commit) = commit else {
            unreachable!()
        };
        commit.entry("sig".to_owned()).or_insert(Ipld::Bytes(signature));
        blocks.push(block_of(&Ipld::Map(commit)).1);
        blocks.reverse();
        Sealed { blocks }
    }

    pub(crate) fn archive(self) -> Vec<u8> {
        self.sealed().archive()
    }
}

/// The blocks of a proof, the commit first.
pub(crate) struct Sealed {
    pub(crate) blocks: Vec<Vec<u8>>,
}

impl Sealed {
    /// The archive of the blocks, each under its own hash.
    pub(crate) fn archive(&self) -> Vec<u8> {
        let mut archive = header(1, &[cid::of_dag_cbor(&self.blocks[0])]);
        for block in &self.blocks {
            archive.extend(section(&[&cid::of_dag_cbor(block).to_bytes(), block]));
        }
        archive
    }
}

/// The start of an archive.
pub(crate) fn header(version: i128, roots: &[Cid]) -> Vec<u8> {
    let roots = roots.iter().copied().map(Ipld::Link).collect();
    let fields = [
        ("version".to_owned(), Ipld::Integer(version)),
        ("roots".to_owned(), Ipld::List(roots)),
    ];
    section(&[&block_of(&Ipld::Map(fields.into())).1])
}

/// Parts behind their common length.
pub(crate) fn section(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut buffer = unsigned_varint::encode::usize_buffer();
    let length = unsigned_varint::encode::usize(content.len(), &mut buffer);
    [length, &content].concat()
}

pub(crate) fn block_of(value: &Ipld) -> (Cid, Vec<u8>) {
    let block = serde_ipld_dagcbor::to_vec(value).unwrap();
    (cid::of_dag_cbor(&block), block)
}

fn relink(value: &mut Ipld, before: &Cid, after: &Cid) {
    match value {
        Ipld::Link(link) if link == before => *link = *after,
        Ipld::List(items) => items.iter_mut().for_each(|item| relink(item, before, after)),
        Ipld::Map(fields) => fields.values_mut().for_each(|item| relink(item, before, after)),
        _ => {}
    }
}

/// A search tree, made of all its leaves at once.
pub(crate) struct Tree {
    pub(crate) root: Cid,
    nodes: HashMap<Cid, Node>,
}

/// A node, its keys in full.
#[derive(Clone, Default)]
pub(crate) struct Node {
    pub(crate) left: Option<Cid>,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Cid,
    pub(crate) right: Option<Cid>,
}

impl Tree {
    pub(crate) fn of(leaves: BTreeMap<String, Cid>) -> Self {
        let leaves: Vec<_> = leaves.into_iter().collect();
        let top = leaves.iter().map(|(key, _)| layer_of(key)).max();
        let mut nodes = HashMap::new();
        let root = match grow(&leaves, top.unwrap_or(0), &mut nodes) {
            Some(root) => root,
            None => keep(Node::default(), &mut nodes),
        };
        Self { root, nodes }
    }

    /// The nodes in which a key is looked for, from the root down.
    fn way_to(&self, key: &str) -> Vec<Linked> {
        let mut way = Vec::new();
        let mut next = Some(self.root);
        while let Some(cid) = next {
            let node = &self.nodes[&cid];
            way.push(Linked {
                cid,
                value: node.value(),
            });
            if node.entries.iter().any(|entry| entry.key == key.as_bytes()) {
                break;
            }
            let before = node.entries.iter().rfind(|entry| &*entry.key < key.as_bytes());
            next = before.map_or(node.left, |entry| entry.right);
        }
        way
    }
}

impl Node {
    /// Takes a node's value apart again.
    pub(crate) fn from_value(value: &Ipld) -> Self {
        let link = |value: &Ipld| match value {
            Ipld::Link(cid) => Some(*cid),
            _ => None,
        };
        let mut node = Self {
            left: link(value.get("l").unwrap().unwrap()),
            entries: Vec::new(),
        };
        let Some(Ipld::List(list)) = value.get("e").unwrap() else {
            unreachable!()
        };
        for entry in list {
            let field = |name: &str| entry.get(name).unwrap().unwrap();
            let (Ipld::Integer(shared), Ipld::Bytes(suffix)) = (field("p"), field("k")) else {
                unreachable!()
            };
            let shared = usize::try_from(*shared).unwrap();
            let prefix = node
                .entries
                .last()
                .map_or(&[][..], |before| &before.key[..shared]);
            node.entries.push(Entry {
                key: [prefix, suffix].concat(),
                value: link(field("v")).unwrap(),
                right: link(field("t")),
            });
        }
        node
    }

    /// The node as it is in its block, keys compressed.
    pub(crate) fn value(&self) -> Ipld {
        let mut before = &[][..];
        let entries = self.entries.iter().map(|entry| {
            let shared = entry
                .key
                .iter()
                .zip(before)
                .take_while(|(one, other)| one == other);
            let shared = shared.count();
            before = &entry.key;
            map([
                ("p", Ipld::Integer(shared.try_into().unwrap())),
                ("k", Ipld::Bytes(entry.key[shared..].to_vec())),
                ("v", Ipld::Link(entry.value)),
                ("t", entry.right.map_or(Ipld::Null, Ipld::Link)),
            ])
        });
        let entries = entries.collect();
        map([
            ("l", self.left.map_or(Ipld::Null, Ipld::Link)),
            ("e", Ipld::List(entries)),
        ])
    }
}

pub(crate) fn map<const N: usize>(fields: [(&str, Ipld); N]) -> Ipld {
    Ipld::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// The subtree of these leaves, of which none is above the layer.
fn grow(leaves: &[(String, Cid)], layer: u32, nodes: &mut HashMap<Cid, Node>) -> Option<Cid> {
    if leaves.is_empty() {
        return None;
    }
    let mut runs =
        leaves.chunk_by(|(before, _), (after, _)| layer_of(before) < layer && layer_of(after) < layer);
    let mut node = Node::default();
    let mut run = runs.next();
    while let Some(leaves) = run {
        let below = |leaves: &[(String, Cid)]| layer_of(&leaves[0].0) < layer;
        if below(leaves) {
            let subtree = layer.checked_sub(1).and_then(|layer| grow(leaves, layer, nodes));
            match node.entries.last_mut() {
                None => node.left = subtree,
                Some(entry) => entry.right = subtree,
            }
        } else {
            let (key, value) = &leaves[0];
            node.entries.push(Entry {
                key: key.clone().into_bytes(),
                value: *value,
                right: None,
            });
        }
        run = runs.next();
    }
    Some(keep(node, nodes))
}

fn keep(node: Node, nodes: &mut HashMap<Cid, Node>) -> Cid {
    let (cid, _) = block_of(&node.value());
    nodes.insert(cid, node);
    cid
}

/// Written another way than what is tested.
pub(crate) fn layer_of(key: &str) -> u32 {
    let hash = Sha256::digest(key);
    let (most, _) = hash.split_first_chunk().unwrap();
    u64::from_be_bytes(*most).leading_zeros() / 2
}

/// The first of these names whose key is in a layer.
pub(crate) fn named_in(layer: u32, key: impl Fn(u32) -> String) -> String {
    (0..100_000).map(key).find(|key| layer_of(key) == layer).unwrap()
}

/// The revision of a repository that does not say another.
pub(crate) const REV: &str = "3lhhxizu5wr2d";
