//! App passwords: `xxxx-xxxx-xxxx-xxxx`, made here, shown once, and never good for account security.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use entryway_oauth::secret::Digest;
use entryway_oauth::session_token::SessionScope;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

/// The password itself: 80 random bits in base32, in four groups of four. `Debug` shows nothing of it.
///
/// ```
/// use entryway_core::app_password::AppPassword;
/// let password = AppPassword::from_entropy([7; 10]);
/// assert_eq!(password.expose().len(), "xxxx-xxxx-xxxx-xxxx".len());
/// assert_eq!(AppPassword::parse(password.expose()), Some(password));
/// assert_eq!(AppPassword::parse("correct horse"), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AppPassword(String);

impl AppPassword {
    /// Makes one from random bytes.
    pub fn from_entropy(entropy: [u8; 10]) -> Self {
        let letters = BASE32_NOPAD.encode(&entropy).to_ascii_lowercase();
        Self(grouped(&letters, GROUP))
    }

    /// Reads what may be one; nothing for a text of another shape, which need not be looked up.
    ///
    /// Exactly as it was shown: in lower case, with its hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let mut groups = text.split('-');
        let well_formed = |group: &str| group.len() == GROUP && group.bytes().all(is_base32);
        let all = groups
            .by_ref()
            .take(GROUPS)
            .filter(|group| well_formed(group))
            .count();
        (all == GROUPS && groups.next().is_none()).then(|| Self(text.to_owned()))
    }

    /// The password, to be shown to its owner once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored in its place, and looked up by: of this account, so that equal passwords of two
    /// accounts do not show. A fast digest suffices for 80 random bits.
    pub fn digest(&self, account: &Did) -> Digest {
        Digest::of_parts(&[b"app password", account.as_str().as_bytes(), self.0.as_bytes()])
    }
}

impl fmt::Debug for AppPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppPassword([redacted])")
    }
}

/// What an app password opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppPasswordKind {
    /// Everything an app needs but direct messages.
    Plain,
    /// Direct messages too.
    Privileged,
}

impl AppPasswordKind {
    /// The kind a request asks for.
    pub const fn asked(privileged: bool) -> Self {
        if privileged { Self::Privileged } else { Self::Plain }
    }

    /// The scope of its sessions, from their beginning to their end (R-483).
    pub const fn scope(self) -> SessionScope {
        match self {
            Self::Plain => SessionScope::AppPass,
            Self::Privileged => SessionScope::AppPassPrivileged,
        }
    }
}

/// The name a person gives an app password; one of each per account.
///
/// ```
/// use entryway_core::app_password::AppPasswordName;
/// assert_eq!(AppPasswordName::parse(" my bot ").unwrap().as_str(), "my bot");
/// assert!(AppPasswordName::parse("\u{7}").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppPasswordName(String);

impl AppPasswordName {
    /// Reads a name, without the white space around it.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidRequest`] unless it is 1 to 64 characters and none of them a control character.
    pub fn parse(text: &str) -> Result<Self, XrpcDenial> {
        let name = text.trim();
        // cheap before it counts, since it counts characters
        let bounded = name.len() <= 4 * NAME_CHARACTERS_MAX && name.chars().count() <= NAME_CHARACTERS_MAX;
        if name.is_empty() || !bounded || name.chars().any(char::is_control) {
            return Err(XrpcDenial::InvalidRequest {
                expected: "name must be 1 to 64 characters without control characters",
            });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AppPasswordName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|_| "expected the name of an app password")
    }
}

impl From<AppPasswordName> for String {
    fn from(name: AppPasswordName) -> Self {
        name.0
    }
}

/// An app password as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPasswordEntry {
    /// Its name.
    pub name: AppPasswordName,
    /// What it opens.
    pub kind: AppPasswordKind,
    /// When it was made.
    pub created_at: Timestamp,
}

/// App passwords of one account. Each is a look-up at every sign-in with one, and a line on a page.
pub const APP_PASSWORDS_MAX: usize = 100;

/// Why an app password is not made: what the store found.
pub const fn name_taken() -> XrpcDenial {
    XrpcDenial::InvalidRequest {
        expected: "name must differ from those of this account's other app passwords",
    }
}

/// Why an app password is not made: there are [`APP_PASSWORDS_MAX`].
pub const fn too_many() -> XrpcDenial {
    XrpcDenial::InvalidRequest {
        expected: "an account has at most 100 app passwords, revoke one first",
    }
}

/// Splits letters into groups with hyphens between them.
pub(crate) fn grouped(letters: &str, group: usize) -> String {
    let mut text = String::with_capacity(letters.len() + letters.len() / group);
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % group == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// Whether it is a letter of lower-case base32 (RFC 4648 section 6).
pub(crate) fn is_base32(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'2'..=b'7')
}

const GROUP: usize = 4;
const GROUPS: usize = 4;
const NAME_CHARACTERS_MAX: usize = 64;
