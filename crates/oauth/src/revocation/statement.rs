//! Statements as compact JWS: signed by the feed's own key, and read strictly.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use super::{Challenge, FeedHead, KID_PREFIX, RevocationEvent, Revoked, SESSIONS_MAX, Statement};
use crate::issuer::Issuer;
use crate::json::Members;
use crate::jwk::{Algorithm, Curve, PublicKey};
use crate::jws::{JWS_BYTES_MAX, MalformedJws, UnverifiedJws};
use crate::time::Timestamp;

/// The service's feed key (P-256). `Debug` shows nothing of it.
///
/// Published in the issuer's key set under [`FeedKey::kid`], `alg` ES256 and `use` sig. Access tokens are
/// ES256K, so no statement passes for a token and no token for a statement.
#[derive(Clone)]
pub struct FeedKey {
    pair: Arc<EcdsaKeyPair>,
    public: PublicKey,
    kid: String,
}

/// A statement is too large to sign: it has more than [`SESSIONS_MAX`] sessions or than
/// [`JWS_BYTES_MAX`] bytes. Or the signing itself failed, which it does for want of randomness only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a statement of the revocation feed could not be signed")]
pub struct Unsigned;

impl FeedKey {
    /// Reads a 32-byte private scalar; `None` for zero or one that is too large.
    pub fn from_bytes(scalar: &[u8; 32]) -> Option<Self> {
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?;
        let point = private.compute_public_key().ok()?.as_ref().to_vec();
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, scalar, &point)
                .ok()?;
        let public = PublicKey::Ec {
            curve: Curve::P256,
            point,
        };
        Some(Self {
            pair: Arc::new(pair),
            kid: kid(&public),
            public,
        })
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// `feed-` and the thumbprint of the public half.
    pub fn kid(&self) -> String {
        self.kid.clone()
    }

    /// Signs a statement into a compact JWS.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub fn sign(&self, statement: &Statement) -> Result<String, Unsigned> {
        let (typ, claims) = match statement {
            Statement::Event(event) if event.subject.sessions().len() > SESSIONS_MAX => return Err(Unsigned),
            Statement::Event(event) => (TYP_EVENT, serde_json::to_vec(event)),
            Statement::Head(head) => (TYP_HEAD, serde_json::to_vec(head)),
        };
        let claims = claims.map_err(|_| Unsigned)?;
        let header = format!(r#"{{"alg":"ES256","kid":"{}","typ":"{typ}"}}"#, self.kid);
        let mut text = String::with_capacity(1024);
        URL_SAFE_NO_PAD.encode_string(header, &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.map_err(|_| Unsigned)?, &mut text);
        if text.len() > JWS_BYTES_MAX {
            return Err(Unsigned);
        }
        Ok(text)
    }
}

impl fmt::Debug for FeedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeedKey({})", self.kid)
    }
}

/// Why a text is not a statement of the feed; the words complete "a statement of the revocation feed ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidStatement {
    /// Not a JWS of at most [`JWS_BYTES_MAX`] bytes, another `alg` or `typ`, or a `crit`.
    #[error("is not a JWS of this feed")]
    Malformed,
    /// A member, known or not, is named twice: two readers could see two different values.
    #[error("names a member twice")]
    Repeated,
    /// No accepted key signed it.
    #[error("is not signed by a feed key of its issuer")]
    Signature,
    /// `kind` is one this reader does not know. It must not be skipped: what it revokes would pass.
    #[error("is of a kind this reader does not know, which a newer version may")]
    KindUnknown,
    /// A claim is missing, of the wrong type, or of another kind.
    #[error("lacks a claim or has one of the wrong type")]
    Claims,
    /// It lists more than [`SESSIONS_MAX`] sessions.
    #[error("lists more than 64 sessions")]
    TooManySessions,
    /// Numbers or instants that cannot be: an event 0, an oldest beyond the next one, an end before the
    /// beginning.
    #[error("has numbers or instants that contradict each other")]
    Inconsistent,
}

