//! Which path leads where. Metadata is made from the same [`Endpoints`](entryway_oauth::metadata::Endpoints).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::FutureExt as _;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, PRAGMA, REFERRER_POLICY, RETRY_AFTER,
    STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Request};
use tower_http::cors::{Any, CorsLayer};
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

use entryway_oauth::denial::Denial;
use entryway_oauth::issuer::Issuer;
use entryway_store::{BrowserSessions, Sealer};

use crate::account::Place;
use crate::admission;
use crate::app::App;
use crate::authorize::{self, FormPaths, reply};
use crate::failure::{Failure, Fault};
use crate::oauth::{jwks, metadata, par, revoke, token};
use crate::pages::assets::{self, Asset};
use crate::serve::{LogLine, Peer};
use crate::{account, feed, handles, home, leaving, readiness, xrpc};

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The whole service as one router.
pub fn router(app: &App) -> Router {
    let everything = documents(app)
        .merge(back_channel(app))
        .merge(feed(app))
        .merge(front_channel(app))
        .merge(images(app))
        .merge(xrpc::methods(app));
    everything
        .route(handles::PATH, get(handles::get).fallback(get_only))
        .merge(alive())
        .route(readiness::PATH, get(readiness::get))
        .fallback(not_found)
        .layer(from_fn_with_state(app.clone(), every_request))
        .with_state(app.clone())
}

/// Whether this instance lives.
pub(crate) fn alive() -> Router<App> {
    Router::new().route("/_health", get(|| async { "ok" }))
}

/// Documents that any page may read.
fn documents(app: &App) -> Router<App> {
    Router::new()
        .route(metadata::PATH, get(metadata::get).fallback(get_only))
        .route(&app.endpoints().jwks, get(jwks::get).fallback(get_only))
        .layer(cors())
}

/// PAR, token and revocation: JSON, cross-origin, never cached, a fresh nonce on every answer.
fn back_channel(app: &App) -> Router<App> {
    let endpoints = app.endpoints();
    Router::new()
        .route(&endpoints.par, post(par::post).fallback(post_only))
        .route(&endpoints.token, post(token::post).fallback(post_only))
        .route(&endpoints.revoke, post(revoke::post).fallback(post_only))
        .layer(from_fn_with_state(app.clone(), back_channel_request))
        .layer(cors())
}

/// The revocation feed: for services, so no page of any origin reads it, and never cached.
fn feed(app: &App) -> Router<App> {
    Router::new()
        .route(&app.endpoints().revocations, get(feed::get).fallback(get_only))
        .layer(from_fn(not_cached))
}

