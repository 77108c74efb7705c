//! Who an account is: keys, DID documents and the operations that change them in a PLC directory.
//!
//! Everything is a computation on values, except for [`fetch`]: the one guarded way to a document on a host
//! that a stranger named. Resolving a DID or a handle is not here yet.
//!
//! Start with [`did::DidDocument`] for what a DID says, [`plc::UnsignedOperation`] for how a `did:plc` comes
//! to be, and [`fetch::Fetcher`] for what goes over the network.
//!
//! # Invariants
//!
//! - A key is a point on its curve; a text that is none cannot become a [`did::PublicKey`].
//! - Signatures are low-S on the way out and on the way in (<https://web.plc.directory/spec/v0.1/did-plc>).
//! - No connection is made but to an address that was checked, or that a development setting trusts.
//! - The DID of a genesis operation and the CID of any operation are hashes of the *signed* operation.

pub mod cid;
pub mod did;
mod dns;
pub mod fetch;
pub mod plc;
pub mod repo_proof;
