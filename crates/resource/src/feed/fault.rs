//! Why the feed is not followed for the moment.

use entryway_oauth::revocation::InvalidStatement;

use crate::{IssuerSilent, causes};

/// Why a connection to the feed could not be made, or was dropped. The follower goes on by itself; the
/// sentences are for logs and health checks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedFault {
    // --- the way there ------------------------------------------------------------------------
    /// No connection, or one that ended with an error.
    #[error("the revocation feed cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Status 401.
    #[error("the revocation feed does not accept the feed token of this reader")]
    TokenRefused,
    /// Status 410 or 400 with a cursor: what follows it is not kept any more, or it never was there.
    #[error("the revocation feed cannot continue at this cursor, starting over with the oldest event")]
    CursorRefused,
    /// Another status than 200.
    #[error("the revocation feed answers with status {status} instead of 200")]
    Refused {
        /// The status.
        status: u16,
    },
    /// Another media type, or text that is not of the one it says.
    #[error("the answer of the revocation feed is not what was asked for: {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// A line, a page or a list is longer than it can be.
    #[error("the answer of the revocation feed is longer than any it gives")]
    TooLong,
    /// No statement came in time.
    #[error("the revocation feed was silent for too long")]
    Silent,
    /// The stream ended, as it does when the server is restarted.
    #[error("the revocation feed ended the connection")]
    Ended,

    /// The issuer does not say which keys sign its feed.
    #[error("the keys of the revocation feed are not to be had")]
    KeysUnknown(#[source] IssuerSilent),

    // --- what it says -------------------------------------------------------------------------
    /// A statement is not one of the feed.
    #[error("a statement of the revocation feed {0}")]
    Statement(#[from] InvalidStatement),
    /// A statement is of another issuer.
    #[error("a statement of the revocation feed is of another issuer")]
    IssuerForeign,
    /// A head that answers another request: recorded, or from a cache.
    #[error("the revocation feed repeats an old answer, is there a cache on the way")]
    AnswerOld,
    /// An event is missing, or comes twice, or a head is older than what it follows.
    #[error("the revocation feed is out of order: {expected} was expected and {found} came")]
    OutOfOrder {
        /// The number of the next event, or the least a head may have.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A head is dated before the one before it, or later than time has passed: the server's clock was set.
    #[error("the clock of the revocation feed was set meanwhile")]
    ClockSet,
    /// A page without a head at its end, or a stream that holds back events its heads tell of.
    #[error("the revocation feed does not say everything it knows")]
    Withheld,
    /// Statements come much later than they were made.
    #[error("the revocation feed is held up on the way by {seconds} seconds")]
    HeldUp {
        /// By how much.
        seconds: u64,
    },
    /// The feed is not the one it was. What was revoked here stays revoked; what was revoked there and
    /// lost may be valid again there, which the issuer's operator should look into.
    #[error(
        "the revocation feed lost its history, as when a database is restored: event {had} was read before \
         and the latest is now {has} or another one, starting over"
    )]
    HistoryLost {
        /// The last event that was read.
        had: u64,
        /// The latest one now.
        has: u64,
    },
    /// More is revoked than is remembered.
    #[error("more is revoked than the {entries_max} sessions and keys that are remembered")]
    Full {
        /// The limit.
        entries_max: usize,
    },
}

impl FeedFault {
    /// The sentence with the causes behind it.
    pub(super) fn in_full(&self) -> String {
        causes::in_full(self)
    }
}
