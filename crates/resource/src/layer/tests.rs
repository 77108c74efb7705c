use std::convert::Infallible;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::*;
use crate::scene::{ACCOUNT, ISSUER, KEY, METHOD, NOW, PATH, Scene, at, issuer, nonces, public};
use crate::{IssuerKeys, IssuerSilent, KeySource, Limits, TrustedIssuer};

type Body = Full<Bytes>;

/// Sends a request with these headers through the layer, in front of a service that says who calls.
async fn answer(scene: &Scene, path: &str, headers: HeaderMap) -> Response<Body> {
    let service = ServiceBuilder::new()
        .layer(VerifierLayer::new(
            Arc::clone(&scene.verifier),
            Arc::new(|| at(NOW)),
        ))
        .service(service_fn(|request: Request<Body>| async move {
            assert!(
                !format!("{request:?}").contains("eyJ"),
                "a credential would be logged"
            );
            let caller = request.extensions().get::<Verified>().unwrap().did().to_string();
            Ok::<_, Infallible>(Response::new(Body::from(caller)))
        }));
    let mut request = Request::builder()
        .method(METHOD)
        .uri(path)
        .body(Body::default())
        .unwrap();
    *request.headers_mut() = headers;
    service.oneshot(request).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

// R-343, R-344
#[tokio::test]
async fn a_verified_request_reaches_the_service_and_its_answer_is_private_with_a_nonce() {
    let scene = Scene::new();
    let response = answer(&scene, PATH, scene.headers()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["dpop-nonce"], nonces().issue(NOW).as_str());
    assert_eq!(response.headers()[CACHE_CONTROL], "private");
    assert_eq!(response.headers()[VARY], "Authorization");
    assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    assert_eq!(text(response).await, ACCOUNT);
}

// R-330: the query is no part of the target
#[tokio::test]
async fn a_query_does_not_disturb_the_proof() {
    let scene = Scene::new();
    let response = answer(&scene, &format!("{PATH}?repo=alice.test&x=%00"), scene.headers()).await;
    assert_eq!(response.status(), StatusCode::OK);
}

// R-324, R-352: the service would panic without `Verified`
#[tokio::test]
async fn nothing_unverified_reaches_the_service() {
    let scene = Scene::new();
    let mut without_proof = scene.headers();
    without_proof.remove(DPOP);
    let mut replayed = scene.headers();
    assert_eq!(
        answer(&scene, PATH, replayed.clone()).await.status(),
        StatusCode::OK
    );
    replayed.insert("x-attempt", "2".parse().unwrap());
    for headers in [HeaderMap::new(), without_proof, replayed] {
        let response = answer(&scene, PATH, headers).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(
            response.headers()[WWW_AUTHENTICATE]
                .to_str()
                .unwrap()
                .starts_with("DPoP ")
        );
        assert_eq!(response.headers()["dpop-nonce"], nonces().issue(NOW).as_str());
        assert_eq!(response.headers()[CACHE_CONTROL], "private");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    }
}

#[tokio::test]
async fn a_handler_answers_for_a_missing_scope_and_nothing_is_said_twice() {
    let scene = Scene::new();
    let verifier = Arc::clone(&scene.verifier);
    let service = ServiceBuilder::new()
        .layer(VerifierLayer::new(Arc::clone(&verifier), Arc::new(|| at(NOW))))
        .service(service_fn(move |_: Request<Body>| {
            let refusal = verifier.refuse(&Refusal::scope_missing("blob:image/png"), at(NOW));
            async move { Ok::<_, Infallible>(refusal.map(Body::from)) }
        }));
    let mut request = Request::builder()
        .method(METHOD)
        .uri(PATH)
        .body(Body::default())
        .unwrap();
    *request.headers_mut() = scene.headers();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    for (name, times) in [
        ("dpop-nonce", 1),
        ("cache-control", 1),
        ("vary", 1),
        ("access-control-expose-headers", 2),
    ] {
        assert_eq!(response.headers().get_all(name).iter().count(), times, "{name}");
    }
    assert_eq!(
        text(response).await,
        r#"{"error":"ScopeMissingError","message":"Missing required scope \"blob:image/png\""}"#
    );
}

#[tokio::test]
async fn a_fault_of_the_service_passes_as_it_is() {
    let scene = Scene::new();
    let service = ServiceBuilder::new()
        .layer(VerifierLayer::new(
            Arc::clone(&scene.verifier),
            Arc::new(|| at(NOW)),
        ))
        .service(service_fn(|_: Request<Body>| async {
            Err::<Response<Body>, _>("broken")
        }));
    let mut request = Request::builder()
        .method(METHOD)
        .uri(PATH)
        .body(Body::default())
        .unwrap();
    *request.headers_mut() = scene.headers();
    assert_eq!(service.oneshot(request).await.unwrap_err(), "broken");
}

/// An issuer that takes its time.
#[derive(Debug)]
struct SlowIssuer(bool);

#[async_trait::async_trait]
impl KeySource for SlowIssuer {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        tokio::task::yield_now().await;
        if !self.0 {
            return Err(IssuerSilent::because("down"));
        }
        Ok(format!(r#"{{"keys":[{}]}}"#, public(KEY).canonical_json()).into())
    }
}

// R-346
#[tokio::test]
async fn a_request_waits_for_the_keys_of_its_issuer() {
    for (is_up, status) in [(true, StatusCode::OK), (false, StatusCode::SERVICE_UNAVAILABLE)] {
        let keys = IssuerKeys::published(Arc::new(SlowIssuer(is_up)));
        let scene = Scene::believing(vec![TrustedIssuer::new(issuer(ISSUER), keys)], Limits::default());
        for _ in 0..2 {
            let response = answer(&scene, PATH, scene.headers()).await;
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["dpop-nonce"], nonces().issue(NOW).as_str());
            let text = text(response).await;
            assert_eq!(text == ACCOUNT, is_up, "{text}");
        }
    }
}
