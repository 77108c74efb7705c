//! Metadata, the key set, and paths that lead nowhere.

use axum::body::Body;
use entryway_tests::{Endpoint, Engine, TestServer};
use http::{Request, Uri};

use super::assert_serves;

// they read nothing, so nothing can be wrong about what is sent
#[tokio::test]
async fn a_document_is_the_same_whatever_comes_with_the_question() {
    let server = TestServer::start(Engine::Sqlite).await;
    let long = "a".repeat(60_000);
    for endpoint in [Endpoint::Metadata, Endpoint::Jwks] {
        let path = server.path(endpoint);
        let usual = server.get(&path).await;
        assert_eq!(usual.code(), 200);
        for query in [
            "",
            "=",
            "client_id=x",
            "client_id=x&client_id=x",
            "a=%ff%00",
            "a=%zz",
            "%",
            "?",
            &long,
        ] {
            let reply = server.get(&format!("{path}?{query}")).await;
            assert_eq!((reply.code(), &reply.body), (200, &usual.body), "?{query:.40}");
        }
        let headers: [(&str, &[u8]); 8] = [
            ("accept", b"text/html;q=0"),
            ("accept", b"\xff"),
            ("accept-encoding", b"gzip, br, zstd"),
            ("range", b"bytes=0-1"),
            ("if-none-match", b"*"),
            ("if-modified-since", b"Thu, 01 Jan 2099 00:00:00 GMT"),
            ("cookie", b"entryway=\xff"),
            ("dpop", b"x"),
        ];
        for (name, value) in headers {
            let request = Request::get(&path)
                .header(name, value)
                .body(Body::from("client_id=x"));
            let reply = server.send(request.unwrap()).await;
            assert_eq!((reply.code(), &reply.body), (200, &usual.body), "{name}");
        }
    }
    assert_serves(&server).await;
}

//
#[tokio::test]
async fn a_path_that_is_nearly_one_of_ours_is_none() {
    let server = TestServer::start(Engine::Sqlite).await;
    let before = server.database().cells().await;
    let long = format!("/{}", "a".repeat(60_000));
    let paths: [&[u8]; 22] = [
        b"/oauth",
        b"/oauth/",
        b"/oauth/par/",
        b"//oauth/par",
        b"/oauth//par",
        b"/OAuth/par",
        b"/oauth/PAR",
        b"/oauth/par%00",
        b"/oauth/par%ff",
        b"/oauth/p%61r",
        b"/oauth%2fpar",
        b"/oauth/./par",
        b"/oauth/x/../par",
        b"/oauth/..%2f..%2fetc%2fpasswd",
        b"/oauth/token;x=y",
        b"/oauth/authorize/decision/",
        b"//evil.example/oauth/token",
        b"/%0d%0aSet-Cookie:a=b",
        b"/<script>",
        b"/.well-known/",
        b"/.well-known/oauth-authorization-server/x",
        long.as_bytes(),
    ];
    for path in paths {
        let shown = format!("{:.40}", path.escape_ascii().to_string());
        // what no URL can hold does not get that far
        let Ok(uri) = Uri::try_from(path) else {
            continue;
        };
        for method in ["GET", "POST", "DELETE"] {
            let request = Request::builder().method(method).uri(uri.clone());
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let reply = server
                .send(request.body(Body::from("client_id=x")).unwrap())
                .await;
            assert_eq!(reply.code(), 404, "{method} {shown}: {}", reply.text());
            assert_eq!(
                reply.header("content-type"),
                Some("text/html; charset=utf-8"),
                "{shown}"
            );
            assert!(
                !reply.headers.contains_key("location") && !reply.headers.contains_key("set-cookie"),
                "{shown}"
            );
            for part in ["evil.example", "<script>", "aaaaaaaa", "passwd"] {
                assert!(!reply.text().contains(part), "{shown}: it echoes");
            }
        }
    }
    assert!(server.database().cells().await == before);
    assert_serves(&server).await;
}
