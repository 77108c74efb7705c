//! What is asked for, what is granted, and what the app then does.

use http::StatusCode;

use super::browser::{Browser, assert_no_secret_in};

const BUNDLE: &str = "include:test.jotter.basic?aud=did:web:api.jotter.test%23search";

fn shows(page: &str, expected: &[(&str, bool)]) {
    for (part, is_there) in expected {
        assert_eq!(page.contains(part), *is_there, "{part}: {page}");
    }
}

#[tokio::test]
async fn the_first_page_offers_the_choices_and_ticks_the_one_a_link_names() {
    let mut browser = Browser::open().await;
    for (path, ticked) in [
        ("/", "granular"),
        ("/?choice=bundle&handle=bob.test", "bundle"),
        ("/?choice=broad", "broad"),
        ("/?choice=nonsense", "granular"),
    ] {
        let page = browser.get(path).await.body;
        assert_eq!(page.matches(r#"type="radio""#).count(), 3);
        let checked = format!(r#"value="{ticked}" checked>"#);
        shows(&page, &[(&checked, true)]);
        assert_eq!(page.matches(" checked>").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn each_choice_asks_for_its_own_scope() {
    for (choice, scope) in [
        ("granular", "atproto repo:test.jotter.note".to_owned()),
        (
            "bundle",
            format!("atproto {BUNDLE} repo:app.bsky.feed.post?action=create"),
        ),
        ("broad", "atproto transition:generic".to_owned()),
    ] {
        let browser = Browser::signed_in_with(choice).await;
        assert_eq!(browser.stub.script().asked, scope);
    }
    let mut browser = Browser::open().await;
    let page = browser.post("/login", "handle=alice.test&choice=all").await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.stub.seen("/oauth/par"), 0);
}

#[tokio::test]
async fn the_page_offers_what_was_granted_and_asks_for_the_rest() {
    let mut browser = Browser::signed_in().await;
    let granular = browser.get("/").await.body;
    shows(
        &granular,
        &[
            (r#"id="write""#, true),
            ("<li>Write and delete notes</li>", true),
            ("<li>Pin notes</li>", false),
            (r#"id="share""#, false),
            (r#"id="extra-notes""#, false),
            (r#"id="extra-pins""#, true),
            (r#"id="extra-email""#, true),
            (r#"id="session-email""#, false),
        ],
    );
    let mut browser = Browser::signed_in_with("bundle").await;
    let bundle = browser.get("/").await.body;
    shows(
        &bundle,
        &[
            (r#"id="write""#, true),
            ("<li>Pin notes</li>", true),
            (r#"id="share""#, true),
            (r#"id="extra-pins""#, false),
            (r#"id="extra-email""#, true),
        ],
    );
}

// R-168
#[tokio::test]
async fn what_was_unticked_is_not_offered_and_said_to_be_missing() {
    let mut browser = Browser::open().await;
    browser.stub.script().granted = Some("atproto");
    let callback = browser
        .callback_of("/login", "handle=alice.test&choice=bundle")
        .await;
    browser.get(&callback).await;
    let page = browser.get("/").await.body;
    shows(
        &page,
        &[
            (r#"id="write""#, false),
            ("You did not let Jotter write notes.", true),
            ("Nothing but know who you are.", true),
            ("not granted: <code>include:test.jotter.basic", true),
            (r#"id="extra-notes""#, true),
        ],
    );
}

#[tokio::test]
async fn an_upgrade_asks_for_what_is_granted_and_more_and_gives_the_old_tokens_back() {
    let mut browser = Browser::signed_in().await;
    browser.stub.script().seen.clear();
    let callback = browser.callback_of("/upgrade", "extra=email&extra=bundle").await;
    let asked = browser.stub.script().asked.clone();
    assert_eq!(
        asked,
        format!("atproto repo:test.jotter.note {BUNDLE} account:email")
    );
    let form = browser.stub.script().form.clone();
    assert!(form.contains(&("login_hint".to_owned(), "alice.test".to_owned())));
    assert!(
        browser.get("/").await.body.contains("<li>Write and delete notes"),
        "until it is granted the old session is there"
    );

    let page = browser.get(&callback).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let revoked = browser.stub.script().form.clone();
    assert_eq!(revoked[0], ("token".to_owned(), "refresh-secret-1".to_owned()));
    let page = browser.get("/").await.body;
    shows(
        &page,
        &[
            ("<li>See your e-mail address</li>", true),
            (r#"<dd id="session-email">alice@mail.test</dd>"#, true),
            (r#"id="extra-email""#, false),
        ],
    );
}

#[tokio::test]
async fn an_upgrade_that_is_denied_leaves_everything_as_it_was() {
    let mut browser = Browser::signed_in().await;
    browser.callback_of("/upgrade", "extra=posts").await;
    let (origin, state) = browser.asked();
    let page = browser
        .get(&format!(
            "/callback?error=access_denied&state={state}&iss={origin}"
        ))
        .await;
    assert!(page.body.contains("Nothing was shared"));
    assert_eq!(browser.stub.seen("/oauth/revoke"), 0);
    assert_eq!(
        browser.post("/notes", "text=hello").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn an_upgrade_needs_a_session_and_something_to_ask_for() {
    let mut browser = Browser::open().await;
    let page = browser.post("/upgrade", "extra=email").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let mut browser = Browser::signed_in().await;
    browser.stub.script().seen.clear();
    for form in ["", "extra=admin", "other=email", "extra=%ff"] {
        let page = browser.post("/upgrade", form).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{form}");
    }
    assert_eq!(browser.stub.seen("/oauth/par"), 0);
}

#[tokio::test]
async fn a_note_is_pinned_to_the_top_and_unpinned() {
    let mut browser = Browser::signed_in_with("bundle").await;
    for text in ["first", "second"] {
        browser.post("/notes", &format!("text={text}")).await;
    }
    browser.post("/pins", "rkey=key1").await;
    let page = browser.get("/").await.body;
    assert!(page.find("second</p>") < page.find("first</p>"), "{page}");
    shows(
        &page,
        &[
            (r#"aria-label="Unpin the note: second""#, true),
            (r#"aria-label="Pin the note: first""#, true),
        ],
    );
    browser.post("/pins/delete", "rkey=key1").await;
    let page = browser.get("/").await.body;
    assert!(page.find("first</p>") < page.find("second</p>"), "{page}");
}

#[tokio::test]
async fn a_note_is_shared_as_a_post() {
    let mut browser = Browser::signed_in_with("bundle").await;
    let page = browser.post("/notes", "text=hello&share=yes").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let kinds: Vec<_> = browser
        .stub
        .script()
        .records
        .iter()
        .map(|(_, record)| (record["$type"].clone(), record["text"].clone()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("test.jotter.note".into(), "hello".into()),
            ("app.bsky.feed.post".into(), "hello".into())
        ]
    );
}

#[tokio::test]
async fn the_search_service_is_called_with_a_token_that_nobody_sees() {
    let mut browser = Browser::signed_in_with("bundle").await;
    let page = browser.post("/search", "").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let page = browser.get("/").await;
    assert_no_secret_in(&page);
    shows(
        &page.body,
        &[
            (
                "a token to call test.jotter.findNotes at did:web:api.jotter.test#search as you",
                true,
            ),
            (r#"id="search""#, true),
            ("How the search service would be called", true),
        ],
    );
    let granular = Browser::signed_in().await.get("/").await.body;
    shows(&granular, &[(r#"id="search""#, false)]);
}
