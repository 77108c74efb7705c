//! Codes sent by e-mail: `XXXXX-XXXXX`, good for a quarter of an hour, for one purpose and once.

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_oauth::secret::{Digest, ServerKey, constant_time_eq, hmac_sha256};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::letters::{self, grouped};

/// What a code lets its holder do. An account has one code for each at most: a new one replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailTokenPurpose {
    /// Sign in, besides the password (R-486).
    AuthFactor,
    /// Say that the address is theirs.
    ConfirmEmail,
    /// Change the address.
    UpdateEmail,
    /// Choose a new password.
    ResetPassword,
    /// Delete the account.
    DeleteAccount,
    /// Have a PLC operation signed (A9).
    PlcOperation,
}

impl EmailTokenPurpose {
    /// Every purpose, for the store's mapping.
    pub const ALL: [Self; 6] = [
        Self::AuthFactor,
        Self::ConfirmEmail,
        Self::UpdateEmail,
        Self::ResetPassword,
        Self::DeleteAccount,
        Self::PlcOperation,
    ];

    /// The word that is stored and logged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthFactor => "auth_factor",
            Self::ConfirmEmail => "confirm_email",
            Self::UpdateEmail => "update_email",
            Self::ResetPassword => "reset_password",
            Self::DeleteAccount => "delete_account",
            Self::PlcOperation => "plc_operation",
        }
    }

    /// Reads the word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// How long a code is good.
pub const EMAIL_TOKEN_LIFETIME: Seconds = Seconds::minutes(15);

/// The code itself. `Debug` shows nothing of it.
///
/// ```
/// use entryway_core::email_token::EmailToken;
/// let token = EmailToken::from_entropy([9; 10]);
/// assert_eq!(EmailToken::parse(&token.expose().to_lowercase()), Ok(token));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EmailToken(String);

impl EmailToken {
    /// Makes one from random bytes, of which 50 bits are used.
    pub fn from_entropy(entropy: [u8; 10]) -> Self {
        let letters = grouped(&letters::draw(&entropy)[..GROUP * 2], GROUP);
        Self(letters.to_ascii_uppercase())
    }

    /// Reads what a person typed, in either case and with white space around it.
    ///
    /// # Errors
    /// [`XrpcDenial::EmailTokenInvalid`] for a text of another shape.
    pub fn parse(typed: &str) -> Result<Self, XrpcDenial> {
        let typed = typed.trim().to_ascii_lowercase();
        let is_group = |group: &str| group.len() == GROUP && letters::are_all(group);
        let whole = typed
            .split_once('-')
            .is_some_and(|(one, two)| is_group(one) && is_group(two));
        if !whole {
            return Err(XrpcDenial::EmailTokenInvalid);
        }
        Ok(Self(typed.to_ascii_uppercase()))
    }

    /// The code, for the mail.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmailToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailToken([redacted])")
    }
}

/// Turns codes into what is stored in their place.
///
/// Keyed, because 50 bits are few enough to be tried out by whoever reads the database.
#[derive(Clone, Debug)]
pub struct EmailTokenKey(ServerKey);

impl EmailTokenKey {
    /// Derives the key from one secret of the server.
    pub fn new(root: &ServerKey) -> Self {
        Self(root.derive("email token"))
    }

    /// What is stored. It names no account, since whoever resets a password presents the code alone.
    pub fn digest(&self, token: &EmailToken, purpose: EmailTokenPurpose) -> Digest {
        let mac = hmac_sha256(&self.0, &[token.0.as_bytes(), purpose.name().as_bytes()]);
        Digest::of(&mac)
    }
}

/// A code as the store holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredEmailToken {
    /// [`EmailTokenKey::digest`] of it.
    pub digest: Digest,
    /// When it was sent.
    pub created_at: Timestamp,
}

impl StoredEmailToken {
    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        self.created_at + EMAIL_TOKEN_LIFETIME
    }
}

