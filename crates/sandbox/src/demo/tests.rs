//! The whole app against servers by script.

mod stub;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;
use stub::{DID, HANDLE, Stub};

const BASE: &str = "http://127.0.0.1:4000";

/// Seconds since the epoch of every test: 2023-11-14T22:13:20Z.
const NOW: i64 = 1_700_000_000;

fn config(origin: &str) -> DemoConfig {
    let counter = AtomicU64::new(0);
    DemoConfig {
        base_url: BASE.to_owned(),
        handle_resolver: origin.to_owned(),
        plc_directory: origin.to_owned(),
        accounts_hint: vec![HANDLE.to_owned()],
        fill: Arc::new(move |buffer| {
            let number = counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            for (place, byte) in buffer.iter_mut().zip(number.iter().cycle()) {
                *place = *byte;
            }
        }),
        now: Arc::new(|| NOW),
    }
}

/// A page as the browser gets it.
struct Page {
    status: StatusCode,
    location: Option<Url>,
    body: String,
}

/// A browser at the app: it keeps the cookie and sends its own origin.
struct Browser {
    app: Router,
    stub: Stub,
    cookie: Option<String>,
}

impl Browser {
    async fn open() -> Self {
        let stub = Stub::start().await;
        let origin = stub.script().origin.clone();
        Self {
            app: router(config(&origin)).unwrap(),
            stub,
            cookie: None,
        }
    }

    /// A browser in which alice has signed in.
    async fn signed_in() -> Self {
        let mut browser = Self::open().await;
        let callback = browser.callback_of_a_sign_in().await;
        let page = browser.get(&callback).await;
        assert_eq!(
            (page.status, page.location.unwrap().path()),
            (StatusCode::SEE_OTHER, "/")
        );
        browser
    }

    /// Begins a sign-in; the answer is the path a server that says yes sends the browser to.
    async fn callback_of_a_sign_in(&mut self) -> String {
        let page = self.post("/login", "handle=alice.test").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        let (origin, state) = self.asked();
        format!("/callback?code=secret-code&state={state}&iss={origin}")
    }

    /// The origin of the server and the state it was given.
    fn asked(&self) -> (String, String) {
        let script = self.stub.script();
        let state = script
            .form
            .iter()
            .find(|(name, _)| name == "state")
            .unwrap()
            .1
            .clone();
        (script.origin.clone(), state)
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path).header(HOST, "127.0.0.1:4000"), "")
            .await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        let request = Request::post(path)
            .header(HOST, "127.0.0.1:4000")
            .header(ORIGIN, BASE)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form).await
    }

    async fn send(&mut self, mut request: http::request::Builder, body: &str) -> Page {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("other=1; {cookie}"));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        let base = Url::parse(BASE).unwrap();
        let location = response.headers().get(LOCATION);
        Page {
            status: response.status(),
            location: location.map(|location| base.join(location.to_str().unwrap()).unwrap()),
            body: String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap(),
        }
    }
}

fn assert_no_secret_in(page: &Page) {
    assert!(!page.body.contains("secret"), "{}", page.body);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let with = |base_url: &str, plc_directory: &str| {
        let base_url = base_url.to_owned();
        let plc_directory = plc_directory.to_owned();
        router(DemoConfig {
            base_url,
            plc_directory,
            ..config("http://localhost:1")
        })
        .map(|_| ())
        .map_err(|error| error.to_string())
    };
    let base = Err("base_url must be http://127.0.0.1:PORT".to_owned());
    assert_eq!(with(BASE, "http://localhost:1"), Ok(()));
    assert_eq!(with("http://localhost:4000", "http://localhost:1"), base);
    assert_eq!(with("http://127.0.0.1", "http://localhost:1"), base);
    assert_eq!(with("https://127.0.0.1:4000", "http://localhost:1"), base);
    assert_eq!(with("http://127.0.0.1:4000/app", "http://localhost:1"), base);
    assert_eq!(
        with(BASE, "http://localhost:1/plc"),
        Err("plc_directory must be an origin: scheme, host and port, no path".to_owned())
    );
}

