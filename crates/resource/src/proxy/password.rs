//! Handle and password with every request, for scripts that hold no session (off unless asked for).
//!
//! They are exchanged for a session once; the session is kept under a keyed hash of both, for minutes, and
//! never leaves this process. Wrong ones are counted by address and by handle, so that this is no place to
//! try passwords at.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use entryway_oauth::jws::UnverifiedJws;
use entryway_oauth::secret::{Digest, ServerKey, hmac_sha256};
use entryway_oauth::time::{Seconds, Timestamp};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::credentials::sensitive;
use super::fault::GateFault;
use super::forwarded::Forwarded;
use super::host::Upstream;
use super::settings::Entropy;
use crate::Clock;
use crate::peer::Origin;

/// The two headers. `Debug` is not there on purpose.
pub(super) struct Presented<'a> {
    handle: &'a str,
    password: &'a str,
}

impl<'a> Presented<'a> {
    pub(super) fn is_in(headers: &HeaderMap) -> bool {
        headers.contains_key(HANDLE) || headers.contains_key(PASSWORD)
    }

    /// The answer where there are other credentials beside.
    pub(super) fn not_alone() -> GateFault {
        GateFault::PasswordRefused {
            expected: "x-atproto-handle and x-atproto-password are taken without authorization and dpop only",
        }
    }

    /// # Errors
    /// [`GateFault::PasswordRefused`] where they are not both there once, or could be read by others on
    /// their way.
    pub(super) fn of(headers: &'a HeaderMap, origin: Origin) -> Result<Self, GateFault> {
        let refused = |expected| GateFault::PasswordRefused { expected };
        if !origin.private {
            return Err(refused(
                "x-atproto-password is taken over tls only, by way of a trusted proxy, or on this machine",
            ));
        }
        let only = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            let (value, None) = (values.next()?, values.next()) else {
                return None;
            };
            value
                .to_str()
                .ok()
                .filter(|text| (1..=VALUE_BYTES_MAX).contains(&text.len()))
        };
        match (only(&HANDLE), only(&PASSWORD)) {
            (Some(handle), Some(password)) => Ok(Self { handle, password }),
            _ => Err(refused(
                "x-atproto-handle and x-atproto-password must both be there once, in visible ascii",
            )),
        }
    }
}

/// Sessions that were opened with a password, and how often one was wrong.
pub(super) struct PasswordSessions {
    /// Of this process alone: what is kept in memory does not give a password away.
    key: Option<ServerKey>,
    sessions: Cache<[u8; 32], Arc<OnceCell<Session>>>,
    failures: Cache<Tried, Arc<AtomicU32>>,
}

struct Session {
    authorization: HeaderValue,
    expires_at: Timestamp,
}

/// What wrong passwords are counted for.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Tried {
    From(IpAddr),
    Handle(Digest),
}

impl PasswordSessions {
    pub(super) fn new(entropy: &Entropy) -> Self {
        let mut key = [0; 32];
        let key = entropy(&mut key).then(|| ServerKey::new(key));

        Self {
            key,
            sessions: Cache::builder()
                .max_capacity(KEPT_MAX)
                .time_to_live(SESSION_LIFE)
                .build(),
            failures: Cache::builder()
                .max_capacity(KEPT_MAX)
                .time_to_live(FAILURES_FOR)
                .build(),
        }
    }

