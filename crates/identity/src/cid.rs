//! Content identifiers in the one form the AT Protocol uses: version 1, SHA-256, base32.

pub use cid::Cid;
use cid::Version;
use cid::multihash::Multihash;
use sha2::{Digest as _, Sha256};

/// The CID of a block of DAG-CBOR: a record, a PLC operation.
///
/// Not checked: that the bytes are DAG-CBOR.
///
/// ```
/// let cid = entryway_identity::cid::of_dag_cbor(&[0xa0]); // the empty map
/// assert_eq!(cid.to_string(), "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua");
/// ```
pub fn of_dag_cbor(block: &[u8]) -> Cid {
    Cid::new_v1(DAG_CBOR, sha_256(block))
}

/// The CID of raw bytes: a blob.
///
/// ```
/// let cid = entryway_identity::cid::of_raw(b"");
/// assert_eq!(cid.to_string(), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
/// ```
pub fn of_raw(bytes: &[u8]) -> Cid {
    Cid::new_v1(RAW, sha_256(bytes))
}

/// Says whether a CID is of the one form that blocks have: version 1, DAG-CBOR, SHA-256.
pub fn names_dag_cbor(cid: &Cid) -> bool {
    let hash = cid.hash();
    cid.version() == Version::V1
        && cid.codec() == DAG_CBOR
        && hash.code() == SHA_256
        && usize::from(hash.size()) == Sha256::output_size()
}

fn sha_256(bytes: &[u8]) -> Multihash<64> {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    #[expect(
        clippy::expect_used,
        reason = "the one failure is a digest longer than 64 bytes, and this one has 32"
    )]
    Multihash::wrap(SHA_256, &digest).expect("32 bytes fit in 64")
}

/// Multicodec `dag-cbor`.
const DAG_CBOR: u64 = 0x71;

/// Multicodec `raw`.
const RAW: u64 = 0x55;

/// Multihash `sha2-256`.
const SHA_256: u64 = 0x12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_one_form_of_cid() {
        let hash = sha_256(b"\xa0");
        let wrapped = |code, digest: &[u8]| Multihash::wrap(code, digest).unwrap();
        for (cid, expected) in [
            (of_dag_cbor(b"\xa0"), true),
            (of_raw(b"\xa0"), false),
            (Cid::new_v0(hash).unwrap(), false),
            (Cid::new_v1(0x70, hash), false),
            // as long, but of SHA-512 and SHA3-256
            (Cid::new_v1(DAG_CBOR, wrapped(0x13, hash.digest())), false),
            (Cid::new_v1(DAG_CBOR, wrapped(0x16, hash.digest())), false),
            (
                Cid::new_v1(DAG_CBOR, wrapped(SHA_256, &hash.digest()[..31])),
                false,
            ),
            (Cid::new_v1(DAG_CBOR, wrapped(0, b"\xa0")), false),
        ] {
            assert_eq!(names_dag_cbor(&cid), expected, "{cid}");
        }
    }
}
