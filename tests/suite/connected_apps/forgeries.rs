//! What is somebody else's is as good as nothing, and a page of ours says only what was done.

use axum::body::Body;
use entryway_tests::{Browser, Client, Engine, Form, Page, TestServer, alice, bob, both_engines};
use http::Request;

use super::{PHONE, done, is_sign_in, login_in, own_page, press, refreshes, sign_in, signed_in};

/// The form of one of the buttons that name something.
#[track_caller]
fn form_with(page: &Page, field: &str) -> Form {
    let mut forms = page.all("button").map(|button| page.form(&button.text));
    let found = forms.find(|form| form.fields.iter().any(|(name, _)| name == field));
    found.unwrap_or_else(|| panic!("no form with {field} on {}", page.text))
}

/// Alice, on two devices with an app in each; her page.
async fn busy(server: &TestServer, client: &Client) -> (Browser, Page) {
    let mut phone = Browser::new().with_header("user-agent", PHONE);
    let mut browser = Browser::new();
    login_in(server, &mut phone, client, alice()).await;
    login_in(server, &mut browser, client, alice()).await;
    let page = own_page(server, &mut browser).await;
    (browser, page)
}

// no oracle
async fn what_is_another_account_s_is_answered_as_what_never_was(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (_, hers) = busy(&server, &client).await;
    let mut bobs = signed_in(&server, bob()).await;
    let own = own_page(&server, &mut bobs).await;
    let template = own
        .form("Sign out of this device")
        .without("device")
        .without("end");
    let before = server.database().cells().await;
    let unknown = |prefix| format!("{prefix}-{}", "0".repeat(32));
    let mut answers = Vec::new();
    for (field, end, never) in [
        ("session", "session", unknown("ses")),
        ("device", "device", unknown("dev")),
        (
            "client_id",
            "app",
            "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fnever".to_owned(),
        ),
    ] {
        let foreign = form_with(&hers, field).value(field).to_owned();
        for value in [foreign, never] {
            let form = template.clone().also("end", end).also(field, &value);
            let page = bobs.submit(&server, &form).await.page();
            assert!(done(&page).starts_with("Nothing was changed."), "{}", page.text);
            answers.push((page.status(), page.text));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(server.database().cells().await, before);
}

// the page says whose it is, and only who is signed in here is believed
async fn another_account_in_a_form_ends_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (_, hers) = busy(&server, &client).await;
    let mut bobs = signed_in(&server, bob()).await;
    let own = own_page(&server, &mut bobs).await;
    let csrf = own.form("End all devices and all apps").value("csrf").to_owned();
    let before = server.database().cells().await;
    for button in hers.buttons() {
        // as alice, which he is not; and as nobody
        for account in [alice().did, "did:plc:x", "did:plc:alicealicealicealicealic "] {
            let form = hers.form(button).with("csrf", &csrf).with("account", account);
            let page = bobs.submit(&server, &form).await.page();
            assert!(page.text.contains("@bob.test"), "{button}: {}", page.text);
            assert!(
                page.elements
                    .iter()
                    .all(|one| one.attribute("role") != Some("status"))
            );
        }
    }
    assert_eq!(server.database().cells().await, before);
}

/// A person with two accounts ends what they see, whatever they looked at in another tab.
async fn a_form_ends_what_is_of_the_account_that_its_page_showed(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let mut hers = login_in(&server, &mut browser, &client, alice()).await;
    let page = own_page(&server, &mut browser).await;
    let mut other = Browser::new();
    let mut his = login_in(&server, &mut other, &client, bob()).await;
    sign_in(&server, &mut browser, bob()).await;
    let after = press(&server, &mut browser, &page, "End access of localhost").await;
    assert!(after.text.contains("@alice.test"), "{}", after.text);
    assert!(!refreshes(&server, &client, &mut hers).await);
    assert!(refreshes(&server, &client, &mut his).await);
}

//
async fn forms_of_other_sites_and_other_browsers_end_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (browser, page) = busy(&server, &client).await;
    let mut other = Browser::new();
    let foreign = own_page(&server, &mut other).await;
    let foreign = foreign.form("Sign in").value("csrf").to_owned();
    let before = server.database().cells().await;
    for button in page.buttons() {
        let form = page.form(button);
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-dest", "iframe"),
        ] {
            let mut forged = browser.clone().with_header(name, value);
            let refused = forged.submit(&server, &form).await.page();
            assert_eq!(
                refused.refusal(),
                (403, "invalid_request"),
                "{button} {name}: {value}"
            );
        }
        let own = form.value("csrf").to_owned();
        for bad in [
            form.clone().without("csrf"),
            form.clone().with("csrf", ""),
            form.clone().with("csrf", &own[1..]),
            form.clone().with("csrf", &foreign),
        ] {
            let refused = browser.clone().submit(&server, &bad).await.page();
            assert_eq!(refused.refusal(), (403, "invalid_request"), "{button}");
        }
        // nor does a browser without a session, or with another one
        for mut stranger in [Browser::new(), other.clone()] {
            let refused = stranger.submit(&server, &form).await.page();
            assert_eq!(refused.refusal(), (403, "invalid_request"), "{button}");
        }
    }
    assert_eq!(server.database().cells().await, before);
}

