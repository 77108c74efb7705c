//! Every method that is not ours: passed on to the PDS of the caller, with the caller's own token (contract 6.4).
//!
//! The official app goes on talking to the service it signed in at until it has read where its account lives, so
//! what it asks for meanwhile has to be answered. Who calls is found out here, before a byte is passed on; what
//! they may do is for their PDS to say. Nobody without a session is passed on to anywhere.

mod under_way;
mod upload;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Body as _;

use entryway_core::own_method::is_our_own;
use entryway_oauth::access_token::verify_signature;
use entryway_oauth::session_token::{SessionScope, verify_access};
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_resource::proxy::{GateLimits, NotPassed, Onward, PassedCall};
use entryway_store::PdsHost;

use super::Failure;
use super::caller::{Caller, Credentials};
use crate::app::App;
use crate::serve::Peer;

pub(crate) use under_way::CallsUnderWay;
use upload::{Upload, UploadEnd};

/// Every path below `/xrpc/`.
pub(super) const PATH: &str = "/xrpc/{*method}";

/// Passes the call on, and its answer back.
pub(super) async fn call(State(app): State<App>, request: Request<Body>) -> Result<Response, Failure> {
    let (parts, body) = request.into_parts();
    let client = Peer::address(&parts.extensions);
    let call = PassedCall::read(parts.method.clone(), &parts.uri, parts.headers.clone());
    let call = call.map_err(|fault| denial(&fault))?;
    let nsid = call.nsid().to_string();
    if is_our_own(&nsid) {
        return Err(XrpcDenial::MethodNotImplemented.into());
    }
    check_method(&parts.method, &body)?;
    let token = match Credentials::of(&parts.headers) {
        Ok(Credentials::Bearer(token)) if !parts.headers.contains_key(DPOP) => token,
        Ok(Credentials::Bearer(token) | Credentials::Dpop(token)) => {
            return Err(not_proxied(&app, token).await?.into());
        }
        Err(XrpcDenial::AuthMissing) => return Err(XrpcDenial::MethodNotImplemented.into()),
        Err(denial) => return Err(denial.into()),
    };
    // what the session may do is for the PDS to say
    let caller = Caller::of_session(&app, &parts.headers, &SessionScope::ALL, app.now()).await?;
    let host = app.fleet().host_of(&caller.account).await?;
    let host = host
        .filter(|host| host.url != *app.issuer())
        .ok_or(XrpcDenial::PdsUnknown)?;
    let _under_way = app
        .calls_under_way()
        .admit(&caller.account.did, &nsid)
        .ok_or_else(|| crowded(&nsid, &host))?;

    let limits = GateLimits::default();
    let (upload, end) = Upload::new(body, limits.body_bytes_max, limits.body_wait);
    if upload.is_too_large() {
        return Err(body_denial(Some(UploadEnd::TooLarge), &limits).into());
    }
    let onward = Onward {
        host: &host.url,
        authorization: bearer(token)?,
        client,
        exchange_wait: limits.exchange_wait,
    };
    let answer = call
        .send(&app.outside().http, onward, upload, is_account_gone)
        .await;
    match answer {
        Ok(answer) => Ok(answer.map(Body::new)),
        Err(NotPassed::Body) => Err(body_denial(end.get(), &limits).into()),
        Err(fault) => {
            tracing::warn!(host = %host.did, method = nsid, fault = %fault, "a call was not passed on");
            Err(denial(&fault).into())
        }
    }
}

/// What a PDS says of an account that it does not have, and the client's token is for: the account has moved, so
/// that a fresh token is for the right one (contract 6.4).
fn is_account_gone(status: StatusCode, error: &str) -> bool {
    status == StatusCode::FORBIDDEN && error == "AccountNotFound"
}

fn check_method(method: &Method, body: &Body) -> Result<(), XrpcDenial> {
    let allowed = "GET, HEAD, POST";
    match *method {
        Method::GET | Method::HEAD if body.is_end_stream() => Ok(()),
        Method::GET | Method::HEAD => Err(XrpcDenial::InvalidRequest {
            expected: "a request with this method has no body",
        }),
        Method::POST => Ok(()),
        _ => Err(XrpcDenial::MethodNotAllowed { allowed }),
    }
}

/// A proof names the server it is made for, so that whoever has one has to go there (contract 6.5).
async fn not_proxied(app: &App, token: &str) -> Result<XrpcDenial, Failure> {
    let keys = app.keys().public();
    let owner = match verify_signature(token, &keys) {
        Ok(claims) => Some(claims.sub),
        Err(_) => verify_access(token, &keys, app.issuer())
            .ok()
            .map(|signed| signed.even_if_expired().sub),
    };
    let account = match owner {
        Some(did) => app.store().account(&did).await?,
        None => None,
    };
    let host = match account {
        Some(account) => app.fleet().host_of(&account).await?,
        None => None,
    };
    let pds = host.map_or_else(
        || "the PDS of the account".to_owned(),
        |host| host.url.to_string(),
    );
    Ok(XrpcDenial::DpopNotProxied { pds })
}

fn bearer(token: &str) -> Result<HeaderValue, XrpcDenial> {
    let mut value =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| XrpcDenial::TokenUnverified)?;
    value.set_sensitive(true);
    Ok(value)
}

fn crowded(method: &str, host: &PdsHost) -> XrpcDenial {
    tracing::warn!(
        host = %host.did,
        method,
        "too many calls of one account under way: does the PDS send this method back to us?"
    );
    XrpcDenial::RateLimitExceeded {
        retry_after_seconds: 5,
    }
}

fn denial(fault: &NotPassed) -> XrpcDenial {
    match fault {
        NotPassed::Malformed { expected } => XrpcDenial::InvalidRequest { expected },
        NotPassed::TimedOut => XrpcDenial::PdsTooSlow,
        NotPassed::Unexplained { status } if status.is_client_error() => XrpcDenial::PdsUnexplained {
            status: status.as_u16(),
        },
        NotPassed::Refused => XrpcDenial::TokenExpired,
        _ => XrpcDenial::PdsUnavailable,
    }
}

fn body_denial(end: Option<UploadEnd>, limits: &GateLimits) -> XrpcDenial {
    match end {
        Some(UploadEnd::TooLarge) => XrpcDenial::BodyTooLarge {
            limit_bytes: usize::try_from(limits.body_bytes_max).unwrap_or(usize::MAX),
        },
        Some(UploadEnd::TooSlow) => XrpcDenial::BodyTooSlow,
        Some(UploadEnd::Interrupted) | None => XrpcDenial::InvalidRequest {
            expected: "the body must arrive whole",
        },
    }
}

const DPOP: HeaderName = HeaderName::from_static("dpop");
