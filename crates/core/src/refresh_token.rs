//! Refresh tokens that carry their session, their generation and the proof that we made them (D3).
//!
//! `ref-` and the name of a generation, see `generation.rs`.

use std::fmt;

use entryway_oauth::denial::Denial;
use entryway_oauth::secret::{ServerKey, SessionId};

use crate::generation::{GenerationKey, UnverifiedGeneration};
use crate::session::Session;

/// Makes and recognises refresh tokens. Instances that share the key accept each other's.
#[derive(Clone, Debug)]
pub struct RefreshTokenKey(GenerationKey);

/// A refresh token to be sent to its owner. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// The token itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken([redacted])")
    }
}

/// A token that is not garbage; whether it is genuine is known only with the session's salt.
#[derive(Clone, PartialEq, Eq)]
pub struct UnverifiedRefreshToken(UnverifiedGeneration);

impl UnverifiedRefreshToken {
    /// The session it names.
    pub const fn session(&self) -> SessionId {
        self.0.session
    }

    /// Which generation it is.
    pub const fn generation(&self) -> u32 {
        self.0.number
    }
}

impl fmt::Debug for UnverifiedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "UnverifiedRefreshToken({} generation {})",
            self.0.session, self.0.number
        )
    }
}

impl RefreshTokenKey {
    /// Derives the keys from one secret of the server.
    pub fn new(root: &ServerKey) -> Self {
        Self(GenerationKey::new(root, "refresh token"))
    }

    /// The token of one generation of a session. The same arguments give the same token, which is how
    /// a lost answer can be repeated without storing it (D4).
    pub fn mint(&self, session: SessionId, salt: &[u8; 16], generation: u32) -> RefreshToken {
        RefreshToken(format!("{PREFIX}{}", self.0.name(session, salt, generation)))
    }

    /// Reads what a client presents.
    ///
    /// # Errors
    /// [`Denial::RefreshTokenUnknown`] for anything this server did not write.
    pub fn parse(&self, text: &str) -> Result<UnverifiedRefreshToken, Denial> {
        let name = text.strip_prefix(PREFIX);
        let read = name.and_then(|name| self.0.read(name));
        read.map(UnverifiedRefreshToken)
            .ok_or(Denial::RefreshTokenUnknown)
    }

    /// Whether the token is one we made for this session; in constant time.
    pub fn is_genuine(&self, token: &UnverifiedRefreshToken, session: &Session) -> bool {
        self.0.is_genuine(&token.0, session.id, &session.salt)
    }
}

const PREFIX: &str = "ref-";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> RefreshTokenKey {
        RefreshTokenKey::new(&ServerKey::new([1; 32]))
    }

    const ID: SessionId = SessionId::from_entropy([2; 16]);

    #[test]
    fn the_same_generation_is_the_same_token_and_the_next_is_another() {
        assert_eq!(key().mint(ID, &[3; 16], 7), key().mint(ID, &[3; 16], 7));
        assert_ne!(key().mint(ID, &[3; 16], 7), key().mint(ID, &[3; 16], 8));
        let read = key().parse(key().mint(ID, &[3; 16], 7).expose()).unwrap();
        assert_eq!((read.session(), read.generation()), (ID, 7));
    }

    //
    #[test]
    fn garbage_is_refused_before_any_look_up() {
        let good = key().mint(ID, &[3; 16], 7);
        let other = RefreshTokenKey::new(&ServerKey::new([9; 32])).mint(ID, &[3; 16], 7);
        let mut flipped = good.expose().to_owned();
        flipped.replace_range(30..31, if &flipped[30..31] == "A" { "B" } else { "A" });
        for bad in [
            "",
            "ref-",
            "tok-00",
            &good.expose()[4..],
            &format!("{}A", good.expose()),
            other.expose(),
            &flipped,
        ] {
            assert_eq!(key().parse(bad), Err(Denial::RefreshTokenUnknown), "{bad}");
        }
    }

    #[test]
    fn a_token_never_prints() {
        assert_eq!(
            format!("{:?}", key().mint(ID, &[3; 16], 7)),
            "RefreshToken([redacted])"
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "ref-[A-Za-z0-9_-]{70}|.{0,100}") {
            prop_assert!(key().parse(&text).is_err());
        }
    }
}
