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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_has_eight_to_256_characters() {
        for (characters, fine) in [(0, false), (7, false), (8, true), (256, true), (257, false)] {
            for letter in ["x", "\u{e4}", "\u{1f511}", " ", "\u{0}"] {
                let read = NewPassword::parse(&letter.repeat(characters));
                assert_eq!(read.is_ok(), fine, "{characters} of {letter:?}");
            }
        }
        let read = NewPassword::parse("short").map_err(|denial| denial.name());
        assert_eq!(read, Err("InvalidPassword"));
    }

    //
    #[test]
    fn a_presented_password_has_at_most_512_characters() {
        for (characters, fine) in [(0, false), (1, true), (511, true), (512, true), (513, false)] {
            for letter in ["x", "\u{1f511}"] {
                let read = PresentedPassword::parse(&letter.repeat(characters));
                assert_eq!(read.is_ok(), fine, "{characters} of {letter}");
            }
        }
        // and the refusal does not tell it from a wrong one
        let huge = "x".repeat(1024 * 1024);
        assert_eq!(PresentedPassword::parse(&huge), Err(XrpcDenial::CredentialsWrong));
    }

    #[test]
    fn what_may_be_chosen_may_be_presented_as_it_is() {
        let typed = format!(" {} ", "\u{1f511}".repeat(254));
        let (new, presented) = (NewPassword::parse(&typed), PresentedPassword::parse(&typed));
        assert_eq!(new.unwrap().expose(), presented.unwrap().expose());
    }

    #[test]
    fn a_password_never_prints() {
        let (new, presented) = (
            NewPassword::parse("correct horse").unwrap(),
            PresentedPassword::parse("correct horse").unwrap(),
        );
        assert_eq!(
            format!("{new:?} {presented:?}"),
            "NewPassword([redacted]) PresentedPassword([redacted])"
        );
    }
}
