//! What people see of a client: its address, and its name and logo where the operator stands by them (R-177, R-178,
//!

use entryway_oauth::client_id::ClientId;
use entryway_store::{Distrust, Logo, TrustedClient};
use entryway_tests::{
    Browser, Client, ClientSite, Document, Engine, Page, TestServer, alice, bob, both_engines,
};
use http::{Method, Request};
use url::form_urlencoded;

use crate::pages::{assert_is_accessible, assert_loads_only_from_here};

/// The signature of a PNG, and whatever.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n<script>alert(1)</script>";

async fn trust(server: &TestServer, client: &Client, name: &str, logo: Option<&[u8]>) {
    let trusted = TrustedClient {
        client_id: ClientId::parse(client.id()).unwrap(),
        name: name.to_owned(),
        first_party: false,
        logo: logo.map(|bytes| Logo {
            media_type: "image/png".to_owned(),
            bytes: bytes.to_vec(),
        }),
    };
    let now = server.clock().now();
    server.app().store().trust_client(trusted, now).await.unwrap();
}

/// Every page that a request leads to: sign-in, its second try, consent, and the choice of accounts.
async fn every_page(server: &TestServer, client: &Client) -> Vec<Page> {
    let mut browser = Browser::new();
    let pushed = client.push(server).await;
    let sign_in = browser.open(server, &pushed).await;
    let wrong = [("username", "alice.test"), ("password", "not the password")];
    let again = browser.press(server, &sign_in, "Sign in", &wrong).await.page();
    let consent = browser.sign_in(server, &again, alice()).await;
    let second = client
        .push_with(server, |call| call.with("prompt", "login"))
        .await;
    browser.reach_consent(server, &second, bob()).await;
    let third = client.push(server).await;
    let choice = browser.open(server, &third).await;
    assert!(
        choice.heading().starts_with("Choose an account"),
        "{}",
        choice.text
    );
    let gone = form_urlencoded::byte_serialize(client.id().as_bytes()).collect::<String>();
    let refused = format!(
        "{}/oauth/authorize?client_id={gone}&request_uri=x",
        server.issuer()
    );
    let refused = browser.open_url(server, &refused).await.page();
    vec![sign_in, again, consent, choice, refused]
}

/// The pictures of a page, but for the mark of the service itself.
fn logos(page: &Page) -> Vec<&str> {
    let pictures = page.all("img").filter_map(|img| img.attribute("src"));
    pictures.filter(|src| !src.starts_with("/assets/")).collect()
}

fn logo_path(client: &Client) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client.id())
        .finish();
    format!("/oauth/authorize/logo?{query}")
}

//
async fn a_client_the_operator_trusts_is_shown_by_name_and_logo(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let client = site.public_client("/client.json");
    trust(&server, &client, "Skylight & Co <b>", Some(PNG)).await;
    let pages = every_page(&server, &client).await;
    for page in &pages[..4] {
        assert!(page.text.contains("Skylight & Co <b>"), "{}", page.text);
        assert!(page.text.contains("known to localhost:2583"), "{}", page.text);
        // beside its address, and not instead of it
        assert!(page.text.contains(&site.address().to_string()), "{}", page.text);
        assert_eq!(logos(page), [logo_path(&client)]);
        assert_is_accessible(page);
        assert_loads_only_from_here(page);
    }
    // without a logo, there is no picture
    trust(&server, &client, "Skylight", None).await;
    let page = every_page(&server, &client).await.remove(0);
    assert!(page.text.contains("Skylight") && logos(&page).is_empty());
    // and taken back, all is as before
    let id = ClientId::parse(client.id()).unwrap();
    let store = server.app().store();
    assert_eq!(store.distrust_client(&id).await.unwrap(), Distrust::Distrusted);
    for page in every_page(&server, &client).await {
        assert!(!page.text.contains("Skylight"), "{}", page.text);
    }
}

//
async fn a_logo_is_a_picture_and_nothing_else(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let client = site.public_client("/client.json");
    trust(&server, &client, "Skylight", Some(PNG)).await;
    let logo = server.get(&logo_path(&client)).await;
    assert_eq!((logo.code(), &logo.body[..]), (200, PNG));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cache-control", "public, max-age=3600"),
    ] {
        assert_eq!(logo.header(name), Some(value), "{name}");
    }
    assert!(!logo.headers.contains_key("set-cookie"));
    let head = Request::builder().method(Method::HEAD).uri(logo_path(&client));
    let head = server.send(head.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((head.code(), head.body.len()), (200, 0));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = Request::builder().method(method).uri(logo_path(&client));
        let reply = server
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(reply.code(), 405);
    }
    // its host is never asked for it
    assert_eq!(site.connections(), 0);
}

