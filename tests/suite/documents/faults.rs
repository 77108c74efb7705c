//! Documents with one fault: each is refused in the sentence that `entryway client lint` prints, which names
//! the member and repeats nothing of what it holds.

use entryway_tests::{Answer, ClientSite, Document, Engine, NamedKey, TestServer};
use serde_json::{Value, json};

use super::{refused, site_and_server};

/// What a client's document says that it must not, and what is answered.
type Fault = (&'static str, Value, &'static str);

/// In every value that has room for it, and in no answer.
const MARKER: &str = "marker-of-the-document";

const HTTPS: &str = "redirect_uris[0] must use https, since application_type is web";
const PUBLIC: &str = "redirect_uris[0] must be at a public domain name";
const SCHEME: &str = "redirect_uris[0] must use https, or for an app a scheme such as com.example.app";
const CANONICAL: &str = "redirect_uris[0] must be written in canonical form, as a browser shows it";

//
#[tokio::test]
async fn what_is_not_one_json_object_is_refused() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    let good = Document::public(client.id()).json().to_string();
    let twice = |member: &str| format!("{},{member}}}", &good[..good.len() - 1]);
    let deep = |brackets: usize| twice(&format!("\"x\":{}{}", "[".repeat(brackets), "]".repeat(brackets)));
    let (json, object) = (
        "the document must be well-formed JSON",
        "the document must be an object",
    );
    for (name, body, sentence) in [
        ("nothing", String::new(), json),
        ("white space", " \n".to_owned(), json),
        ("text", MARKER.to_owned(), json),
        ("a page", format!("<!doctype html><title>{MARKER}</title>"), json),
        ("null", "null".to_owned(), object),
        ("true", "true".to_owned(), object),
        ("a number", "1".to_owned(), object),
        ("a string", format!("\"{MARKER}\""), object),
        ("a list", format!("[{good}]"), object),
        ("half of it", good[..good.len() / 2].to_owned(), json),
        ("two of it", format!("{good}{good}"), json),
        ("more behind it", format!("{good}x"), json),
        ("a comma too many", good.replace('}', ",}"), json),
        ("a comment", good.replace("{\"", "{/**/\""), json),
        ("no number", twice("\"x\":NaN"), json),
        ("a bare name", twice("x:1"), json),
        ("a bare control character", twice("\"x\":\"\u{1}\""), json),
        ("half a surrogate", twice("\"\\ud800\":1"), json),
        (
            "a mark",
            format!("\u{feff}{good}"),
            "the document must not begin with a byte order mark",
        ),
        (
            "depth",
            deep(16),
            "the document must not nest deeper than 16 levels",
        ),
        (
            "much depth",
            deep(30_000),
            "the document must not nest deeper than 16 levels",
        ),
        (
            "a member twice",
            twice("\"redirect_uris\":[]"),
            "redirect_uris must not be given twice",
        ),
        (
            "a member twice in two spellings",
            twice("\"redirect\\u005furis\":[]"),
            "redirect_uris must not be given twice",
        ),
        (
            "another member twice",
            twice(&format!("\"{MARKER}\":1,\"{MARKER}\":2")),
            "the document must not name a member twice",
        ),
    ] {
        site.serve("/client.json", Answer::text(&body));
        let said = refused(&server, client.par()).await;
        assert_eq!(said, format!("client metadata: {sentence}"), "{name}");
    }
    let latin = Answer::text(&good).with_body(b"{\"client_name\":\"caf\xe9\"}");
    site.serve("/client.json", latin);
    let said = refused(&server, client.par()).await;
    assert_eq!(said, "client metadata: the document must be UTF-8");
    // R-062, and deep enough is not too deep
    site.serve("/client.json", Answer::text(&deep(15)));
    assert_eq!(client.par().send(&server).await.code(), 201);
}

