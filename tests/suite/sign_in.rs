//! The sign-in page.

use std::collections::BTreeSet;

use entryway_tests::{Browser, Client, Engine, TestServer, alice, bob, both_engines};

use crate::pages::{assert_is_accessible, assert_loads_only_from_here};

//
#[tokio::test]
async fn the_sign_in_page_is_what_password_managers_and_screen_readers_expect() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let page = Browser::new().open(&server, &pushed).await;
    assert_eq!(page.buttons(), ["Sign in", "Cancel"]);
    let (username, password) = (page.input("username"), page.input("password"));
    assert_eq!(username.attribute("autocomplete"), Some("username"));
    assert_eq!(username.attribute("value"), None);
    assert_eq!(password.attribute("type"), Some("password"));
    assert_eq!(password.attribute("autocomplete"), Some("current-password"));
    assert_eq!(password.attribute("value"), None);
    assert_is_accessible(&page);
    assert_loads_only_from_here(&page);
}

//
async fn a_wrong_password_and_an_unknown_account_look_the_same(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    let mut answers = BTreeSet::new();
    for name in [
        "alice.test",
        "nobody.test",
        "nobody@mail.example",
        "did:plc:nobodynobodynobodynobody",
        "\u{202e}x",
    ] {
        let fields = [("username", name), ("password", "not the password")];
        let again = browser.press(&server, &page, "Sign in", &fields).await.page();
        assert_eq!(again.status(), 401);
        assert_eq!(again.input("password").attribute("value"), None);
        assert_eq!(again.input("password").attribute("aria-invalid"), Some("true"));
        assert!(!again.reply.text().contains("not the password"));
        assert_is_accessible(&again);
        let typed = again.input("username").attribute("value").unwrap().to_owned();
        answers.insert(again.reply.text().replace(&typed, "…"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // and the page still works
    browser.sign_in(&server, &page, alice()).await;
}

#[tokio::test]
async fn an_account_signs_in_by_any_of_its_names() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    for name in [
        "alice.test",
        "Alice.Test",
        "@alice.test",
        " alice.test ",
        alice().did,
        "alice@mail.example",
        "Alice@Mail.Example",
    ] {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        let page = browser.open(&server, &pushed).await;
        let fields = [("username", name), ("password", alice().password.as_str())];
        let page = browser.press(&server, &page, "Sign in", &fields).await.page();
        assert!(page.text.contains(alice().did), "{name}: {}", page.text);
    }
}

//
#[tokio::test]
async fn what_is_typed_is_bounded() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    for (name, bytes, status) in [
        ("password", 64, 401),
        ("password", 512, 401),
        ("password", 513, 401),
        ("password", 64 * 1024, 400),
        ("password", 1024 * 1024, 413),
        ("username", 512, 401),
        ("username", 64 * 1024, 400),
    ] {
        let form = page
            .form("Sign in")
            .with("username", "alice.test")
            .with("password", "wrong");
        let answer = browser
            .submit(&server, &form.with(name, &"x".repeat(bytes)))
            .await
            .page();
        assert_eq!(answer.status(), status, "{bytes} bytes of {name}");
        assert!(!answer.text.contains(&"x".repeat(1000)));
    }
    browser.sign_in(&server, &page, alice()).await;
}

//
async fn a_login_hint_names_the_only_account_that_may_finish(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let hinted = |hint: &'static str| client.push_with(&server, move |call| call.with("login_hint", hint));
    let mut browser = Browser::new();
    for hint in ["alice.test", "ALICE.test", alice().did] {
        let pushed = hinted(hint).await;
        let page = browser.open(&server, &pushed).await;
        let field = page.input("username");
        assert_eq!(
            field.attribute("value"),
            Some(hint.to_lowercase().as_str()),
            "{hint}"
        );
        assert!(field.attribute("readonly").is_some());
        // another name in the field does not count, nor does another account's password
        let other = [("username", "bob.test"), ("password", bob().password.as_str())];
        assert_eq!(
            browser
                .press(&server, &page, "Sign in", &other)
                .await
                .page()
                .status(),
            401
        );
        let mixed = [("username", "bob.test"), ("password", alice().password.as_str())];
        let page = browser.press(&server, &page, "Sign in", &mixed).await.page();
        assert!(page.text.contains(alice().did) && !page.buttons().contains(&"Use another account"));
        browser = Browser::new();
    }
    // bob is signed in, alice was asked for
    let pushed = client.push(&server).await;
    browser.approve(&server, &pushed, bob()).await;
    let pushed = hinted("alice.test").await;
    let page = browser.open(&server, &pushed).await;
    assert!(
        page.heading().starts_with("Sign in") && !page.text.contains("bob.test"),
        "{}",
        page.text
    );
    let page = browser.sign_in(&server, &page, alice()).await;
    let foreign = page.form("Authorize").with("account", bob().did);
    assert_eq!(browser.submit(&server, &foreign).await.page().refusal().0, 403);
    let pushed = hinted(alice().did).await;
    let page = browser.open(&server, &pushed).await;
    assert!(page.buttons().contains(&"Authorize") && page.text.contains("@alice.test"));
}

both_engines! {
    a_wrong_password_and_an_unknown_account_look_the_same,
    a_login_hint_names_the_only_account_that_may_finish,
}
