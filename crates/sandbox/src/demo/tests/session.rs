//! What a signed-in person can do.

use http::StatusCode;

use super::browser::{Browser, Page, assert_no_secret_in};

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
async fn notes_are_written_listed_escaped_and_deleted() {
    let mut browser = Browser::signed_in().await;
    let page = browser
        .post("/notes", "text=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    let expected = serde_json::json!({
        "$type": "test.jotter.note",
        "text": "<script>alert(1)</script>",
        "createdAt": "2023-11-14T22:13:20Z",
    });
    assert_eq!(browser.stub.script().records, [("key0".to_owned(), expected)]);

    let page = browser.get("/").await;
    assert!(!page.body.contains("<script"), "{}", page.body);
    assert!(page.body.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(
        page.body
            .contains("Saved as at://did:plc:alice/test.jotter.note/key0.")
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
