//! What a DID stands for: its keys and its document.

mod document;
mod key;

pub use document::{DidDocument, Service, VerificationMethod};
pub use key::{InvalidKey, PublicKey, RejectedSignature, SigningKey};
