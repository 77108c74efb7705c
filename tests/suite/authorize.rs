//! What the authorization endpoint opens, and for whom.

use entryway_tests::{Browser, Client, Endpoint, Engine, Page, Step, TestServer, alice, bob, both_engines};
use http::Request;

const INVALID: (u16, &str) = (400, "invalid_request");
const CROSS_SITE: (u16, &str) = (403, "invalid_request");

//
#[tokio::test]
async fn what_was_not_pushed_is_refused_on_a_page_and_leads_nowhere() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let authorize = server.url(Endpoint::Authorize);
    let id = "http%3A%2F%2Flocalhost";
    let urn = "urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A";
    let known = pushed.url(&server);
    let unknown = format!("{urn}req-00000000000000000000000000000000");
    for url in [
        authorize.clone(),
        format!("{authorize}?client_id={id}"),
        format!("{authorize}?request_uri={unknown}"),
        format!("{authorize}?client_id={id}&request_uri={unknown}"),
        format!("{authorize}?client_id={id}&request_uri="),
        format!("{authorize}?client_id={id}&request_uri={urn}"),
        format!("{authorize}?client_id={id}&request_uri={urn}..%2F..%2Fadmin"),
        format!("{authorize}?client_id={id}&request_uri={unknown}%00"),
        format!("{authorize}?client_id={id}&request_uri=urn%3Aother%3Areq-1"),
        format!("{authorize}?client_id={id}&request_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcanary"),
        format!("{authorize}?client_id={id}&request_uri=https%3A%2F%2Fcanary.example%2Frequest.jwt"),
        format!("{authorize}?client_id={id}&request_uri=file%3A%2F%2F%2Fetc%2Fpasswd"),
        format!("{authorize}?client_id={id}&request_uri=%ff"),
        format!("{authorize}?client_id={id}&request_uri=%"),
        format!("{authorize}?client_id={id}&request=eyJhbGciOiJub25lIn0.e30."),
        format!(
            "{authorize}?client_id={id}&response_type=code&redirect_uri=https%3A%2F%2Fevil.example&state=s&scope=atproto&code_challenge=c&code_challenge_method=S256"
        ),
        format!(
            "{authorize}?client_id=nobody&response_type=token&redirect_uri=https%3A%2F%2Fevil.example&prompt=none"
        ),
        format!(
            "{authorize}?client_id=%3Csvg%20onload%3Dalert(1)%3E&request_uri=%3Csvg%20onload%3Dalert(1)%3E&error=%3Csvg%20onload%3E"
        ),
        format!("{known}&client_id={id}"),
        format!("{known}&request_uri={unknown}"),
        format!("{known}&prompt=none&prompt=login"),
    ] {
        let page = Browser::new().open_url(&server, &url).await.page();
        let code = if url.contains("svg") {
            "invalid_client_metadata"
        } else {
            "invalid_request"
        };
        assert_eq!(page.refusal(), (400, code), "{url}");
        assert!(!page.reply.text().contains("svg onload") && !page.reply.text().contains("evil.example"));
    }
    assert_eq!(Browser::new().open(&server, &pushed).await.status(), 200);
}

//
async fn a_request_waits_five_minutes_to_be_opened(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (seconds, fine) in [(299, true), (300, false), (301, false)] {
        let pushed = client.push(&server).await;
        server.clock().advance(seconds);
        let page = Browser::new().open(&server, &pushed).await;
        if fine {
            assert_eq!(page.status(), 200, "{seconds}");
        } else {
            assert_eq!(page.refusal(), INVALID, "{seconds}");
        }
    }
}

//
async fn a_request_may_be_looked_at_again_for_an_hour(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    for _ in 0..15 {
        assert_eq!(browser.open(&server, &pushed).await.status(), 200);
        assert_eq!(browser.open(&server, &pushed).await.status(), 200);
        server.clock().advance(240);
    }
    assert_eq!(browser.open(&server, &pushed).await.refusal(), INVALID);
}

//
async fn another_client_cannot_open_it_nor_spoil_it(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (client, stranger) = (Client::new(), Client::named("stranger"));
    let pushed = client.push(&server).await;
    let mut crossed = pushed.clone();
    stranger.id().clone_into(&mut crossed.client_id);
    assert_eq!(Browser::new().open(&server, &crossed).await.refusal(), INVALID);
    let landing = Browser::new().approve(&server, &pushed, alice()).await;
    assert_eq!(landing.parameter("error"), None);
}

//
async fn a_decided_request_is_over(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for button in ["Authorize", "Deny access"] {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        let page = browser.reach_consent(&server, &pushed, alice()).await;
        browser.press(&server, &page, button, &[]).await.left();
        assert_eq!(browser.open(&server, &pushed).await.refusal(), INVALID);
        for other in ["Authorize", "Deny access"] {
            // the back button
            let again = browser.press(&server, &page, other, &[]).await.page();
            assert_eq!(again.refusal(), INVALID, "{button}, then {other}");
        }
    }
}

