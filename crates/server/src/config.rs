//! What an operator decides. Read once, by the command line, and never again.

use entryway_core::policy::Policy;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::{Digest, ServerKey};

use crate::clients::LocalDocuments;

/// The settings of one instance. Instances of one deployment share all of them.
#[derive(Clone, Debug)]
pub struct Config {
    /// The origin people and clients know this service by.
    pub issuer: Issuer,
    /// Where the OAuth endpoints hang, such as `/oauth` (D10). Begins with a slash and ends without.
    pub prefix: String,
    /// Lifetimes and limits.
    pub policy: Policy,
    /// Whether client documents at http on loopback addresses are read, for development.
    pub local_documents: LocalDocuments,
    /// What every other secret of the deployment is derived from or sealed with.
    pub root_key: ServerKey,
    /// Whether sign-ins are limited. Off only in load tests.
    pub limit_sign_ins: bool,
    /// Back-channel calls of one address in a minute; `None` for no limit.
    pub calls_per_minute: Option<u32>,
    /// Who may read the revocation feed: each resource has a token of its own, so that one can be shut out.
    pub feed_readers: Vec<FeedReader>,
}

/// A resource that follows the revocation feed (D8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedReader {
    /// What the log calls it. Its own among the readers.
    pub name: String,
    /// The digest of its [`FeedToken`](entryway_oauth::secret::FeedToken).
    pub token: Digest,
}
