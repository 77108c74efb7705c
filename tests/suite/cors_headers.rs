//! Who may read which answer, and what every answer says of itself.

use axum::body::Body;
use entryway_oauth::issuer::Issuer;
use entryway_tests::{Browser, Client, Endpoint, Engine, TestServer, alice, login};
use http::{Method, Request};

const BACK_CHANNEL: [Endpoint; 3] = [Endpoint::Par, Endpoint::Token, Endpoint::Revoke];

//
#[tokio::test]
async fn pages_of_any_origin_may_call_the_back_channel() {
    let server = TestServer::start(Engine::Sqlite).await;
    for endpoint in [&BACK_CHANNEL[..], &[Endpoint::Metadata, Endpoint::Jwks]].concat() {
        let request = Request::options(server.path(endpoint))
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,dpop");
        let reply = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.code(), 200, "{endpoint:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        let methods = reply.header("access-control-allow-methods").unwrap();
        assert!(methods == "*" || methods.contains("POST"), "{methods}");
        let headers = reply
            .header("access-control-allow-headers")
            .unwrap()
            .to_ascii_lowercase();
        assert!(
            headers.contains("content-type") && headers.contains("dpop"),
            "{headers}"
        );
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
}

// successes and every kind of refusal
#[tokio::test]
async fn every_answer_of_the_back_channel_can_be_read_by_a_page() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let origin = |call: entryway_tests::Call| call.header("origin", "https://app.example");
    let replies = [
        (201, origin(client.par()).send(&server).await),
        (400, origin(client.par().without("state")).send(&server).await),
        (
            400,
            origin(client.par())
                .once()
                .proof(|d| d.without_claim("nonce"))
                .send(&server)
                .await,
        ),
        (
            413,
            origin(client.par()).send_body(&server, vec![b'a'; 200_000]).await,
        ),
        (
            415,
            origin(client.par())
                .header("content-type", "text/plain")
                .send(&server)
                .await,
        ),
        (
            401,
            origin(client.par())
                .with("client_secret", "x")
                .send(&server)
                .await,
        ),
        (
            200,
            origin(client.refresh(&tokens.refresh_token)).send(&server).await,
        ),
        (400, origin(client.refresh("x")).send(&server).await),
        (200, origin(client.revoke("x")).send(&server).await),
        (
            405,
            server
                .send(
                    Request::put(server.path(Endpoint::Token))
                        .body(Body::empty())
                        .unwrap(),
                )
                .await,
        ),
    ];
    for (status, reply) in replies {
        assert_eq!(reply.code(), status, "{reply:?}");
        reply.json();
        assert!(!reply.nonce().is_empty());
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        let exposed = reply
            .header("access-control-expose-headers")
            .unwrap()
            .to_ascii_lowercase();
        assert!(
            ["dpop-nonce", "www-authenticate", "retry-after"]
                .iter()
                .all(|name| exposed.contains(name)),
            "{exposed}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        for absent in ["server", "x-powered-by", "via", "location", "set-cookie"] {
            assert_eq!(reply.header(absent), None);
        }
    }
}

//
#[tokio::test]
async fn a_method_is_what_the_request_line_says() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let request = Request::get(server.path(Endpoint::Par))
            .header(header, "POST")
            .body(Body::empty());
        assert_eq!(server.send(request.unwrap()).await.code(), 405, "{header}");
        let call = client.par().header(header, "DELETE").with("_method", "DELETE");
        assert_eq!(call.send(&server).await.code(), 201, "{header}");
    }
    for path in [
        "/",
        "/oauth/authorize",
        "/oauth/par",
        "/nothing",
        "/.well-known/oauth-authorization-server",
    ] {
        for method in ["TRACE", "CONNECT", "PROPFIND"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header("x-secret", "mirror");
            let reply = server.send(request.body(Body::empty()).unwrap()).await;
            assert!(
                matches!(reply.code(), 404 | 405),
                "{method} {path}: {}",
                reply.code()
            );
            assert!(!reply.text().contains("mirror"));
        }
    }
}

//
#[tokio::test]
async fn a_path_that_is_nearly_right_leads_nowhere() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let body = client.par().body();
    for path in [
        "/oauth/par/",
        "/OAuth/par",
        "/oauth/PAR",
        "/oauth//par",
        "//oauth/par",
        "/oauth/./par",
        "/x/../oauth/par",
        "/oauth%2Fpar",
        "/oauth/par%00",
        "/oauth/par;x=y",
        "//evil.example/oauth/par",
        "/\\evil.example/oauth/par",
        "/oauth/authorize/",
        "/oauth/authorize/sign-in/",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/oauth-authorization-server/oauth",
        "/.well-known/openid-configuration",
        "/.git/config",
        "/%3Csvg%20onload=alert(1)%3E",
    ] {
        for method in [Method::GET, Method::POST] {
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from(body.clone()));
            let Ok(request) = request else {
                assert!(path.contains('\\'), "{path}");
                continue;
            };
            let reply = server.send(request).await;
            assert_eq!(
                (reply.code(), reply.header("location")),
                (404, None),
                "{method} {path}"
            );
            assert!(
                !reply.text().contains("svg onload") && !reply.text().contains("evil"),
                "{path}"
            );
        }
    }
}

// D10
#[tokio::test]
async fn a_login_goes_through_on_https_and_under_another_prefix() {
    let configured = TestServer::start_with(Engine::Sqlite, |config| {
        config.issuer = Issuer::parse("https://entryway.example").unwrap();
        "/api/atproto/oauth".clone_into(&mut config.prefix);
    });
    let (server, client) = (configured.await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.reach_consent(&server, &pushed, alice()).await;
    assert_eq!(
        page.reply.header("strict-transport-security"),
        Some("max-age=63072000")
    );
    let landing = browser.press(&server, &page, "Authorize", &[]).await.left();
    let reply = client.exchange(&pushed, landing.code()).send(&server).await;
    assert_eq!(
        entryway_tests::Tokens::of(&reply).unverified().1["iss"],
        "https://entryway.example"
    );
}

//
#[tokio::test]
async fn what_pages_load_is_served_with_its_type() {
    let server = TestServer::start(Engine::Sqlite).await;
    let home = Browser::new()
        .open_url(&server, &format!("{}/", server.issuer()))
        .await
        .page();
    let loaded = home.elements.iter().filter_map(|one| match one.name.as_str() {
        "link" => one.attribute("href"),
        "img" | "script" => one.attribute("src"),
        _ => None,
    });
    for path in loaded {
        let reply = server.get(path).await;
        let kind = if path.contains(".css") {
            "text/css; charset=utf-8"
        } else {
            "image/svg+xml"
        };
        assert_eq!(
            (reply.code(), reply.header("content-type")),
            (200, Some(kind)),
            "{path}"
        );
    }
}
