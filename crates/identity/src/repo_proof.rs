//! A record, proven to be in an account's repository: what `com.atproto.sync.getRecord` answers, verified.
//!
//! The answer is a CAR archive with a commit, which the account's key signed, the nodes of the search tree
//! that lead from the commit to the record's path, and the record; each names the next by its hash
//! (<https://atproto.com/specs/repository>). So whoever serves the archive need not be trusted, and the same
//! nodes prove as well that there is no such record.
//!
//! Everything here is a computation on bytes. Not checked, since it takes a clock or a memory: that the
//! commit is the newest, and that its revision is not in the future.
//!
//! Invariants: no archive panics or costs more than a few megabytes; a proof that verifies has exactly one
//! encoding of each block it rests on.

use entryway_scope::Did;
use serde_json::{Map, Value};

use crate::cid::Cid;
use crate::did::PublicKey;

use self::archive::Archive;
use self::commit::Commit;

mod archive;
mod block;
mod commit;
mod error;
mod path;
mod tid;
mod tree;

pub use self::archive::ARCHIVE_BYTES_MAX;
pub use self::block::BlockFault;
pub use self::error::{InvalidProof, Part};
pub(crate) use self::path::LEXICON_SCHEMA;
pub use self::path::{InvalidRecordKey, RecordPath};
pub use self::tid::{InvalidTid, Tid};

/// What a proof is to prove: whose repository, by which key, and where in it.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The account.
    pub did: &'a Did,
    /// The key that its DID document names `#atproto`.
    pub signing_key: &'a PublicKey,
    /// The record.
    pub path: &'a RecordPath,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The commit that was verified.
    pub commit: Cid,
    /// Its revision: of two commits of one repository the later has the greater.
    pub rev: Tid,
    /// What is at the path.
    pub found: Found,
}

/// What a repository has at a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// This record.
    Record(ProvenRecord),
    /// Nothing, by the account's own signature.
    Absent,
}

/// A record as its account signed it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenRecord {
    /// The hash of its block.
    pub cid: Cid,
    /// Its fields as JSON; links are `{"$link": …}` and bytes `{"$bytes": …}`
    /// (<https://atproto.com/specs/data-model>).
    pub fields: Map<String, Value>,
}

/// Verifies an archive against what it is to prove.
///
/// Blocks that nothing leads to are checked against their CIDs and otherwise ignored, as are second roots.
/// Not checked: that the keys of other records are well-formed paths.
///
/// # Errors
///
/// See [`InvalidProof`]; any bytes are safe to give.
pub fn verify(archive: &[u8], claim: &Claim<'_>) -> Result<Proof, InvalidProof> {
    let archive = Archive::read(archive)?;
    let Commit { data, rev } = Commit::verify(&archive, claim)?;
    let found = match tree::find(&archive, &data, claim.path.as_str().as_bytes())? {
        None => Found::Absent,
        Some(cid) => Found::Record(record(&archive, cid)?),
    };
    Ok(Proof {
        commit: archive.root(),
        rev,
        found,
    })
}

fn record(archive: &Archive<'_>, cid: Cid) -> Result<ProvenRecord, InvalidProof> {
    let fields = archive.map(&cid, Part::Record)?;
    Ok(ProvenRecord {
        cid,
        fields: block::json_object(fields),
    })
}

#[cfg(test)]
pub(crate) mod tests;
