//! What the service says of itself.

use std::collections::BTreeSet;

use axum::body::Body;
use entryway_oauth::issuer::Issuer;
use entryway_tests::{Endpoint, Engine, FeedClient, TestServer};
use http::{Method, Request};
use serde_json::json;

const PATH: &str = "/.well-known/oauth-authorization-server";

//
#[tokio::test]
async fn the_document_is_the_one_the_profile_asks_for() {
    let algorithms = ["ES256", "ES256K", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"];
    for (issuer, prefix) in [
        ("http://localhost:2583", "/oauth"),
        ("https://entryway.example", "/oauth"),
        ("https://entryway.example", "/api/atproto/oauth"),
    ] {
        let server = server(issuer, prefix).await;
        let reply = server.get(PATH).await;
        let expected = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}{prefix}/authorize"),
            "token_endpoint": format!("{issuer}{prefix}/token"),
            "pushed_authorization_request_endpoint": format!("{issuer}{prefix}/par"),
            "revocation_endpoint": format!("{issuer}{prefix}/revoke"),
            "jwks_uri": format!("{issuer}{prefix}/jwks"),
            "scopes_supported": ["atproto", "transition:generic", "transition:email", "transition:chat.bsky"],
            "subject_types_supported": ["public"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "revocation_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "dpop_signing_alg_values_supported": algorithms,
            "authorization_response_iss_parameter_supported": true,
            "require_pushed_authorization_requests": true,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": true,
            "require_request_uri_registration": true,
            "client_id_metadata_document_supported": true,
            "ui_locales_supported": ["en-US"],
        });
        assert_eq!((reply.code(), reply.json()), (200, expected));
    }
}

//
#[tokio::test]
async fn documents_are_read_from_anywhere_and_kept_for_minutes() {
    let server = TestServer::start(Engine::Sqlite).await;
    for path in [PATH.to_owned(), server.path(Endpoint::Jwks)] {
        let request = Request::get(&path)
            .header("origin", "https://app.example")
            .body(Body::empty());
        let reply = server.send(request.unwrap()).await;
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(
            reply.header("cache-control"),
            Some("public, max-age=300"),
            "{path}"
        );
    }
}

//
#[tokio::test]
async fn documents_take_get_and_head_and_nothing_else() {
    let server = TestServer::start(Engine::Sqlite).await;
    for path in [PATH.to_owned(), server.path(Endpoint::Jwks)] {
        let ask = |method| {
            Request::builder()
                .method(method)
                .uri(&path)
                .body(Body::empty())
                .unwrap()
        };
        let (get, head) = (
            server.send(ask(Method::GET)).await,
            server.send(ask(Method::HEAD)).await,
        );
        assert_eq!((head.code(), head.body.len()), (200, 0));
        assert_eq!(head.header("content-type"), get.header("content-type"));
        for method in [
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::TRACE,
        ] {
            let reply = server.send(ask(method.clone())).await;
            assert_eq!(
                (reply.code(), reply.header("allow")),
                (405, Some("GET, HEAD")),
                "{method} {path}"
            );
        }
    }
}

//
#[tokio::test]
async fn the_document_follows_no_header_of_the_request() {
    let server = TestServer::start(Engine::Sqlite).await;
    let honest = server.get(PATH).await.json();
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/evil"),
        ("forwarded", "host=evil.example;proto=https"),
    ] {
        let request = Request::get(PATH).header(name, value).body(Body::empty());
        assert_eq!(server.send(request.unwrap()).await.json(), honest, "{name}");
    }
    let absolute = Request::get(format!("https://evil.example{PATH}")).body(Body::empty());
    assert_eq!(server.send(absolute.unwrap()).await.json(), honest);
}

// R-024, D10
#[tokio::test]
async fn every_advertised_endpoint_exists_whatever_the_prefix() {
    for prefix in ["/oauth", "/api/atproto/oauth"] {
        let server = server("https://entryway.example", prefix).await;
        let document = server.get(PATH).await.json();
        let members = document.as_object().unwrap().iter();
        let mut found = Vec::new();
        for (name, url) in members.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri") {
            let path = url
                .as_str()
                .unwrap()
                .strip_prefix("https://entryway.example")
                .unwrap();
            let get = server.get(path).await.code();
            let post = server
                .send(Request::post(path).body(Body::empty()).unwrap())
                .await
                .code();
            found.push((name.as_str(), get, post));
        }
        found.sort_unstable();
        let expected = [
            ("authorization_endpoint", 400, 405),
            ("jwks_uri", 200, 405),
            ("pushed_authorization_request_endpoint", 405, 415),
            ("revocation_endpoint", 405, 415),
            ("token_endpoint", 405, 415),
        ];
        assert_eq!(found, expected, "{prefix}");
        let elsewhere = if prefix == "/oauth" {
            "/api/atproto/oauth/par"
        } else {
            "/oauth/par"
        };
        assert_eq!(server.get(elsewhere).await.code(), 404);
    }
}

// R-018, D8: one key for tokens, one for the revocation feed
#[tokio::test]
async fn the_key_set_holds_public_halves_only() {
    let server = TestServer::start(Engine::Sqlite).await;
    let document = server.get(&server.path(Endpoint::Jwks)).await.json();
    let mut found = Vec::new();
    for key in document["keys"].as_array().unwrap() {
        let members: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            members,
            BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"])
        );
        let member = |name: &str| key[name].as_str().unwrap();
        let is_of_feed = member("kid").starts_with("feed-");
        found.push((
            member("kty"),
            member("crv"),
            member("alg"),
            member("use"),
            is_of_feed,
        ));
    }
    let expected = [
        ("EC", "secp256k1", "ES256K", "sig", false),
        ("EC", "P-256", "ES256", "sig", true),
    ];
    assert_eq!(found, expected);
}

// D8: an extension of ours, where somebody may read it
#[tokio::test]
async fn the_feed_is_named_where_it_has_a_reader() {
    for (prefix, readers) in [
        ("/oauth", vec![]),
        ("/api/atproto/oauth", vec![FeedClient::named("gate").reader()]),
    ] {
        let expected =
            (!readers.is_empty()).then(|| json!(format!("http://localhost:2583{prefix}/revocations")));
        let server = TestServer::start_with(Engine::Sqlite, |config| {
            config.feed_readers = readers;
            prefix.clone_into(&mut config.prefix);
        })
        .await;
        let document = server.get(PATH).await.json();
        assert_eq!(document.get("revocation_feed_endpoint"), expected.as_ref());
        assert_eq!(server.get(&format!("{prefix}/revocations")).await.code(), 401);
    }
}

async fn server(issuer: &str, prefix: &str) -> TestServer {
    TestServer::start_with(Engine::Sqlite, |config| {
        config.issuer = Issuer::parse(issuer).unwrap();
        prefix.clone_into(&mut config.prefix);
    })
    .await
}
