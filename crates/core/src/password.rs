//! Passwords: which ones may be chosen, and which ones are worth hashing.

use std::fmt;

use entryway_oauth::xrpc_denial::XrpcDenial;

/// A password somebody chooses: 8 to 256 characters of any kind. `Debug` shows nothing of it.
///
/// Says nothing of how well it is chosen.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// Reads what was typed, as it is.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidPassword`].
    pub fn parse(typed: &str) -> Result<Self, XrpcDenial> {
        let fits = is_within(typed, NEW_CHARACTERS_MAX) && typed.chars().count() >= NEW_CHARACTERS_MIN;
        if fits {
            return Ok(Self(typed.to_owned()));
        }
        Err(XrpcDenial::InvalidPassword {
            expected: "must be 8 to 256 characters",
        })
    }

    /// The password, for the hasher.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword([redacted])")
    }
}

/// A password somebody presents: at most 512 characters, the longest that any server of ours ever took
/// . `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedPassword(String);

impl PresentedPassword {
    /// Reads what was typed, as it is.
    ///
    /// # Errors
    /// [`XrpcDenial::CredentialsWrong`] for a longer one, before anything is hashed, and for none.
    pub fn parse(typed: &str) -> Result<Self, XrpcDenial> {
        if typed.is_empty() || !is_within(typed, PRESENTED_CHARACTERS_MAX) {
            return Err(XrpcDenial::CredentialsWrong);
        }
        Ok(Self(typed.to_owned()))
    }

    /// The password, for the hasher.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresentedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedPassword([redacted])")
    }
}

/// In time that does not depend on how far over the limit a text is.
fn is_within(text: &str, characters_max: usize) -> bool {
    text.len() <= 4 * characters_max && text.chars().count() <= characters_max
}

const NEW_CHARACTERS_MIN: usize = 8;
const NEW_CHARACTERS_MAX: usize = 256;
const PRESENTED_CHARACTERS_MAX: usize = 512;
