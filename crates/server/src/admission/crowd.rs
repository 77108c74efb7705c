//! What connections get that are more than there may be: whether we live, and that there is no place.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::Request;
use http::header::ACCEPT;

use entryway_oauth::denial::Denial;

use crate::app::App;
use crate::authorize::reply;
use crate::{failure, readiness, routes, xrpc};

/// The service for connections that have no place.
pub(crate) fn router(app: &App) -> Router {
    routes::alive()
        .route(readiness::PATH, get(readiness::get))
        .fallback(no_place)
        .layer(routes::cors())
        .with_state(app.clone())
}

async fn no_place(State(app): State<App>, request: Request<Body>) -> Response {
    let accepted = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok());
    if request.uri().path().starts_with("/xrpc/") {
        xrpc::overloaded()
    } else if accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        reply::overloaded(&app)
    } else {
        failure::json(&Denial::Overloaded)
    }
}