// R-085 to R-090
#[tokio::test]
async fn the_pushed_request_is_what_the_profile_asks_for() {
    let mut browser = Browser::open().await;
    let page = browser.post("/login", "handle=%40Alice.test+").await;

    let target = page.location.unwrap();
    let origin = browser.stub.script().origin.clone();
    let client_id = "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback&scope=atproto%20transition%3Ageneric";
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
    assert_eq!(value("scope"), Some("atproto transition:generic"));
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

// R-327
#[tokio::test]
async fn the_pds_is_asked_again_with_the_nonce_it_wants() {
    let mut browser = Browser::signed_in().await;
    browser.stub.script().nonce = "nonce-9";
    let page = browser.post("/notes", "text=hello").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert_eq!(browser.stub.seen("createRecord"), 2);
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

#[tokio::test]
async fn notes_are_written_listed_escaped_and_deleted() {
    let mut browser = Browser::signed_in().await;
    let page = browser
        .post("/notes", "text=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let expected = serde_json::json!({
        "$type": "com.example.note",
        "text": "<script>alert(1)</script>",
        "createdAt": "2023-11-14T22:13:20Z",
    });
    assert_eq!(browser.stub.script().records, [("key0".to_owned(), expected)]);

    let page = browser.get("/").await;
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert!(page.body.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(
        page.body
            .contains("Saved as at://did:plc:alice/com.example.note/key0.")
    );

    browser.post("/notes/delete", "rkey=key0").await;
    assert!(browser.get("/").await.body.contains("Nothing here yet"));
}

#[tokio::test]
async fn a_token_the_pds_finds_too_old_is_refreshed_once() {
    let mut browser = Browser::signed_in().await;
    browser.stub.script().seen.clear();
    // as if the access token had expired: the stub takes the next one only
    browser.stub.script().generation = 41;
    let page = browser.post("/notes", "text=hello").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert_eq!(
        (
            browser.stub.seen("/oauth/token"),
            browser.stub.seen("createRecord")
        ),
        (1, 2)
    );
}

#[tokio::test]
async fn refreshing_shows_that_the_token_changed_and_not_the_token() {
    let mut browser = Browser::signed_in().await;
    let fingerprint = |page: &Page| {
        let (_, rest) = page.body.split_once(r#"<code id="token-fingerprint">"#).unwrap();
        rest[..8].to_owned()
    };
    let before = browser.get("/").await;
    assert_eq!(browser.post("/refresh", "").await.status, StatusCode::SEE_OTHER);
    let after = browser.get("/").await;
    assert_ne!(fingerprint(&before), fingerprint(&after));
    assert!(after.body.contains(&format!(
        "its fingerprint was {} and is {}.",
        fingerprint(&before),
        fingerprint(&after)
    )));
    assert!(after.body.contains(r#"<span id="refreshes">1</span>"#));
    assert_no_secret_in(&after);
    let form = browser.stub.script().form.clone();
    assert!(form.contains(&("refresh_token".to_owned(), "refresh-secret-1".to_owned())));
}

#[tokio::test]
async fn a_session_that_ended_elsewhere_is_forgotten() {
    let mut browser = Browser::signed_in().await;
    browser.stub.script().token_error = Some("invalid_grant");
    let page = browser.post("/refresh", "").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    for expected in ["Please sign in again", "invalid_grant", "the session is over"] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    assert!(browser.get("/").await.body.contains("id=\"handle\""));

    // any other error leaves the session alone: it may be the server's bad day
    let mut browser = Browser::signed_in().await;
    browser.stub.script().token_error = Some("temporarily_unavailable");
    assert_eq!(browser.post("/refresh", "").await.status, StatusCode::BAD_GATEWAY);
    assert!(browser.get("/").await.body.contains("id=\"who\""));
}

// R-405
#[tokio::test]
async fn signing_out_gives_the_refresh_token_back() {
    let mut browser = Browser::signed_in().await;
    let page = browser.post("/sign-out", "").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let form = browser.stub.script().form.clone();
    assert_eq!(form[0], ("token".to_owned(), "refresh-secret-1".to_owned()));
    assert_eq!(
        form[2],
        ("token_type_hint".to_owned(), "refresh_token".to_owned())
    );
    let page = browser.get("/").await;
    assert!(
        page.body.contains("You are signed out") && page.body.contains("id=\"handle\""),
        "{}",
        page.body
    );
    assert_eq!(
        browser.post("/refresh", "").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn forms_of_other_sites_and_other_host_names_are_refused() {
    let mut browser = Browser::signed_in().await;
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1:4001",
        "http://localhost:4000",
    ] {
        let request = Request::post("/sign-out")
            .header(HOST, "127.0.0.1:4000")
            .header(ORIGIN, origin);
        assert_eq!(
            browser.send(request, "").await.status,
            StatusCode::FORBIDDEN,
            "{origin}"
        );
    }
    let request = Request::post("/sign-out").header(HOST, "127.0.0.1:4000");
    assert_eq!(browser.send(request, "").await.status, StatusCode::FORBIDDEN);
    // DNS rebinding
    let request = Request::get("/").header(HOST, "evil.example:4000");
    assert_eq!(
        browser.send(request, "").await.status,
        StatusCode::MISDIRECTED_REQUEST
    );

    let page = browser
        .send(Request::get("/?handle=a.test").header(HOST, "localhost:4000"), "")
        .await;
    assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(
        page.location.unwrap().as_str(),
        "http://127.0.0.1:4000/?handle=a.test"
    );
}

#[tokio::test]
async fn bad_forms_and_paths_get_a_readable_page() {
    let mut browser = Browser::signed_in().await;
    let long = format!("text={}", "x".repeat(301));
    let huge = format!("text={}", "x".repeat(64 * 1024));
    let cases = [
        ("/login", "", StatusCode::BAD_REQUEST),
        ("/login", "handle=", StatusCode::BAD_REQUEST),
        ("/login", "handle=a.test&handle=b.test", StatusCode::BAD_REQUEST),
        ("/login", "handle=%ff%00.test", StatusCode::BAD_REQUEST),
        ("/notes", "text=++", StatusCode::BAD_REQUEST),
        ("/notes", &long, StatusCode::BAD_REQUEST),
        ("/notes", &huge, StatusCode::BAD_REQUEST),
        ("/notes/delete", "rkey=", StatusCode::BAD_REQUEST),
        ("/nowhere", "", StatusCode::NOT_FOUND),
        ("/demo.css", "", StatusCode::NOT_FOUND),
    ];
    for (path, form, expected) in cases {
        let page = browser.post(path, form).await;
        assert_eq!(page.status, expected, "{path} {form:.40}");
        assert!(
            page.body.contains(r#"<h1 id="problem">"#),
            "{path} {form:.40}: {}",
            page.body
        );
    }
    assert_eq!(browser.stub.seen("createRecord"), 0);
}
