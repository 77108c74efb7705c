//! What a reader asks of the feed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::denial::Denial;
use crate::form::Parameters;

/// Seconds a reader may ask the server to wait for something to happen: below what proxies allow a
/// request without an answer, commonly 60.
pub const WAIT_MAX: u8 = 30;

/// The query of a request to the feed.
///
/// ```
/// use entryway_oauth::revocation::FeedRequest;
/// let request = FeedRequest::parse("after=12&wait=20").unwrap();
/// assert_eq!((request.after, request.wait), (Some(12), 20));
/// assert_eq!(request.query(), "after=12&wait=20");
/// assert!(FeedRequest::parse("after=-1").is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedRequest {
    /// The number of the last event the reader has: it wants the ones after. None asks for everything
    /// that is kept. Refused with [`Denial::CursorGone`] when the next one is not kept any more.
    pub after: Option<u64>,
    /// For how many seconds to wait when there is nothing, at most [`WAIT_MAX`]. A stream ignores it.
    pub wait: u8,
    /// Repeated in every head of the answer.
    pub challenge: Option<Challenge>,
}

impl FeedRequest {
    /// Reads a query, without its question mark.
    ///
    /// Does not check that the number is one of the feed. Unknown parameters are ignored.
    ///
    /// # Errors
    /// [`Denial::ParameterInvalid`] names the parameter, [`Denial::ParameterRepeated`] one given twice.
    pub fn parse(query: &str) -> Result<Self, Denial> {
        let parameters = Parameters::from_form(query.as_bytes())?;
        let read = |name| parameters.optional(name);
        // as far as SQL counts
        let after = |text: &str| number(text).filter(|after| i64::try_from(*after).is_ok());
        let wait = |text: &str| {
            let wait = number(text).and_then(|wait| u8::try_from(wait).ok());
            wait.filter(|wait| *wait <= WAIT_MAX)
        };
        Ok(Self {
            after: parsed(read("after"), after, "after", "must be the number of an event")?,
            wait: parsed(read("wait"), wait, "wait", "must be 0 to 30 seconds")?.unwrap_or_default(),
            challenge: parsed(
                read("challenge"),
                Challenge::parse,
                "challenge",
                "must be 22 base64url characters",
            )?,
        })
    }

    /// Writes the query, without a question mark.
    pub fn query(&self) -> String {
        let after = self.after.map(|after| format!("after={after}"));
        let wait = (self.wait > 0).then(|| format!("wait={}", self.wait));
        let challenge = self.challenge.map(|challenge| format!("challenge={challenge}"));
        let given: Vec<String> = [after, wait, challenge].into_iter().flatten().collect();
        given.join("&")
    }
}

/// Digits only: `+7` and ` 7` are numbers to the standard library, or to a form.
fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn parsed<T>(
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, Denial> {
    text.map(|text| parse(text).ok_or(Denial::ParameterInvalid { name, expected }))
        .transpose()
}

/// What a reader makes anew for every request, to know the answer for one of this moment. No secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge([u8; 16]);

impl Challenge {
    /// Makes one from random bytes.
    pub const fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(entropy)
    }

    /// Reads 22 base64url characters, as [`fmt::Display`] writes them.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.to_string()
    }
}

impl TryFrom<String> for Challenge {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("expected 22 base64url characters")
    }
}
