//! XRPC methods: what a PDS and the protocol's own clients call.
//!
//! A method is a file. What it is refused with is one [`XrpcDenial`], and is written down here alone.

mod activity;
mod administrator;
mod body;
pub(crate) mod caller;
mod check_signup_queue;
mod create_account;
mod create_app_password;
mod create_session;
pub(crate) mod datetime;
mod delete_account;
mod delete_session;
mod dereference_scope;
mod describe_server;
mod email;
mod get_session;
mod invites;
mod list_app_passwords;
mod password_reset;
mod plc_signature;
mod proxy;
mod refresh_session;
mod request_account_delete;
mod resolve_handle;
mod revoke_app_password;
mod send_email;
pub(crate) mod session;
mod subject_status;
mod update_account;
mod update_handle;

pub(crate) use body::denial as body_denial;
pub(crate) use proxy::CallsUnderWay;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Json, Router};
use http::header::{ALLOW, CACHE_CONTROL, ETAG, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, StatusCode};
use serde::Serialize;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use entryway_oauth::jwk::Algorithm;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::admission;
use crate::app::App;
use crate::failure::{Fault, Incident};
use crate::password::Unchecked;

/// The methods served here, each at `/xrpc/` and its name.
pub(crate) fn methods(app: &App) -> Router<App> {
    Router::new()
        .route(activity::ACTIVATE, procedure(post(activity::activate)))
        .route(activity::DEACTIVATE, procedure(post(activity::deactivate)))
        .route(check_signup_queue::PATH, query(get(check_signup_queue::get)))
        .route(create_account::PATH, procedure(post(create_account::post)))
        .route(
            create_app_password::PATH,
            procedure(post(create_app_password::post)),
        )
        .route(create_session::PATH, procedure(post(create_session::post)))
        .route(delete_account::PATH, procedure(post(delete_account::post)))
        .route(delete_session::PATH, procedure(post(delete_session::post)))
        .route(dereference_scope::PATH, query(get(dereference_scope::get)))
        .route(get_session::PATH, query(get(get_session::get)))
        .route(list_app_passwords::PATH, query(get(list_app_passwords::get)))
        .route(refresh_session::PATH, procedure(post(refresh_session::post)))
        .route(update_handle::PATH, procedure(post(update_handle::post)))
        .route(
            revoke_app_password::PATH,
            procedure(post(revoke_app_password::post)),
        )
        .route(describe_server::PATH, query(get(describe_server::get)))
        .route(resolve_handle::PATH, query(get(resolve_handle::get)))
        .route(invites::CREATE, procedure(post(invites::create)))
        .route(invites::CREATE_SEVERAL, procedure(post(invites::create_several)))
        .route(invites::OF_ACCOUNT, query(get(invites::of_account)))
        .route(invites::DISABLE, procedure(post(invites::disable)))
        .route(invites::LIST, query(get(invites::list)))
        .route(subject_status::UPDATE, procedure(post(subject_status::update)))
        .route(subject_status::GET, query(get(subject_status::get)))
        .route(
            email::REQUEST_CONFIRMATION,
            procedure(post(email::request_confirmation)),
        )
        .route(email::CONFIRM, procedure(post(email::confirm)))
        .route(email::REQUEST_UPDATE, procedure(post(email::request_update)))
        .route(email::UPDATE, procedure(post(email::update)))
        .route(password_reset::ASK, procedure(post(password_reset::ask)))
        .route(password_reset::CHOOSE, procedure(post(password_reset::choose)))
        .route(plc_signature::REQUEST, procedure(post(plc_signature::request)))
        .route(plc_signature::SIGN, procedure(post(plc_signature::sign)))
        .route(
            request_account_delete::PATH,
            procedure(post(request_account_delete::post)),
        )
        .route(send_email::PATH, procedure(post(send_email::post)))
        .route(update_account::EMAIL, procedure(post(update_account::email)))
        .route(
            update_account::PASSWORD,
            procedure(post(update_account::password)),
        )
        .route(proxy::PATH, any(proxy::call))
        .layer(from_fn_with_state(app.clone(), method_call))
        .layer(cors())
}

