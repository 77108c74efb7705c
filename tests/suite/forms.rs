//! Whose forms count: those of this browser, from this site, as the page had them.

use entryway_tests::{Browser, Client, Engine, Form, TestServer, alice, bob, both_engines, login};
use http::{Method, Request};

const INVALID: (u16, &str) = (400, "invalid_request");
const FORBIDDEN: (u16, &str) = (403, "invalid_request");

//
async fn a_request_belongs_to_the_browser_that_opened_it(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let (mut first, mut second) = (Browser::new(), Browser::new());
    let consent = first.reach_consent(&server, &pushed, alice()).await;
    assert_eq!(second.open(&server, &pushed).await.refusal(), FORBIDDEN);
    // somebody who is signed in elsewhere is made to send the form of the first browser
    let own = client.push(&server).await;
    let own = second.reach_consent(&server, &own, bob()).await.form("Authorize");
    let theirs = consent.form("Authorize");
    assert_eq!(second.submit(&server, &theirs).await.page().refusal(), FORBIDDEN);
    let mixed = theirs.clone().with("csrf", own.value("csrf"));
    assert_eq!(second.submit(&server, &mixed).await.page().refusal(), FORBIDDEN);
    let mixed = mixed.with("account", bob().did);
    assert_eq!(second.submit(&server, &mixed).await.page().refusal(), FORBIDDEN);
    first.submit(&server, &theirs).await.left();
}

//
#[tokio::test]
async fn only_a_sent_form_decides() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.reach_consent(&server, &pushed, alice()).await;
    let form = page.form("Authorize");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&form.fields)
        .finish();
    let get = browser
        .open_url(&server, &format!("{}?{query}", form.action))
        .await
        .page();
    assert_eq!(
        (get.refusal(), get.reply.header("allow")),
        ((405, "invalid_request"), Some("POST"))
    );
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::TRACE,
    ] {
        let url = pushed.url(&server);
        let path = url.strip_prefix(server.issuer()).unwrap();
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .body(axum::body::Body::empty());
        let reply = server.send(request.unwrap()).await;
        assert_eq!(
            (reply.code(), reply.header("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
    browser.submit(&server, &form).await.left();
}

//
async fn forms_of_other_sites_are_refused_and_change_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client
        .push_with(&server, |call| call.with("prompt", "select_account"))
        .await;
    let mut browser = Browser::new();
    let sign_in = browser.open(&server, &pushed).await;
    let mut forms = vec![
        sign_in
            .form("Sign in")
            .with("username", "alice.test")
            .with("password", &alice().password),
    ];
    let consent = browser.sign_in(&server, &sign_in, alice()).await;
    forms.extend([
        consent.form("Use another account"),
        consent.form("Deny access"),
        consent.form("Authorize"),
    ]);
    let sign_out = Form {
        action: consent.url.join("/sign-out").unwrap(),
        ..consent.form("Authorize")
    };
    forms.push(sign_out);
    for form in &forms {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost"),
            ("origin", "http://localhost:2583.evil.example"),
            ("origin", "https://localhost:2583"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-dest", "empty"),
        ] {
            let mut foreign = browser.clone().with_header(name, value);
            let page = foreign.submit(&server, form).await.page();
            assert_eq!(
                page.refusal(),
                FORBIDDEN,
                "{} with {name}: {value}",
                form.action.path()
            );
        }
    }
    browser.press(&server, &consent, "Authorize", &[]).await.left();
}

//
async fn a_form_without_the_token_of_its_browser_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let (mut browser, mut other) = (Browser::new(), Browser::new());
    let sign_in = browser.open(&server, &pushed).await;
    let filled = sign_in
        .form("Sign in")
        .with("username", "alice.test")
        .with("password", &alice().password);
    let consent = browser.sign_in(&server, &sign_in, alice()).await;
    let foreign = client.push(&server).await;
    let foreign = other
        .open(&server, &foreign)
        .await
        .form("Sign in")
        .value("csrf")
        .to_owned();
    let sign_out = Form {
        action: consent.url.join("/sign-out").unwrap(),
        ..filled.clone()
    };
    let forms = [
        filled,
        consent.form("Use another account"),
        consent.form("Deny access"),
        consent.form("Authorize"),
        sign_out,
    ];
    for form in &forms {
        let own = form.value("csrf").to_owned();
        for bad in [
            form.clone().without("csrf"),
            form.clone().with("csrf", ""),
            form.clone().with("csrf", "x"),
            form.clone().with("csrf", &own[1..]),
            form.clone().with("csrf", &foreign),
        ] {
            let page = browser.clone().submit(&server, &bad).await.page();
            assert_eq!(page.refusal(), FORBIDDEN, "{}", form.action.path());
        }
        let page = Browser::new().submit(&server, form).await.page();
        assert_eq!(
            page.refusal(),
            FORBIDDEN,
            "{} without a cookie",
            form.action.path()
        );
    }
    browser.press(&server, &consent, "Authorize", &[]).await.left();
}

//
async fn an_account_that_is_switched_off_approves_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let consent = browser.reach_consent(&server, &pushed, alice()).await;
    for status in ["deactivated", "taken_down"] {
        let did = alice().did;
        server
            .database()
            .execute(&format!(
                "update account set status = '{status}' where did = '{did}'"
            ))
            .await;
        let refused = browser.press(&server, &consent, "Authorize", &[]).await.page();
        assert_eq!(refused.refusal(), FORBIDDEN, "{status}");
        let page = browser.open(&server, &pushed).await;
        assert!(page.heading().starts_with("Sign in"), "{}", page.text);
        let fields = [
            ("username", alice().handle),
            ("password", alice().password.as_str()),
        ];
        let refused = browser.press(&server, &page, "Sign in", &fields).await.page();
        assert!(
            refused.status() == 400 || refused.status() == 403,
            "{}",
            refused.text
        );
    }
    server
        .database()
        .execute("update account set status = 'active'")
        .await;
    browser.press(&server, &consent, "Authorize", &[]).await.left();
}

