//! Names of a session's generations that nobody else can make: what refresh tokens are built on (D3).
//!
//! Base64url of session id (16 bytes), generation (4), tag (24) and check (8). The check lets garbage be
//! refused before the database is asked; the tag is what makes a name genuine, under a key of the server
//! *and* a salt of the session, so that neither a leaked database nor a leaked key alone forges one. Spent
//! names need no table: an older generation is one by arithmetic.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use entryway_oauth::secret::{ServerKey, SessionId, constant_time_eq, hmac_sha256};

/// Makes and recognises the names. Instances that share the key accept each other's.
#[derive(Clone, Debug)]
pub(crate) struct GenerationKey {
    tag: ServerKey,
    check: ServerKey,
}

/// A name that is not garbage; whether it is genuine is known only with the session's salt.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UnverifiedGeneration {
    pub(crate) session: SessionId,
    pub(crate) number: u32,
    tag: [u8; TAG_BYTES],
}

impl GenerationKey {
    /// Derives the two keys from one secret of the server. Names of one purpose are garbage to another.
    pub(crate) fn new(root: &ServerKey, purpose: &str) -> Self {
        Self {
            tag: root.derive(&format!("{purpose} tag")),
            check: root.derive(&format!("{purpose} check")),
        }
    }

    /// The name of one generation of a session. The same arguments give the same name, which is how a lost
    /// answer can be repeated without storing it (D4).
    pub(crate) fn name(&self, session: SessionId, salt: &[u8; 16], number: u32) -> String {
        let tag = self.tag(session, salt, number);
        let mut bytes = Vec::with_capacity(NAME_BYTES);
        bytes.extend(session.as_bytes());
        bytes.extend(number.to_be_bytes());
        bytes.extend(tag);
        let check = self.check(&bytes);
        bytes.extend(check);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a name that this server wrote; nothing for any other text.
    pub(crate) fn read(&self, name: &str) -> Option<UnverifiedGeneration> {
        if name.len() != ENCODED_BYTES {
            return None;
        }
        let bytes: [u8; NAME_BYTES] = URL_SAFE_NO_PAD.decode(name).ok()?.try_into().ok()?;
        let (body, check) = bytes.split_at(NAME_BYTES - CHECK_BYTES);
        if !constant_time_eq(&self.check(body), check) {
            return None;
        }
        let (session, rest) = body.split_first_chunk::<16>()?;
        let (number, tag) = rest.split_first_chunk::<4>()?;
        Some(UnverifiedGeneration {
            session: SessionId::from_entropy(*session),
            number: u32::from_be_bytes(*number),
            tag: tag.try_into().ok()?,
        })
    }

    /// Whether the name is one we made for this session; in constant time.
    pub(crate) fn is_genuine(
        &self,
        name: &UnverifiedGeneration,
        session: SessionId,
        salt: &[u8; 16],
    ) -> bool {
        name.session == session && constant_time_eq(&self.tag(session, salt, name.number), &name.tag)
    }

    fn tag(&self, session: SessionId, salt: &[u8; 16], number: u32) -> [u8; TAG_BYTES] {
        first(&hmac_sha256(
            &self.tag,
            &[session.as_bytes(), salt, &number.to_be_bytes()],
        ))
    }

    fn check(&self, body: &[u8]) -> [u8; CHECK_BYTES] {
        first(&hmac_sha256(&self.check, &[body]))
    }
}

fn first<const N: usize>(mac: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| mac[at])
}

const TAG_BYTES: usize = 24;
const CHECK_BYTES: usize = 8;
const NAME_BYTES: usize = 16 + 4 + TAG_BYTES + CHECK_BYTES;
const ENCODED_BYTES: usize = (NAME_BYTES * 4).div_ceil(3);