/// A method that is called by GET.
fn query(method: MethodRouter<App>) -> MethodRouter<App> {
    method.fallback(async || Failure::from(XrpcDenial::MethodNotAllowed { allowed: "GET, HEAD" }))
}

/// A method that is called by POST.
fn procedure(method: MethodRouter<App>) -> MethodRouter<App> {
    method.fallback(async || Failure::from(XrpcDenial::MethodNotAllowed { allowed: "POST" }))
}

/// What a method can fail with; neither is ever converted into the other (D9).
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller's.
    Denial(XrpcDenial),
    /// Ours.
    Fault(Fault),
}

impl From<XrpcDenial> for Failure {
    fn from(denial: XrpcDenial) -> Self {
        Self::Denial(denial)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<entryway_store::Fault> for Failure {
    fn from(fault: entryway_store::Fault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Unchecked> for Failure {
    fn from(unchecked: Unchecked) -> Self {
        match unchecked {
            Unchecked::TooMany(too_many) => Self::Denial(too_many.into()),
            Unchecked::Overloaded => Self::Denial(XrpcDenial::Overloaded),
            Unchecked::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// The JSON body of a refusal (<https://atproto.com/specs/xrpc>, "Error Responses").
#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    message: &'a str,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Denial(denial) => refusal(&denial),
            Self::Fault(fault) if fault.is_shortage() => {
                tracing::warn!(fault = format!("{fault:#}"), "shortage");
                overloaded()
            }
            Self::Fault(fault) => {
                let incident = Incident::log(&fault);
                let message = format!("something broke on our side, incident {incident}");
                let body = ErrorBody {
                    error: "InternalServerError",
                    message: &message,
                };
                (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
            }
        }
    }
}

/// What is told to whom there is no place for, without a line in the log: there would be thousands.
pub(crate) fn overloaded() -> Response {
    rendered(&XrpcDenial::Overloaded)
}

fn refusal(denial: &XrpcDenial) -> Response {
    tracing::info!(denial.code = denial.name(), denial.reason = %denial, "refused");
    rendered(denial)
}

fn rendered(denial: &XrpcDenial) -> Response {
    let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let message = denial.to_string();
    let body = ErrorBody {
        error: denial.name(),
        message: &message,
    };
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = denial.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let XrpcDenial::MethodNotAllowed { allowed } = denial {
        headers.insert(ALLOW, HeaderValue::from_static(allowed));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, challenge(denial));
    }
    response
}

/// How to call instead (RFC 9110 section 11.6.1, RFC 9449 section 7.1).
fn challenge(denial: &XrpcDenial) -> HeaderValue {
    let text = match denial {
        XrpcDenial::AdminRequired => "Basic realm=\"admin\"".to_owned(),
        XrpcDenial::AccessTokenInvalid { .. } | XrpcDenial::DpopProof(_) => {
            let algorithms = Algorithm::ALL.map(Algorithm::name).join(" ");
            let error = denial.name();
            format!("DPoP algs=\"{algorithms}\", error=\"{error}\", error_description=\"{denial}\"")
        }
        _ => "Bearer".to_owned(),
    };
    // every sentence keeps to characters that need no escape, which the table of denials shows
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// Answers concern one account and are nobody else's to keep, unless a method says otherwise; a call with
/// a proof is told the next nonce.
async fn method_call(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let has_proof = request.headers().contains_key(DPOP);
    let mut response = admission::method(&app, request, next).await;
    let headers = response.headers_mut();
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // a nonce is base64url
    if has_proof && let Ok(nonce) = HeaderValue::from_str(&app.keys().nonces.issue(app.now())) {
        headers.insert(DPOP_NONCE, nonce);
    }
    response
}

/// Pages of any origin call, and none with a cookie. Apps send headers of their own, so what they ask for is
/// admitted: a wildcard would not stand for `Authorization`.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(Duration::from_hours(24))
}

/// What a page may read of an answer: what says how to go on, and what a PDS and an app view say of theirs.
const EXPOSED: [HeaderName; 10] = [
    DPOP_NONCE,
    WWW_AUTHENTICATE,
    RETRY_AFTER,
    ETAG,
    HeaderName::from_static("atproto-content-labelers"),
    HeaderName::from_static("atproto-repo-rev"),
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];
const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

#[cfg(test)]
mod tests;
