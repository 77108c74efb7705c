use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use http::header::LOCATION;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::client::ClientSettings;

/// What the issuer publishes; a test changes one thing.
#[derive(Clone, Default)]
struct Published(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    metadata: Value,
    key_set: String,
    scope: (u16, Value),
    /// The references that were asked for.
    asked: Vec<String>,
}

type Answer = (StatusCode, [(http::HeaderName, &'static str); 1], String);

fn answer(status: u16, body: &impl ToString) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(LOCATION, "/keys")], body.to_string())
}

/// A server on loopback with the paths of an issuer.
async fn issuer() -> (IssuerOverHttp, Published) {
    let published = Published::default();
    let routes = Router::new()
        .route(
            "/.well-known/oauth-authorization-server",
            get(async |State(published): State<Published>| {
                answer(200, &published.0.lock().unwrap().metadata)
            }),
        )
        .route(
            "/keys",
            get(async |State(published): State<Published>| answer(200, &published.0.lock().unwrap().key_set)),
        )
        .route("/moved", get(async || answer(302, &"")))
        .route(
            "/xrpc/com.atproto.temp.dereferenceScope",
            get(
                async |State(published): State<Published>, Query(query): Query<Vec<(String, String)>>| {
                    let mut published = published.0.lock().unwrap();
                    published.asked.extend(query.into_iter().map(|(_, value)| value));
                    answer(published.scope.0, &published.scope.1)
                },
            ),
        )
        .with_state(published.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = Issuer::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    {
        let mut answers = published.0.lock().unwrap();
        answers.metadata = json!({"issuer": issuer, "jwks_uri": issuer.url("/keys"), "more": []});
        answers.key_set = r#"{"keys":[]}"#.to_owned();
    }
    let client = HttpClient::new(ClientSettings::default()).unwrap();
    (IssuerOverHttp::new(issuer, client), published)
}

fn reference() -> ScopeReference {
    let text = "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    ScopeReference::parse(text).unwrap()
}

#[tokio::test]
async fn the_key_set_is_where_the_metadata_say_or_where_the_operator_says() {
    let (asked, published) = issuer().await;
    assert_eq!(asked.key_set().await.unwrap(), r#"{"keys":[]}"#);
    published.0.lock().unwrap().metadata = json!({});
    assert!(asked.key_set().await.is_err());
    let url = asked.issuer.url("/keys");
    let asked = asked.with_key_set_at(url);
    assert_eq!(asked.key_set().await.unwrap(), r#"{"keys":[]}"#);
}

// RFC 8414 section 3.3
#[tokio::test]
async fn metadata_of_another_issuer_or_without_keys_are_not_believed() {
    let (asked, published) = issuer().await;
    let (own, keys) = (asked.issuer.to_string(), asked.issuer.url("/keys"));
    for metadata in [
        json!({"issuer": "https://evil.example", "jwks_uri": keys}),
        json!({"issuer": format!("{own}/"), "jwks_uri": keys}),
        json!({"issuer": own}),
        json!({"issuer": own, "jwks_uri": 1}),
        json!({"issuer": own, "jwks_uri": "file:///etc/passwd"}),
        json!({"issuer": own, "jwks_uri": asked.issuer.url("/moved")}),
        json!({"issuer": own, "jwks_uri": asked.issuer.url("/missing")}),
        json!([]),
        json!("a".repeat(METADATA_BYTES_MAX)),
    ] {
        published.0.lock().unwrap().metadata = metadata.clone();
        assert!(asked.key_set().await.is_err(), "{metadata:.200}");
    }
}

#[tokio::test]
async fn a_key_set_too_long_is_no_answer() {
    let (asked, published) = issuer().await;
    for (bytes, fine) in [(key_set::BYTES_MAX, true), (key_set::BYTES_MAX + 1, false)] {
        published.0.lock().unwrap().key_set = "a".repeat(bytes);
        assert_eq!(asked.key_set().await.is_ok(), fine, "{bytes}");
    }
}

// contract section 3.4
#[tokio::test]
async fn a_scope_is_asked_for_as_a_pds_asks() {
    let (asked, published) = issuer().await;
    published.0.lock().unwrap().scope = (200, json!({"scope": "atproto"}));
    let scope = asked.scope(&reference()).await.unwrap();
    assert_eq!(scope.as_deref(), Some("atproto"));
    assert_eq!(published.0.lock().unwrap().asked, [reference().as_str()]);
    let missing = json!({"error": "InvalidScopeReference", "message": "no such scope"});
    published.0.lock().unwrap().scope = (400, missing);
    assert_eq!(asked.scope(&reference()).await.unwrap(), None);
}

#[tokio::test]
async fn every_other_answer_about_a_scope_is_none() {
    let (asked, published) = issuer().await;
    for answer in [
        (400, json!({"error": "InvalidRequest"})),
        (400, json!("InvalidScopeReference")),
        (404, json!({"error": "InvalidScopeReference"})),
        (500, json!({"scope": "atproto"})),
        (302, json!({"scope": "atproto"})),
        (200, json!({})),
        (200, json!({"scope": ["atproto"]})),
        (200, json!({"scope": "a".repeat(ANSWER_BYTES_MAX)})),
    ] {
        published.0.lock().unwrap().scope = answer.clone();
        assert!(asked.scope(&reference()).await.is_err(), "{}", answer.0);
    }
}

#[tokio::test]
async fn nobody_at_the_other_end_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = Issuer::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let client = HttpClient::new(ClientSettings::default()).unwrap();
    let silent = IssuerOverHttp::new(issuer, client).key_set().await.unwrap_err();
    let text = silent.in_full();
    assert!(
        text.starts_with("the issuer did not answer as expected: "),
        "{text}"
    );
}
