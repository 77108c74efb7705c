//! Mail: what is sent, and the way out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A mail to one person. `Debug` shows nothing of it, since it may hold a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The subject, in one line.
    pub subject: String,
    /// The body, as plain text.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail([redacted])")
    }
}

/// Hands mail on to whoever delivers it, and bounds how long that may take.
pub trait Post: fmt::Debug + Send + Sync {
    /// Hands it on. That it arrives is not known.
    fn send(&self, mail: Mail) -> Sending<'_>;
}

/// A mail on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), NotSent>> + Send + 'a>>;

/// The mail was not taken, for a cause that only the log tells.
#[derive(Debug, thiserror::Error)]
#[error("the mail was not taken: {0}")]
pub struct NotSent(pub String);

/// Where an operator names no way out: nothing is sent, and whoever waits for it is told that something broke.
#[derive(Clone, Copy, Debug)]
pub struct NoPost;

impl Post for NoPost {
    fn send(&self, _: Mail) -> Sending<'_> {
        Box::pin(async { Err(NotSent("no way out for mail is configured".to_owned())) })
    }
}