    /// The `Authorization` of a session of this account, opened if there is none. Whoever asks at the same
    /// time waits for the same one.
    ///
    /// # Errors
    /// [`GateFault`]: wrong, too often wrong, or nobody there to ask.
    pub(super) async fn session(
        &self,
        upstream: &Upstream,
        presented: &Presented<'_>,
        origin: Origin,
        clock: &Clock,
    ) -> Result<HeaderValue, GateFault> {
        let key = self.key.as_ref().ok_or(GateFault::Unable)?;
        let handle = presented.handle.to_ascii_lowercase();
        let both = Digest::of_parts(&[handle.as_bytes(), presented.password.as_bytes()]);
        let name = hmac_sha256(key, &[both.as_bytes()]);
        let counters = [
            (Tried::From(network(origin.address)), FAILURES_FROM_MAX),
            (
                Tried::Handle(Digest::of(handle.as_bytes())),
                FAILURES_OF_HANDLE_MAX,
            ),
        ]
        .map(|(tried, max)| (self.failures.get_with(tried, Arc::default), max));
        let is_over = |session: &Session| clock().wall >= session.expires_at;
        if self
            .sessions
            .get(&name)
            .is_some_and(|kept| kept.get().is_some_and(is_over))
        {
            self.sessions.invalidate(&name);
        }
        let kept = self.sessions.get_with(name, Arc::default);
        let session = kept.get_or_try_init(|| async {
            if counters
                .iter()
                .any(|(count, max)| count.load(Ordering::Relaxed) >= *max)
            {
                return Err(GateFault::PasswordsLimited);
            }
            let opened = open(upstream, presented, origin, clock().wall).await;
            if matches!(opened, Err(GateFault::PasswordWrong)) {
                for (count, _) in &counters {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            opened
        });
        session.await.map(|session| session.authorization.clone())
    }
}

/// Asks the upstream for a session.
async fn open(
    upstream: &Upstream,
    presented: &Presented<'_>,
    origin: Origin,
    now: Timestamp,
) -> Result<Session, GateFault> {
    let question = Question {
        identifier: presented.handle,
        password: presented.password,
    };
    let question = serde_json::to_vec(&question).map_err(|_| GateFault::Unable)?;
    let forwarded = Forwarded::sign_in(upstream, origin, Bytes::from(question))?;
    let answer = upstream.send(forwarded).await?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => return Err(GateFault::PasswordWrong),
        StatusCode::TOO_MANY_REQUESTS => return Err(GateFault::PasswordsLimited),
        _ => return Err(GateFault::UpstreamBroken),
    }
    let answer = answer.into_body().read_whole(ANSWER_BYTES_MAX).await?;
    let opened: Opened = serde_json::from_slice(&answer).map_err(|_| GateFault::UpstreamBroken)?;
    let claims = UnverifiedJws::parse(&opened.access_jwt)
        .and_then(|jws| jws.unverified_claims::<Claims>())
        .map_err(|_| GateFault::UpstreamBroken)?;
    let authorization = HeaderValue::from_str(&format!("Bearer {}", opened.access_jwt))
        .map_err(|_| GateFault::UpstreamBroken)?;
    Ok(Session {
        authorization: sensitive(authorization),
        // one that ends on its way is refused by the upstream in words nobody here would understand
        expires_at: claims.exp.max(now + AT_LEAST) + Seconds(-AT_LEAST.0),
    })
}

/// One network of IPv6 is one place: whoever has one address there has them all.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[derive(Serialize)]
struct Question<'a> {
    identifier: &'a str,
    password: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    access_jwt: String,
}

#[derive(Deserialize)]
struct Claims {
    exp: Timestamp,
}

pub(super) const HANDLE: HeaderName = HeaderName::from_static("x-atproto-handle");
pub(super) const PASSWORD: HeaderName = HeaderName::from_static("x-atproto-password");

/// Bytes of either header; no PDS takes a longer password.
const VALUE_BYTES_MAX: usize = 512;
/// Sessions and counters kept.
const KEPT_MAX: u64 = 20_000;
/// How long a password that was changed goes on working here.
const SESSION_LIFE: Duration = Duration::from_mins(10);
/// A session is given up so long before its end.
const AT_LEAST: Seconds = Seconds(10);
/// How long a wrong password is remembered.
const FAILURES_FOR: Duration = Duration::from_mins(10);
/// Wrong passwords from one place: a script with an old one, several times over.
const FAILURES_FROM_MAX: u32 = 20;
/// Wrong passwords for one handle, from anywhere.
const FAILURES_OF_HANDLE_MAX: u32 = 10;
/// Bytes of the answer; one with a long DID document has five thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
