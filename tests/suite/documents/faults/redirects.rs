//! Where it may be answered.

use entryway_tests::{ClientSite, Document, Engine, TestServer};
use serde_json::json;

use super::Fault;
use crate::documents::refused;

const HTTPS: &str = "redirect_uris[0] must use https, since application_type is web";
const PUBLIC: &str = "redirect_uris[0] must be at a public domain name";
const SCHEME: &str = "redirect_uris[0] must use https, or for an app a scheme such as com.example.app";
const CANONICAL: &str = "redirect_uris[0] must be written in canonical form, as a browser shows it";

pub(super) fn faults() -> Vec<Fault> {
    let one = |uri: &str, sentence| ("redirect_uris", json!([uri]), sentence);
    vec![
        (
            "redirect_uris",
            json!([]),
            "redirect_uris must list at least one URI",
        ),
        (
            "redirect_uris",
            json!("https://app.example/"),
            "redirect_uris must be an array of strings",
        ),
        (
            "redirect_uris",
            json!([null]),
            "redirect_uris[0] must be a string",
        ),
        (
            "redirect_uris",
            json!(["https://app.example/callback", "https://app.example/callback"]),
            "redirect_uris[1] must not be listed twice",
        ),
        one("/callback", "redirect_uris[0] must be an absolute URL"),
        one("", "redirect_uris[0] must be an absolute URL"),
        one(
            "https://app.example/#x",
            "redirect_uris[0] must not have a fragment",
        ),
        one(
            "https://u@app.example/",
            "redirect_uris[0] must not have a user or password",
        ),
        one("https://app.example:443/", CANONICAL),
        one("HTTPS://app.example/", CANONICAL),
        one("https://app.example/a/../b", CANONICAL),
        one(" https://app.example/", CANONICAL),
        one("https:\\\\app.example\\", CANONICAL),
        one("https://b\u{fc}cher.example/", CANONICAL),
        one("https://localhost/", PUBLIC),
        one("https://app.local/", PUBLIC),
        one("https://app.internal/", PUBLIC),
        one("https://app/", PUBLIC),
        one("https://10.0.0.1/", PUBLIC),
        one("https://[::1]/", PUBLIC),
        one(
            "https://*.app.example/",
            "redirect_uris[0] must not have a wildcard in its host, where it has no meaning",
        ),
        one(
            "http://app.example/",
            "redirect_uris[0] must use https, since http is for http://127.0.0.1 and http://[::1] only",
        ),
        one("http://127.0.0.1/", HTTPS),
        one("http://[::1]:4711/", HTTPS),
        one("http://localhost/", HTTPS),
        one("example.app:/callback", HTTPS),
        one("javascript:alert(1)", SCHEME),
        one("data:text/html,x", SCHEME),
        one("vbscript:x", SCHEME),
        one("file:///etc/passwd", SCHEME),
        one("about:blank", SCHEME),
        one("intent://x#Intent;end", SCHEME),
        one("blob:https://app.example/x", SCHEME),
        one("myapp:/callback", SCHEME),
    ]
}

// what an installed app may have for its answers
#[tokio::test]
async fn a_native_app_is_answered_where_only_it_can_be() {
    let https = ClientSite::https("app.example").await;
    let server = TestServer::start_beside(Engine::Sqlite, &[&https], |_| ()).await;
    let other = "redirect_uris[0] must have the host of client_id in reverse order for its scheme, such as com.example.app";
    let slash =
        "redirect_uris[0] must have exactly one slash after the scheme, as in com.example.app:/callback";
    for (number, (uri, sentence)) in [
        ("example.app:/callback", None),
        ("https://app.example/callback", None),
        ("http://127.0.0.1/callback", None),
        ("http://[::1]:4711/callback", None),
        (
            "http://localhost/callback",
            Some("redirect_uris[0] must use http://127.0.0.1 or http://[::1] instead of localhost"),
        ),
        (
            "https://other.example/callback",
            Some("redirect_uris[0] must be at the origin of client_id, since application_type is native"),
        ),
        ("com.evil.app:/callback", Some(other)),
        ("app.example:/callback", Some(other)),
        ("example.app.evil:/callback", Some(other)),
        ("example.app://callback", Some(slash)),
        ("example.app:callback", Some(slash)),
        ("example.app:///callback", Some(slash)),
        ("Example.App:/callback", Some(CANONICAL)),
        ("javascript:alert(1)", Some(SCHEME)),
        ("myapp:/callback", Some(SCHEME)),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("/{number}.json");
        let document = Document::public(&https.url(&path))
            .with("application_type", "native")
            .with("redirect_uris", vec![uri]);
        let client = https.publish(&path, document);
        let call = client.par().with("redirect_uri", uri);
        match sentence {
            None => assert_eq!(call.send(&server).await.code(), 201, "{uri}"),
            Some(sentence) => {
                let said = refused(&server, call).await;
                assert_eq!(said, format!("client metadata: {sentence}"), "{uri}");
            }
        }
    }
}
