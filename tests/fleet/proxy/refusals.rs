//! Who and what is not passed on: nothing of it reaches a PDS.

use axum::body::Body;
use entryway_tests::{Engine, Listening, both_engines};
use http::Request;

use super::stub::Stub;
use super::{Scene, bodiless};

both_engines!(
    without_a_session_nothing_is_passed_on,
    a_method_of_ours_is_never_passed_on,
    a_proof_is_sent_to_the_server_it_names,
    what_two_servers_could_read_in_two_ways_is_not_passed_on,
    an_account_that_lives_on_no_host_of_ours_is_told_so,
    no_connection_is_upgraded,
);

async fn without_a_session_nothing_is_passed_on(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    let ended = scene.world.sign_in(&scene.alice).await;
    let request = Request::post("/xrpc/com.atproto.server.deleteSession")
        .header("authorization", format!("Bearer {}", ended.refresh));
    assert_eq!(scene.world.ask(bodiless(request)).await.code(), 200);
    let good = &scene.session.access;
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    for (authorization, status, error) in [
        (None, 501, "MethodNotImplemented"),
        (Some(String::new()), 400, "InvalidToken"),
        (Some("Bearer".to_owned()), 400, "InvalidToken"),
        (Some("Basic YWRtaW46YWRtaW4=".to_owned()), 400, "InvalidToken"),
        (Some("Bearer a.b.c".to_owned()), 400, "InvalidToken"),
        (Some(format!("Bearer {forged}")), 400, "InvalidToken"),
        (
            Some(format!("Bearer {}", scene.session.refresh)),
            400,
            "InvalidToken",
        ),
        (Some(format!("Bearer {}", ended.access)), 400, "ExpiredToken"),
        (Some(format!("Bearer {good} {good}")), 400, "InvalidToken"),
    ] {
        let mut request = Request::get("/xrpc/app.bsky.feed.getTimeline");
        if let Some(authorization) = &authorization {
            request = request.header("authorization", authorization);
        }
        let reply = scene.world.ask(bodiless(request)).await;
        let said = (reply.code(), reply.member("error"));
        assert_eq!(said, (status, error.to_owned()), "{authorization:?}");
    }
    scene.world.server.clock().advance(15 * 60);
    let reply = scene
        .world
        .ask(bodiless(scene.query("app.bsky.feed.getTimeline")))
        .await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (400, "ExpiredToken")
    );
    assert_eq!(stub.calls().len(), 0);
}

// contract 2.2: the PDS would send each of these back
async fn a_method_of_ours_is_never_passed_on(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    for method in [
        "com.atproto.admin.getAccountInfo",
        "com.atproto.admin.updateAccountPassword",
        "com.atproto.identity.signPlcOperation",
        "com.atproto.server.confirmEmail",
        "com.atproto.server.deleteAccount",
        "com.atproto.server.requestPasswordReset",
        "com.atproto.temp.revokeAccountCredentials",
    ] {
        let request = Request::post(format!("/xrpc/{method}"))
            .header("authorization", format!("Bearer {}", scene.session.access));
        let reply = scene.world.ask(bodiless(request)).await;
        // what is served refuses a request without a body in words of its own
        assert!(matches!(reply.code(), 400 | 401 | 501), "{method} {reply:?}");
    }
    // served, and called in the wrong way
    let reply = scene
        .world
        .ask(bodiless(scene.query("com.atproto.server.createSession")))
        .await;
    assert_eq!(reply.code(), 405);
    assert_eq!(stub.calls().len(), 0);
}