/// Pages and their forms: same-origin, with the browser's session.
fn front_channel(app: &App) -> Router<App> {
    let paths = FormPaths::under(app.endpoints());
    Router::new()
        .route("/", get(home::get).fallback(page_get_only))
        .route(home::SIGN_OUT, post(home::sign_out).fallback(page_post_only))
        .merge(account_pages())
        .route(
            &app.endpoints().authorize,
            get(authorize::page::get).fallback(page_get_only),
        )
        .route(
            &paths.sign_in,
            get(authorize::page::sign_in)
                .post(authorize::sign_in::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            &paths.sign_up,
            get(authorize::page::sign_up)
                .post(authorize::sign_up::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            &paths.account,
            post(authorize::account::post).fallback(page_post_only),
        )
        .route(
            &paths.decision,
            post(authorize::decision::post).fallback(page_post_only),
        )
        .layer(sessions(app))
        .layer(from_fn_with_state(app.clone(), page_request))
}

/// The pages of an account, without an app.
fn account_pages() -> Router<App> {
    Router::new()
        .route(
            Place::Account.path(),
            get(account::page::get).fallback(page_get_only),
        )
        .route(
            account::SIGN_IN,
            get(account::sign_in::get)
                .post(account::sign_in::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            account::NEW,
            get(account::new::get)
                .post(account::new::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            account::CHOICE,
            post(account::choice::post).fallback(page_post_only),
        )
        .route(account::END, post(account::end::post).fallback(page_post_only))
        .route(
            Place::AppPasswords.path(),
            get(account::app_passwords::get)
                .post(account::app_passwords::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            Place::NewAppPassword.path(),
            get(account::new_app_password::get)
                .post(account::new_app_password::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            Place::Email.path(),
            get(account::email::get)
                .post(account::email::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            Place::NewEmail.path(),
            get(account::new_email::get)
                .post(account::new_email::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            Place::Handle.path(),
            get(account::handle::get)
                .post(account::handle::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            Place::Rest.path(),
            get(account::rest::get)
                .post(account::rest::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            account::rest::ACTIVATE,
            post(account::rest::wake).fallback(page_post_only),
        )
        .route(
            Place::Deletion.path(),
            get(account::deletion::get)
                .post(account::deletion::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            account::forgotten::FORGOTTEN,
            get(account::forgotten::get)
                .post(account::forgotten::post)
                .fallback(page_get_and_post_only),
        )
        .route(
            account::forgotten::NEW,
            get(account::forgotten::get_new)
                .post(account::forgotten::post_new)
                .fallback(page_get_and_post_only),
        )
        .route(
            account::forgotten::CHANGED,
            get(account::forgotten::changed).fallback(page_get_only),
        )
}

/// What pages show besides text.
fn images(app: &App) -> Router<App> {
    let logo = format!("{}/logo", app.endpoints().authorize);
    let logos = Router::new().route(&logo, get(authorize::logo::get).fallback(page_get_only));
    assets::ALL.into_iter().fold(logos, |router, asset| {
        router.route(asset.path, get(move || async move { serve_asset(asset) }))
    })
}

fn serve_asset(asset: Asset) -> Response {
    (
        [
            (CONTENT_TYPE, asset.content_type),
            (CACHE_CONTROL, "public, max-age=3600"),
        ],
        asset.body,
    )
        .into_response()
}

pub(crate) fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers([CONTENT_TYPE, DPOP])
        .expose_headers([DPOP_NONCE, RETRY_AFTER, WWW_AUTHENTICATE])
        .max_age(Duration::from_hours(24))
}

/// a cookie for as long as the browser runs; the server forgets after eight days.
fn sessions(app: &App) -> SessionManagerLayer<BrowserSessions> {
    let sealer = Sealer::new(&app.config().root_key.derive("sealing browser sessions"));
    let clock = app.clock().clone();
    let store = BrowserSessions::new(app.store().clone(), sealer, move || clock.now());
    let secure = app.issuer().is_secure();
    SessionManagerLayer::new(store)
        .with_name(cookie_name(app.issuer()))
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd)
}

/// Cookies know no ports: on a developer's machine each service needs a name of its own.
fn cookie_name(issuer: &Issuer) -> String {
    match issuer.as_str().rsplit_once(':') {
        _ if issuer.is_secure() => "__Host-entryway".to_owned(),
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => format!("entryway-{port}"),
        _ => "entryway".to_owned(),
    }
}

/// on every answer, errors included; and R-503, before anything is read.
async fn back_channel_request(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let admitted = app
        .call_limits()
        .map_or(Ok(()), |limits| limits.admit(Peer::address(request.extensions())));
    let mut response = match admitted {
        // caught here too, so that the answer has the headers of an answer
        Ok(()) => unpanicked(admission::back_channel(&app, request, next)).await,
        Err(denial) => Failure::Denial(denial).into_json(),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    // a nonce is base64url
    if let Ok(nonce) = HeaderValue::from_str(&app.keys().nonces.issue(app.now())) {
        headers.insert(DPOP_NONCE, nonce);
    }
    response
}

async fn not_cached(request: Request<Body>, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

///
async fn page_request(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let mut response = admission::page(&app, request, next).await;
    add_page_headers(&app, response.headers_mut());
    response
}

fn add_page_headers(app: &App, headers: &mut HeaderMap) {
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (VARY, "Cookie"),
        // not no-referrer: that would make browsers send `Origin: null` with our own forms
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), payment=()",
        ),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.issuer().is_secure() {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000"),
        );
    }
}

/// What is done for every request. One layer, for each one boxes and clones all that is below it at every request.
async fn every_request(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let line = LogLine::of(&request);
    let mut response = unpanicked(of_client(&app, request, next)).await;
    //
    response
        .headers_mut()
        .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    leaving::mark_last(&app, &mut response);
    line.write(&response);
    response
}

/// Puts the address of the client in the place of that of the connection, for whoever counts calls by address.
async fn of_client(app: &App, mut request: Request<Body>, next: Next) -> Response {
    let peer = Peer::address(request.extensions());
    match app.fleet().client_address(peer, request.headers()).await {
        Ok(client) => request.extensions_mut().insert(Peer(client)),
        Err(fault) => return Failure::Fault(fault).into_json(),
    };
    next.run(request).await
}

/// A panic is a fault like any other: logged by the hook, answered with a number.
async fn unpanicked(answer: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(response) => response,
        Err(_) => Failure::Fault(Fault::new("a handler panicked")).into_json(),
    }
}

async fn get_only() -> Response {
    Failure::Denial(Denial::MethodNotAllowed { allowed: "GET, HEAD" }).into_json()
}

async fn post_only() -> Response {
    Failure::Denial(Denial::MethodNotAllowed { allowed: "POST" }).into_json()
}

async fn page_get_only(State(app): State<App>) -> Response {
    reply::failure(&app, Denial::MethodNotAllowed { allowed: "GET, HEAD" }.into())
}

async fn page_get_and_post_only(State(app): State<App>) -> Response {
    let allowed = "GET, HEAD, POST";
    reply::failure(&app, Denial::MethodNotAllowed { allowed }.into())
}

async fn page_post_only(State(app): State<App>) -> Response {
    reply::failure(&app, Denial::MethodNotAllowed { allowed: "POST" }.into())
}

async fn not_found(State(app): State<App>) -> Response {
    let mut response = reply::not_found(&app);
    add_page_headers(&app, response.headers_mut());
    response.headers_mut().remove(ALLOW);
    response
}
