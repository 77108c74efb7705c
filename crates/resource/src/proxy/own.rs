//! What the gate answers by itself: whose tokens are taken, preflights, and whether it is well.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL,
    CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};
use http_body_util::{Empty, Full};
use serde::Serialize;

use super::answer::{Answer, allow_origins, boxed};
use super::settings::IssuerHealth;

/// A document of our own, for pages of any origin.
pub(super) fn document(json: Bytes) -> Answer {
    let mut answer = self::json(StatusCode::OK, json);
    allow_origins(answer.headers_mut());
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    answer
}

/// What a browser asks before it calls.
pub(super) fn preflight() -> Answer {
    let mut answer = Response::new(boxed(Empty::new()));
    *answer.status_mut() = StatusCode::NO_CONTENT;
    allow_origins(answer.headers_mut());
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, CALL_METHODS),
        // an asterisk never stands for `Authorization`, and some browsers know no asterisk here
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, DPoP, Content-Type, Content-Encoding, Accept-Language, Atproto-Proxy, \
             Atproto-Accept-Labelers, X-Bsky-Topics, *",
        ),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Whether calls can be judged: keys are known and revocations are heard of.
pub(super) fn health(issuers: &[IssuerHealth]) -> Answer {
    let is_ready = issuers.iter().all(IssuerHealth::is_ready);
    let report = Report {
        status: if is_ready { "ok" } else { "not ready" },
        issuers: issuers.iter().map(Standing::of).collect(),
    };
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    // plain values always serialise
    let mut answer = json(status, serde_json::to_vec(&report).unwrap_or_default().into());
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn json(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(boxed(Full::new(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Whether a document is asked for by a method it has.
pub(super) fn is_read(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}

#[derive(Serialize)]
struct Report<'a> {
    status: &'static str,
    issuers: Vec<Standing<'a>>,
}

#[derive(Serialize)]
struct Standing<'a> {
    issuer: &'a str,
    keys_known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed: Option<Feed>,
}

#[derive(Serialize)]
struct Feed {
    fresh: bool,
    age_seconds: Option<u64>,
}

impl<'a> Standing<'a> {
    fn of(health: &'a IssuerHealth) -> Self {
        Self {
            issuer: health.issuer.as_str(),
            keys_known: health.keys_known,
            feed: health.feed.map(|feed| Feed {
                fresh: feed.fresh,
                age_seconds: feed.age_seconds,
            }),
        }
    }
}

/// How calls are made.
pub(super) const CALL_METHODS: &str = "GET, HEAD, POST";
pub(super) const READ_METHODS: &str = "GET, HEAD";
