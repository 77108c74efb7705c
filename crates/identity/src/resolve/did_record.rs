//! TXT records that tie a name to a DID: `did=did:plc:…`.

use std::time::Duration;

use entryway_scope::{Did, Handle, Nsid};
use tokio::time::timeout;
use tracing::debug;

use super::TxtLookup;

/// A TXT record that ties a name to a DID.
///
/// ```
/// use entryway_identity::resolve::DidRecord;
/// use entryway_scope::Nsid;
///
/// let lexicon = Nsid::parse("edu.university.dept.lab.blogging.getBlogPost")?;
/// assert_eq!(DidRecord::Lexicon(&lexicon).name(), "_lexicon.blogging.lab.dept.university.edu");
/// # Ok::<(), entryway_scope::InvalidIdentifier>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum DidRecord<'a> {
    /// The repository in which all lexicons of a group are published: `_lexicon.` and the authority. Domains
    /// above and below it have no say (<https://atproto.com/specs/lexicon>, "Lexicon Publication and
    /// Resolution").
    Lexicon(&'a Nsid),
    /// The account that has a handle, unless its host says so by https: `_atproto.` and the handle
    /// (<https://atproto.com/specs/handle>).
    Handle(&'a Handle),
}

impl DidRecord<'_> {
    /// The name of the record.
    pub fn name(self) -> String {
        match self {
            Self::Lexicon(name) => format!("_lexicon.{}", name.authority()),
            Self::Handle(handle) => format!("_atproto.{handle}"),
        }
    }

    /// Looks up the DID that the name is tied to.
    ///
    /// Not checked: that the DID's document says the same.
    ///
    /// # Errors
    ///
    /// See [`DidRecordFault`]. The log has, at debug, why a look-up failed.
    pub async fn resolve(self, dns: &dyn TxtLookup) -> Result<Did, DidRecordFault> {
        self.resolve_within(TIME_MAX, dns).await
    }

    pub(super) async fn resolve_within(
        self,
        time_max: Duration,
        dns: &dyn TxtLookup,
    ) -> Result<Did, DidRecordFault> {
        let name = self.name();
        if name.len() > NAME_BYTES_MAX {
            // nobody can have it, so there is nothing to look up
            return Err(DidRecordFault::Missing);
        }
        let texts = match timeout(time_max, dns.txt(&name)).await {
            Ok(Ok(texts)) => texts,
            Ok(Err(error)) => {
                debug!(dns.name = name, %error, "TXT record not looked up");
                return Err(DidRecordFault::LookupFailed);
            }
            Err(_) => {
                debug!(dns.name = name, "TXT record not looked up in time");
                return Err(DidRecordFault::LookupFailed);
            }
        };
        // other records at the name are none of our business
        let mut dids = texts.iter().filter_map(|text| text.strip_prefix("did="));
        match (dids.next(), dids.next()) {
            (None, _) => Err(DidRecordFault::Missing),
            (Some(_), Some(_)) => Err(DidRecordFault::Ambiguous),
            (Some(did), None) => Did::parse(did).map_err(|_| DidRecordFault::NoDid),
        }
    }
}

/// Why a name is tied to no DID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DidRecordFault {
    /// It is not known whether there is a record.
    #[error("the TXT record could not be looked up, try again")]
    LookupFailed,
    /// There is no record.
    #[error("there is no TXT record that starts with did=")]
    Missing,
    /// There is more than one, and none of them counts for more.
    #[error("there is more than one TXT record that starts with did=, keep one")]
    Ambiguous,
    /// The record has something else than a DID.
    #[error("the TXT record must be did= and a DID of the method did:plc or did:web")]
    NoDid,
}

impl DidRecordFault {
    /// Says whether the same look-up may succeed later with nothing corrected.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::LookupFailed)
    }
}

/// Longest wait for a look-up.
const TIME_MAX: Duration = Duration::from_secs(5);

/// RFC 1035 section 2.3.4, in its text form without the final dot.
const NAME_BYTES_MAX: usize = 253;
