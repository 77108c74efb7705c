use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::StatusCode;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http_body::Frame;
use http_body_util::Full;
use serde_json::json;
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::permit::PermissionsConfig;
use crate::scene::{self, NOW, PUBLIC_URL, Scene};
use crate::{Clock, VerifierLayer};

/// A body in pieces, which may break off, and which counts what was pulled of it.
#[derive(Default)]
struct Pieces {
    left: VecDeque<Result<Bytes, &'static str>>,
    pulled: Arc<AtomicUsize>,
}

impl From<Bytes> for Pieces {
    fn from(bytes: Bytes) -> Self {
        Self {
            left: VecDeque::from([Ok(bytes)]),
            pulled: Arc::default(),
        }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.pulled.fetch_add(1, Ordering::Relaxed);
        let next = self.left.pop_front();
        Poll::Ready(next.map(|piece| piece.map(Frame::data).map_err(BoxError::from)))
    }
}

/// What the service behind was given, and how many pieces were read in front of it.
struct Outcome {
    response: Response<Full<Bytes>>,
    pulled: usize,
}

impl Outcome {
    async fn text(self) -> String {
        let bytes = self.response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

/// Sends a call with a token of these scopes through both layers, in front of a service that answers with the body.
async fn call(
    scope: &str,
    method: &str,
    target: &str,
    pieces: &[Result<&'static str, &'static str>],
) -> Outcome {
    let scene = Scene::new();
    let clock: Clock = Arc::new(|| scene::at(NOW));
    let permissions = Arc::new(Permissions::new(PermissionsConfig::default()));
    let pulled = Arc::<AtomicUsize>::default();
    let before = Arc::clone(&pulled);
    let read_before = Arc::<AtomicUsize>::default();
    let noted = Arc::clone(&read_before);
    let service = ServiceBuilder::new()
        .layer(VerifierLayer::new(
            Arc::clone(&scene.verifier),
            Arc::clone(&clock),
        ))
        .layer(PermitLayer::new(permissions, Arc::clone(&scene.verifier), clock))
        .service(service_fn(move |request: Request<Pieces>| {
            noted.store(before.load(Ordering::Relaxed), Ordering::Relaxed);
            async move {
                let body = request.into_body().collect().await;
                let body = body.map(Collected::to_bytes).unwrap_or_default();
                Ok::<_, Infallible>(Response::new(Full::from(body)))
            }
        }));
    let token = scene.token_with(&json!({}), &json!({ "scope": scope }));
    let path = target.split('?').next().unwrap();
    let claims = json!({"htm": method, "htu": format!("{PUBLIC_URL}{path}")});
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .body(Pieces {
            left: pieces.iter().map(|piece| piece.map(Bytes::from)).collect(),
            pulled: Arc::clone(&pulled),
        })
        .unwrap();
    *request.headers_mut() = scene::headers(&token, &scene.proof_with(&token, &json!({}), &claims));
    request
        .headers_mut()
        .insert(CONTENT_TYPE, "application/json".parse().unwrap());
    let response = service.oneshot(request).await.unwrap();
    let passed = response.status() == StatusCode::OK;
    let counted = if passed { read_before } else { pulled };
    Outcome {
        response,
        pulled: counted.load(Ordering::Relaxed),
    }
}

const CREATE: &str = "/xrpc/com.atproto.repo.createRecord";

// R-383
#[tokio::test]
async fn a_body_that_was_read_is_passed_on_byte_for_byte() {
    let pieces = [
        Ok("{ \"collection\"\n:\"a.b"),
        Ok(""),
        Ok(".c\",\"record\":{\"b\":1.0,\"a\":\"\\u0061\"}}\r\n"),
    ];
    let outcome = call("atproto repo:a.b.c?action=create", "POST", CREATE, &pieces).await;
    assert_eq!(outcome.response.status(), StatusCode::OK);
    let whole: String = pieces.iter().map(|piece| piece.unwrap()).collect();
    assert_eq!(outcome.text().await, whole);
}

#[tokio::test]
async fn a_body_that_decides_nothing_is_not_read() {
    let pieces = [Ok("{}"), Err("gone")];
    let target = "/xrpc/com.atproto.repo.importRepo";
    let outcome = call("atproto account:repo?action=manage", "POST", target, &pieces).await;
    assert_eq!((outcome.response.status(), outcome.pulled), (StatusCode::OK, 0));
    // and neither is that of a call that is refused
    let outcome = call("atproto", "POST", target, &pieces).await;
    assert_eq!(
        (outcome.response.status(), outcome.pulled),
        (StatusCode::FORBIDDEN, 0)
    );
}

// R-337
#[tokio::test]
async fn a_call_that_is_not_permitted_is_told_which_scope_it_lacks() {
    let body = [Ok(r#"{"collection":"a.b.c"}"#)];
    let outcome = call("atproto repo:a.b.c?action=update", "POST", CREATE, &body).await;
    assert_eq!(outcome.response.status(), StatusCode::FORBIDDEN);
    let challenge = outcome.response.headers()[WWW_AUTHENTICATE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    assert!(
        challenge.contains(r#"scope="repo:a.b.c?action=create""#),
        "{challenge}"
    );
    assert!(outcome.response.headers().contains_key("dpop-nonce"));
    assert_eq!(
        outcome.text().await,
        r#"{"error":"ScopeMissingError","message":"Missing required scope \"repo:a.b.c?action=create\""}"#
    );
}

#[tokio::test]
async fn a_closed_method_and_a_malformed_call_are_answered_here() {
    let all = "atproto transition:generic transition:email transition:chat.bsky identity:* account:status?action=manage";
    for (method, target, status, error) in [
        (
            "POST",
            "/xrpc/com.atproto.server.createAppPassword",
            403,
            "Forbidden",
        ),
        (
            "POST",
            "/xrpc/com.atproto.server.newerThanTheTable",
            403,
            "Forbidden",
        ),
        ("GET", CREATE, 400, "InvalidRequest"),
        (
            "POST",
            "/xrpc/com.atproto.server.getSession",
            400,
            "InvalidRequest",
        ),
        ("GET", "/xrpc/app.bsky.feed.getTimeline", 400, "InvalidRequest"),
        ("GET", "/xrpc/", 400, "InvalidRequest"),
        (
            "GET",
            "/xrpc/com.atproto.server.getSession/",
            400,
            "InvalidRequest",
        ),
        (
            "GET",
            "/xrpc//com.atproto.server.getSession",
            400,
            "InvalidRequest",
        ),
        (
            "GET",
            "/XRPC/com.atproto.server.getSession",
            400,
            "InvalidRequest",
        ),
        (
            "GET",
            "/xrpc/com.atproto.server.getSession%00",
            400,
            "InvalidRequest",
        ),
        (
            "GET",
            "/xrpc/com.atproto.server.%67etSession",
            400,
            "InvalidRequest",
        ),
        ("GET", "/account", 400, "InvalidRequest"),
    ] {
        let outcome = call(all, method, target, &[]).await;
        let headers = outcome.response.headers();
        assert!(
            headers.contains_key("dpop-nonce") && !headers.contains_key(WWW_AUTHENTICATE),
            "{target}"
        );
        assert_eq!(outcome.response.status().as_u16(), status, "{method} {target}");
        let body: serde_json::Value = serde_json::from_str(&outcome.text().await).unwrap();
        assert_eq!(body["error"], error, "{method} {target}");
    }
    let outcome = call(
        "atproto",
        "GET",
        "/xrpc/com.atproto.server.getSession?x=1",
        &[Ok("body")],
    )
    .await;
    assert_eq!((outcome.response.status(), outcome.pulled), (StatusCode::OK, 0));
}

#[tokio::test]
async fn a_body_without_end_is_read_up_to_the_limit_only() {
    let piece: &'static str = Box::leak(" ".repeat(1024 * 1024 / 4).into_boxed_str());
    let outcome = call("atproto", "POST", CREATE, &[Ok(piece); 400]).await;
    assert_eq!(
        (outcome.response.status(), outcome.pulled),
        (StatusCode::PAYLOAD_TOO_LARGE, 5)
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_believed() {
    let pieces = [Ok(r#"{"collection":"a.b.c"}"#), Err("gone")];
    let outcome = call("atproto transition:generic", "POST", CREATE, &pieces).await;
    assert_eq!(outcome.response.status(), StatusCode::BAD_REQUEST);
    let body: serde_json::Value = serde_json::from_str(&outcome.text().await).unwrap();
    assert_eq!(body["message"], "the body must arrive whole");
}

// R-352
#[tokio::test]
async fn nothing_unverified_is_permitted_even_where_nothing_is_needed() {
    let scene = Scene::new();
    let permissions = Arc::new(Permissions::new(PermissionsConfig::default()));
    let service = ServiceBuilder::new()
        .layer(PermitLayer::new(
            permissions,
            scene.verifier,
            Arc::new(|| scene::at(NOW)),
        ))
        .service(service_fn(|_: Request<Pieces>| async {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
    let request = Request::get("/xrpc/com.atproto.server.describeServer").body(Pieces::default());
    let response = service.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}
