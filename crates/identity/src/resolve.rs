//! From a name to a DID, and from a DID to its document.
//!
//! The names are those in the DNS: the authority of a lexicon, and a handle. Who answers look-ups of TXT
//! records is a seam, [`TxtLookup`]; documents come through the [`Fetcher`](crate::fetch::Fetcher). Nothing
//! is kept: what is fresh enough is for the caller to say.

mod did_record;
mod dids;
mod handles;
mod txt;

pub use did_record::{DidRecord, DidRecordFault};
pub use dids::{DidResolver, DidUnresolved};
pub use handles::{HandleResolver, HandleUnresolved};
pub use txt::{RealTxt, TxtLookup, TxtLookupFailed, TxtUnavailable};

#[cfg(test)]
pub(crate) mod tests;
