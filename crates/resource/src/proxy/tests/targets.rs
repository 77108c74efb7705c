//! Which host, which path, which method (R-452 to R-458, R-461, R-466).

use serde_json::json;

use super::stage::Stage;
use super::upstream::TestUpstream;
use crate::proxy::{FeedHealth, IssuerHealth};
use crate::scene::{ISSUER, issuer};

#[tokio::test]
async fn no_path_with_two_readings_reaches_the_pds() {
    let stage = Stage::new().await;
    for (path, status) in [
        ("//xrpc/a.b.c", 400),
        ("//evil.example/xrpc/a.b.c", 400),
        ("/xrpc//a.b.c", 400),
        ("/xrpc/%2e%2e/xrpc/a.b.c", 400),
        ("/xrpc/../xrpc/a.b.c", 400),
        ("/xrpc%2fa.b.c", 400),
        ("/xrpc/a%2eb.c", 400),
        ("/xrpc/a.b%5cc", 400),
        ("/xrpc/a.b.c%00", 400),
        ("/xrpc/a.b.c%0d%0aX:%20y", 400),
        ("/xrpc/a.b.c/", 400),
        ("/xrpc/a.b.c.", 400),
        ("/xrpc/a.b.c;d", 400),
        ("/xrpc/a.b", 400),
        ("/xrpc/", 400),
        ("/xrpc/COM.atproto.server.getSession", 400),
        ("/xrpc/a.b.c?d=%zz", 400),
        ("/xrpc/a.b.c?d=%00", 400),
        ("/XRPC/a.b.c", 404),
        ("/Xrpc/_health", 404),
        ("/xrpc", 404),
        ("/oauth/authorize", 404),
        ("/account", 404),
        ("/.well-known/oauth-authorization-server", 404),
        ("/.well-known/openid-configuration", 404),
        ("/.well-known/change-password", 404),
        ("/anything", 404),
        ("/_gate/metrics", 404),
    ] {
        let host = "Host: pds.example\r\nConnection: close\r\n\r\n";
        for method in ["GET", "POST"] {
            let answer = stage.say(format!("{method} {path} HTTP/1.1\r\n{host}")).await;
            let told = answer.starts_with(&format!("HTTP/1.1 {status} "));
            assert!(told, "{method} {path}: {answer}");
            assert!(answer.contains(r#"{"error":""#), "{path}: {answer}");
            assert_eq!(stage.upstream.received(), "", "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_asked_of_the_pds_is_written_anew() {
    let stage = Stage::new().await;
    for (asked, passed) in [
        (
            "/xrpc/com.atproto.repo.getRecord?repo=did:plc:a&&rkey=b%2fc+d",
            "/xrpc/com.atproto.repo.getRecord?repo=did%3Aplc%3Aa&rkey=b%2Fc+d",
        ),
        ("/xrpc/a.b.c?", "/xrpc/a.b.c"),
        ("/xrpc/_health", "/xrpc/_health"),
        ("/", "/"),
        ("/robots.txt", "/robots.txt"),
        (
            "/tls-check?domain=alice.pds.example",
            "/tls-check?domain=alice.pds.example",
        ),
        ("/.well-known/did.json", "/.well-known/did.json"),
        ("/.well-known/atproto-did", "/.well-known/atproto-did"),
    ] {
        assert_eq!(stage.open("GET", asked).send().await.seen()["target"], passed);
    }
}

// R-452, R-453, R-466
#[tokio::test]
async fn calls_have_three_methods_and_documents_two() {
    let stage = Stage::new().await;
    for (method, path, allowed) in [
        ("PUT", "/xrpc/a.b.c", "GET, HEAD, POST"),
        ("DELETE", "/xrpc/a.b.c", "GET, HEAD, POST"),
        ("TRACE", "/xrpc/a.b.c", "GET, HEAD, POST"),
        ("PATCH", "/xrpc/a.b.c", "GET, HEAD, POST"),
        ("GETT", "/xrpc/a.b.c", "GET, HEAD, POST"),
        ("POST", "/", "GET, HEAD"),
        ("POST", "/.well-known/did.json", "GET, HEAD"),
        ("POST", "/.well-known/oauth-protected-resource", "GET, HEAD"),
        ("DELETE", "/_gate/health", "GET, HEAD"),
    ] {
        let got = stage
            .open(method, path)
            .header("x-http-method-override", "GET")
            .send()
            .await;
        assert_eq!(
            got.error(),
            (405, "MethodNotAllowed".to_owned()),
            "{method} {path}"
        );
        assert_eq!(got.header("allow"), Some(allowed));
    }
    let got = stage.open("GET", "/xrpc/a.b.c").body("a body").send().await;
    assert_eq!(got.error(), (400, "InvalidRequest".to_owned()));
    assert_eq!(stage.upstream.received(), "");
}

#[tokio::test]
async fn a_request_is_for_the_pds_whose_public_name_it_says() {
    let stage = Stage::new().await;
    for (host, status) in [
        ("pds.example", 200),
        ("PDS.example", 200),
        ("pds.example:443", 200),
        ("pds.example:8443", 421),
        ("other.example", 421),
        ("pds.example.evil.example", 421),
        ("evil-pds.example", 421),
        ("127.0.0.1", 421),
        ("pds.example/", 400),
        ("user@pds.example", 400),
        ("pds.example, other.example", 400),
        ("", 400),
    ] {
        let got = stage.open("GET", "/xrpc/a.b.c").header("host", host).send().await;
        assert_eq!(got.status, status, "{host}");
    }
    let answer = stage.say("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn each_host_has_its_own_pds() {
    let [first, second] = [TestUpstream::echo().await, TestUpstream::echo().await];
    let (behind, url) = (second.clone(), format!("http://{}", second.address));
    let stage = Stage::with(first, |host, settings| {
        let mut other = host.clone();
        other.public_url = issuer("https://other.example:8443");
        other.upstream = url.parse().unwrap();
        settings.hosts.push(other);
    })
    .await;
    let got = stage
        .open("GET", "/xrpc/a.b.c")
        .header("host", "other.example:8443")
        .send()
        .await;
    assert_eq!(got.seen()["headers"]["host"], "other.example:8443");
    assert_eq!(stage.upstream.received(), "");
    assert!(behind.received().starts_with("GET /xrpc/a.b.c HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_handle_under_the_pds_is_asked_for_its_did_and_nothing_else() {
    let stage = Stage::with(TestUpstream::echo().await, |host, _| {
        host.handle_domains = vec![".pds.example".to_owned()];
    })
    .await;
    let ask = |path| stage.open("GET", path).header("host", "Alice.pds.example");
    let seen = ask("/.well-known/atproto-did").send().await.seen();
    assert_eq!(seen["headers"]["host"], "alice.pds.example");
    for path in [
        "/xrpc/a.b.c",
        "/",
        "/.well-known/did.json",
        "/.well-known/oauth-protected-resource",
    ] {
        assert_eq!(
            ask(path).send().await.error(),
            (404, "NotFound".to_owned()),
            "{path}"
        );
    }
    let own = stage
        .open("GET", "/.well-known/atproto-did")
        .header("host", ".pds.example")
        .send()
        .await;
    assert_eq!(own.status, 421);
}

// R-028 to R-036
#[tokio::test]
async fn whose_tokens_are_taken_is_said_here() {
    let stage = Stage::new().await;
    let got = stage
        .open("GET", "/.well-known/oauth-protected-resource")
        .send()
        .await;
    assert_eq!(
        got.json(),
        json!({
            "resource": "https://pds.example",
            "authorization_servers": ["https://entryway.example"],
            "bearer_methods_supported": ["header"],
            "dpop_bound_access_tokens_required": true,
            "dpop_signing_alg_values_supported": ["ES256", "ES256K", "ES384", "EdDSA", "PS256", "RS256"],
            "resource_documentation": "https://atproto.com",
        })
    );
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert_eq!(got.header("access-control-allow-origin"), Some("*"));
    assert_eq!(stage.upstream.received(), "");
}

// R-445 to R-448
#[tokio::test]
async fn a_browser_may_call_from_any_origin() {
    let stage = Stage::new().await;
    for path in ["/xrpc/a.b.c", "/.well-known/oauth-protected-resource"] {
        let got = stage
            .open("OPTIONS", path)
            .header("origin", "https://app.example")
            .send()
            .await;
        assert_eq!(got.status, 204, "{path}");
        assert_eq!(got.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            got.header("access-control-allow-methods"),
            Some("GET, HEAD, POST")
        );
        let allowed = got.header("access-control-allow-headers").unwrap();
        assert!(
            allowed.starts_with("Authorization, DPoP, Content-Type,"),
            "{allowed}"
        );
        assert_eq!(got.header("access-control-allow-credentials"), None);
    }
    assert_eq!(stage.upstream.received(), "");
    for target in ["/xrpc/a.b.c", "/xrpc/a.b", "/nothing", "/.well-known/did.json"] {
        let got = stage.open("GET", target).send().await;
        assert_eq!(got.header("access-control-allow-origin"), Some("*"), "{target}");
    }
}

#[tokio::test]
async fn the_pages_of_a_pds_pass_where_its_operator_says_so() {
    let answer = [
        ("set-cookie", "a=b"),
        ("content-type", "text/html"),
        ("content-security-policy", "theirs"),
    ];
    let stage = Stage::with(TestUpstream::saying(200, &answer, "<html>").await, |host, _| {
        host.pages = vec!["/oauth/*".parse().unwrap(), "/account".parse().unwrap()];
    })
    .await;
    let got = stage
        .open("POST", "/oauth/authorize")
        .header("cookie", "c=d")
        .body("e")
        .send()
        .await;
    assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b"<html>"[..]));
    assert_eq!(got.header("set-cookie"), Some("a=b"));
    assert_eq!(got.header("content-security-policy"), Some("theirs"));
    assert_eq!(got.header("access-control-allow-origin"), None);
    assert!(stage.upstream.received().contains("cookie: c=d\r\n"));
    assert_eq!(stage.open("GET", "/account/x").send().await.status, 404);
    // and only there
    let got = stage.open("GET", "/").header("cookie", "f=g").send().await;
    assert_eq!(got.header("set-cookie"), None);
    assert!(!stage.upstream.received().contains("f=g"));
}

#[tokio::test]
async fn health_means_that_tokens_can_be_judged() {
    let stage = Stage::new().await;
    let (ready, feed) = (
        IssuerHealth {
            issuer: issuer(ISSUER),
            keys_known: true,
            feed: None,
        },
        |age_seconds, fresh| Some(FeedHealth { age_seconds, fresh }),
    );
    for (health, status) in [
        (ready.clone(), 200),
        (
            IssuerHealth {
                feed: feed(Some(3), true),
                ..ready.clone()
            },
            200,
        ),
        (
            IssuerHealth {
                feed: feed(Some(90), false),
                ..ready.clone()
            },
            503,
        ),
        (
            IssuerHealth {
                feed: feed(None, false),
                ..ready.clone()
            },
            503,
        ),
        (
            IssuerHealth {
                keys_known: false,
                ..ready.clone()
            },
            503,
        ),
    ] {
        *stage.health.lock().unwrap() = vec![ready.clone(), health.clone()];
        // by its address, as those ask who look after it
        let got = stage
            .open("GET", "/_gate/health")
            .header("host", "10.0.0.1:8080")
            .send()
            .await;
        assert_eq!(got.status, status, "{health:?}");
        assert_eq!(got.header("cache-control"), Some("no-store"));
        let told = &got.json()["issuers"][1];
        assert_eq!(told["issuer"], ISSUER);
        assert_eq!(told["keys_known"], health.keys_known);
        let age = health.feed.and_then(|feed| feed.age_seconds);
        assert_eq!(told["feed"]["age_seconds"], json!(age));
    }
}
