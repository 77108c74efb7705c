//! Who may do what was asked.

use entryway_oauth::jws::UnverifiedJws;
use http::Method;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::{GateBody, boxed};
use super::body::Inbound;
use super::credentials::sensitive;
use super::fault::GateFault;
use super::host::Host;
use super::password::Presented as PresentedPassword;
use super::settings::Legacy;
use super::target;
use crate::credentials::DPOP;
use crate::peer::Origin;
use crate::{BodyNeed, Call, Clock, Need, Refusal, Verified, check, sees_email};

/// One call, read and not yet admitted.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) call: target::Method,
    /// Without those of the connection.
    pub(super) headers: HeaderMap,
    pub(super) origin: Origin,
}

impl Asked {
    /// Whether the answer holds what this caller may not see.
    pub(super) fn is_read_here(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Verified(verified) => {
                self.call.nsid().as_str() == GET_SESSION && !sees_email(verified.scope())
            }
            _ => false,
        }
    }
}

/// Whose name a call is made in.
pub(super) enum Caller {
    /// OAuth, verified and permitted here.
    Verified(Verified),
    /// A session, a password or a service token, which the upstream checks itself.
    Legacy(HeaderValue),
    /// A session that we opened with a password for this call.
    Password(HeaderValue),
    /// Nobody's.
    Nobody,
}

/// A call that may go upstream, and its body. Made by [`admit`] and nowhere else.
pub(super) struct Admitted {
    caller: Caller,
    body: GateBody,
}

impl Admitted {
    pub(super) const fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) fn into_parts(self) -> (Caller, GateBody) {
        (self.caller, self.body)
    }
}

/// Why a call may not go upstream.
#[derive(Debug)]
pub(super) enum Refused {
    /// The gate's own reason.
    Gate(GateFault),
    /// The verifier's, with a challenge.
    Verifier(Refusal),
}

impl From<GateFault> for Refused {
    fn from(fault: GateFault) -> Self {
        Self::Gate(fault)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Verifier(refusal)
    }
}

/// What kind of credentials there are; which they are is looked at later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// Anything the verifier has to judge: `DPoP`, two headers, an unknown scheme, a proof beside a
    /// session.
    OAuth,
    /// One `Bearer` or `Basic`.
    Legacy,
    /// `x-atproto-handle` or `x-atproto-password`.
    Password,
    /// None.
    Nothing,
}

impl Presented {
    /// One word, for figures.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OAuth => "oauth",
            Self::Legacy => "legacy",
            Self::Password => "password",
            Self::Nothing => "nobody",
        }
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut authorizations = headers.get_all(AUTHORIZATION).iter();
        let is_legacy = |value: &HeaderValue| {
            let scheme = value.as_bytes().split(|&byte| byte == b' ').next();
            let is = |name: &[u8]| scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(name));
            is(b"bearer") || is(b"basic")
        };
        match (authorizations.next(), authorizations.next()) {
            _ if headers.contains_key(DPOP) => Self::OAuth,
            (None, _) if PresentedPassword::is_in(headers) => Self::Password,
            (None, _) => Self::Nothing,
            (Some(one), None) if is_legacy(one) => Self::Legacy,
            _ => Self::OAuth,
        }
    }
}

/// Decides whether a call goes upstream, and reads its body as far as that needs it.
///
/// # Errors
/// [`Refused`]; nothing was sent upstream then, but passwords to be exchanged.
pub(super) async fn admit(
    host: &Host,
    asked: &Asked,
    inbound: Inbound,
    clock: &Clock,
) -> Result<Admitted, Refused> {
    let presented = Presented::of(&asked.headers);
    if presented != Presented::Password && PresentedPassword::is_in(&asked.headers) {
        return Err(PresentedPassword::not_alone().into());
    }
    let caller = match presented {
        Presented::OAuth => return verified(host, asked, inbound, clock).await,
        Presented::Nothing => Caller::Nobody,
        Presented::Legacy => Caller::Legacy(legacy(host, &asked.headers)?),
        Presented::Password => {
            let presented = PresentedPassword::of(&asked.headers, asked.origin)?;
            let sessions = host.passwords.as_ref().ok_or(GateFault::PasswordRefused {
                expected: "x-atproto-handle and x-atproto-password are not taken here",
            })?;
            Caller::Password(
                sessions
                    .session(&host.upstream, &presented, asked.origin, clock)
                    .await?,
            )
        }
    };
    Ok(Admitted {
        caller,
        body: boxed(inbound.begun().await?),
    })
}

/// Design section 5: token, proof, replay and revocation; then the permission.
async fn verified(host: &Host, asked: &Asked, inbound: Inbound, clock: &Clock) -> Result<Admitted, Refused> {
    let (method, headers) = (&asked.method, &asked.headers);
    let path = asked.call.path();
    let verified = host
        .verifier
        .verify(method.as_str(), &path, headers, clock)
        .await?;
    let call = Call {
        nsid: asked.call.nsid(),
        method,
        query: asked.call.query(),
        headers,
    };
    let body = match host.permissions.need(&call)? {
        Need::Nothing => boxed(inbound.begun().await?),
        Need::Acts(acts) => {
            check(verified.scope(), &acts)?;
            boxed(inbound.begun().await?)
        }
        Need::Body(need) => {
            let body = inbound.whole(BodyNeed::BYTES_MAX).await?;
            check(verified.scope(), &need.read(&body)?)?;
            boxed(Full::new(body))
        }
        Need::Never => return Err(Refusal::MethodClosed.into()),
    };
    Ok(Admitted {
        caller: Caller::Verified(verified),
        body,
    })
}

/// Credentials that the upstream checks itself, if they are what they say.
fn legacy(host: &Host, headers: &HeaderMap) -> Result<HeaderValue, Refused> {
    if host.legacy == Legacy::Refused {
        return Err(GateFault::LegacyRefused.into());
    }
    let authorization = headers.get(AUTHORIZATION).ok_or(Refusal::CredentialsMissing)?;
    let token = authorization
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '));
    if token.is_some_and(|(_, token)| is_bound(token)) {
        // RFC 9449 section 7.2: who shows a bound token without its proof may have stolen it
        return Err(Refusal::SchemeUnsupported.into());
    }
    Ok(sensitive(authorization.clone()))
}

/// Whether a text is a token that is bound to a key. It is not believed, only refused.
fn is_bound(token: &str) -> bool {
    UnverifiedJws::parse(token.trim()).is_ok_and(|jws| {
        jws.unverified_claims::<Bound>()
            .is_ok_and(|claims| claims.cnf.is_some())
    })
}

#[derive(Deserialize)]
struct Bound {
    cnf: Option<IgnoredAny>,
}

const GET_SESSION: &str = "com.atproto.server.getSession";
