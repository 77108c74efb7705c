//! Settings, forms and requests that are not as they should be.

use http::header::{HOST, ORIGIN};
use http::{Request, StatusCode};

use super::super::{DemoConfig, router};
use super::browser::{BASE, Browser, config};

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
