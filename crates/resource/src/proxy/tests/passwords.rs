//! Handle and password with every request (checklist D11).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use super::stage::{Asking, Stage};
use super::upstream::{TestUpstream, json_answer};
use crate::proxy::answer::boxed;
use crate::proxy::{GateSettings, Passwords};
use crate::scene::NOW;

const GOOD: &str = "abcd-efgh-ijkl-mnop";

/// A session token of the PDS that ends after so many seconds.
fn session(seconds: i64) -> String {
    let encode = |json: Value| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string())
    };
    let (header, claims) = (json!({"alg": "HS256"}), json!({"exp": NOW.seconds() + seconds}));
    format!("{}.{}.c2ln", encode(header), encode(claims))
}

/// A PDS that opens sessions for one password, and counts how often it was asked to.
async fn opening(life: i64) -> (TestUpstream, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let counter = opened.clone();
    let upstream = TestUpstream::answering(move |request| {
        let counter = counter.clone();
        Box::pin(async move {
            if request.uri().path() != "/xrpc/com.atproto.server.createSession" {
                let authorization = request.headers().get("authorization").cloned();
                let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
                let names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
                return json_answer(&json!({"authorization": authorization, "names": names}));
            }
            counter.fetch_add(1, Ordering::Relaxed);
            let asked = request.into_body().collect().await.unwrap().to_bytes();
            let asked: Value = serde_json::from_slice(&asked).unwrap();
            if asked == json!({"identifier": "alice.example", "password": GOOD}) {
                return json_answer(&json!({"accessJwt": session(life), "refreshJwt": "r", "did": "d"}));
            }
            let mut refused = Response::new(boxed(Full::from("{\"error\":\"AuthenticationRequired\"}")));
            *refused.status_mut() = http::StatusCode::UNAUTHORIZED;
            refused
        })
    })
    .await;
    (upstream, opened)
}

async fn stage(upstream: TestUpstream, change: impl FnOnce(&mut GateSettings)) -> Stage {
    Stage::with(upstream, |host, settings| {
        host.passwords = Passwords::Exchanged;
        change(settings);
    })
    .await
}

fn ask<'a>(stage: &'a Stage, handle: &str, password: &str) -> Asking<'a> {
    stage
        .open("GET", "/xrpc/app.bsky.feed.getTimeline")
        .header("x-atproto-handle", handle)
        .header("x-atproto-password", password)
}

#[tokio::test]
async fn a_password_is_exchanged_once_and_never_passed_on() {
    let (upstream, opened) = opening(7200).await;
    let stage = stage(upstream, |_| {}).await;
    let asked = (0..8).map(|_| ask(&stage, "alice.example", GOOD).send());
    for got in futures_util::future::join_all(asked).await {
        let seen = got.seen();
        assert_eq!(seen["authorization"], format!("Bearer {}", session(7200)));
        let names = seen["names"].as_array().unwrap();
        assert!(
            !names
                .iter()
                .any(|name| name.as_str().unwrap().starts_with("x-atproto")),
            "{names:?}"
        );
        assert!(!String::from_utf8_lossy(&got.body).contains(GOOD));
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    // a handle has no case
    assert_eq!(ask(&stage, "ALICE.example", GOOD).send().await.status, 200);
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_session_that_is_over_is_opened_again() {
    let (upstream, opened) = opening(5).await;
    let stage = stage(upstream, |_| {}).await;
    for _ in 0..2 {
        assert_eq!(ask(&stage, "alice.example", GOOD).send().await.status, 200);
    }
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn wrong_passwords_are_counted_for_the_handle_and_the_address() {
    let (upstream, opened) = opening(7200).await;
    let stage = stage(upstream, |_| {}).await;
    for attempt in 0..10 {
        let got = ask(&stage, "alice.example", &format!("wrong-{attempt}"))
            .send()
            .await;
        assert_eq!(
            got.error(),
            (401, "AuthenticationRequired".to_owned()),
            "{attempt}"
        );
    }
    // the right one of this handle too: that is what the others were to find out
    for password in ["wrong-again", GOOD] {
        let got = ask(&stage, "alice.example", password).send().await;
        assert_eq!(got.error(), (429, "RateLimitExceeded".to_owned()));
        assert!(got.header("retry-after").is_some());
    }
    for attempt in 0..10 {
        ask(&stage, &format!("user{attempt}.example"), "123456")
            .send()
            .await;
    }
    let got = ask(&stage, "another.example", "123456").send().await;
    assert_eq!(got.error(), (429, "RateLimitExceeded".to_owned()));
    assert_eq!(opened.load(Ordering::Relaxed), 20);
}

#[tokio::test]
async fn who_has_a_session_is_not_locked_out_by_strangers() {
    let (upstream, _) = opening(7200).await;
    let stage = stage(upstream, |_| {}).await;
    assert_eq!(ask(&stage, "alice.example", GOOD).send().await.status, 200);
    for attempt in 0..11 {
        ask(&stage, "alice.example", &format!("wrong-{attempt}"))
            .send()
            .await;
    }
    assert_eq!(ask(&stage, "alice.example", GOOD).send().await.status, 200);
}

#[tokio::test]
async fn a_password_is_taken_alone_whole_and_unseen_only() {
    let (upstream, opened) = opening(7200).await;
    let stage = stage(upstream, |settings| {
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let open = || stage.open("GET", "/xrpc/a.b.c");
    let good = || ask(&stage, "alice.example", GOOD);
    for asking in [
        open().header("x-atproto-handle", "alice.example"),
        open().header("x-atproto-password", GOOD),
        good().header("x-atproto-password", GOOD),
        ask(&stage, "alice.example", ""),
        ask(&stage, "alice.example", &"x".repeat(513)),
        good().header("authorization", "Bearer session"),
        good()
            .header("authorization", "DPoP token")
            .header("dpop", "proof"),
        good().header("x-forwarded-for", "203.0.113.9"),
        good()
            .header("x-forwarded-for", "203.0.113.9")
            .header("x-forwarded-proto", "http"),
    ] {
        assert_eq!(asking.send().await.error(), (400, "InvalidRequest".to_owned()));
    }
    assert_eq!(opened.load(Ordering::Relaxed), 0);
    let tls = good()
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-proto", "https");
    assert_eq!(tls.send().await.status, 200);
    assert!(
        stage
            .upstream
            .received()
            .contains("x-forwarded-for: 203.0.113.9\r\n")
    );
}

#[tokio::test]
async fn a_pds_that_answers_strangely_opens_nothing() {
    for (status, body, error) in [
        (200, "{}", (502, "UpstreamFailure")),
        (200, r#"{"accessJwt":"no jwt"}"#, (502, "UpstreamFailure")),
        (500, "", (502, "UpstreamFailure")),
        (429, "", (429, "RateLimitExceeded")),
        (400, "", (401, "AuthenticationRequired")),
    ] {
        let stage = stage(TestUpstream::saying(status, &[], body).await, |_| {}).await;
        let got = ask(&stage, "alice.example", GOOD).send().await;
        assert_eq!(got.error(), (error.0, error.1.to_owned()), "{status} {body}");
    }
}
