//! Codes sent by e-mail: `XXXXX-XXXXX`, good for a quarter of an hour, for one purpose and once.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use entryway_oauth::secret::{Digest, ServerKey, constant_time_eq, hmac_sha256};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app_password::{grouped, is_base32};

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
        let letters = BASE32_NOPAD.encode(&entropy);
        Self(grouped(&letters[..GROUP * 2], GROUP))
    }

    /// Reads what a person typed, in either case and with white space around it.
    ///
    /// # Errors
    /// [`XrpcDenial::EmailTokenInvalid`] for a text of another shape.
    pub fn parse(typed: &str) -> Result<Self, XrpcDenial> {
        let typed = typed.trim();
        let whole = typed.split_once('-').is_some_and(|(one, two)| {
            [one, two].iter().all(|group| {
                group.len() == GROUP && group.bytes().all(|byte| is_base32(byte.to_ascii_lowercase()))
            })
        });
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
