//! Documents with one fault: each is refused in the sentence that `entryway client lint` prints, which names
//! the member and repeats nothing of what it holds.

mod authentication;
mod identity;
mod presentation;
mod redirects;

use entryway_tests::{ClientSite, Document, Engine, NamedKey, TestServer};
use serde_json::Value;

use super::{refused, site_and_server};

/// What a client's document says that it must not, and what is answered.
type Fault = (&'static str, Value, &'static str);

/// In every value that has room for it, and in no answer.
const MARKER: &str = "marker-of-the-document";

async fn suffer(site: &ClientSite, server: &TestServer, good: &Document, faults: Vec<Fault>) {
    let path = good.json()["client_id"]
        .as_str()
        .unwrap()
        .strip_prefix(site.origin())
        .unwrap();
    for (member, value, sentence) in faults {
        let named = format!("{member} = {value}");
        let client = site.publish(path, good.clone().with(member, value));
        let said = refused(server, client.par()).await;
        assert_eq!(said, format!("client metadata: {sentence}"), "{named}");
    }
}

//
#[tokio::test]
async fn each_fault_of_a_document_has_its_sentence() {
    let https = ClientSite::https("app.example").await;
    let server = TestServer::start_beside(Engine::Sqlite, &[&https], |_| ()).await;
    let key = NamedKey::generate("key-1");
    let public = Document::public(&https.url("/public.json"));
    suffer(&https, &server, &public, identity::faults()).await;
    suffer(&https, &server, &public, presentation::faults()).await;
    suffer(&https, &server, &public, redirects::faults()).await;
    let confidential = Document::confidential(&https.url("/confidential.json"), &[&key]);
    suffer(&https, &server, &confidential, authentication::faults(&key)).await;
    server.assert_well().await;
}

//
#[tokio::test]
async fn a_document_has_every_member_it_needs() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let key = NamedKey::generate("key-1");
    let full = Document::confidential(&site.url("/client.json"), &[&key]);
    for (member, sentence) in [
        ("client_id", Some("client_id is required")),
        ("scope", Some("scope is required")),
        ("redirect_uris", Some("redirect_uris is required")),
        (
            "dpop_bound_access_tokens",
            Some("dpop_bound_access_tokens is required"),
        ),
        (
            "token_endpoint_auth_method",
            Some("token_endpoint_auth_method is required, since there are keys: private_key_jwt"),
        ),
        (
            "token_endpoint_auth_signing_alg",
            Some(
                "token_endpoint_auth_signing_alg is required, since token_endpoint_auth_method is private_key_jwt",
            ),
        ),
        (
            "jwks",
            Some("jwks or jwks_uri is required, since token_endpoint_auth_method is private_key_jwt"),
        ),
        ("application_type", None),
        ("grant_types", None),
        ("response_types", None),
        ("client_name", None),
    ] {
        // a path of its own, since what was read is kept
        let path = format!("/{member}.json");
        let document = full.clone().with("client_id", site.url(&path)).without(member);
        let client = site.publish(&path, document).asserting_with(&key);
        match sentence {
            Some(sentence) => {
                let said = refused(&server, client.par()).await;
                assert_eq!(said, format!("client metadata: {sentence}"));
            }
            None => assert_eq!(client.par().send(&server).await.code(), 201, "{member}"),
        }
    }
}
