//! Mail: letters that bring a code or an operator's words, and the way out for them.
//!
//! A letter is the only thing that has a code in clear. Neither it nor an error about it is ever printed whole.

mod letter;
mod plain;
mod smtp;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use letter::Letter;
pub use smtp::{InvalidSmtp, Smtp, SmtpSettings};

/// Hands letters on to whoever delivers them, and bounds how long that may take.
pub trait Post: fmt::Debug + Send + Sync {
    /// Hands it on. That it arrives is not known.
    fn send(&self, letter: Letter) -> Sending<'_>;
}

/// A letter on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), NotSent>> + Send + 'a>>;

/// A letter nobody took, for a cause that only the log tells. Says nothing of the letter.
#[derive(Debug, thiserror::Error)]
#[error("the letter was not taken: {0}")]
pub struct NotSent(pub String);

/// Where an operator names no way out: nothing is sent, and whoever waits for it is told that something broke.
#[derive(Clone, Copy, Debug)]
pub struct NoPost;

impl Post for NoPost {
    fn send(&self, _: Letter) -> Sending<'_> {
        Box::pin(async { Err(NotSent("no way out for mail is configured".to_owned())) })
    }
}
