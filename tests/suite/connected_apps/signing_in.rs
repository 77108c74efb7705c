//! Signing in without an app: by the rules of signing in with one.

use axum::body::Body;
use entryway_tests::{Browser, Engine, TestServer, alice, bob, both_engines};
use http::{Method, Request};

use super::{DAY, is_sign_in, own_page, sign_in, signed_in};
use crate::pages::{assert_is_accessible, assert_loads_only_from_here};

//
async fn a_person_signs_in_to_see_their_account(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = Browser::new();
    let page = own_page(&server, &mut browser).await;
    assert_eq!(
        page.heading(),
        "Sign in to see the apps and devices that can use your account"
    );
    assert_eq!(page.buttons(), ["Sign in"]);
    assert_is_accessible(&page);
    for (name, password) in [("alice.test", "wrong"), ("nobody.test", "wrong")] {
        let wrong = [("username", name), ("password", password)];
        let again = browser.press(&server, &page, "Sign in", &wrong).await.page();
        assert_eq!(again.status(), 401);
        assert!(again.text.contains("That did not match."), "{}", again.text);
        assert_eq!(again.input("username").attribute("value"), Some(name));
    }
    let page = browser.sign_in(&server, &page, alice()).await;
    assert!(page.heading().starts_with("Apps and devices"), "{}", page.text);
    assert!(page.text.contains("@alice.test") && page.text.contains(alice().did));
    assert!(page.text.contains("No app has access to this account."));
    assert_is_accessible(&page);
    assert_loads_only_from_here(&page);
    for (name, expected) in [("cache-control", "no-store"), ("x-frame-options", "DENY")] {
        assert_eq!(page.reply.header(name), Some(expected));
    }
    // and is asked no more, here
    assert_eq!(own_page(&server, &mut browser).await.text, page.text);
}

//
async fn the_session_changes_its_name_at_sign_in(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = Browser::new();
    own_page(&server, &mut browser).await;
    let mut planted = browser.clone();
    sign_in(&server, &mut browser, alice()).await;
    assert_ne!(browser.cookies(), planted.cookies());
    for seconds in [0, 120] {
        server.clock().advance(seconds);
        assert!(is_sign_in(&own_page(&server, &mut planted).await));
    }
    assert!(!is_sign_in(&own_page(&server, &mut browser).await));
}

//
async fn a_sign_in_is_good_for_a_week_of_looking(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = signed_in(&server, alice()).await;
    for (seconds, shown) in [(7 * DAY - 1, true), (1, true), (1, false)] {
        server.clock().advance(seconds);
        let page = own_page(&server, &mut browser).await;
        assert_eq!(!is_sign_in(&page), shown, "{}", page.text);
        if !shown {
            assert_eq!(page.input("username").attribute("value"), Some("alice.test"));
            assert!(page.text.contains("You are signed in already."));
            let page = browser.sign_in(&server, &page, alice()).await;
            assert!(page.heading().starts_with("Apps and devices"));
        }
    }
}

//
async fn of_several_accounts_the_person_chooses(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = signed_in(&server, alice()).await;
    let page = own_page(&server, &mut browser).await;
    assert!(page.all("a").any(|a| a.text == "Use another account"));
    let page = sign_in(&server, &mut browser, bob()).await;
    assert!(page.text.contains("@bob.test") && !page.text.contains("alice.test"));
    let page = own_page(&server, &mut browser).await;
    assert!(page.heading().starts_with("Choose an account"), "{}", page.text);
    assert_is_accessible(&page);
    for account in [alice(), bob()] {
        let form = page.form_beginning(&format!("@{}", account.handle));
        let shown = browser.submit(&server, &form).await.page();
        assert!(shown.heading().starts_with("Apps and devices"));
        assert!(shown.text.contains(account.did), "{}", shown.text);
        // the address says whose page it is: another tab may show another one
        let again = browser.open_url(&server, shown.url.as_str()).await.page();
        assert_eq!(again.text, shown.text);
    }
    // an account of no browser, or of another one
    let mut other = signed_in(&server, alice()).await;
    for did in ["did:plc:x", bob().did] {
        let url = format!("{}/account?account={did}", server.issuer());
        let shown = other.open_url(&server, &url).await.page();
        assert!(shown.heading().starts_with("Choose an account"), "{}", shown.text);
        assert!(!shown.text.contains("bob.test"));
        let form = shown.form_beginning("@alice.test").with("account", did);
        let refused = other.submit(&server, &form).await.page();
        assert_eq!(refused.refusal(), (403, "invalid_request"));
    }
}

//
async fn guesses_are_counted_as_those_of_the_front_channel_are(engine: Engine) {
    let server = TestServer::start_with(engine, |config| config.limit_sign_ins = true).await;
    let mut browser = Browser::new();
    let page = own_page(&server, &mut browser).await;
    let wrong = [("username", "alice.test"), ("password", "wrong")];
    for _ in 0..30 {
        let again = browser.press(&server, &page, "Sign in", &wrong).await.page();
        assert_eq!(again.status(), 401);
    }
    let right = [
        ("username", "alice.test"),
        ("password", alice().password.as_str()),
    ];
    let stopped = browser.press(&server, &page, "Sign in", &right).await.page();
    assert_eq!(stopped.status(), 429);
    assert!(stopped.text.contains("Too many tries."), "{}", stopped.text);
}

// what is no visit of a person leaves nothing behind
async fn only_a_window_opens_the_page(engine: Engine) {
    let server = TestServer::start(engine).await;
    let before = server.database().cells().await;
    for path in ["/account", "/account/sign-in"] {
        for (name, value) in [
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-mode", "cors"),
            ("sec-purpose", "prefetch"),
        ] {
            let request = Request::get(path).header(name, value);
            let reply = server.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.code(), 403, "{path} {name}");
        }
        let head = Request::builder().method(Method::HEAD).uri(path);
        let reply = server.send(head.body(Body::empty()).unwrap()).await;
        assert_eq!((reply.code(), reply.header("set-cookie")), (200, None), "{path}");
    }
    assert_eq!(server.database().cells().await, before);
}

both_engines! {
    a_person_signs_in_to_see_their_account,
    the_session_changes_its_name_at_sign_in,
    a_sign_in_is_good_for_a_week_of_looking,
    of_several_accounts_the_person_chooses,
    guesses_are_counted_as_those_of_the_front_channel_are,
    only_a_window_opens_the_page,
}
