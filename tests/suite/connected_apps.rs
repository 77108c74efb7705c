//! What a person sees of their account, and ends: apps and devices (R-198, demands 5 to 7).

mod apps;
mod at_once;
mod devices;
mod forgeries;
mod signing_in;

use entryway_tests::{Browser, Client, Page, Service, TestAccount, TestServer, Tokens, login};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// Firefox on a telephone; the harness is Chrome on Linux.
const PHONE: &str = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";

/// Opens the page: the account's, or the one that asks who is there.
async fn own_page(server: &impl Service, browser: &mut Browser) -> Page {
    let url = format!("{}/account", server.issuer());
    browser.open_url(server, &url).await.page()
}

/// Signs in without an app.
async fn sign_in(server: &impl Service, browser: &mut Browser, account: &TestAccount) -> Page {
    let url = format!("{}/account/sign-in", server.issuer());
    let page = browser.open_url(server, &url).await.page();
    browser.sign_in(server, &page, account).await
}

/// A browser in which the account is signed in.
async fn signed_in(server: &impl Service, account: &TestAccount) -> Browser {
    let mut browser = Browser::new();
    sign_in(server, &mut browser, account).await;
    browser
}

/// Presses a button of the page, and comes to the page that says what was done.
async fn press(server: &impl Service, browser: &mut Browser, page: &Page, button: &str) -> Page {
    browser.press(server, page, button, &[]).await.page()
}

/// What the page says was done.
#[track_caller]
fn done(page: &Page) -> &str {
    let status = page
        .elements
        .iter()
        .find(|one| one.attribute("role") == Some("status"));
    status.map_or_else(
        || panic!("nothing was done: {}", page.text),
        |one| one.text.as_str(),
    )
}

/// The texts of the entries of the lists: apps, then devices.
fn entries(page: &Page) -> Vec<String> {
    let entries = page.all("li").filter(|one| {
        one.attribute("class")
            .is_some_and(|class| class.starts_with("own-entry"))
    });
    // the harness puts a space behind every element
    let plain = |text: &str| text.replace(" ,", ",").replace(" .", ".");
    entries.map(|one| plain(&one.text)).collect()
}

/// The only entry that begins so.
#[track_caller]
fn entry(page: &Page, beginning: &str) -> String {
    let mut found = entries(page)
        .into_iter()
        .filter(|text| text.starts_with(beginning));
    match (found.next(), found.next()) {
        (Some(one), None) => one,
        _ => panic!("not one entry {beginning} in {:?}", entries(page)),
    }
}

/// Whether the page asks for a password.
fn is_sign_in(page: &Page) -> bool {
    page.heading().starts_with("Sign in")
}

/// Logs in to the client in this browser.
async fn login_in(
    server: &TestServer,
    browser: &mut Browser,
    client: &Client,
    account: &TestAccount,
) -> Tokens {
    let pushed = client.push(server).await;
    let landing = browser.approve(server, &pushed, account).await;
    Tokens::of(&client.exchange(&pushed, landing.code()).send(server).await)
}

/// Whether the session goes on.
async fn refreshes(server: &TestServer, client: &Client, tokens: &mut Tokens) -> bool {
    let reply = client.refresh(&tokens.refresh_token).send(server).await;
    if reply.code() == 200 {
        *tokens = Tokens::of(&reply);
        return true;
    }
    assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
    false
}