//
async fn only_a_sent_form_ends_anything(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut browser, page) = busy(&server, &client).await;
    let before = server.database().cells().await;
    for button in page.buttons() {
        let form = page.form(button);
        let mut url = form.action.clone();
        url.query_pairs_mut().extend_pairs(&form.fields);
        let refused = browser.open_url(&server, url.as_str()).await.page();
        assert_eq!(refused.refusal(), (405, "invalid_request"), "{button}");
        assert_eq!(refused.reply.header("allow"), Some("POST"));
        // the fields in the address, and nothing in the body
        let form = Form {
            action: url,
            fields: Vec::new(),
        };
        let refused = browser.submit(&server, &form).await.page();
        assert_eq!(refused.refusal(), (400, "invalid_request"), "{button}");
    }
    assert_eq!(server.database().cells().await, before);
}

/// Attack: a link that makes our page say that something was ended, or that an account is signed out.
async fn an_address_that_somebody_made_up_says_nothing(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = signed_in(&server, alice()).await;
    for word in ["everything", "app", "this-device", "nothing", "<script>", ""] {
        let url = format!("{}/account?done={word}", server.issuer());
        for mut person in [browser.clone(), Browser::new()] {
            let page = person.open_url(&server, &url).await.page();
            assert!(
                page.elements
                    .iter()
                    .all(|one| one.attribute("role") != Some("status")),
                "{}",
                page.text
            );
        }
    }
    // after a form of ours it does, and a word that is none of ours says nothing
    let mut ours = browser.clone().with_header("sec-fetch-site", "same-origin");
    let url = format!("{}/account?done=gone", server.issuer());
    let page = ours.open_url(&server, &url).await.page();
    assert!(!is_sign_in(&page) && !page.text.contains("gone"));
    let page = own_page(&server, &mut browser).await;
    assert!(!page.url.as_str().contains("done"));
}

//
async fn no_address_has_a_token_in_it(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut browser, page) = busy(&server, &client).await;
    let token = page.form("End access of localhost").value("csrf").to_owned();
    let after = press(&server, &mut browser, &page, "End access of localhost").await;
    let cookie = browser.cookies().values().next().unwrap();
    for url in [page.url.as_str(), after.url.as_str()] {
        assert!(!url.contains(&token) && !url.contains(cookie), "{url}");
    }
    let request = Request::get("/account/nothing").body(Body::empty());
    assert_eq!(server.send(request.unwrap()).await.code(), 404);
}

both_engines! {
    what_is_another_account_s_is_answered_as_what_never_was,
    another_account_in_a_form_ends_nothing,
    a_form_ends_what_is_of_the_account_that_its_page_showed,
    forms_of_other_sites_and_other_browsers_end_nothing,
    only_a_sent_form_ends_anything,
    an_address_that_somebody_made_up_says_nothing,
    no_address_has_a_token_in_it,
}
