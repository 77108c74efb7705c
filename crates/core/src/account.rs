//! An account as the login knows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};

/// One account whose login lives here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its permanent name: what `sub` holds.
    pub did: Did,
    /// Its present name.
    pub handle: Handle,
    /// Where to write to it, if known.
    pub email: Option<String>,
    /// When its owner showed that what is sent there is read.
    pub email_confirmed_at: Option<Timestamp>,
    /// Whether signing in takes a code that is sent there, besides the password (R-486).
    pub email_auth_factor: bool,
    /// The DID of its PDS: what `aud` holds.
    pub pds_did: String,
    /// Whether it may sign in and grant.
    pub status: AccountStatus,
    /// When the password last changed: older browser sign-ins no longer count (R-429).
    pub credentials_changed_at: Timestamp,
}

/// Whether an account may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It may.
    Active,
    /// Its owner switched it off (R-167).
    Deactivated,
    /// The operator took it down.
    TakenDown,
}

impl AccountStatus {
    /// The `status` that sessions and events have beside `active: false`; none for an account that is active.
    ///
    /// ```
    /// use entryway_core::account::AccountStatus;
    /// assert_eq!(AccountStatus::TakenDown.word(), Some("takendown"));
    /// assert_eq!(AccountStatus::Active.word(), None);
    /// ```
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Deactivated => Some("deactivated"),
            Self::TakenDown => Some("takendown"),
        }
    }
}

/// A password hash in PHC form. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps the PHC string.
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the hasher and the store.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}

/// What a person typed into the `username` field: a handle, a DID or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// A handle, lower-cased, with or without its `@`.
    Handle(Handle),
    /// A DID.
    Did(Did),
    /// An e-mail address, lower-cased.
    Email(String),
}

impl Identifier {
    /// Reads what was typed; `None` for what no account could be called.
    ///
    /// ```
    /// use entryway_core::account::Identifier;
    /// assert_eq!(Identifier::parse(" @Alice.test "), Identifier::parse("alice.test"));
    /// assert!(Identifier::parse("<script>").is_none());
    /// ```
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if typed.len() > TYPED_BYTES_MAX {
            return None;
        }
        if typed.starts_with("did:") {
            return Did::parse(typed).ok().map(Self::Did);
        }
        let bare = typed.strip_prefix('@').unwrap_or(typed);
        match bare.split_once('@') {
            Some((local, domain)) => {
                let fine =
                    !local.is_empty() && domain.contains('.') && typed.bytes().all(|b| b.is_ascii_graphic());
                fine.then(|| Self::Email(typed.to_ascii_lowercase()))
            }
            None => Handle::parse(bare).ok().map(Self::Handle),
        }
    }
}

/// Bytes of what may be typed as a name.
const TYPED_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_dids_and_addresses_are_told_apart() {
        assert!(matches!(
            Identifier::parse("alice.test"),
            Some(Identifier::Handle(_))
        ));
        assert!(matches!(
            Identifier::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
            Some(Identifier::Did(_))
        ));
        assert_eq!(
            Identifier::parse("A@Mail.example"),
            Some(Identifier::Email("a@mail.example".to_owned()))
        );
        for bad in [
            "",
            "@",
            "alice",
            "a@b",
            "@@x.test",
            "did:key:zabc",
            &"a".repeat(5_000),
        ] {
            assert_eq!(Identifier::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_password_hash_never_prints() {
        assert_eq!(
            format!("{:?}", PasswordHash::new("$argon2id$x".to_owned())),
            "PasswordHash([redacted])"
        );
    }
}