//
async fn a_tampered_consent_form_grants_nothing_more(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    login(&server, &client, bob()).await;
    let pushed = client.push(&server).await;
    let consent = browser.reach_consent(&server, &pushed, alice()).await;
    let form = consent.form("Authorize");
    for (bad, refusal) in [
        (form.clone().with("account", bob().did), FORBIDDEN),
        (form.clone().with("account", "did:plc:x"), FORBIDDEN),
        (form.clone().with("account", alice().handle), FORBIDDEN),
        (form.clone().without("account"), INVALID),
        (
            form.clone().with("client_id", Client::named("evil").id()),
            INVALID,
        ),
        (
            form.clone().with("client_id", "x"),
            (400, "invalid_client_metadata"),
        ),
        (
            form.clone()
                .with("request_uri", "urn:ietf:params:oauth:request_uri:req-0"),
            INVALID,
        ),
        (form.clone().with("decision", "approve"), INVALID),
        (form.clone().without("decision"), INVALID),
    ] {
        assert_eq!(
            browser.submit(&server, &bad).await.page().refusal(),
            refusal,
            "{bad:?}"
        );
    }
    let more = form
        .also("scope", "atproto transition:email")
        .also("redirect_uri", "https://evil.example/")
        .also("state", "theirs")
        .also("grant.2", "on")
        .also("grant.99", "on")
        .also("grant.-1", "on")
        .also("grant.transition:email", "on");
    let landing = browser.submit(&server, &more).await.left();
    assert!(landing.url.as_str().starts_with(client.redirect_uri()));
    let reply = client.exchange(&pushed, landing.code()).send(&server).await;
    assert_eq!(reply.member("scope"), "atproto transition:generic");
    assert_eq!(reply.member("sub"), alice().did);
}

both_engines! {
    a_request_belongs_to_the_browser_that_opened_it,
    forms_of_other_sites_are_refused_and_change_nothing,
    a_form_without_the_token_of_its_browser_is_refused,
    an_account_that_is_switched_off_approves_nothing,
    a_tampered_consent_form_grants_nothing_more,
}
