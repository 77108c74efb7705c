//! Methods and headers that are none of ours.

use axum::body::Body;
use entryway_tests::{
    Call, Client, Endpoint, Engine, Reply, TestServer, alice, both_engines, login, push_and_approve,
};
use http::{Method, Request};

use super::{assert_serves, assert_unchanged, pages};

const FORM: &str = "application/x-www-form-urlencoded";

/// Each page, what it allows, and what it does not.
const PAGES: [(&str, &str, &[&str]); 12] = [
    (
        "/",
        "GET, HEAD",
        &["POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/oauth/authorize",
        "GET, HEAD",
        &["POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/oauth/authorize/sign-in",
        "GET, HEAD, POST",
        &["PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/oauth/authorize/sign-up",
        "GET, HEAD, POST",
        &["PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/oauth/authorize/account",
        "POST",
        &["GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/oauth/authorize/decision",
        "POST",
        &["GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/sign-out",
        "POST",
        &["GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/account",
        "GET, HEAD",
        &["POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/account/sign-in",
        "GET, HEAD, POST",
        &["PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/account/new",
        "GET, HEAD, POST",
        &["PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/account/choice",
        "POST",
        &["GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
    (
        "/account/end",
        "POST",
        &["GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO"],
    ),
];

//
async fn no_other_method_does_anything(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let calls = back_channel(&server, &client).await;
    let before = server.database().cells().await;
    let methods = [
        "GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "post", "FOO",
    ];
    for (endpoint, call) in &calls {
        for method in methods {
            for (name, value) in [("x-nothing", "x"), ("x-http-method-override", "POST")] {
                let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap());
                let request = request.uri(server.path(*endpoint)).header("content-type", FORM);
                let request = request
                    .header("dpop", client.prove(&server, *endpoint))
                    .header(name, value);
                let reply = server.send(request.body(Body::from(call.body())).unwrap()).await;
                assert_eq!(
                    (reply.code(), reply.header("allow")),
                    (405, Some("POST")),
                    "{method} {endpoint:?}"
                );
                if method != "HEAD" {
                    assert_eq!(refusal(&reply, method), (405, "invalid_request"));
                }
            }
        }
    }
    for (path, allowed, others) in PAGES {
        for method in others {
            let request = Request::builder()
                .method(*method)
                .uri(path)
                .header("content-type", FORM);
            let reply = server
                .send(request.body(Body::from("client_id=x")).unwrap())
                .await;
            pages::assert_refused(&reply, (405, "invalid_request"), &format!("{method} {path}"));
            assert_eq!(reply.header("allow"), Some(allowed), "{method} {path}");
        }
    }
    assert_unchanged(&before, &server.database().cells().await, "another method");
    for (endpoint, call) in calls {
        assert!(call.send(&server).await.status.is_success(), "{endpoint:?}");
    }
    assert_serves(&server).await;
}

// what a connection lets through, and what it would not
async fn odd_headers_are_refused_or_ignored(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let calls = back_channel(&server, &client).await;
    let before = server.database().cells().await;
    let long = "a".repeat(128 * 1024);
    let dots = ".".repeat(128 * 1024);
    for (endpoint, call) in &calls {
        let proofs = [
            b"",
            &b"x"[..],
            b"..",
            b"a.b.c",
            b"\xff\xfe",
            b"\xe2\x80\xae",
            long.as_bytes(),
            dots.as_bytes(),
        ];
        for proof in proofs {
            let request = Request::post(server.path(*endpoint))
                .header("content-type", FORM)
                .header("dpop", proof);
            let reply = server.send(request.body(Body::from(call.body())).unwrap()).await;
            let what = format!(
                "{endpoint:?} with the proof {:.40}",
                proof.escape_ascii().to_string()
            );
            assert_eq!(refusal(&reply, &what), (400, "invalid_dpop_proof"), "{what}");
        }
    }
    assert_unchanged(&before, &server.database().cells().await, "a header");
    let many = "entryway=AAAAAAAAAAAAAAAAAAAAAA; ".repeat(1000);
    for cookie in [
        &b""[..],
        b"entryway",
        b"entryway=",
        b"=x",
        b";;;",
        b"entryway=\xff",
        b"entryway=%00",
        b"entryway=../../etc/passwd",
        b"entryway=AAAAAAAAAAAAAAAAAAAAAA",
        b"entryway=\"",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        let request = Request::get("/")
            .header("cookie", cookie)
            .header("accept-language", &long[..]);
        let reply = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.code(), 200, "{:.40}", cookie.escape_ascii().to_string());
        for path in ["/oauth/authorize/decision", "/sign-out", "/account/end"] {
            let request = Request::post(path)
                .header("cookie", cookie)
                .header("content-type", FORM);
            let reply = server.send(request.body(Body::from("csrf=x")).unwrap()).await;
            let what = format!("{path} with {:.40}", cookie.escape_ascii().to_string());
            assert_eq!(reply.code(), 403, "{what}");
        }
    }
    assert_unchanged(&before, &server.database().cells().await, "a cookie");
    for (endpoint, call) in calls {
        assert!(call.send(&server).await.status.is_success(), "{endpoint:?}");
    }
    assert_serves(&server).await;
}

/// A valid call of each kind.
pub(super) async fn back_channel(server: &TestServer, client: &Client) -> Vec<(Endpoint, Call)> {
    let tokens = login(server, client, alice()).await;
    let (pushed, landing) = push_and_approve(server, client, alice()).await;
    vec![
        (Endpoint::Par, client.par()),
        (Endpoint::Token, client.exchange(&pushed, landing.code())),
        (Endpoint::Token, client.refresh(&tokens.refresh_token)),
        (Endpoint::Revoke, client.revoke(&tokens.refresh_token)),
    ]
}

#[track_caller]
pub(super) fn refusal(reply: &Reply, what: &str) -> (u16, &'static str) {
    assert!(reply.status.is_client_error(), "{what}: {reply:?}");
    let (status, code) = reply.refusal();
    let known = ["invalid_request", "invalid_dpop_proof", "use_dpop_nonce"];
    let known = known.into_iter().find(|known| *known == code);
    (
        status,
        known.unwrap_or_else(|| panic!("{what}: {}", reply.text())),
    )
}

both_engines! {
    no_other_method_does_anything,
    odd_headers_are_refused_or_ignored,
}
