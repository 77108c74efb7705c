//! Archives that are no CAR archives, or too much of one.

use ipld_core::ipld::Ipld;

use super::repo::{block_of, header, map, section};
use super::{deep, draft, fault, fields, verify};
use crate::cid;
use crate::repo_proof::{ARCHIVE_BYTES_MAX, BlockFault, InvalidProof, Part};

#[test]
fn the_order_of_blocks_is_free() {
    let sealed = draft().sealed();
    let mut archive = header(1, &[cid::of_dag_cbor(&sealed.blocks[0])]);
    for block in sealed.blocks.iter().rev() {
        archive.extend(section(&[&cid::of_dag_cbor(block).to_bytes(), block]));
    }
    assert!(verify(&archive, &deep()).is_ok());
}

#[test]
fn blocks_that_are_not_needed_or_there_twice_and_second_roots_are_ignored() {
    let mut sealed = draft().sealed();
    sealed
        .blocks
        .extend([b"\xa0".to_vec(), sealed.blocks[1].clone(), b"no CBOR".to_vec()]);
    assert!(verify(&sealed.archive(), &deep()).is_ok());
    let commit = cid::of_dag_cbor(&sealed.blocks[0]);
    let mut archive = header(1, &[commit, cid::of_raw(b"what?")]);
    for block in &sealed.blocks {
        archive.extend(section(&[&cid::of_dag_cbor(block).to_bytes(), block]));
    }
    assert!(verify(&archive, &deep()).is_ok());
}

// a host that changes what it serves
#[test]
fn a_block_that_was_changed_is_not_the_one_its_cid_names() {
    let sealed = draft().sealed();
    for index in 0..sealed.blocks.len() {
        let mut archive = header(1, &[cid::of_dag_cbor(&sealed.blocks[0])]);
        for (at, block) in sealed.blocks.iter().enumerate() {
            let mut content = block.clone();
            if at == index {
                content[3] ^= 1;
            }
            archive.extend(section(&[&cid::of_dag_cbor(block).to_bytes(), &content]));
        }
        assert_eq!(fault(&archive), InvalidProof::BlockHash, "block {index}");
    }
}

#[test]
fn a_cid_of_another_version_codec_hash_or_length_names_no_block() {
    let block = b"\xa0";
    let good = cid::of_dag_cbor(block).to_bytes();
    let digest = &good[4..];
    for (what, name) in [
        ("raw bytes", [&[0x01, 0x55, 0x12, 0x20], digest].concat()),
        ("dag-pb", [&[0x01, 0x70, 0x12, 0x20], digest].concat()),
        ("version 0", [&[0x12, 0x20], digest, &[0, 0]].concat()),
        ("version 2", [&[0x02, 0x71, 0x12, 0x20], digest].concat()),
        ("sha2-512", [&[0x01, 0x71, 0x13, 0x20], digest].concat()),
        ("sha3-256", [&[0x01, 0x71, 0x16, 0x20], digest].concat()),
        ("identity", vec![0x01, 0x71, 0x00, 0x01, 0xa0]),
        (
            "a hash cut short",
            [&[0x01, 0x71, 0x12, 0x10], &digest[..16]].concat(),
        ),
        (
            "version 1 in two bytes",
            [&[0x81, 0x00, 0x71, 0x12, 0x20], digest].concat(),
        ),
        ("nothing", Vec::new()),
    ] {
        let mut archive = draft().archive();
        archive.extend(section(&[&name, block]));
        assert_eq!(fault(&archive), InvalidProof::BlockName, "{what}");
    }
}

#[test]
fn an_archive_that_is_cut_off_anywhere_proves_nothing() {
    let archive = draft().archive();
    for length in 0..archive.len() {
        assert!(verify(&archive[..length], &deep()).is_err(), "{length} bytes");
    }
    assert_eq!(fault(&archive[..archive.len() - 1]), InvalidProof::Section);
    assert_eq!(fault(b""), InvalidProof::Section);
}

#[test]
fn what_follows_the_last_block_has_to_be_a_block() {
    for (trailing, expected) in [
        (&b"\0"[..], InvalidProof::BlockName),
        (b"\x01", InvalidProof::Section),
        (b"\x01\xa0", InvalidProof::BlockName),
        (b"garbage", InvalidProof::Section),
    ] {
        let archive = [&draft().archive()[..], trailing].concat();
        assert_eq!(fault(&archive), expected, "{trailing:?}");
    }
}

#[test]
fn a_length_is_a_varint_in_its_shortest_form() {
    for length in [
        // more than 64 bits, and bits that never end
        &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"[..],
        &[0xff; 32],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xff\xff\xff\xff\x0f",
        // 1 in two bytes
        b"\x81\x00\xa0",
        b"\x80",
    ] {
        let archive = [&draft().archive()[..], length].concat();
        assert_eq!(fault(&archive), InvalidProof::Section, "{length:?}");
        assert_eq!(fault(length), InvalidProof::Section, "{length:?}");
    }
}

#[test]
fn an_archive_starts_with_a_header_of_version_1_and_a_root() {
    let root = cid::of_dag_cbor(b"\xa0");
    let list = |roots| section(&[&block_of(&map([("roots", roots), ("version", Ipld::Integer(1))])).1]);
    for (what, header) in [
        ("version 0", header(0, &[root])),
        ("version 2", header(2, &[root])),
        ("no root", header(1, &[])),
        ("a root of raw bytes", header(1, &[cid::of_raw(b"")])),
        (
            "a root that is text",
            list(Ipld::List(vec![Ipld::String(root.to_string())])),
        ),
        ("roots that are no list", list(Ipld::Link(root))),
        (
            "no version",
            section(&[&block_of(&map([("roots", Ipld::List(vec![Ipld::Link(root)]))])).1]),
        ),
    ] {
        assert_eq!(fault(&header), InvalidProof::Header, "{what}");
    }
    let part = Part::Header;
    for (header, expected) in [
        (section(&[b""]), BlockFault::Encoding),
        (section(&[b"\x80"]), BlockFault::NoMap),
        (section(&[b"\xff\xff"]), BlockFault::Encoding),
    ] {
        let expected = InvalidProof::Malformed {
            part,
            fault: expected,
        };
        assert_eq!(fault(&header), expected, "{header:?}");
    }
}

#[test]
fn an_archive_is_bounded_in_bytes_and_blocks() {
    let bytes_max = ARCHIVE_BYTES_MAX;
    let mut large = draft().archive();
    large.resize(10 * 1024 * 1024, 0);
    assert_eq!(fault(&large), InvalidProof::TooLarge { bytes_max });
    large.truncate(bytes_max + 1);
    assert_eq!(fault(&large), InvalidProof::TooLarge { bytes_max });

    let filled_to = |blocks: usize| {
        let mut sealed = draft().sealed();
        let fillers = (sealed.blocks.len()..blocks).map(|n| n.to_be_bytes().to_vec());
        let fillers: Vec<_> = fillers.collect();
        sealed.blocks.extend(fillers);
        sealed.archive()
    };
    let proof = verify(&filled_to(1000), &deep()).unwrap();
    assert!(fields(&proof).is_some());
    assert_eq!(
        fault(&filled_to(1001)),
        InvalidProof::TooManyBlocks { blocks_max: 1000 }
    );
}
