//! CAR archives: blocks, each behind the CID that names it (<https://ipld.io/specs/transport/car/carv1>).

use entryway_identity::cid::Cid;
use ipld_core::ipld::Ipld;

use super::Block;

/// The archive of some blocks, of which the root is to be read first.
pub(super) fn archive(root: Cid, blocks: impl IntoIterator<Item = Block>) -> Vec<u8> {
    let header = Ipld::Map(
        [
            ("version".to_owned(), Ipld::Integer(1)),
            ("roots".to_owned(), Ipld::List(vec![Ipld::Link(root)])),
        ]
        .into(),
    );
    let mut archive = Vec::new();
    push_section(&mut archive, &[&Block::of(&header).bytes]);
    for Block { cid, bytes } in blocks {
        push_section(&mut archive, &[&cid.to_bytes(), &bytes]);
    }
    archive
}

/// Parts behind their common length.
fn push_section(archive: &mut Vec<u8>, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut buffer = unsigned_varint::encode::usize_buffer();
    archive.extend(unsigned_varint::encode::usize(length, &mut buffer));
    for part in parts {
        archive.extend(*part);
    }
}
