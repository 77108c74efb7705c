//! The network, as the follower sees it.

use std::future::Future;
use std::time::Duration;

use entryway_oauth::revocation::FeedRequest;

use super::FeedFault;

/// Where the statements of one issuer's feed come from, and what a follower waits with.
///
/// Whoever implements it bounds what it reads: a statement, a page, and every wait.
pub trait FeedSource: Send + Sync {
    /// An open stream.
    type Stream: FeedStream;

    /// Opens a stream of what this request asks for. The connection ends when the stream is dropped.
    ///
    /// # Errors
    /// The [`FeedFault`]s of the way there.
    fn open(&self, request: FeedRequest) -> impl Future<Output = Result<Self::Stream, FeedFault>> + Send;

    /// Asks for one page, which may take as long as the request says to wait.
    ///
    /// # Errors
    /// The [`FeedFault`]s of the way there.
    fn page(&self, request: FeedRequest) -> impl Future<Output = Result<Vec<String>, FeedFault>> + Send;

    /// Waits, since only a source knows a runtime.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// Statements as they come.
pub trait FeedStream: Send {
    /// The next statement. [`FeedFault::Silent`] after a bounded wait, also when bytes trickle in and make
    /// no statement.
    ///
    /// # Errors
    /// The [`FeedFault`]s of the way there; the stream is of no use after one.
    fn next(&mut self) -> impl Future<Output = Result<String, FeedFault>> + Send;
}
