//! What every request must pass, and what every page carries.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{
    CACHE_CONTROL, HOST, HeaderValue, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, Method};
use url::Url;

use super::Demo;
use super::pages::Failure;
use super::problem::Problem;

/// Lets a request in if it is for this host and, where it changes something, from this app's own page.
pub(super) async fn guard(State(demo): State<Arc<Demo>>, request: Request, next: Next) -> Response {
    let mut response = match admit(&demo, &request) {
        Admission::Granted => next.run(request).await,
        Admission::Elsewhere(url) => Redirect::permanent(&url).into_response(),
        Admission::Denied(problem) => Failure::from(problem).into_response(),
    };
    let headers = response.headers_mut();
    let always: [(HeaderName, &'static str); 5] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // not `no-referrer`: with it browsers send `Origin: null`, and every form would be refused
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

enum Admission {
    Granted,
    Elsewhere(String),
    Denied(Problem),
}

fn admit(demo: &Demo, request: &Request) -> Admission {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).unwrap_or_default();
    let origin = format!("http://{host}");
    if origin != demo.base {
        // the cookie lives at the host of the redirect URI, so the app is used there only; any other name is
        // not ours (DNS rebinding)
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return if is_localhost(demo, &origin) && matches!(*request.method(), Method::GET | Method::HEAD) {
            Admission::Elsewhere(format!("{}{path}", demo.base))
        } else {
            Admission::Denied(Problem::ForeignHost)
        };
    }
    // cross-site forms: `SameSite=Lax` keeps the cookie away from most, this from the rest
    if request.method() == Method::POST && header(ORIGIN) != Some(demo.base.as_str()) {
        return Admission::Denied(Problem::ForeignOrigin);
    }
    Admission::Granted
}

/// Says whether the origin is this app under the name `localhost`.
fn is_localhost(demo: &Demo, origin: &str) -> bool {
    let mut named = demo.redirect_uri.clone();
    named.set_host(Some("localhost")).is_ok()
        && Url::parse(origin).is_ok_and(|origin| origin.origin() == named.origin())
}
