//! What people see: sign-in, the account chooser, consent.

use std::collections::BTreeSet;

use entryway_tests::{
    Browser, Client, Engine, Page, Step, TestServer, alice, bob, both_engines, carol, secrets,
};

//
#[tokio::test]
async fn consent_says_who_asks_for_what_and_where_it_leads() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let scope = "atproto transition:generic transition:email transition:chat.bsky";
    let pushed = client.push_with(&server, |call| call.with("scope", scope)).await;
    let page = Browser::new().reach_consent(&server, &pushed, alice()).await;
    let shown: Vec<&str> = page.all("code").map(|code| code.text.as_str()).collect();
    let shown: BTreeSet<&str> = shown.into_iter().collect();
    let asked = scope
        .split(' ')
        .chain([client.id(), client.redirect_uri()])
        .collect();
    assert_eq!(shown, asked);
    assert!(page.heading().starts_with("localhost "), "{}", page.heading());
    assert!(page.text.contains("@alice.test") && page.text.contains(alice().did));
    assert!(page.text.contains("This app runs on this device"));
    let boxes: Vec<(&str, bool)> = page
        .all("input")
        .filter(|input| input.attribute("type") == Some("checkbox"))
        .map(|input| {
            (
                input.attribute("name").unwrap(),
                input.attribute("checked").is_some(),
            )
        })
        .collect();
    assert_eq!(boxes.len(), 3, "all but atproto: {boxes:?}");
    assert_eq!(
        page.buttons(),
        ["Use another account", "Authorize", "Deny access"]
    );
    assert_is_accessible(&page);
    assert_loads_only_from_here(&page);
}

// R-168, D11
async fn what_is_unticked_is_not_granted(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let scope = "transition:email atproto transition:generic transition:chat.bsky";
    let mut browser = Browser::new();
    for (unticked, granted) in [
        (vec![], scope),
        (
            vec!["transition:email"],
            "atproto transition:generic transition:chat.bsky",
        ),
        (vec!["transition:generic"], "transition:email atproto"),
        (
            vec!["transition:email", "transition:generic", "transition:chat.bsky"],
            "atproto",
        ),
    ] {
        let pushed = client.push_with(&server, |call| call.with("scope", scope)).await;
        let page = browser.reach_consent(&server, &pushed, alice()).await;
        let number = |value: &str| scope.split(' ').position(|one| one == value).unwrap();
        let form = unticked.iter().fold(page.form("Authorize"), |form, value| {
            form.without(&format!("grant.{}", number(value)))
        });
        let landing = browser.submit(&server, &form).await.left();
        let reply = client.exchange(&pushed, landing.code()).send(&server).await;
        assert_eq!(reply.member("scope"), granted, "without {unticked:?}");
    }
}

//
async fn the_chooser_offers_the_accounts_of_this_browser(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    for account in [alice(), bob()] {
        let pushed = client
            .push_with(&server, |call| call.with("prompt", "login"))
            .await;
        browser.approve(&server, &pushed, account).await;
    }
    let pushed = client.push(&server).await;
    let page = browser.open(&server, &pushed).await;
    assert!(
        page.heading().starts_with("Choose an account"),
        "{}",
        page.heading()
    );
    let mut offered = page.buttons();
    offered.sort_unstable();
    let names = [alice(), bob()].map(|account| format!("@{} {}", account.handle, account.did));
    assert_eq!(
        offered,
        [
            names[0].as_str(),
            names[1].as_str(),
            "Cancel",
            "Use another account"
        ]
    );
    assert_is_accessible(&page);
    // an account of no browser, of another browser, and nonsense
    server
        .create_account(carol(), entryway_core::account::AccountStatus::Active)
        .await;
    for did in [carol().did, "did:plc:x", ""] {
        let form = page.form_beginning("@alice.test").with("account", did);
        let answer = browser.submit(&server, &form).await.page();
        if did.is_empty() {
            assert!(
                answer.heading().starts_with("Sign in"),
                "an empty choice is another account"
            );
        } else {
            assert_eq!(answer.refusal(), (403, "invalid_request"), "{did}");
        }
    }
    let form = page.form_beginning("@bob.test");
    let consent = browser.submit(&server, &form).await.page();
    assert!(consent.text.contains("@bob.test") && !consent.text.contains("@alice.test"));
    let page = browser
        .press(&server, &consent, "Use another account", &[])
        .await
        .page();
    let consent = browser.sign_in(&server, &page, carol()).await;
    let landing = browser.press(&server, &consent, "Authorize", &[]).await.left();
    let reply = client.exchange(&pushed, landing.code()).send(&server).await;
    assert_eq!(reply.member("sub"), carol().did);
    let fresh = client.push(&server).await;
    let page = Browser::new().open(&server, &fresh).await;
    assert!(!page.text.contains(".test") || page.heading().starts_with("Sign in"));
}

