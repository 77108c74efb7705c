//! Records: their form in DAG-CBOR, their bounds, and what they are in JSON.

use ipld_core::ipld::Ipld;
use serde_json::json;

use super::repo::{Linked, Repo, Signer, block_of};
use super::{did, fields, path, verify};
use crate::cid;
use crate::repo_proof::{BlockFault, InvalidProof, Part};

/// What is read of a repository whose one record is this block.
fn read(block: &[u8]) -> Result<serde_json::Value, BlockFault> {
    let path = path("self");
    let mut draft = Repo::new(did(), Signer::k256(7))
        .with(path.clone(), json!({}))
        .proof(&path);
    let named = draft.record.take().unwrap();
    // the node leads to the block's CID, and the block is put in by hand: no library would write some of them
    let Linked { value, .. } = &mut draft.nodes[0];
    let mut node = super::repo::Node::from_value(value);
    assert_eq!(node.entries[0].value, named.cid);
    node.entries[0].value = cid::of_dag_cbor(block);
    *value = node.value();
    let mut sealed = draft.sealed();
    sealed.blocks.push(block.to_vec());
    match verify(&sealed.archive(), &path) {
        Ok(proof) => Ok(fields(&proof).unwrap()),
        Err(InvalidProof::Malformed {
            part: Part::Record,
            fault,
        }) => Err(fault),
        Err(other) => panic!("{other}"),
    }
}

fn nested(levels: usize) -> Vec<u8> {
    let mut value = Ipld::Null;
    for _ in 1..levels {
        value = Ipld::List(vec![value]);
    }
    block_of(&super::repo::map([("a", value)])).1
}

#[test]
fn a_record_becomes_json() {
    let link = cid::of_raw(b"blob");
    let record = super::repo::map([
        ("$type", Ipld::String("com.example.record".to_owned())),
        ("yes", Ipld::Bool(true)),
        ("none", Ipld::Null),
        ("least", Ipld::Integer(i64::MIN.into())),
        ("most", Ipld::Integer(i64::MAX.into())),
        ("text", Ipld::String("h\u{e9}llo \u{1f98b}".to_owned())),
        ("bytes", Ipld::Bytes(vec![1, 2, 3, 4])),
        ("list", Ipld::List(vec![Ipld::Integer(1), Ipld::List(Vec::new())])),
        ("link", Ipld::Link(link)),
    ]);
    let expected = json!({
        "$type": "com.example.record",
        "yes": true,
        "none": null,
        "least": i64::MIN,
        "most": i64::MAX,
        "text": "h\u{e9}llo \u{1f98b}",
        "bytes": {"$bytes": "AQIDBA"},
        "list": [1, []],
        "link": {"$link": link.to_string()},
    });
    assert_eq!(read(&block_of(&record).1), Ok(expected));
    assert_eq!(read(b"\xa0"), Ok(json!({})));
}

#[test]
fn each_value_has_one_form() {
    for (what, block) in [
        ("nothing", &b""[..]),
        ("a number in more bytes than it takes", b"\xa1\x61a\x18\x01"),
        ("a length in more bytes than it takes", b"\xa1\x78\x01a\x01"),
        ("a length that is not said", b"\xbf\x61a\x01\xff"),
        ("a text whose length is not said", b"\xa1\x61a\x7f\x61b\xff"),
        ("a list whose length is not said", b"\xa1\x61a\x9f\xff"),
        ("keys out of order", b"\xa2\x61b\x01\x61a\x02"),
        ("a key twice", b"\xa2\x61a\x01\x61a\x02"),
        ("a longer key first", b"\xa2\x62aa\x01\x61b\x02"),
        ("a key that is no text", b"\xa1\x01\x01"),
        ("a text that is no UTF-8", b"\xa1\x61a\x61\xff"),
        ("a tag other than 42", b"\xa1\x61a\xc1\x01"),
        ("a link without its leading zero", b"\xa1\x61a\xd8\x2a\x41\x01"),
        ("a link that is a text", b"\xa1\x61a\xd8\x2a\x61a"),
        ("a link that is empty", b"\xa1\x61a\xd8\x2a\x41\x00"),
        ("undefined", b"\xa1\x61a\xf7"),
        ("a simple value", b"\xa1\x61a\xf0"),
        ("bytes after the end", b"\xa0\xa0"),
        ("a map cut off", b"\xa2\x61a\x01"),
        ("a text longer than the block", b"\xa1\x61a\x7a\xff\xff\xff\xffx"),
        (
            "bytes longer than the block",
            b"\xa1\x61a\x5b\xff\xff\xff\xff\xff\xff\xff\xffx",
        ),
        (
            "a list longer than the block",
            b"\xa1\x61a\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        ),
        (
            "a map longer than the block",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x61a\x01",
        ),
    ] {
        assert_eq!(read(block), Err(BlockFault::Encoding), "{what}");
    }
}

#[test]
fn a_link_with_something_behind_it_is_none() {
    let link = [&cid::of_raw(b"blob").to_bytes()[..], b"more"].concat();
    let length = u8::try_from(link.len() + 1).unwrap();
    let block = [&b"\xa1\x61a\xd8\x2a\x58"[..], &[length, 0], &link].concat();
    assert_eq!(read(&block), Err(BlockFault::Encoding));
}

#[test]
fn a_record_is_a_map() {
    for block in [&b"\x80"[..], b"\x01", b"\xf6", b"\x61a", b"\x41a"] {
        assert_eq!(read(block), Err(BlockFault::NoMap), "{block:?}");
    }
}

#[test]
fn numbers_are_whole_and_of_64_bits() {
    for (what, block) in [
        ("half", &b"\xa1\x61a\xfb\x3f\xe0\0\0\0\0\0\0"[..]),
        ("a whole float", b"\xa1\x61a\xfb\x3f\xf0\0\0\0\0\0\0"),
        ("a short float", b"\xa1\x61a\xfa\x3f\x80\0\0"),
        ("infinity", b"\xa1\x61a\xfb\x7f\xf0\0\0\0\0\0\0"),
        ("no number", b"\xa1\x61a\xfb\x7f\xf8\0\0\0\0\0\0"),
        ("2^63", b"\xa1\x61a\x1b\x80\0\0\0\0\0\0\0"),
        ("-2^63 - 1", b"\xa1\x61a\x3b\x80\0\0\0\0\0\0\0"),
    ] {
        assert_eq!(read(block), Err(BlockFault::Number), "{what}");
    }
}

#[test]
fn a_record_is_bounded_in_depth() {
    assert!(read(&nested(64)).is_ok());
    let too_deep = BlockFault::TooDeep { levels_max: 64 };
    assert_eq!(read(&nested(65)), Err(too_deep));
    assert_eq!(
        read(&[&b"\xa1\x61a"[..], &[0x81; 10_000]].concat()),
        Err(too_deep)
    );
}

// issue 4: a hostile lexicon of 100,000 permissions
#[test]
fn a_record_is_bounded_in_values() {
    let of = |items: usize| {
        let items = vec![super::repo::map([("", Ipld::Null)]); items];
        block_of(&super::repo::map([("a", Ipld::List(items))])).1
    };
    // the map, the list, and two for each item
    assert!(read(&of(9_999)).is_ok());
    let too_many = BlockFault::TooManyValues { values_max: 20_000 };
    assert_eq!(read(&of(10_000)), Err(too_many));
    assert_eq!(read(&of(100_000)), Err(too_many));
}
