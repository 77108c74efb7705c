//! A repository that holds one record or none, signed anew for each (<https://atproto.com/specs/repository>).

use entryway_identity::cid::{self, Cid};
use entryway_identity::did::SigningKey;
use ipld_core::ipld::Ipld;
use serde_json::Value;

/// What its commit says beside its record.
pub(super) struct Repository<'a> {
    pub(super) did: &'static str,
    /// Later ones have greater numbers.
    pub(super) revision: u32,
    pub(super) key: &'a SigningKey,
}

impl Repository<'_> {
    /// The archive that proves that this is at the path, or nothing.
    pub(super) fn proof(&self, path: &str, record: Option<&Value>) -> Vec<u8> {
        let record = record.map(|record| Block::of(&ipld_core::serde::to_ipld(record).unwrap()));
        let entries = record.iter().map(|record| {
            map([
                ("p", Ipld::Integer(0)),
                ("k", Ipld::Bytes(path.as_bytes().to_vec())),
                ("v", Ipld::Link(record.cid)),
                ("t", Ipld::Null),
            ])
        });
        let tree = map([("l", Ipld::Null), ("e", Ipld::List(entries.collect()))]);
        let tree = Block::of(&tree);
        let commit = self.commit(tree.cid);
        let header = map([
            ("version", Ipld::Integer(1)),
            ("roots", Ipld::List(vec![Ipld::Link(commit.cid)])),
        ]);
        let mut archive = section(&[&Block::of(&header).bytes]);
        for block in [commit, tree].iter().chain(&record) {
            archive.extend(section(&[&block.cid.to_bytes(), &block.bytes]));
        }
        archive
    }

    fn commit(&self, tree: Cid) -> Block {
        let mut fields = map([
            ("did", Ipld::String(self.did.to_owned())),
            ("version", Ipld::Integer(3)),
            ("data", Ipld::Link(tree)),
            ("rev", Ipld::String(tid(self.revision))),
            ("prev", Ipld::Null),
        ]);
        let signature = self.key.sign(&Block::of(&fields).bytes);
        if let Ipld::Map(fields) = &mut fields {
            fields.insert("sig".to_owned(), Ipld::Bytes(signature.to_vec()));
        }
        Block::of(&fields)
    }
}

struct Block {
    cid: Cid,
    bytes: Vec<u8>,
}

impl Block {
    fn of(value: &Ipld) -> Self {
        let bytes = serde_ipld_dagcbor::to_vec(value).unwrap();
        Self {
            cid: cid::of_dag_cbor(&bytes),
            bytes,
        }
    }
}

fn map<const N: usize>(fields: [(&str, Ipld); N]) -> Ipld {
    Ipld::Map(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// Parts behind their common length, a varint.
fn section(parts: &[&[u8]]) -> Vec<u8> {
    let mut length: usize = parts.iter().map(|part| part.len()).sum();
    let mut section = Vec::new();
    while length >= 0x80 {
        section.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    section.push(u8::try_from(length).unwrap());
    section.extend(parts.concat());
    section
}

/// A revision of the year 2025 (<https://atproto.com/specs/tid>).
fn tid(revision: u32) -> String {
    const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    let micros = 1_738_806_201_000_000 + u64::from(revision);
    let number = micros << 10;
    let digits = (0..13).rev().map(|place| number >> (place * 5) & 31);
    digits
        .map(|digit| char::from(ALPHABET[usize::try_from(digit).unwrap()]))
        .collect()
}