// nobody learns there who is trusted without a logo, and who is not
async fn there_is_no_logo_of_anybody_else(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let trusted = site.public_client("/trusted.json");
    trust(&server, &trusted, "Skylight", None).await;
    let unknown = site.public_client("/unknown.json");
    let absent = [trusted, unknown, Client::new()];
    for client in &absent {
        let reply = server.get(&logo_path(client)).await;
        assert_eq!(reply.code(), 404, "{}", client.id());
    }
    for query in [
        "",
        "?client_id=",
        "?client_id=x",
        "?client_id=https%3A%2F%2F127.0.0.1%2Fx",
        "?client_id=%ff",
        "?client_id=%00",
        "?client_id=..%2F..%2Fetc%2Fpasswd",
        "?client_id=http%3A%2F%2Flocalhost&client_id=http%3A%2F%2Flocalhost",
        "?client_id=%3Csvg%20onload%3Dalert(1)%3E",
    ] {
        let reply = server.get(&format!("/oauth/authorize/logo{query}")).await;
        assert_eq!(reply.code(), 400, "{query}");
        assert!(!reply.text().contains("svg onload"));
    }
    assert_eq!(site.connections(), 0);
}

/// What a document may say of itself, to be believed or to harm.
const NAMES: [&str; 12] = [
    "Marker Skylight",
    "<b>Marker</b>",
    "<script>alert('Marker')</script>",
    "\"><img src=x onerror=alert(1)>Marker",
    "{{ Marker }}",
    "localhost:2583 Marker",
    "Marker\u{202e}txet desrever",
    "Marker\u{2066}\u{2069}\u{200f}",
    "Marker\r\nSet-Cookie: marker=1",
    "Marker\0",
    "Ma\u{200b}rker",
    "\u{41c}arker",
];

// whatever it says of itself
#[tokio::test]
async fn what_a_client_says_of_itself_is_on_no_page() {
    let https = ClientSite::https("app.example").await;
    let server = TestServer::start_beside(Engine::Sqlite, &[&https], |_| ()).await;
    for (number, name) in NAMES.into_iter().chain([&*"Marker".repeat(1000)]).enumerate() {
        let path = format!("/{number}.json");
        let document = Document::public(&https.url(&path))
            .with("client_name", name)
            .with("client_uri", https.url("/marker-home"))
            .with("logo_uri", https.url("/marker-logo.png"))
            .with("tos_uri", https.url("/marker-tos"))
            .with("policy_uri", https.url("/marker-policy"))
            .with("contacts", vec!["Marker@app.example"]);
        let client = https.publish(&path, document);
        for page in every_page(&server, &client).await {
            let html = page.reply.text().to_lowercase();
            assert!(!html.contains("arker"), "{name}: {html}");
            assert!(logos(&page).is_empty());
            assert!(
                !format!("{:?}", page.reply.headers)
                    .to_lowercase()
                    .contains("marker")
            );
            assert_loads_only_from_here(&page);
        }
        for path in [
            "/marker-home",
            "/marker-logo.png",
            "/marker-tos",
            "/marker-policy",
        ] {
            assert_eq!(https.hits(path), 0);
        }
    }
}

// a host is shown first, spelt out, and is whose document it is
#[tokio::test]
async fn a_client_is_shown_by_its_host() {
    let plain = ClientSite::https("app.example").await;
    let encoded = ClientSite::https("xn--pple-43d.example").await;
    let server = TestServer::start_beside(Engine::Sqlite, &[&plain, &encoded], |_| ()).await;
    for (site, host) in [(&plain, "app.example"), (&encoded, "xn--pple-43d.example")] {
        let client = site.public_client("/client.json");
        let pages = every_page(&server, &client).await;
        let consent = &pages[2];
        assert!(consent.heading().starts_with(host), "{}", consent.heading());
        assert!(consent.text.contains(client.id()));
        // nothing about this device: the answer goes to the web
        assert!(!consent.text.contains("device"), "{}", consent.text);
    }
}

// where an app on the device is answered, the page says so
#[tokio::test]
async fn an_app_on_this_device_is_said_to_be_one() {
    let site = ClientSite::https("app.example").await;
    let server = TestServer::start_beside(Engine::Sqlite, &[&site], |_| ()).await;
    for uri in [
        "example.app:/callback",
        "http://127.0.0.1:4711/callback",
        "http://[::1]/callback",
    ] {
        let document = Document::public(&site.url("/native.json"))
            .with("application_type", "native")
            .with("redirect_uris", vec![uri]);
        let client = site.publish("/native.json", document);
        server.clock().advance(15 * 60);
        let pushed = client
            .push_with(&server, |call| call.with("redirect_uri", uri))
            .await;
        let page = Browser::new().reach_consent(&server, &pushed, alice()).await;
        assert!(
            page.text.contains("The answer goes to an app on this device."),
            "{}",
            page.text
        );
        assert!(page.all("code").any(|code| code.text == uri), "{}", page.text);
    }
}

both_engines! {
    a_client_the_operator_trusts_is_shown_by_name_and_logo,
    a_logo_is_a_picture_and_nothing_else,
    there_is_no_logo_of_anybody_else,
}
