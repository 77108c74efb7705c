//! Browser sessions and their cookies.

use std::collections::BTreeSet;

use axum::body::Body;
use entryway_oauth::issuer::Issuer;
use entryway_tests::{
    Browser, Client, Engine, Form, Page, Pushed, TestServer, alice, at_once, bob, both_engines,
};
use http::{HeaderValue, Request};

/// The path and query of the page a client sends the browser to.
fn target(server: &TestServer, pushed: &Pushed) -> String {
    pushed
        .url(server)
        .strip_prefix(server.issuer())
        .unwrap()
        .to_owned()
}

fn only_cookie(browser: &Browser) -> (&str, &str) {
    assert_eq!(browser.cookies().len(), 1);
    let (name, value) = browser.cookies().iter().next().unwrap();
    (name, value)
}

fn is_sign_in(page: &Page) -> bool {
    page.heading().starts_with("Sign in")
}

//
#[tokio::test]
async fn a_cookie_is_closed_to_scripts_other_sites_and_other_hosts() {
    for (issuer, name, attributes) in [
        (
            "http://localhost:2583",
            "entryway-2583",
            &["HttpOnly", "Path=/", "SameSite=Lax"][..],
        ),
        (
            "https://entryway.example",
            "__Host-entryway",
            &["HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
        ),
    ] {
        let configured = TestServer::start_with(Engine::Sqlite, |config| {
            config.issuer = Issuer::parse(issuer).unwrap();
        });
        let (server, client) = (configured.await, Client::new());
        let pushed = client.push(&server).await;
        let reply = server.get(&target(&server, &pushed)).await;
        let cookie = reply.header("set-cookie").unwrap();
        let (pair, rest) = cookie.split_once("; ").unwrap();
        let (known, value) = pair.split_once('=').unwrap();
        assert_eq!(known, name);
        assert!(value.len() == 22, "128 bits in base64url");
        let mut found: Vec<&str> = rest.split("; ").collect();
        found.sort_unstable();
        assert_eq!(found, attributes);
        let hsts = reply.header("strict-transport-security");
        assert_eq!(hsts.is_some(), issuer.starts_with("https"), "R-449");
    }
}

//
#[tokio::test]
async fn every_browser_gets_a_name_of_its_own() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let mut values = BTreeSet::new();
    for _ in 0..20 {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        browser.open(&server, &pushed).await;
        values.insert(only_cookie(&browser).1.to_owned());
    }
    assert_eq!(values.len(), 20);
}

//
async fn the_session_changes_its_name_at_sign_in(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    let mut copy = browser.clone();
    let before = only_cookie(&browser).1.to_owned();
    browser.sign_in(&server, &page, alice()).await;
    assert_ne!(only_cookie(&browser).1, before);
    // whoever planted or copied the first cookie is not signed in, now or when the server has forgotten it
    for seconds in [0, 120] {
        server.clock().advance(seconds);
        let other = client.push(&server).await;
        let page = copy.open(&server, &other).await;
        assert!(is_sign_in(&page), "{}", page.text);
        let mut forged = browser.clone().with_cookie(&before);
        let form = browser
            .open(&server, &client.push(&server).await)
            .await
            .form("Authorize");
        let page = forged.submit(&server, &form).await.page();
        assert_eq!(page.status(), 403, "{}", page.text);
    }
}

//
async fn a_name_that_somebody_made_up_is_not_adopted(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    browser.open(&server, &pushed).await;
    for made_up in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "did:plc:alice"] {
        let mut attacked = browser.clone().with_cookie(made_up);
        let other = client.push(&server).await;
        let page = attacked.open(&server, &other).await;
        assert!(is_sign_in(&page));
        assert_ne!(only_cookie(&attacked).1, made_up);
        attacked.sign_in(&server, &page, alice()).await;
        assert_ne!(only_cookie(&attacked).1, made_up);
    }
}

//
async fn signing_out_ends_the_session_at_the_server(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let pushed = client.push(&server).await;
    browser.approve(&server, &pushed, alice()).await;
    let kept = browser.clone();
    let home = browser
        .open_url(&server, &format!("{}/", server.issuer()))
        .await
        .page();
    assert!(home.text.contains("@alice.test"), "{}", home.text);
    let out = browser
        .press(&server, &home, "Sign out of this device", &[])
        .await
        .page();
    assert_eq!((out.status(), out.heading()), (200, "You are signed out"));
    for mut gone in [browser, kept] {
        let pushed = client.push(&server).await;
        assert!(is_sign_in(&gone.open(&server, &pushed).await));
        let home = gone
            .open_url(&server, &format!("{}/", server.issuer()))
            .await
            .page();
        assert!(!home.text.contains("alice.test"));
    }
}

