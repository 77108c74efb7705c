//! A password given in a browser: what the person sees as a device that is signed in to their account.

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;

use crate::device::Device;

/// Names one sign-in. Not a secret: it counts only inside the browser session that it was given to, and opens
/// nothing where a person names it to end it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignInId(u128);

impl SignInId {
    /// Makes one from random bytes.
    pub const fn from_entropy(entropy: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(entropy))
    }

    /// The raw bytes, as they are stored.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Reads `dev-` and 32 hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("dev-")?;
        let id = u128::from_str_radix(digits, 16).ok().map(Self)?;
        // one name, one spelling
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for SignInId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dev-{:032x}", self.0)
    }
}

impl fmt::Debug for SignInId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<SignInId> for String {
    fn from(id: SignInId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for SignInId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("expected dev- and 32 hexadecimal digits")
    }
}

/// A sign-in as the store holds it.
///
/// Not where it was: an address tells where somebody lives and with whom, changes on every train ride, and would
/// not tell two devices of one home apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Its name.
    pub id: SignInId,
    /// Whose account.
    pub did: Did,
    /// The browser, by what requests are bound to there.
    pub browser: Digest,
    /// What the browser called itself.
    pub device: Device,
    /// When the password was given.
    pub created_at: Timestamp,
    /// When a page was last shown there, to within [`SEEN_EVERY`].
    pub last_seen_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// How often it is written down that a device was seen: a page view must not cost a write.
pub const SEEN_EVERY: Seconds = Seconds::minutes(60);

impl SignIn {
    /// Whether it is to be written down that the device was seen now.
    pub fn is_due(last_seen_at: Timestamp, now: Timestamp) -> bool {
        now - last_seen_at >= SEEN_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        let id = SignInId::from_entropy([0xab; 16]);
        assert_eq!(SignInId::parse(&id.to_string()), Some(id));
        assert_eq!(SignInId::from_entropy(id.to_bytes()), id);
        for bad in [
            "",
            "dev-",
            "ab",
            "dev-abababababababababababababababa",
            "dev-+bababababababababababababababab",
            "dev-ABababababababababababababababab",
            "dev-abababababababababababababababab0",
            "ses-abababababababababababababababab",
        ] {
            assert_eq!(SignInId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_device_is_written_down_as_seen_once_an_hour() {
        let seen = Timestamp::from_seconds(1_700_000_000);
        for (seconds, due) in [
            (0, false),
            (3_599, false),
            (3_600, true),
            (3_601, true),
            (-5, false),
        ] {
            assert_eq!(SignIn::is_due(seen, seen + Seconds(seconds)), due, "{seconds}");
        }
    }
}
