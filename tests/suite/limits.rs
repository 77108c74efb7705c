//! How often somebody may fail to sign in, and call.
//!
//! How counts run out with time, and over many accounts, is tried beside the counters.

use entryway_tests::{Browser, Client, Engine, Page, TestServer, alice, bob, login};

const WRONG: [(&str, &str); 2] = [("username", "alice.test"), ("password", "wrong")];

async fn limited() -> TestServer {
    TestServer::start_with(Engine::Sqlite, |config| config.limit_sign_ins = true).await
}

/// A sign-in page, opened in a fresh browser.
async fn sign_in_page(server: &TestServer) -> (Browser, Page) {
    let pushed = Client::new().push(server).await;
    let mut browser = Browser::new();
    let page = browser.open(server, &pushed).await;
    (browser, page)
}

//
#[tokio::test]
async fn too_many_wrong_passwords_are_answered_with_a_wait() {
    let server = limited().await;
    let (mut browser, page) = sign_in_page(&server).await;
    for _ in 0..30 {
        let again = browser.press(&server, &page, "Sign in", &WRONG).await.page();
        assert_eq!(again.status(), 401);
    }
    let right = [
        ("username", "alice.test"),
        ("password", alice().password.as_str()),
    ];
    for fields in [WRONG, right] {
        let stopped = browser.press(&server, &page, "Sign in", &fields).await.page();
        assert_eq!(
            (stopped.status(), stopped.reply.header("retry-after")),
            (429, Some("300"))
        );
        assert!(stopped.text.contains("wait 5 minutes"), "{}", stopped.text);
    }
    // another account from there, and the owner from elsewhere, are not held up by that
    browser.sign_in(&server, &page, bob()).await;
    for address in ["192.0.2.7", "2001:db8::7"] {
        let elsewhere = server.seen_from(address);
        let (mut browser, page) = sign_in_page(&elsewhere).await;
        browser.sign_in(&elsewhere, &page, alice()).await;
    }
}

// only failures count
#[tokio::test]
async fn somebody_who_signs_in_often_is_never_stopped() {
    let server = limited().await;
    for _ in 0..31 {
        let (mut browser, page) = sign_in_page(&server).await;
        let consent = browser.sign_in(&server, &page, alice()).await;
        assert!(consent.buttons().contains(&"Authorize"));
    }
}

//
#[tokio::test]
async fn an_operator_may_bound_the_calls_of_one_address() {
    let bounded = TestServer::start_with(Engine::Sqlite, |config| config.calls_per_minute = Some(10));
    let (server, client) = (bounded.await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(client.revoke("x").without_proof().send(&server).await.code());
    }
    let allowed = statuses.iter().filter(|status| **status == 200).count();
    assert!(
        (1..10).contains(&allowed),
        "a login takes some of the ten: {statuses:?}"
    );
    for call in [
        client.par(),
        client.refresh(&tokens.refresh_token),
        client.revoke("x"),
    ] {
        let refused = call.send(&server).await;
        assert_eq!(refused.refusal(), (429, "invalid_request".to_owned()));
        assert_eq!(refused.header("retry-after"), Some("60"));
    }
    // it is the address that is bounded, and documents and pages are not
    server.assert_well().await;
    let elsewhere = server.seen_from("192.0.2.7");
    assert_eq!(
        client
            .refresh(&tokens.refresh_token)
            .send(&elsewhere)
            .await
            .code(),
        200
    );
}
