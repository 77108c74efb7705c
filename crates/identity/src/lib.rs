//! Who an account is: keys, DID documents and the operations that change them in a PLC directory.
//!
//! Everything here is a computation on values. The crate opens no connection: resolving a DID or a handle,
//! and the guarded fetch that needs, are not here yet.
//!
//! Start with [`did::DidDocument`] for what a DID says, and [`plc::UnsignedOperation`] for how a `did:plc`
//! comes to be.
//!
//! # Invariants
//!
//! - A key is a point on its curve; a text that is none cannot become a [`did::PublicKey`].
//! - Signatures are low-S on the way out and on the way in (<https://web.plc.directory/spec/v0.1/did-plc>).
//! - The DID of a genesis operation and the CID of any operation are hashes of the *signed* operation.

pub mod cid;
pub mod did;
pub mod plc;
