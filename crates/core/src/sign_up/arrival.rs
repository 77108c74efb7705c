//! What somebody brings who moves here.

use serde::{Deserialize, Serialize};

use super::Follows;

/// An account that lives elsewhere and is to live here (A18, contract 2.3): what its DID was before we changed it.
///
/// Whether whoever asks may act for the DID, and whether we may change it, was seen to before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The DID, and the operation that our first one follows: its newest, or the one that is brought.
    pub follows: Follows,
    /// What that operation says, as JSON: what our own keep of it, and what is put back where the account does not
    /// come to be.
    pub before: String,
    /// The operation as JSON, where it has to be sent to the directory first: its person signed it, and it lets
    /// us sign the next.
    pub brought: Option<Brought>,
}

/// An operation that the person of a DID had signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// The operation as JSON, as it is sent.
    pub operation: String,
    /// The CID it follows, as text.
    pub prev: String,
}
