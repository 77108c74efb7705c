//! The apps that can use an account: seen in words, and ended with effect.

use entryway_oauth::client_id::ClientId;
use entryway_oauth::time::Seconds;
use entryway_server::pages::moment::Moment;
use entryway_store::{APPS_MAX, Logo, TrustedClient};
use entryway_tests::{
    Browser, Client, ClientSite, Engine, NamedKey, TestServer, Tokens, alice, bob, both_engines,
};

use super::{DAY, HOUR, PHONE, done, entries, entry, login, login_in, own_page, press, refreshes, signed_in};
use crate::pages::{assert_is_accessible, assert_loads_only_from_here};

// demands 5 and 7
async fn an_app_is_shown_by_its_host_with_what_it_can_do_where_and_until_when(engine: Engine) {
    let server = TestServer::start(engine).await;
    let client = Client::new().asking_for("atproto transition:generic transition:email");
    let mut phone = Browser::new().with_header("user-agent", PHONE);
    let mut tokens = login_in(&server, &mut phone, &client, alice()).await;
    server.clock().advance(3 * HOUR);
    assert!(refreshes(&server, &client, &mut tokens).await);
    server.clock().advance(2 * HOUR);
    login_in(&server, &mut Browser::new(), &Client::named("others"), bob()).await;
    let mut browser = signed_in(&server, alice()).await;
    let page = own_page(&server, &mut browser).await;
    assert_eq!(entries(&page).len(), 3, "{:?}", entries(&page));
    let app = entry(&page, "localhost");
    for part in [
        client.id(),
        "It can: Know who you are",
        "transition:generic",
        "transition:email",
        "Allowed on Firefox on Android",
        "last used 2 hours ago",
        "however often it is used",
    ] {
        assert!(app.contains(part), "{part:?} is not in {app:?}");
    }
    assert!(!app.contains("This device") && !app.contains("transition:chat.bsky"));
    assert_is_accessible(&page);
    assert_loads_only_from_here(&page);
    // the date on which it ends is that of its expiry, whatever is refreshed
    let now = server.clock().now();
    let at = now + Seconds(14 * DAY - 5 * HOUR);
    let ends = format!("Ends by itself on {}, however", Moment { at, now }.date());
    assert!(app.contains(&ends), "{ends:?} is not in {app:?}");
    // on the telephone it is its own
    let page = own_page(&server, &mut phone).await;
    let app = entry(&page, "localhost");
    assert!(app.contains("Allowed on Firefox on Android This device"), "{app}");
}

// demand 6
async fn an_app_that_is_ended_loses_every_session_and_has_to_ask_again(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (client, other) = (Client::new(), Client::named("other"));
    let mut browser = Browser::new();
    let mut first = login_in(&server, &mut browser, &client, alice()).await;
    let mut second = login_in(&server, &mut Browser::new(), &client, alice()).await;
    let mut others = login_in(&server, &mut browser, &other, alice()).await;
    let mut bobs = login(&server, &client, bob()).await;
    let pushed = client.push(&server).await;
    let waiting = browser.approve(&server, &pushed, alice()).await;
    let page = own_page(&server, &mut browser).await;
    let form = page
        .all("form")
        .map(|_| page.form("End access of localhost"))
        .find(|form| form.value("client_id") == client.id());
    // two apps are on this host: the one used last stands first
    let form = form.unwrap_or_else(|| {
        page.form("End access of localhost")
            .with("client_id", client.id())
    });
    let head = server.app().store().feed_position().await.unwrap().head;
    let after = browser.submit(&server, &form).await.page();
    assert!(
        done(&after).starts_with("The app has no access any more."),
        "{}",
        after.text
    );
    assert_eq!(server.app().store().feed_position().await.unwrap().head, head + 1);
    assert!(!refreshes(&server, &client, &mut first).await);
    assert!(!refreshes(&server, &client, &mut second).await);
    let late = client.exchange(&pushed, waiting.code()).send(&server).await;
    assert_eq!(late.refusal(), (400, "invalid_grant".to_owned()));
    assert!(refreshes(&server, &other, &mut others).await);
    assert!(refreshes(&server, &client, &mut bobs).await);
    assert_eq!(after.text.matches(client.id()).count(), 0);
    // pressed again, or in another tab
    let again = browser.submit(&server, &form).await.page();
    assert!(done(&again).starts_with("Nothing was changed."), "{}", again.text);
    assert_eq!(server.app().store().feed_position().await.unwrap().head, head + 1);
    // a person may allow it again
    let mut anew = login_in(&server, &mut browser, &client, alice()).await;
    assert!(refreshes(&server, &client, &mut anew).await);
}

//
async fn one_session_of_an_app_ends_and_the_others_go_on(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let mut here = login_in(&server, &mut browser, &client, alice()).await;
    let page = own_page(&server, &mut browser).await;
    assert!(
        !page.text.contains("End this one"),
        "there is but one: {}",
        page.text
    );
    let mut phone = Browser::new().with_header("user-agent", PHONE);
    server.clock().advance(60);
    let mut there = login_in(&server, &mut phone, &client, alice()).await;
    let page = own_page(&server, &mut browser).await;
    let after = press(
        &server,
        &mut browser,
        &page,
        "End this one of localhost, on Firefox on Android",
    )
    .await;
    assert!(
        done(&after).starts_with("That access has ended."),
        "{}",
        after.text
    );
    assert!(!refreshes(&server, &client, &mut there).await);
    assert!(refreshes(&server, &client, &mut here).await);
    let app = entry(&after, "localhost");
    assert!(
        app.contains("Chrome on Linux") && !app.contains("Firefox"),
        "{app}"
    );
    let again = page.form("End this one of localhost, on Firefox on Android");
    let again = browser.submit(&server, &again).await.page();
    assert!(done(&again).starts_with("Nothing was changed."), "{}", again.text);
}