fn identity() -> Vec<Fault> {
    let other = format!("https://app.example/{MARKER}");
    vec![
        ("client_id", Value::Null, "client_id must be a string"),
        (
            "client_id",
            json!(other),
            "client_id must be exactly the URL the document is fetched from",
        ),
        (
            "application_type",
            json!(MARKER),
            "application_type must be web or native",
        ),
        (
            "application_type",
            json!(["web"]),
            "application_type must be a string",
        ),
        (
            "grant_types",
            json!("authorization_code"),
            "grant_types must be an array of strings",
        ),
        (
            "grant_types",
            json!([]),
            "grant_types must include authorization_code",
        ),
        (
            "grant_types",
            json!(["refresh_token"]),
            "grant_types must include authorization_code",
        ),
        (
            "grant_types",
            json!(["authorization_code", "implicit"]),
            "grant_types[1] must be authorization_code or refresh_token",
        ),
        (
            "grant_types",
            json!(["authorization_code", MARKER]),
            "grant_types[1] must be authorization_code or refresh_token",
        ),
        (
            "grant_types",
            json!(["authorization_code", "authorization_code"]),
            "grant_types[1] must not be listed twice",
        ),
        (
            "grant_types",
            json!(["authorization_code", 1]),
            "grant_types[1] must be a string",
        ),
        (
            "response_types",
            json!(["token"]),
            "response_types must include code",
        ),
        (
            "response_types",
            json!(["code token"]),
            "response_types must include code",
        ),
        (
            "response_types",
            json!("code"),
            "response_types must be an array of strings",
        ),
        ("scope", json!("transition:generic"), "scope must include atproto"),
        ("scope", json!(["atproto"]), "scope must be a string"),
        (
            "scope",
            json!("atproto atproto"),
            "scope[1] must not be listed twice",
        ),
        (
            "dpop_bound_access_tokens",
            json!(false),
            "dpop_bound_access_tokens must be true",
        ),
        (
            "dpop_bound_access_tokens",
            json!("true"),
            "dpop_bound_access_tokens must be true or false, without quotation marks",
        ),
        (
            "client_uri",
            json!(format!("https://{MARKER}.example/")),
            "client_uri must be at the host of client_id",
        ),
        (
            "client_uri",
            json!("javascript:alert(1)"),
            "client_uri must use https",
        ),
        (
            "logo_uri",
            json!("http://app.example/logo.png"),
            "logo_uri must use https",
        ),
        (
            "logo_uri",
            json!("data:image/png;base64,AAAA"),
            "logo_uri must use https",
        ),
        (
            "logo_uri",
            json!("https://10.0.0.1/logo.png"),
            "logo_uri must be at a public domain name",
        ),
        ("tos_uri", json!("javascript:alert(1)"), "tos_uri must use https"),
        (
            "policy_uri",
            json!("https://u:p@app.example/"),
            "policy_uri must not have a user or password",
        ),
        ("client_name", json!(17), "client_name must be a string"),
        (
            "client_secret",
            json!(MARKER),
            "client_secret must be absent, since nothing is secret in a public document",
        ),
        (
            "client_secret_expires_at",
            json!(0),
            "client_secret_expires_at must be absent, since nothing is secret in a public document",
        ),
        (
            "subject_type",
            json!("pairwise"),
            "subject_type must be public, since the subject is the DID of an account",
        ),
        (
            "id_token_signed_response_alg",
            json!("RS256"),
            "id_token_signed_response_alg must be absent, since this server neither signs nor encrypts such answers",
        ),
        (
            "tls_client_certificate_bound_access_tokens",
            json!(true),
            "tls_client_certificate_bound_access_tokens must not be true, since tokens are bound by DPoP",
        ),
    ]
}

fn redirects() -> Vec<Fault> {
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

fn authentication(key: &NamedKey) -> Vec<Fault> {
    let keys = |keys: Value| json!({ "keys": keys });
    let mut private = key.public();
    private["d"] = key.key.private_scalar();
    let elsewhere = "https://keys.example/jwks.json";
    vec![
        (
            "token_endpoint_auth_method",
            json!("client_secret_basic"),
            "token_endpoint_auth_method must be none or private_key_jwt",
        ),
        (
            "token_endpoint_auth_method",
            json!(1),
            "token_endpoint_auth_method must be a string",
        ),
        (
            "token_endpoint_auth_method",
            json!("none"),
            "token_endpoint_auth_signing_alg must be absent, since token_endpoint_auth_method is none",
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!("none"),
            "token_endpoint_auth_signing_alg must be one of ES256, ES256K, ES384, EdDSA, PS256 and RS256",
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!("HS256"),
            "token_endpoint_auth_signing_alg must be one of ES256, ES256K, ES384, EdDSA, PS256 and RS256",
        ),
        (
            "token_endpoint_auth_signing_alg",
            json!("ES384"),
            "jwks must have a key, with kid, of the algorithm that token_endpoint_auth_signing_alg names",
        ),
        (
            "jwks_uri",
            json!(elsewhere),
            "jwks_uri must be absent, since there is jwks",
        ),
        ("jwks", keys(json!([])), "jwks must have at least one key"),
        (
            "jwks",
            json!([key.public()]),
            "jwks must be a JSON object with an array of keys",
        ),
        (
            "jwks",
            keys(json!([MARKER])),
            "jwks.keys[0] must be a JSON object",
        ),
        (
            "jwks",
            keys(json!([private])),
            "jwks.keys[0] must not hold private or symmetric key material",
        ),
        (
            "jwks",
            keys(json!([key.public(), { "kty": "oct", "k": MARKER }])),
            "jwks.keys[1] must not hold private or symmetric key material",
        ),
        (
            "jwks",
            keys(json!([key.public(), NamedKey::generate(&key.kid).public()])),
            "jwks must not give two keys of one type the same kid",
        ),
        (
            "jwks",
            keys(vec![key.public(); 101].into()),
            "jwks must have at most 100 keys",
        ),
        (
            "application_type",
            json!("native"),
            "token_endpoint_auth_method must be none, since application_type is native",
        ),
    ]
}

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
    suffer(&https, &server, &public, identity()).await;
    suffer(&https, &server, &public, redirects()).await;
    let confidential = Document::confidential(&https.url("/confidential.json"), &[&key]);
    suffer(&https, &server, &confidential, authentication(&key)).await;
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