//
#[tokio::test]
async fn hostile_cookies_are_as_good_as_none() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let long = format!("entryway-2583={}", "A".repeat(8 * 1024));
    for cookie in [
        &b"entryway-2583="[..],
        b"entryway",
        b"=",
        b";;;",
        b"entryway-2583=a; entryway-2583=b",
        b"entryway-2583=AAAAAAAAAAAAAAAAAAAAAA; entryway-2583=AAAAAAAAAAAAAAAAAAAAAA",
        b"__proto__=x; constructor=y; entryway-2583=__proto__",
        b"entryway-2583=\"AAAAAAAAAAAAAAAAAAAAAA\"",
        b"entryway-2583=%00%0a",
        b"entryway-2583=\xff\xfe",
        b"\xff=\xff",
        b"entryway-2583=did:plc:alice",
        b"entryway-2583={\"accounts\":[]}",
        long.as_bytes(),
    ] {
        let pushed = client.push(&server).await;
        let request = Request::get(target(&server, &pushed))
            .header("cookie", HeaderValue::from_bytes(cookie).unwrap())
            .body(Body::empty());
        let reply = server.send(request.unwrap()).await;
        assert_eq!(reply.code(), 200, "{:?}", String::from_utf8_lossy(cookie));
        assert!(reply.header("set-cookie").is_some());
    }
    server.assert_well().await;
}

//
async fn a_changed_password_ends_the_sign_ins_of_every_browser(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut one, mut other) = (Browser::new(), Browser::new());
    for browser in [&mut one, &mut other] {
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, alice()).await;
    }
    let pending = client.push(&server).await;
    let consent = one.open(&server, &pending).await;
    server.clock().advance(1);
    let now = server.now();
    server
        .database()
        .execute(&format!("update account set credentials_changed_at = {now}"))
        .await;
    assert_eq!(
        one.press(&server, &consent, "Authorize", &[])
            .await
            .page()
            .status(),
        403
    );
    for browser in [&mut one, &mut other] {
        let pushed = client.push(&server).await;
        let page = browser.open(&server, &pushed).await;
        assert!(is_sign_in(&page));
        browser.sign_in(&server, &page, alice()).await;
    }
}

// a reload with the old cookie, under way while somebody signs in, does not sign them out
async fn requests_under_way_at_sign_in_do_not_sign_out(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    let before = browser.clone();
    browser.sign_in(&server, &page, alice()).await;
    let late = at_once((0..16).map(|_| {
        let (mut late, server, pushed) = (before.clone(), server.clone(), pushed.clone());
        async move {
            let page = late.open(&server, &pushed).await;
            (
                page.reply.header("set-cookie").map(str::to_owned),
                is_sign_in(&page),
            )
        }
    }));
    for (set_cookie, asks_again) in late.await {
        assert_eq!(
            (set_cookie, asks_again),
            (None, true),
            "an answer that would overwrite the new cookie"
        );
    }
    let page = browser.open(&server, &pushed).await;
    browser.press(&server, &page, "Authorize", &[]).await.left();
}

//
async fn a_browser_sees_its_own_accounts_only(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut hers, mut his) = (Browser::new(), Browser::new());
    for (browser, account) in [(&mut hers, alice()), (&mut his, bob())] {
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, account).await;
    }
    for (browser, own, other) in [(&mut hers, alice(), bob()), (&mut his, bob(), alice())] {
        let pushed = client.push(&server).await;
        let page = browser.open(&server, &pushed).await;
        assert!(page.text.contains(own.handle) && !page.text.contains(other.handle));
        let foreign = Form {
            action: page.url.join("/oauth/authorize/account").unwrap(),
            ..page
                .form("Use another account")
                .without("decision")
                .also("account", other.did)
        };
        assert_eq!(browser.submit(&server, &foreign).await.page().refusal().0, 403);
    }
}

both_engines! {
    the_session_changes_its_name_at_sign_in,
    a_name_that_somebody_made_up_is_not_adopted,
    signing_out_ends_the_session_at_the_server,
    a_changed_password_ends_the_sign_ins_of_every_browser,
    requests_under_way_at_sign_in_do_not_sign_out,
    a_browser_sees_its_own_accounts_only,
}
