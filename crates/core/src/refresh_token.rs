//! Refresh tokens that carry their session, their generation and the proof that we made them (D3).
//!
//! `ref-` and base64url of session id (16 bytes), generation (4), tag (24) and check (8). The check
//! lets garbage be refused before the database is asked; the tag is what makes a token genuine, under
//! a key of the server *and* a salt of the session, so that neither a leaked database nor a leaked
//! key alone forges one. Spent tokens need no table: an older generation is a replay by arithmetic.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use entryway_oauth::denial::Denial;
use entryway_oauth::secret::{ServerKey, SessionId, constant_time_eq, hmac_sha256};

use crate::session::Session;

/// Makes and recognises refresh tokens. Instances that share the key accept each other's.
#[derive(Clone, Debug)]
pub struct RefreshTokenKey {
    tag: ServerKey,
    check: ServerKey,
}

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
pub struct UnverifiedRefreshToken {
    session: SessionId,
    generation: u32,
    tag: [u8; TAG_BYTES],
}

impl UnverifiedRefreshToken {
    /// The session it names.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Which generation it is.
    pub const fn generation(&self) -> u32 {
        self.generation
    }
}

impl fmt::Debug for UnverifiedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "UnverifiedRefreshToken({} generation {})",
            self.session, self.generation
        )
    }
}

impl RefreshTokenKey {
    /// Derives the two keys from one secret of the server.
    pub fn new(root: &ServerKey) -> Self {
        Self {
            tag: root.derive("refresh token tag"),
            check: root.derive("refresh token check"),
        }
    }

    /// The token of one generation of a session. The same arguments give the same token, which is how
    /// a lost answer can be repeated without storing it (D4).
    pub fn mint(&self, session: SessionId, salt: &[u8; 16], generation: u32) -> RefreshToken {
        let tag = self.tag(session, salt, generation);
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.extend(session.as_bytes());
        bytes.extend(generation.to_be_bytes());
        bytes.extend(tag);
        let check = self.check(&bytes);
        bytes.extend(check);
        RefreshToken(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads what a client presents.
    ///
    /// # Errors
    /// [`Denial::RefreshTokenUnknown`] for anything this server did not write.
    pub fn parse(&self, text: &str) -> Result<UnverifiedRefreshToken, Denial> {
        self.read(text).ok_or(Denial::RefreshTokenUnknown)
    }

    /// Whether the token is one we made for this session; in constant time.
    pub fn is_genuine(&self, token: &UnverifiedRefreshToken, session: &Session) -> bool {
        token.session == session.id
            && constant_time_eq(&self.tag(session.id, &session.salt, token.generation), &token.tag)
    }

    fn read(&self, text: &str) -> Option<UnverifiedRefreshToken> {
        let encoded = text
            .strip_prefix(PREFIX)
            .filter(|encoded| encoded.len() == ENCODED_BYTES)?;
        let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()?;
        let (body, check) = bytes.split_at(TOKEN_BYTES - CHECK_BYTES);
        if !constant_time_eq(&self.check(body), check) {
            return None;
        }
        let (session, rest) = body.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<4>()?;
        Some(UnverifiedRefreshToken {
            session: SessionId::from_entropy(*session),
            generation: u32::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    fn tag(&self, session: SessionId, salt: &[u8; 16], generation: u32) -> [u8; TAG_BYTES] {
        first(&hmac_sha256(
            &self.tag,
            &[session.as_bytes(), salt, &generation.to_be_bytes()],
        ))
    }

    fn check(&self, body: &[u8]) -> [u8; CHECK_BYTES] {
        first(&hmac_sha256(&self.check, &[body]))
    }
}

fn first<const N: usize>(mac: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| mac[at])
}

const PREFIX: &str = "ref-";
const TAG_BYTES: usize = 24;
const CHECK_BYTES: usize = 8;
const TOKEN_BYTES: usize = 16 + 4 + TAG_BYTES + CHECK_BYTES;
const ENCODED_BYTES: usize = (TOKEN_BYTES * 4).div_ceil(3);

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