// R-250, demand 7
async fn a_session_of_a_confidential_app_says_that_use_puts_its_end_off(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let key = NamedKey::generate("key-1");
    let client = site.confidential_client("/client.json", &key);
    let mut browser = Browser::new();
    let mut tokens = login_in(&server, &mut browser, &client, alice()).await;
    let page = own_page(&server, &mut browser).await;
    let app = entry(&page, "127.0.0.1");
    assert!(app.contains("unless it is used before, and on"), "{app}");
    // not used for so long it is none any more; what was allowed is remembered
    server.clock().advance(180 * DAY);
    let mut browser = signed_in(&server, alice()).await;
    let page = own_page(&server, &mut browser).await;
    let app = entry(&page, "127.0.0.1");
    assert!(
        app.contains("It has no access at present, and can get what you allowed again without asking you."),
        "{app}"
    );
    assert!(!refreshes(&server, &client, &mut tokens).await);
    let form = page.form_beginning("Forget what you allowed 127.0.0.1");
    let after = browser.submit(&server, &form).await.page();
    assert!(done(&after).starts_with("The app has no access any more."));
    assert!(
        after.text.contains("No app has access to this account."),
        "{}",
        after.text
    );
}

async fn a_public_app_without_sessions_has_to_ask(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let tokens = login_in(&server, &mut browser, &client, alice()).await;
    client.revoke(&tokens.refresh_token).send(&server).await;
    let page = own_page(&server, &mut browser).await;
    let app = entry(&page, "localhost");
    assert!(
        app.contains("It has no access at present, and has to ask you"),
        "{app}"
    );
    assert!(
        app.contains("You allowed it to:") && !app.contains("Allowed on"),
        "{app}"
    );
}

//
async fn a_name_and_a_logo_are_shown_where_the_operator_stands_by_them(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let client = site.public_client("/client.json");
    let mut browser = Browser::new();
    login_in(&server, &mut browser, &client, alice()).await;
    let page = own_page(&server, &mut browser).await;
    assert!(!page.text.contains("known to"), "{}", page.text);
    let trusted = TrustedClient {
        client_id: ClientId::parse(client.id()).unwrap(),
        name: "Skylight <b>".to_owned(),
        first_party: false,
        logo: Some(Logo {
            media_type: "image/png".to_owned(),
            bytes: b"\x89PNG\r\n\x1a\n".to_vec(),
        }),
    };
    let store = server.app().store();
    store.trust_client(trusted, server.clock().now()).await.unwrap();
    let page = own_page(&server, &mut browser).await;
    let app = entry(&page, &site.address().to_string());
    assert!(app.contains("Skylight <b>, known to localhost:2583"), "{app}");
    assert!(
        page.all("img")
            .any(|img| img.attribute("src").is_some_and(|src| src.contains("/logo?")))
    );
    assert_loads_only_from_here(&page);
}

//
async fn all_apps_end_those_that_are_not_shown_too(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = Browser::new();
    let oldest = Client::named("oldest");
    let mut tokens = login_in(&server, &mut browser, &oldest, alice()).await;
    server.clock().advance(60);
    for number in 0..APPS_MAX {
        let client = Client::named(&format!("app{number}"));
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, alice()).await;
    }
    let page = own_page(&server, &mut browser).await;
    assert_eq!(entries(&page).len(), APPS_MAX + 1);
    assert!(
        page.text.contains("And 1 more that were used longer ago"),
        "{}",
        page.text
    );
    assert!(!page.text.contains(oldest.id()));
    let after = press(&server, &mut browser, &page, "End access of all apps").await;
    assert!(done(&after).starts_with("No app has access any more."));
    assert!(after.text.contains("No app has access to this account."));
    assert!(!refreshes(&server, &oldest, &mut tokens).await);
    // nobody was signed out
    assert_eq!(entries(&after).len(), 1);
    let form = page.form("End access of all apps");
    let again = browser.submit(&server, &form).await.page();
    assert!(done(&again).starts_with("Nothing was changed."));
}

// A session from before devices were known
async fn an_app_of_an_unknown_device_is_listed(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new().with_header("user-agent", "<b>Your account is at risk</b>");
    let mut tokens: Tokens = login_in(&server, &mut browser, &client, alice()).await;
    let page = own_page(&server, &mut browser).await;
    assert!(!page.text.contains("at risk"), "{}", page.text);
    assert!(entry(&page, "localhost").contains("Allowed on Unknown browser This device"));
    let forget = "update oauth_session set device = null, browser = null";
    server.database().execute(forget).await;
    let page = own_page(&server, &mut browser).await;
    let app = entry(&page, "localhost");
    assert!(app.contains("Allowed on Unknown browser Since"), "{app}");
    press(&server, &mut browser, &page, "End access of localhost").await;
    assert!(!refreshes(&server, &client, &mut tokens).await);
}

both_engines! {
    an_app_is_shown_by_its_host_with_what_it_can_do_where_and_until_when,
    an_app_that_is_ended_loses_every_session_and_has_to_ask_again,
    one_session_of_an_app_ends_and_the_others_go_on,
    a_session_of_a_confidential_app_says_that_use_puts_its_end_off,
    a_public_app_without_sessions_has_to_ask,
    a_name_and_a_logo_are_shown_where_the_operator_stands_by_them,
    all_apps_end_those_that_are_not_shown_too,
    an_app_of_an_unknown_device_is_listed,
}
