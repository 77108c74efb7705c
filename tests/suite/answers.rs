//! How the answer of the authorization endpoint travels back.

use std::collections::BTreeSet;

use entryway_tests::{Browser, Client, Engine, TestServer, alice, both_engines, push_and_approve};

//
async fn a_success_brings_code_state_and_issuer_and_nothing_else(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let expected = [
        ("code".to_owned(), landing.code().to_owned()),
        ("state".to_owned(), pushed.state.clone()),
        ("iss".to_owned(), server.issuer().to_owned()),
    ];
    assert_eq!(landing.parameters, expected);
    let mut without_query = landing.url.clone();
    without_query.set_query(None);
    assert_eq!(without_query.as_str(), client.redirect_uri());
    assert!(landing.redirect.unwrap().body.is_empty());
}

//
async fn a_refusal_brings_the_reason_state_and_issuer(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (prompt, signed_in, button) in [
        ("", false, "Cancel"),
        ("", true, "Deny access"),
        ("select_account", true, "Cancel"),
    ] {
        let pushed = client
            .push_with(&server, |call| call.with("prompt", prompt))
            .await;
        let mut browser = Browser::new();
        if signed_in {
            let other = client.push(&server).await;
            browser.approve(&server, &other, alice()).await;
        }
        let page = browser.open(&server, &pushed).await;
        let landing = browser.press(&server, &page, button, &[]).await.left();
        let expected = [
            ("error".to_owned(), "access_denied".to_owned()),
            (
                "error_description".to_owned(),
                "the account's owner denied the request".to_owned(),
            ),
            ("state".to_owned(), pushed.state.clone()),
            ("iss".to_owned(), server.issuer().to_owned()),
        ];
        assert_eq!(landing.parameters, expected, "{prompt} {button}");
    }
}

// `Browser` follows 303 and nothing else; R-157
#[tokio::test]
async fn codes_are_long_random_and_opaque() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let mut codes = BTreeSet::new();
    let mut browser = Browser::new();
    for _ in 0..10 {
        let pushed = client.push(&server).await;
        let landing = browser.approve(&server, &pushed, alice()).await;
        let random = landing.code().strip_prefix("cod-").unwrap().to_owned();
        assert!(random.len() == 64 && random.bytes().all(|byte| byte.is_ascii_hexdigit()));
        codes.insert(random);
    }
    assert_eq!(codes.len(), 10);
}

//
#[tokio::test]
async fn any_state_comes_back_whatever_the_redirect_uri_looks_like() {
    let server = TestServer::start(Engine::Sqlite).await;
    let mut browser = Browser::new();
    for registered in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1/cb?x=1",
        "http://[::1]/cb?",
        "http://127.0.0.1",
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("redirect_uri", registered)
            .finish();
        let client = Client::with(&format!("http://localhost/?{query}"), registered, "atproto");
        for state in [
            "&#%+= /?",
            "a=b&code=x&iss=y",
            "\u{fc}\u{1f600}\u{202e}",
            "%0d%0aSet-Cookie:x=y",
            "'\"<>\\",
        ] {
            let pushed = client.push_with(&server, |call| call.with("state", state)).await;
            let landing = browser.approve(&server, &pushed, alice()).await;
            let states: Vec<&str> = landing
                .parameters
                .iter()
                .filter(|(name, _)| name == "state")
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(states, [state], "{registered}");
            let location = landing.redirect.as_ref().unwrap().header("location").unwrap();
            assert!(location.starts_with(registered), "{location}");
            assert!(
                location.is_ascii()
                    && !landing
                        .redirect
                        .as_ref()
                        .unwrap()
                        .headers
                        .contains_key("set-cookie")
            );
            assert_eq!(landing.parameter("x").is_some(), registered.contains("x=1"));
        }
    }
}

//
#[tokio::test]
async fn the_answer_comes_in_the_fragment_or_by_form_when_asked_so() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let mut browser = Browser::new();
    let state = "\"><script>alert(1)</script>&amp;";
    for button in ["Authorize", "Deny access"] {
        let asked = |mode: &'static str| {
            client.push_with(&server, move |call| {
                call.with("response_mode", mode).with("state", state)
            })
        };
        let pushed = asked("fragment").await;
        let page = browser.reach_consent(&server, &pushed, alice()).await;
        let landing = browser.press(&server, &page, button, &[]).await.left();
        assert_eq!(landing.url.query(), None);
        assert_eq!(landing.parameter("state"), Some(state));
        assert_eq!(landing.parameter("code").is_some(), button == "Authorize");

        let pushed = asked("form_post").await;
        let page = browser.reach_consent(&server, &pushed, alice()).await;
        let posting = browser.press(&server, &page, button, &[]).await.page();
        assert_eq!((posting.status(), posting.buttons()), (200, vec!["Continue"]));
        assert!(!posting.reply.text().contains("alert(1)</script>"));
        let policy = posting.reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(policy.contains("form-action 'self' http: https:"), "{policy}");
        let landing = browser.press(&server, &posting, "Continue", &[]).await.left();
        assert_eq!(landing.url.as_str(), client.redirect_uri());
        assert_eq!(landing.parameter("state"), Some(state));
        assert_eq!(landing.parameter("code").is_some(), button == "Authorize");
        if button == "Authorize" {
            assert_eq!(
                client
                    .exchange(&pushed, landing.code())
                    .send(&server)
                    .await
                    .code(),
                200
            );
        }
    }
}

both_engines! {
    a_success_brings_code_state_and_issuer_and_nothing_else,
    a_refusal_brings_the_reason_state_and_issuer,
}