//
async fn a_prompt_decides_what_is_asked_again(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let pushed = client.push(&server).await;
    browser.approve(&server, &pushed, alice()).await;
    server.clock().advance(10);
    for (prompt, heading) in [
        ("", "localhost asks"),
        ("consent", "localhost asks"),
        ("login", "Sign in"),
        ("select_account", "Choose an account"),
    ] {
        let pushed = client
            .push_with(&server, |call| call.with("prompt", prompt))
            .await;
        let page = browser.open(&server, &pushed).await;
        assert!(
            page.heading().starts_with(heading),
            "{prompt}: {}",
            page.heading()
        );
    }
    // the form of the page before is no way around it
    let pushed = client
        .push_with(&server, |call| call.with("prompt", "login"))
        .await;
    let other = client.push(&server).await;
    let form = browser
        .open(&server, &other)
        .await
        .form("Authorize")
        .with("request_uri", &pushed.request_uri);
    assert_eq!(browser.submit(&server, &form).await.page().refusal().0, 403);
}

//
async fn a_sign_in_is_good_for_a_week(engine: Engine) {
    let week = 7 * 24 * 60 * 60;
    for (seconds, fresh) in [(week - 1, true), (week, true), (week + 1, false)] {
        let (server, client) = (TestServer::start(engine).await, Client::new());
        let mut browser = Browser::new();
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, alice()).await;
        server.clock().advance(seconds);
        let pushed = client.push(&server).await;
        let page = browser.open(&server, &pushed).await;
        assert_eq!(
            page.buttons().contains(&"Authorize"),
            fresh,
            "{seconds}: {}",
            page.text
        );
    }
}

// nothing of a stranger's is shown raw
#[tokio::test]
async fn texts_of_strangers_are_shown_harmless() {
    let server = TestServer::start(Engine::Sqlite).await;
    let payload = "/cb;&quot;(1)?%22%3E%3Csvg/onload=alert(1)%3E";
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect_uri", &format!("http://127.0.0.1{payload}"))
        .append_pair("scope", "atproto future:%22%3E%3Csvg")
        .finish();
    let client = Client::with(
        &format!("http://localhost?{query}"),
        &format!("http://127.0.0.1{payload}"),
        "atproto",
    );
    let pushed = client
        .push_with(&server, |call| call.with("state", "\"><svg onload=alert(1)>"))
        .await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    let fields = [
        ("username", "\"><svg onload=alert(1)>\u{202e}"),
        ("password", "wrong"),
    ];
    let again = browser.press(&server, &page, "Sign in", &fields).await.page();
    let consent = browser.sign_in(&server, &page, alice()).await;
    for page in [&page, &again, &consent] {
        assert!(
            !page.elements.iter().any(|element| element.name == "svg"),
            "{}",
            page.text
        );
        assert!(!page.reply.text().contains('\u{202e}'));
    }
    assert_eq!(
        again.input("username").attribute("value"),
        Some("\"><svg onload=alert(1)>\\u{202e}")
    );
}

// every page of a whole flow, and no secret is on any of them
#[tokio::test]
async fn no_page_shows_a_password_or_puts_a_token_into_its_address() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let before = secrets::count();
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let sign_in = browser.open(&server, &pushed).await;
    let consent = browser.sign_in(&server, &sign_in, alice()).await;
    let landing = match browser.press(&server, &consent, "Authorize", &[]).await {
        Step::Left(landing) => landing,
        Step::Page(page) => panic!("{}", page.text),
    };
    assert!(!consent.reply.text().contains(&alice().password));
    let form_token = consent.form("Authorize").value("csrf").to_owned();
    let cookie = browser.cookies().values().next().unwrap().clone();
    assert!(secrets::since(before).contains(&cookie));
    //
    for url in [sign_in.url.as_str(), consent.url.as_str(), landing.url.as_str()] {
        assert!(!url.contains(&form_token) && !url.contains(&cookie), "{url}");
    }
    assert!(!landing.url.as_str().contains(&pushed.request_uri[40..]));
}

/// Every field has a label, every page a language, a title and one first heading.
pub(crate) fn assert_is_accessible(page: &Page) {
    assert_eq!(page.all("html").next().unwrap().attribute("lang"), Some("en-US"));
    assert!(!page.all("title").next().unwrap().text.is_empty());
    assert_eq!(page.all("h1").count(), 1);
    let labelled: BTreeSet<&str> = page
        .all("label")
        .filter_map(|label| label.attribute("for"))
        .collect();
    for input in page
        .all("input")
        .filter(|input| input.attribute("type") != Some("hidden"))
    {
        assert!(labelled.contains(input.attribute("id").unwrap()), "{input:?}");
    }
    for described in page
        .elements
        .iter()
        .filter_map(|element| element.attribute("aria-describedby"))
    {
        described
            .split(' ')
            .for_each(|id| assert!(!page.with_id(id).text.is_empty()));
    }
}

//
pub(crate) fn assert_loads_only_from_here(page: &Page) {
    let loaded = page
        .elements
        .iter()
        .filter(|element| ["link", "script", "img", "iframe"].contains(&element.name.as_str()));
    for element in loaded {
        let source = element.attribute("src").or(element.attribute("href")).unwrap();
        assert!(source.starts_with('/') && !source.starts_with("//"), "{source}");
    }
}

both_engines! {
    what_is_unticked_is_not_granted,
    the_chooser_offers_the_accounts_of_this_browser,
    a_prompt_decides_what_is_asked_again,
    a_sign_in_is_good_for_a_week,
}
