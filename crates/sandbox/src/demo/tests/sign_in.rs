//! From the handle to the signed-in page, and every way that ends before.

use http::StatusCode;

use super::super::router;
use super::browser::{Browser, assert_no_secret_in, config};
use super::stub::{self, DID, HANDLE};

// R-085 to R-090
#[tokio::test]
async fn the_pushed_request_is_what_the_profile_asks_for() {
    let mut browser = Browser::open().await;
    let page = browser.post("/login", "handle=%40Alice.test+").await;

    let target = page.location.unwrap();
    let origin = browser.stub.script().origin.clone();
    let client_id = "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback&scope=atproto%20repo%3Atest.jotter.note%20\
        include%3Atest.jotter.basic%3Faud%3Ddid%3Aweb%3Aapi.jotter.test%2523search%20\
        repo%3Aapp.bsky.feed.post%3Faction%3Dcreate%20transition%3Ageneric%20repo%3Atest.jotter.pin%20account%3Aemail";
    assert_eq!(target.origin().ascii_serialization(), origin);
    assert_eq!(
        target.query_pairs().into_owned().collect::<Vec<_>>(),
        [
            ("client_id".to_owned(), client_id.to_owned()),
            (
                "request_uri".to_owned(),
                "urn:ietf:params:oauth:request_uri:secret-uri".to_owned()
            ),
        ]
    );
    let form = browser.stub.script().form.clone();
    let value = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("response_type"), Some("code"));
    assert_eq!(value("client_id"), Some(client_id));
    assert_eq!(value("redirect_uri"), Some("http://127.0.0.1:4000/callback"));
    assert_eq!(value("scope"), Some("atproto repo:test.jotter.note"));
    assert_eq!(value("login_hint"), Some(HANDLE));
    assert_eq!(value("code_challenge_method"), Some("S256"));
    assert_eq!(value("code_challenge").map(str::len), Some(43));
    assert_eq!(value("state").map(str::len), Some(43));
}

// R-307
#[tokio::test]
async fn a_request_is_sent_again_once_with_the_nonce_the_server_wants() {
    let mut browser = Browser::open().await;
    browser.callback_of_a_sign_in().await;
    assert_eq!(browser.stub.seen("/oauth/par"), 2, "no nonce is known at first");
    let callback = browser.callback_of_a_sign_in().await;
    assert_eq!(browser.stub.seen("/oauth/par"), 3, "then it is");

    browser.stub.script().nonce = "nonce-2";
    let page = browser.get(&callback).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert_eq!(browser.stub.seen("/oauth/token"), 2);
}

