//! App passwords: `xxxx-xxxx-xxxx-xxxx`, made here, shown once, and never good for account security.

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_oauth::secret::Digest;
use entryway_oauth::session_token::SessionScope;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use crate::letters::{self, grouped};

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
        Self(grouped(&letters::draw(&entropy), GROUP))
    }

    /// Reads what may be one; nothing for a text of another shape, which need not be looked up.
    ///
    /// Exactly as it was shown: in lower case, with its hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let mut groups = text.split('-');
        let well_formed = |group: &str| group.len() == GROUP && letters::are_all(group);
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

const GROUP: usize = 4;
const GROUPS: usize = 4;
const NAME_CHARACTERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    // B11
    #[test]
    fn a_password_has_the_shape_clients_recognise() {
        assert_eq!(AppPassword::from_entropy([0; 10]).expose(), "aaaa-aaaa-aaaa-aaaa");
        assert_eq!(
            AppPassword::from_entropy([0xff; 10]).expose(),
            "7777-7777-7777-7777"
        );
        for n in 0..=255 {
            let password = AppPassword::from_entropy([n, 1, 2, 3, 4, 5, 6, 7, 8, n]);
            assert_eq!(AppPassword::parse(password.expose()), Some(password));
        }
    }

    #[test]
    fn another_shape_is_not_looked_up() {
        for other in [
            "",
            "aaaa-aaaa-aaaa",
            "aaaa-aaaa-aaaa-aaaa-aaaa",
            "aaaa-aaaa-aaaa-aaaa-",
            "-aaaa-aaaa-aaaa-aaaa",
            "aaaaa-aaaa-aaaa-aaa",
            "aaaaaaaaaaaaaaaa",
            "AAAA-aaaa-aaaa-aaaa",
            "aaa1-aaaa-aaaa-aaaa",
            "aaaa-aaaa-aaaa-aaaa\n",
            " aaaa-aaaa-aaaa-aaaa",
            "\u{e4}aa-aaaa-aaaa-aaaa",
            &"a".repeat(100_000),
            &"-".repeat(100_000),
        ] {
            assert_eq!(AppPassword::parse(other), None, "{other:.40}");
        }
    }

    #[test]
    fn the_same_password_of_two_accounts_is_stored_as_two_digests() {
        let password = AppPassword::from_entropy([7; 10]);
        let (alice, other) = (fixtures::account().did, fixtures::other_did());
        assert_eq!(password.digest(&alice), password.digest(&alice));
        assert_ne!(password.digest(&alice), password.digest(&other));
        assert_eq!(format!("{password:?}"), "AppPassword([redacted])");
    }

    #[test]
    fn a_name_is_short_and_visible() {
        let longest = "\u{1f600}".repeat(64);
        for (text, name) in [
            ("my bot", Some("my bot")),
            ("  my bot\t", Some("my bot")),
            ("x", Some("x")),
            (longest.as_str(), Some(longest.as_str())),
            (&format!("{longest}x"), None),
            (&"x".repeat(64), Some("x".repeat(64).as_str())),
            (&"x".repeat(65), None),
            (&"x".repeat(1_000_000), None),
            ("", None),
            ("   ", None),
            ("a\u{0}b", None),
            ("a\nb", None),
            ("a\u{202e}b", Some("a\u{202e}b")),
        ] {
            let read = AppPasswordName::parse(text).ok();
            assert_eq!(read.as_ref().map(AppPasswordName::as_str), name, "{text:.40}");
        }
    }

    // R-483
    #[test]
    fn the_kind_is_the_scope() {
        assert_eq!(AppPasswordKind::asked(false).scope(), SessionScope::AppPass);
        assert_eq!(
            AppPasswordKind::asked(true).scope(),
            SessionScope::AppPassPrivileged
        );
        for denial in [name_taken(), too_many()] {
            assert_eq!((denial.status(), denial.name()), (400, "InvalidRequest"));
        }
    }
}
