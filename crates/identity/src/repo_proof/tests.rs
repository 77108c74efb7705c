//! Proofs of repositories that are really made and signed here, and everything that can be wrong with one.

mod arbitrary;
mod archives;
mod commits;
mod missing;
mod records;
mod reference;
pub(crate) mod repo;
mod sentences;
mod trees;
mod whole;

use std::sync::LazyLock;

use entryway_scope::{Did, Nsid};

use self::repo::{Draft, Repo, Signer};
use super::{Claim, Found, InvalidProof, Proof, RecordPath};

fn did() -> Did {
    Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz").unwrap()
}

fn path(rkey: &str) -> RecordPath {
    RecordPath::new(&Nsid::parse("com.example.record").unwrap(), rkey).unwrap()
}

/// A repository of 300 records, whose tree has several layers.
fn repo() -> Repo {
    let records = (0..300).map(|n| (path(&format!("r{n}")), serde_json::json!({"n": n})));
    Repo::new(did(), Signer::k256(7)).with_all(records)
}

/// The proof of a record that is some nodes away from the root.
fn draft() -> Draft {
    static DRAFT: LazyLock<Draft> = LazyLock::new(|| repo().proof(&deep()));
    DRAFT.clone()
}

/// A record in the lowest layer.
fn deep() -> RecordPath {
    static DEEP: LazyLock<RecordPath> = LazyLock::new(|| {
        let repo = repo();
        (0..300)
            .map(|n| path(&format!("r{n}")))
            .max_by_key(|path| repo.proof(path).nodes.len())
            .unwrap()
    });
    DEEP.clone()
}

/// Verifies against the account and key that [`repo`] has.
fn verify(archive: &[u8], path: &RecordPath) -> Result<Proof, InvalidProof> {
    let claim = Claim {
        did: &did(),
        signing_key: &Signer::k256(7).public_key(),
        path,
    };
    super::verify(archive, &claim)
}

/// What is wrong with the archive that was expected to prove [`deep`].
fn fault(archive: &[u8]) -> InvalidProof {
    verify(archive, &deep()).unwrap_err()
}

fn fields(proof: &Proof) -> Option<serde_json::Value> {
    match &proof.found {
        Found::Record(record) => Some(record.fields.clone().into()),
        Found::Absent => None,
    }
}
