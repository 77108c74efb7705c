//! Who an account is: keys, DID documents, the operations that change them in a PLC directory, and what the
//! account signs in its repository.
//!
//! Nearly everything is a computation on values. What goes over the network goes through [`fetch`], the one
//! guarded way to a document on a host that a stranger named, and through the look-ups of [`resolve`]. No
//! clock is read and nothing is kept here: how fresh an answer has to be is for the caller to say.
//!
//! Start with [`did::DidDocument`] for what a DID says, [`plc::UnsignedOperation`] for how a `did:plc` comes
//! to be, [`fetch::Fetcher`] for what goes over the network, [`repo_proof::verify`] for what an account's
//! signature proves, and [`lexicon::LexiconResolver`] for where all of it meets.
//!
//! # Invariants
//!
//! - A key is a point on its curve; a text that is none cannot become a [`did::PublicKey`].
//! - Signatures are low-S on the way out and on the way in (<https://web.plc.directory/spec/v0.1/did-plc>).
//! - No connection is made but to an address that was checked, or that a development setting trusts.
//! - A record counts by its account's signature, whoever serves it.
//! - The DID of a genesis operation and the CID of any operation are hashes of the *signed* operation.

pub mod cid;
pub mod did;
mod dns;
pub mod fetch;
pub mod lexicon;
pub mod plc;
pub mod repo_proof;
pub mod resolve;