/// Reads a statement that one of these keys signed. The algorithm is fixed here, and of the header only
/// the `kid` picks among the keys.
///
/// Does not check `iss`, whether the number is the next one, or how old it is: that is the reader's part.
/// Members nobody knows are ignored, as RFC 7519 section 4 has it; a new meaning is a new `kind`.
///
/// # Errors
/// One [`InvalidStatement`] per reason. What is in the claims is looked at once the signature holds.
///
/// ```
/// use entryway_oauth::issuer::Issuer;
/// use entryway_oauth::revocation::{FeedHead, FeedKey, Statement, verify};
/// use entryway_oauth::time::Timestamp;
/// let key = FeedKey::from_bytes(&[7; 32]).unwrap();
/// let head = Statement::Head(FeedHead {
///     iss: Issuer::parse("https://entryway.example").unwrap(),
///     seq: 0,
///     oldest: 1,
///     iat: Timestamp::from_seconds(1_700_000_000),
///     challenge: None,
/// });
/// let text = key.sign(&head).unwrap();
/// assert_eq!(verify(&text, &[key.public().clone()]), Ok(head));
/// assert!(verify(&text, &[]).is_err());
/// ```
pub fn verify(text: &str, keys: &[PublicKey]) -> Result<Statement, InvalidStatement> {
    let malformed = |_: MalformedJws| InvalidStatement::Malformed;
    let jws = UnverifiedJws::parse(text).map_err(malformed)?;
    let header = members(jws.header().map_err(malformed)?, InvalidStatement::Malformed)?;
    let alg: Option<String> = header.typed("alg");
    if alg.as_deref() != Some(Algorithm::ES256.name()) || header.member("crit").is_some() {
        return Err(InvalidStatement::Malformed);
    }
    let typ: String = header.typed("typ").ok_or(InvalidStatement::Malformed)?;
    let named: String = header.typed("kid").ok_or(InvalidStatement::Malformed)?;
    let signs = |key: &&PublicKey| key.fits(Algorithm::ES256) && kid(key) == named;
    let key = keys.iter().find(signs).ok_or(InvalidStatement::Signature)?;
    if !jws.is_signed_by(key, Algorithm::ES256) {
        return Err(InvalidStatement::Signature);
    }
    let json = jws.unverified_payload().map_err(malformed)?;
    let claims = members(json, InvalidStatement::Claims)?;
    match typ.as_str() {
        TYP_EVENT => event(json, &claims).map(Statement::Event),
        TYP_HEAD => head(&claims).map(Statement::Head),
        _ => Err(InvalidStatement::Malformed),
    }
}

fn event(json: &str, claims: &Members<'_>) -> Result<RevocationEvent, InvalidStatement> {
    let event = RevocationEvent {
        iss: claim(claims, "iss")?,
        seq: claim(claims, "seq")?,
        iat: claim(claims, "iat")?,
        until: claim(claims, "until")?,
        subject: subject(json, claims)?,
    };
    if event.subject.sessions().len() > SESSIONS_MAX {
        return Err(InvalidStatement::TooManySessions);
    }
    let counted = event.seq > 0 && is_number(event.seq);
    if !counted || event.iat < EPOCH || event.until < event.iat {
        return Err(InvalidStatement::Inconsistent);
    }
    Ok(event)
}

fn subject(json: &str, claims: &Members<'_>) -> Result<Revoked, InvalidStatement> {
    let kind: String = claim(claims, "kind")?;
    let of_kind: &[&str] = match kind.as_str() {
        "session" => &["sessions"],
        "grant" => &["sub", "client_id", "sessions"],
        "account" => &["sub", "sessions"],
        "client" => &["client_id", "sessions"],
        "key" => &["jkt"],
        _ => return Err(InvalidStatement::KindUnknown),
    };
    // a member of another kind would make the event mean more than is read of it
    let foreign = |name: &&str| !of_kind.contains(name) && claims.member(name).is_some();
    if ["sub", "client_id", "sessions", "jkt"].iter().any(foreign) {
        return Err(InvalidStatement::Claims);
    }
    serde_json::from_str(json).map_err(|_| InvalidStatement::Claims)
}

fn head(claims: &Members<'_>) -> Result<FeedHead, InvalidStatement> {
    let challenge: Option<Challenge> = match claims.member("challenge") {
        Some(_) => Some(claim(claims, "challenge")?),
        None => None,
    };
    let iss: Issuer = claim(claims, "iss")?;
    let (seq, oldest): (u64, u64) = (claim(claims, "seq")?, claim(claims, "oldest")?);
    let iat: Timestamp = claim(claims, "iat")?;
    if !is_number(seq) || !(1..=seq + 1).contains(&oldest) || iat < EPOCH {
        return Err(InvalidStatement::Inconsistent);
    }
    Ok(FeedHead {
        iss,
        seq,
        oldest,
        iat,
        challenge,
    })
}

/// Whether a database can count as far, and one more does not overflow.
const fn is_number(seq: u64) -> bool {
    seq <= i64::MAX.unsigned_abs()
}

fn claim<T: DeserializeOwned>(claims: &Members<'_>, name: &str) -> Result<T, InvalidStatement> {
    claims.typed(name).ok_or(InvalidStatement::Claims)
}

/// The members of an object, each once.
fn members(json: &str, otherwise: InvalidStatement) -> Result<Members<'_>, InvalidStatement> {
    let members = Members::read(json).map_err(|_| otherwise)?;
    if members.repeated().next().is_some() {
        return Err(InvalidStatement::Repeated);
    }
    Ok(members)
}

fn kid(key: &PublicKey) -> String {
    format!("{KID_PREFIX}{}", key.thumbprint())
}

const TYP_EVENT: &str = "entryway-revocation+jwt";
const TYP_HEAD: &str = "entryway-feed-head+jwt";
const EPOCH: Timestamp = Timestamp::from_seconds(0);