/// Whether a presented code is the one that was sent last to this account for this purpose.
///
/// Does not spend it: the verb that does what the code is for does, in the same statement.
///
/// # Errors
/// [`XrpcDenial::EmailTokenInvalid`] where none was sent or another one; [`XrpcDenial::EmailTokenExpired`].
pub fn check(stored: Option<&StoredEmailToken>, presented: Digest, now: Timestamp) -> Result<(), XrpcDenial> {
    let stored = stored.ok_or(XrpcDenial::EmailTokenInvalid)?;
    if !constant_time_eq(stored.digest.as_bytes(), presented.as_bytes()) {
        return Err(XrpcDenial::EmailTokenInvalid);
    }
    if now >= stored.expires_at() {
        return Err(XrpcDenial::EmailTokenExpired);
    }
    Ok(())
}

const GROUP: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::NOW;

    fn key() -> EmailTokenKey {
        EmailTokenKey::new(&ServerKey::new([1; 32]))
    }

    fn digest(n: u8) -> Digest {
        key().digest(
            &EmailToken::from_entropy([n; 10]),
            EmailTokenPurpose::ConfirmEmail,
        )
    }

    fn stored() -> StoredEmailToken {
        StoredEmailToken {
            digest: digest(1),
            created_at: NOW,
        }
    }

    #[test]
    fn a_code_ends_a_quarter_of_an_hour_after_it_was_sent() {
        for (offset, expected) in [
            (0, Ok(())),
            (899, Ok(())),
            (900, Err(XrpcDenial::EmailTokenExpired)),
            (901, Err(XrpcDenial::EmailTokenExpired)),
        ] {
            assert_eq!(
                check(Some(&stored()), digest(1), NOW + Seconds(offset)),
                expected,
                "{offset}"
            );
        }
    }

    #[test]
    fn only_the_code_that_was_sent_last_counts() {
        let invalid = Err(XrpcDenial::EmailTokenInvalid);
        assert_eq!(check(Some(&stored()), digest(2), NOW), invalid);
        assert_eq!(check(None, digest(1), NOW), invalid);
        // another's expiry is not told to who presents the wrong code
        assert_eq!(check(Some(&stored()), digest(2), NOW + Seconds::days(1)), invalid);
    }

    // A9
    #[test]
    fn a_code_for_one_purpose_is_none_for_another_nor_for_another_server() {
        let token = EmailToken::from_entropy([1; 10]);
        let digests = EmailTokenPurpose::ALL.map(|purpose| key().digest(&token, purpose));
        for (at, one) in digests.iter().enumerate() {
            assert!(!digests[at + 1..].contains(one), "{at}");
        }
        let other = EmailTokenKey::new(&ServerKey::new([2; 32]));
        assert_ne!(other.digest(&token, EmailTokenPurpose::ConfirmEmail), digest(1));
    }

    #[test]
    fn what_a_person_types_is_read_in_either_case_and_nothing_else_is() {
        let code = EmailToken::from_entropy([0x5a; 10]);
        assert_eq!(code.expose().len(), 11);
        let lower = code.expose().to_ascii_lowercase();
        for typed in [code.expose(), &lower, &format!(" {lower}\n")] {
            assert_eq!(EmailToken::parse(typed).as_ref(), Ok(&code));
        }
        for bad in [
            "",
            "-",
            "ABCDE",
            "ABCDEFGHIJ",
            "ABCDE-FGHI",
            "ABCDE-FGHIJK",
            "ABCDE-FGHIJ-",
            "ABCD1-FGHIJ",
            "ABCD\u{c4}-FGHI",
            "ABCDE FGHIJ",
            &"A".repeat(100_000),
        ] {
            assert_eq!(
                EmailToken::parse(bad),
                Err(XrpcDenial::EmailTokenInvalid),
                "{bad:.40}"
            );
        }
    }

    #[test]
    fn a_code_never_prints_and_its_purpose_has_one_word() {
        assert_eq!(
            format!("{:?}", EmailToken::from_entropy([1; 10])),
            "EmailToken([redacted])"
        );
        for purpose in EmailTokenPurpose::ALL {
            assert_eq!(EmailTokenPurpose::parse(purpose.name()), Some(purpose));
        }
    }
}