// contract 6.5
async fn a_proof_is_sent_to_the_server_it_names(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    let told = format!("DPoP requests cannot be proxied, send them to {}", stub.url());
    let access = &scene.session.access;
    let unknown = "DPoP requests cannot be proxied, send them to the PDS of the account";
    for (headers, message) in [
        (
            &[
                ("authorization", format!("Bearer {access}")),
                ("dpop", "a.b.c".to_owned()),
            ][..],
            told.as_str(),
        ),
        (&[("authorization", format!("DPoP {access}"))], told.as_str()),
        (&[("authorization", "DPoP a.b.c".to_owned())], unknown),
        (
            &[
                ("authorization", "dpop a.b.c".to_owned()),
                ("dpop", "a.b.c".to_owned()),
            ],
            unknown,
        ),
    ] {
        let mut request = Request::get("/xrpc/app.bsky.feed.getTimeline");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let reply = scene.world.ask(bodiless(request)).await;
        assert_eq!(
            (reply.code(), reply.member("error").as_str()),
            (400, "InvalidRequest")
        );
        assert_eq!(reply.member("message"), message);
    }
    assert_eq!(stub.calls().len(), 0);
}

//
async fn what_two_servers_could_read_in_two_ways_is_not_passed_on(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    for target in [
        "app.example.get/",
        "app.example.get%00",
        "app.example..get",
        "..%2f..%2fadmin",
        "app.example.get;x",
        "App.example.get",
        "app.example.get?a=%zz",
        "app.example.get?a=%00",
        "app",
        "_health",
    ] {
        let reply = scene.world.ask(bodiless(scene.query(target))).await;
        assert_eq!(reply.code(), 400, "{target} {reply:?}");
    }
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("atproto-proxy", "did:web:x.test#y"),
    ] {
        let request = scene
            .query("app.example.get")
            .header(name, value)
            .header(name, value);
        assert_eq!(
            scene.world.ask(bodiless(request)).await.code(),
            400,
            "{name} twice"
        );
    }
    let request = scene.query("app.example.get").body(Body::from("{}")).unwrap();
    assert_eq!(scene.world.ask(request).await.code(), 400, "a query with a body");
    let put = scene.query("app.example.get").method("PUT");
    assert_eq!(scene.world.ask(bodiless(put)).await.code(), 405);

    let server = Listening::on(&scene.world.server).await;
    let authorization = format!("authorization: Bearer {}", scene.session.access);
    let hidden = "GET /xrpc/app.example.hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    for head in [
        // a length beside chunks
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
        "content-length: 4\r\ncontent-length: 5",
        "content-length: +4",
        "content-length: 4, 5",
        "transfer-encoding: chunked, identity",
        "transfer-encoding : chunked",
        "transfer-encoding: xchunked",
    ] {
        let said = format!(
            "POST /xrpc/app.example.put HTTP/1.1\r\nhost: localhost\r\n{authorization}\r\n{head}\r\n\r\n0\r\n\r\n{hidden}"
        );
        server.say(said.as_bytes()).await;
    }
    for call in stub.calls() {
        assert_eq!(call.line, "POST /xrpc/app.example.put", "nothing hides in a body");
        assert!(!call.body.windows(3).any(|bytes| bytes == b"GET"), "{call:?}");
        assert!(
            !(call.headers.contains_key("content-length") && call.headers.contains_key("transfer-encoding"))
        );
    }
    let long = "a".repeat(80 * 1024);
    let said = format!(
        "GET /xrpc/app.example.get HTTP/1.1\r\nhost: localhost\r\n{authorization}\r\nx-bsky-topics: {long}\r\n\r\n"
    );
    let answer = server.say(said.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(!stub.calls().iter().any(|call| call.line.starts_with("GET")));
}

async fn an_account_that_lives_on_no_host_of_ours_is_told_so(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    let elsewhere = "did:web:elsewhere.test".parse().unwrap();
    let carol = scene.world.lodge(&elsewhere, "carol.test").await;
    let session = scene.world.sign_in(&carol).await;
    let request =
        Request::get("/xrpc/app.example.get").header("authorization", format!("Bearer {}", session.access));
    let reply = scene.world.ask(bodiless(request)).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (400, "InvalidRequest")
    );
    assert_eq!(stub.calls().len(), 0);
}

//
async fn no_connection_is_upgraded(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    let request = scene
        .query("com.atproto.sync.subscribeRepos")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let reply = scene.world.ask(bodiless(request)).await;
    assert_eq!(reply.code(), 400);
    assert!(reply.member("message").contains("subscribe at the PDS itself"));
    assert_eq!(stub.calls().len(), 0);
}
