//! Why a host did not do what it was asked, with what to do about it. No token, and nothing of a body but a name and a sentence.

use std::fmt::Write as _;

use thiserror::Error;

use entryway_resource::client::ClientFault;

/// Why there is no result.
#[derive(Debug, Error)]
pub(super) enum CallFault {
    /// The host says no.
    #[error("{method} at {host} was refused with {status}: {error}: {message}")]
    Refused {
        method: String,
        host: String,
        status: u16,
        /// The name of the refusal, such as `ExpiredToken`.
        error: String,
        message: String,
    },
    /// It is somewhere else. A token does not follow.
    #[error(
        "{host} sends {method} elsewhere, to {to}: name the host itself, nothing is sent after a redirect"
    )]
    Redirected {
        method: String,
        host: String,
        to: String,
    },
    /// What answers is no host of accounts.
    #[error("{host} does not answer {method} as a PDS does, but with status {status} and {kind}")]
    NotXrpc {
        method: String,
        host: String,
        status: u16,
        kind: String,
    },
    /// No answer, or not all of it.
    #[error("{method} at {host} has no answer: {why}")]
    NoAnswer {
        method: String,
        host: String,
        why: String,
    },
    /// Something here.
    #[error("{0}")]
    Here(String),
}

impl CallFault {
    /// The name and sentence of a refusal.
    pub(super) fn refusal(&self) -> Option<(&str, &str)> {
        match self {
            Self::Refused { error, message, .. } => Some((error, message)),
            _ => None,
        }
    }
}

/// A fault with its causes, in one line.
pub(super) fn chain(fault: &ClientFault) -> String {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(error) = cause {
        let _infallible = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// What somebody else says, for a terminal: its beginning, without these secrets, anything like a token, or a character
/// that a terminal acts on.
pub(super) fn shown(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN) {
        text = text.replace(secret, REDACTED);
    }
    let words = text.split(' ').map(|word| match word.find("eyJ") {
        Some(begin) => format!("{}{REDACTED}", word.get(..begin).unwrap_or_default()),
        None => word.to_owned(),
    });
    plain(&words.collect::<Vec<_>>().join(" "))
}

/// The beginning of a text in printable ASCII.
pub(super) fn plain(text: &str) -> String {
    let ascii = |point: char| match point {
        ' '..='~' => point.to_string(),
        _ => point.escape_unicode().to_string(),
    };
    text.chars().take(SHOWN_CHARACTERS_MAX).map(ascii).collect()
}

/// A shorter one would take letters out of every word.
const SECRET_BYTES_MIN: usize = 4;
/// A sentence; a page is none.
const SHOWN_CHARACTERS_MAX: usize = 300;
const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;

    // A1: a host may repeat what it was sent
    #[test]
    fn what_a_host_repeats_of_a_secret_is_not_shown() {
        for (said, expected) in [
            ("Bad token scope", "Bad token scope"),
            ("no such token: hunter22!", "no such token: [redacted]!"),
            (
                "Bearer eyJhbGciOi.eyJzdWIi.c2ln is bad",
                "Bearer [redacted] is bad",
            ),
            ("token=eyJhbGciOi", "token=[redacted]"),
            ("\u{1b}[31mred\u{202e}\n", "\\u{1b}[31mred\\u{202e}\\u{a}"),
        ] {
            assert_eq!(shown(said, &["hunter22", "a"]), expected);
        }
        assert_eq!(shown(&"x".repeat(10_000), &[]).len(), SHOWN_CHARACTERS_MAX);
    }
}
