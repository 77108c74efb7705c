//! A repository as its account signs it: a commit over a search tree over records
//! (<https://atproto.com/specs/repository>).
//!
//! Nothing of it is kept. Tree and commit are made from the records whenever somebody asks for a proof, and
//! are the same every time: the tree follows from the paths of the records, the signature from what is signed
//! (RFC 6979). That takes time with the number of records, which is fine for the accounts of one developer.

mod archive;
mod tree;

use std::collections::BTreeMap;

use entryway_identity::cid::{self, Cid};
use entryway_identity::did::SigningKey;
use entryway_scope::Did;
use ipld_core::ipld::Ipld;

/// An account's records, and what its commit says beside them.
#[derive(Debug)]
pub(crate) struct Repository<'a> {
    /// The account.
    pub(crate) did: &'a Did,
    /// A TID: greater after every change.
    pub(crate) rev: &'a str,
    /// The key that the account's DID document names `#atproto`.
    pub(crate) signing_key: &'a SigningKey,
    /// The CID of each record by its path, `collection/rkey`.
    pub(crate) records: BTreeMap<String, Cid>,
}

impl Repository<'_> {
    /// The archive that proves what is at a path: `record`, or nothing if there is none.
    ///
    /// Not checked: that the record is the one whose CID the path has.
    pub(crate) fn proof(&self, path: &str, record: Option<Block>) -> Vec<u8> {
        let tree::Way { root, nodes } = tree::way_to(&self.records, path);
        let commit = self.commit(root);
        let root = commit.cid;
        archive::archive(root, [commit].into_iter().chain(nodes).chain(record))
    }

    /// The signed commit over a tree.
    fn commit(&self, tree: Cid) -> Block {
        let mut fields = BTreeMap::from([
            ("did".to_owned(), Ipld::String(self.did.to_string())),
            ("version".to_owned(), Ipld::Integer(VERSION)),
            ("data".to_owned(), Ipld::Link(tree)),
            ("rev".to_owned(), Ipld::String(self.rev.to_owned())),
            // there in version 3 and without a meaning
            ("prev".to_owned(), Ipld::Null),
        ]);
        // what is signed is the same map without its signature
        let unsigned = Block::of(&Ipld::Map(fields.clone()));
        let signature = self.signing_key.sign(&unsigned.bytes);
        fields.insert("sig".to_owned(), Ipld::Bytes(signature.to_vec()));
        Block::of(&Ipld::Map(fields))
    }
}

/// A value in DAG-CBOR, and the hash that names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Block {
    pub(crate) cid: Cid,
    pub(crate) bytes: Vec<u8>,
}

impl Block {
    /// The one block of a value without floats.
    #[expect(
        clippy::expect_used,
        reason = "memory takes every write, and every value but a float has a form"
    )]
    pub(crate) fn of(value: &Ipld) -> Self {
        let bytes = serde_ipld_dagcbor::to_vec(value).expect("a value without floats");
        Self {
            cid: cid::of_dag_cbor(&bytes),
            bytes,
        }
    }
}

/// The version of repositories that is in use.
const VERSION: i128 = 3;

#[cfg(test)]
mod tests;
