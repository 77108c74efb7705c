//! Why a lexicon could not be had, in words for whoever publishes it.

use crate::fetch::FetchError;
use crate::repo_proof::InvalidProof;
use crate::resolve::{DidRecordFault, DidUnresolved};

/// Why a lexicon could not be had: the step that failed, and why.
///
/// The variants are in the order of the steps. Each text is a sentence that names its subject and keeps to
/// the characters of RFC 6749 section 5.2.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LexiconUnresolved {
    /// The DNS does not tie the authority to a DID.
    #[error("the domain of the lexicon names no authority in its _lexicon name: {0}")]
    Authority(DidRecordFault),
    /// The DID of the authority does not resolve.
    #[error("the DID of the lexicon authority does not resolve: {0}")]
    Did(DidUnresolved),
    /// The document has no key, or one of a kind that signs no repositories.
    #[error("the DID document of the lexicon authority has no signing key #atproto")]
    SigningKeyMissing,
    /// The document has no host.
    #[error("the DID document of the lexicon authority has no service #atproto_pds")]
    PdsMissing,
    /// The host is not given as it should be.
    #[error("the PDS of the lexicon authority must be given as an https URL without path and query")]
    PdsUrl,
    /// The record could not be fetched from its host.
    #[error("the record of the lexicon {0}")]
    Fetch(FetchError),
    /// What came from the host proves nothing.
    #[error("the proof of the lexicon record {0}")]
    Proof(InvalidProof),
    /// The repository is from the future.
    #[error("the repository of the lexicon authority has a rev in the future")]
    FutureRevision,
    /// The repository has gone back since it was last seen.
    #[error("the repository of the lexicon authority is older than it was before")]
    RolledBack,
    /// The authority does not publish the lexicon.
    #[error("the lexicon authority has no record of this name in com.atproto.lexicon.schema")]
    Absent,
    /// The record is of another type.
    #[error("the record of the lexicon must have the $type com.atproto.lexicon.schema")]
    Type,
    /// The record is in another lexicon language.
    #[error("the record of the lexicon must have the lexicon version 1")]
    Version,
    /// The record is of another lexicon.
    #[error("the record of the lexicon must have its own name as id")]
    Id,
}

impl LexiconUnresolved {
    /// Says whether the same resolution may succeed later with nothing corrected.
    ///
    /// What was resolved before may be used on after any failure, within its time; only after such a
    /// one is it worth asking again soon.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Authority(fault) => fault.is_temporary(),
            Self::Did(error) => error.is_temporary(),
            Self::Fetch(error) => error.is_temporary(),
            Self::SigningKeyMissing
            | Self::PdsMissing
            | Self::PdsUrl
            | Self::Proof(_)
            | Self::FutureRevision
            | Self::RolledBack
            | Self::Absent
            | Self::Type
            | Self::Version
            | Self::Id => false,
        }
    }
}
