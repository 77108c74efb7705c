//! Commits: what an account signs of its repository.

use ipld_core::ipld::Ipld;

use super::archive::Archive;
use super::error::{InvalidProof, Part};
use super::{Claim, Tid};
use crate::cid::{self, Cid};

/// A commit that its account signed.
pub(super) struct Commit {
    /// The root of the search tree.
    pub(super) data: Cid,
    pub(super) rev: Tid,
}

impl Commit {
    /// Takes the commit that is the root of an archive.
    ///
    /// Fields that a later version may add are signed and otherwise ignored.
    pub(super) fn verify(archive: &Archive<'_>, claim: &Claim<'_>) -> Result<Self, InvalidProof> {
        let mut fields = archive.map(&archive.root(), Part::Commit)?;
        if fields.get("version") != Some(&Ipld::Integer(VERSION)) {
            return Err(InvalidProof::CommitVersion);
        }
        if !matches!(fields.get("did"), Some(Ipld::String(did)) if did == claim.did.as_str()) {
            return Err(InvalidProof::CommitDid);
        }
        let rev = match fields.get("rev") {
            Some(Ipld::String(rev)) => rev.parse().map_err(|_| InvalidProof::CommitRev)?,
            _ => return Err(InvalidProof::CommitRev),
        };
        let data = match fields.get("data") {
            Some(Ipld::Link(data)) if cid::names_dag_cbor(data) => *data,
            _ => return Err(InvalidProof::CommitFields),
        };
        match fields.get("prev") {
            Some(Ipld::Null) => {}
            Some(Ipld::Link(prev)) if cid::names_dag_cbor(prev) => {}
            _ => return Err(InvalidProof::CommitFields),
        }
        let Some(Ipld::Bytes(signature)) = fields.remove("sig") else {
            return Err(InvalidProof::CommitFields);
        };
        // what is signed is the same map without its signature
        let unsigned =
            serde_ipld_dagcbor::to_vec(&Ipld::Map(fields)).map_err(|_| InvalidProof::CommitFields)?;
        claim
            .signing_key
            .verify(&unsigned, &signature)
            .map_err(InvalidProof::CommitSignature)?;
        Ok(Self { data, rev })
    }
}

/// The version of repositories that is in use.
const VERSION: i128 = 3;
