//! Why a fetch brought nothing, in words for whoever runs the other host.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

/// Why a fetch brought nothing.
///
/// Each text continues a sentence whose subject the caller knows, as in `the client document {error}`; it
/// tells the developer of that document what to do and keeps to the characters of RFC 6749 section 5.2.
///
/// What is *not* told apart is deliberate: a name that does not exist, one that leads to a private
/// address and one that leads to both are [`Unresolved`](Self::Unresolved); a port that refuses, one that
/// never answers and a certificate that does not fit are [`Unreachable`](Self::Unreachable). Addresses,
/// bodies, header values and the causes below are in no variant, so they cannot reach a caller.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// The scheme is not one that is fetched.
    #[error("is not at an https URL")]
    SchemeRefused,
    /// The URL is longer than the limit, or cannot be written in a request.
    #[error("is at a URL that cannot be requested, it may have at most {bytes_max} characters")]
    UrlRefused {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// The URL carries a user name or a password.
    #[error("is at a URL with a user name or a password, leave them out")]
    UserinfoRefused,
    /// The host is an address.
    #[error("is at a URL whose host is an address, serve it at a public name")]
    LiteralRefused,
    /// The host is a name that nobody can hold in the public DNS.
    #[error("is at a host name that is local or reserved, serve it at a public one")]
    NameRefused,
    /// The port is not the one of https.
    #[error("is at a URL with a port other than 443, serve it on that one")]
    PortRefused,
    /// The name has no address, or one that is not public, or the look-up failed.
    #[error("is at a host that does not resolve to public addresses only")]
    Unresolved,
    /// No connection, no TLS, or neither in time.
    #[error("could not be reached, its host must answer with a certificate valid for its name")]
    Unreachable,
    /// The answer was not complete in time.
    #[error("took longer than {}", Spelled(*.time_max))]
    TooSlow {
        /// How long it may take.
        time_max: Duration,
    },
    /// No turn came in time: too many fetches are under way, here or to this host or address.
    #[error("could not be fetched now, too much is being fetched; try again")]
    Busy,
    /// The answer broke off, is not HTTP/1.1, or has a head or a framing beyond all measure.
    #[error("did not come in one complete HTTP answer")]
    Broken,
    /// The answer points elsewhere.
    #[error("answered with a redirect, which is not followed; serve it at this URL itself")]
    Redirected,
    /// The status is not 200.
    #[error("answered with status {} instead of 200", .status.as_u16())]
    Status {
        /// What came.
        status: StatusCode,
    },
    /// The body is compressed.
    #[error("is compressed, send it as it is")]
    Compressed,
    /// The type is missing or another one.
    #[error("must have the content-type {}", Alternatives(.expected))]
    ContentType {
        /// What was asked for.
        expected: &'static [&'static str],
    },
    /// The body is longer than the limit.
    #[error("is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit, in bytes.
        bytes_max: usize,
    },
}

impl FetchError {
    /// Says whether the shortage was here, and nothing was learnt of the host.
    ///
    /// Strangers can bring it about by asking for much. So it must not be a reason to go on with what may have
    /// been withdrawn meanwhile, as a failure of the host is.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Busy)
    }

    /// Says whether the same fetch may succeed later with nothing corrected.
    ///
    /// What has been running on an earlier answer may go on after such a failure; after any other the
    /// host has given its answer. A name that no longer resolves counts as temporary, since a look-up that
    /// failed is not told apart from it.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unresolved | Self::Unreachable | Self::TooSlow { .. } | Self::Busy | Self::Broken => true,
            Self::Status { status } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                    )
            }
            Self::SchemeRefused
            | Self::UrlRefused { .. }
            | Self::UserinfoRefused
            | Self::LiteralRefused
            | Self::NameRefused
            | Self::PortRefused
            | Self::Redirected
            | Self::Compressed
            | Self::ContentType { .. }
            | Self::TooLarge { .. } => false,
        }
    }
}

/// A duration as a person says it.
struct Spelled(Duration);

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_millis()) {
            (1, 0) => f.write_str("1 second"),
            (seconds, 0) => write!(f, "{seconds} seconds"),
            _ => write!(f, "{} milliseconds", self.0.as_millis()),
        }
    }
}

/// `a`, `a or b`, `a or b or c`.
struct Alternatives(&'static [&'static str]);

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            f.write_str(one)?;
        }
        Ok(())
    }
}

/// What a fetch ended with, and the cause that only the log may see.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: FetchError,
    pub(super) cause: Option<Cause>,
}

pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Failed {
    pub(super) fn with(error: FetchError, cause: impl Into<Cause>) -> Self {
        Self {
            error,
            cause: Some(cause.into()),
        }
    }
}

impl From<FetchError> for Failed {
    fn from(error: FetchError) -> Self {
        Self { error, cause: None }
    }
}
