//! A verified caller as an argument of an `axum` handler.

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;

use crate::Verified;

/// Takes the caller that [`crate::VerifierLayer`] let through. A route outside of the layer is closed: it
/// answers 500 to everybody, and the log says why. There is no extractor of a caller that may be missing.
impl<S: Send + Sync> FromRequestParts<S> for Verified {
    type Rejection = VerifierMissing;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, VerifierMissing> {
        parts.extensions.get::<Self>().cloned().ok_or(VerifierMissing)
    }
}

/// A handler takes a [`Verified`] on a route that no [`crate::VerifierLayer`] stands in front of: a fault
/// of the service, whatever the caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a route that takes a verified caller lies outside of the verifier's layer")]
pub struct VerifierMissing;

impl IntoResponse for VerifierMissing {
    fn into_response(self) -> Response {
        tracing::error!(fault = %self, "a request cannot be answered");
        let mut response = Response::new(Body::from(BODY));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

const BODY: &str = r#"{"error":"InternalServerError","message":"this method cannot be answered now"}"#;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::routing::post;
    use http::{HeaderMap, Request};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::VerifierLayer;
    use crate::scene::{ACCOUNT, METHOD, NOW, PATH, Scene, at};

    async fn answer(routes: Router, headers: HeaderMap) -> (StatusCode, String) {
        let mut request = Request::builder()
            .method(METHOD)
            .uri(PATH)
            .body(Body::empty())
            .unwrap();
        *request.headers_mut() = headers;
        let response = routes.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn routes() -> Router {
        Router::new().route(PATH, post(async |caller: Verified| caller.did().to_string()))
    }

    #[tokio::test]
    async fn a_handler_behind_the_layer_is_told_who_calls() {
        let scene = Scene::new();
        let layer = VerifierLayer::new(Arc::clone(&scene.verifier), Arc::new(|| at(NOW)));
        let routes = routes().layer(layer);
        let told = answer(routes.clone(), scene.headers()).await;
        assert_eq!(told, (StatusCode::OK, ACCOUNT.to_owned()));
        assert_eq!(answer(routes, HeaderMap::new()).await.0, StatusCode::UNAUTHORIZED);
    }

    // R-352
    #[tokio::test]
    async fn a_route_left_outside_of_the_layer_is_closed() {
        let scene = Scene::new();
        for headers in [scene.headers(), HeaderMap::new()] {
            let told = answer(routes(), headers).await;
            assert_eq!(told, (StatusCode::INTERNAL_SERVER_ERROR, BODY.to_owned()));
        }
    }
}