#[tokio::test]
async fn a_server_no_nonce_is_good_enough_for_is_asked_twice_and_no_more() {
    let mut browser = Browser::open().await;
    browser.stub.script().insatiable = true;
    let page = browser.post("/login", "handle=alice.test").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert_eq!(browser.stub.seen("/oauth/par"), 2);
    assert!(
        page.body
            .contains(r#"<code id="problem-error">use_dpop_nonce</code>"#),
        "{}",
        page.body
    );
    assert!(page.body.contains("a nonce is wanted"));
}

#[tokio::test]
async fn signing_in_shows_who_one_is_and_no_secret() {
    let mut browser = Browser::signed_in().await;
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_no_secret_in(&page);
    for expected in [
        "You are signed in.",
        r#"<span id="who">alice.test</span>"#,
        DID,
        "this token is alice.test’s",
        "expires in 15 min, at 22:28:20 UTC",
        "How you signed in",
    ] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    let again = browser.get("/").await;
    assert!(
        !again.body.contains("You are signed in."),
        "a notice is shown once"
    );
}

// session fixation
#[tokio::test]
async fn the_cookie_changes_at_sign_in_and_the_old_one_is_worth_nothing() {
    let mut browser = Browser::open().await;
    browser.cookie = Some("jotter_4000=chosen-by-somebody-else".to_owned());
    let callback = browser.callback_of_a_sign_in().await;
    let before = browser.cookie.clone();
    assert_ne!(before.as_deref(), Some("jotter_4000=chosen-by-somebody-else"));
    browser.get(&callback).await;
    assert_ne!(browser.cookie, before);
    browser.cookie = before;
    assert!(browser.get("/").await.body.contains("id=\"handle\""));
}

#[tokio::test]
async fn an_answer_with_another_state_is_refused_before_any_code_is_sent() {
    let mut browser = Browser::open().await;
    let callback = browser.callback_of_a_sign_in().await;
    let (_, state) = browser.asked();
    let page = browser.get(&callback.replace(&state, "another")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(
        page.body.contains("belongs to no sign-in of this browser"),
        "{}",
        page.body
    );

    // the right state in another browser is no better
    let cookie = browser.cookie.take();
    assert_eq!(browser.get(&callback).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.stub.seen("/oauth/token"), 0);

    browser.cookie = cookie.clone();
    assert_eq!(browser.get(&callback).await.status, StatusCode::SEE_OTHER);
    let requests = browser.stub.seen("/oauth/token");
    assert_eq!(
        browser.get(&callback).await.status,
        StatusCode::BAD_REQUEST,
        "an answer is good once"
    );
    assert_eq!(browser.stub.seen("/oauth/token"), requests);
}

// RFC 9207
#[tokio::test]
async fn an_answer_of_another_issuer_is_refused_before_any_code_is_sent() {
    for answer in ["code=secret-code", "error=access_denied"] {
        let mut browser = Browser::open().await;
        browser.callback_of_a_sign_in().await;
        let (origin, state) = browser.asked();
        let page = browser
            .get(&format!("/callback?{answer}&state={state}&iss={origin}/"))
            .await;
        assert_eq!(page.status, StatusCode::BAD_GATEWAY);
        assert!(
            page.body
                .contains("The answer&#39;s iss is not what it has to be"),
            "{}",
            page.body
        );
        assert_no_secret_in(&page);
        assert_eq!(browser.stub.seen("/oauth/token"), 0);
    }
}

#[tokio::test]
async fn a_person_who_says_no_gets_a_kind_page() {
    let mut browser = Browser::open().await;
    browser.callback_of_a_sign_in().await;
    let (origin, state) = browser.asked();
    let page = browser
        .get(&format!(
            "/callback?error=access_denied&error_description=the+person+said+no&state={state}&iss={origin}"
        ))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    for expected in [
        "Nothing was shared",
        "access_denied",
        "the person said no",
        "your account is untouched",
    ] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
}

#[tokio::test]
async fn tokens_for_somebody_else_are_refused() {
    let mut browser = Browser::open().await;
    let callback = browser.callback_of_a_sign_in().await;
    browser.stub.script().sub = "did:plc:mallory".to_owned();
    let page = browser.get(&callback).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(
        page.body.contains("The token&#39;s sub is not what it has to be"),
        "{}",
        page.body
    );
    assert_no_secret_in(&page);
    assert!(browser.get("/").await.body.contains("id=\"handle\""));
}

#[tokio::test]
async fn documents_that_do_not_name_each_other_end_the_sign_in() {
    type Change = fn(&mut stub::Script);
    let cases: [(Change, &str); 3] = [
        (|script| script.resource += "/", "The PDS metadata&#39;s resource"),
        (
            |script| script.issuer += "/",
            "The authorization server&#39;s issuer",
        ),
        (
            |script| script.also_known_as = "at://bob.test".to_owned(),
            "The DID document&#39;s alsoKnownAs",
        ),
    ];
    for (change, expected) in cases {
        let mut browser = Browser::open().await;
        change(&mut browser.stub.script());
        let page = browser.post("/login", "handle=alice.test").await;
        assert_eq!(page.status, StatusCode::BAD_GATEWAY);
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
        assert!(page.body.contains("How far it got"));
        assert_eq!(browser.stub.seen("/oauth/par"), 0);
    }
}

#[tokio::test]
async fn a_handle_nobody_has_and_a_server_that_is_away_are_told_apart() {
    let mut browser = Browser::open().await;
    let page = browser.post("/login", "handle=nobody.test").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(
        page.body.contains("Nobody is known by the handle nobody.test."),
        "{}",
        page.body
    );

    browser.app = router(config("http://localhost:1")).unwrap();
    let page = browser.post("/login", "handle=alice.test").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.body.contains("is that server running?"), "{}", page.body);
}