//
#[tokio::test]
async fn what_was_pushed_outweighs_what_the_browser_brings() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let more = "&redirect_uri=https%3A%2F%2Fevil.example%2F&scope=atproto+transition%3Aemail&state=theirs\
                &response_type=token&response_mode=fragment&prompt=none&login_hint=bob.test&iss=x&code_challenge=x";
    let mut browser = Browser::new();
    let page = browser
        .open_url(&server, &format!("{}{more}", pushed.url(&server)))
        .await
        .page();
    let page = browser.sign_in(&server, &page, alice()).await;
    let shown: Vec<&str> = page.all("code").map(|code| code.text.as_str()).collect();
    assert_eq!(
        shown,
        [
            client.id(),
            client.redirect_uri(),
            "atproto",
            "transition:generic"
        ]
    );
    let landing = browser.press(&server, &page, "Authorize", &[]).await.left();
    assert!(
        landing
            .url
            .as_str()
            .starts_with(&format!("{}?", client.redirect_uri())),
        "{}",
        landing.url
    );
    assert_eq!(landing.parameter("state"), Some(pushed.state.as_str()));
}

//
#[tokio::test]
async fn the_page_opens_in_a_window_of_its_own_only() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    for (name, value) in [
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "frame"),
        ("sec-fetch-dest", "embed"),
        ("sec-fetch-dest", "object"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-mode", "no-cors"),
    ] {
        let mut framed = Browser::new().with_header(name, value);
        assert_eq!(
            framed.open(&server, &pushed).await.refusal(),
            CROSS_SITE,
            "{name}: {value}"
        );
    }
    assert_eq!(Browser::new().open(&server, &pushed).await.status(), 200);
}

//
#[tokio::test]
async fn every_page_carries_the_headers_that_protect_it() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let sign_in = browser.open(&server, &pushed).await;
    let consent = browser.sign_in(&server, &sign_in, alice()).await;
    let error = browser
        .open_url(&server, &server.url(Endpoint::Authorize))
        .await
        .page();
    let home = browser
        .open_url(&server, &format!("{}/", server.issuer()))
        .await
        .page();
    let missing = browser
        .open_url(&server, &format!("{}/nothing/here", server.issuer()))
        .await
        .page();
    for (page, form_action) in [
        // the schemes the answer may travel by, since apps redirect on from their callback
        (sign_in, "'self' http: https:"),
        (consent, "'self' http: https:"),
        (error, "'self'"),
        (home, "'self'"),
        (missing, "'self'"),
    ] {
        assert_eq!(policy_of(&page, "form-action"), form_action, "{}", page.text);
        for (directive, value) in [
            ("default-src", "'none'"),
            ("script-src", "'none'"),
            ("frame-ancestors", "'none'"),
            ("base-uri", "'none'"),
        ] {
            assert_eq!(policy_of(&page, directive), value, "{}", page.text);
        }
        for (name, value) in [
            ("content-type", Some("text/html; charset=utf-8")),
            ("cache-control", Some("no-store")),
            ("vary", Some("Cookie")),
            ("referrer-policy", Some("same-origin")),
            ("x-frame-options", Some("DENY")),
            ("cross-origin-opener-policy", Some("same-origin")),
            ("cross-origin-resource-policy", Some("same-origin")),
            ("strict-transport-security", None),
            ("access-control-allow-origin", None),
            ("dpop-nonce", None),
        ] {
            assert_eq!(page.reply.header(name), value, "{name} of {}", page.text);
        }
    }
}

fn policy_of(page: &Page, directive: &str) -> String {
    let policy = page.reply.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    let mut found = policy.split(';').filter_map(|part| part.trim().split_once(' '));
    found
        .find(|(name, _)| *name == directive)
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}

//
#[tokio::test]
async fn pages_answer_no_preflight() {
    let server = TestServer::start(Engine::Sqlite).await;
    for path in [
        "/oauth/authorize",
        "/oauth/authorize/sign-in",
        "/oauth/authorize/decision",
        "/sign-out",
        "/account",
        "/account/sign-in",
        "/account/choice",
        "/account/end",
        "/",
    ] {
        let request = Request::options(path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST");
        let reply = server
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(
            (reply.code(), reply.header("access-control-allow-origin")),
            (405, None),
            "{path}"
        );
    }
}

//
async fn prompt_none_shows_nothing_and_grants_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    // a client anybody can be does not learn that one is signed in, or two
    for account in [alice(), bob(), alice()] {
        let silent = client
            .push_with(&server, |call| call.with("prompt", "none"))
            .await;
        let landing = match browser.open_url(&server, &silent.url(&server)).await {
            Step::Left(landing) => landing,
            Step::Page(page) => panic!("{}", page.text),
        };
        assert_eq!(
            (landing.parameter("error"), landing.parameter("code")),
            (Some("login_required"), None)
        );
        assert_eq!(landing.parameter("state"), Some(silent.state.as_str()));
        let pushed = client
            .push_with(&server, |call| call.with("login_hint", account.handle))
            .await;
        browser.approve(&server, &pushed, account).await;
    }
}

both_engines! {
    a_request_waits_five_minutes_to_be_opened,
    a_request_may_be_looked_at_again_for_an_hour,
    another_client_cannot_open_it_nor_spoil_it,
    a_decided_request_is_over,
    prompt_none_shows_nothing_and_grants_nothing,
}
