//! The moments of an account's life on its pages, as its person sees them.

mod app_passwords;
mod mail;
mod moments;

use entryway_tests::{Browser, Page, Resident, World, secrets};

/// A page of the service, opened from elsewhere.
async fn open(world: &World, browser: &mut Browser, path: &str) -> Page {
    let url = format!("{}{path}", world.server.issuer());
    browser.open_url(&world.server, &url).await.page()
}

/// Fills in a sign-in page.
async fn sign_in_at(world: &World, browser: &mut Browser, page: &Page, resident: &Resident) -> Page {
    let fields = [
        ("username", resident.handle.as_str()),
        ("password", resident.password.as_str()),
    ];
    browser
        .press(&world.server, page, "Sign in", &fields)
        .await
        .page()
}

/// The account's page, after signing in there.
async fn signed_in(world: &World, browser: &mut Browser, resident: &Resident) -> Page {
    let page = open(world, browser, "/account/sign-in").await;
    sign_in_at(world, browser, &page, resident).await
}

/// The page that the link leads to whose text begins so.
async fn follow(world: &World, browser: &mut Browser, page: &Page, text: &str) -> Page {
    let link = page.all("a").find(|link| link.text.starts_with(text));
    let link = link.unwrap_or_else(|| panic!("no link {text} in {}", page.text));
    let url = page.url.join(link.attribute("href").unwrap()).unwrap();
    browser.open_url(&world.server, url.as_str()).await.page()
}

/// Presses a button, with this in the fields.
async fn press(
    world: &World,
    browser: &mut Browser,
    page: &Page,
    button: &str,
    fields: &[(&str, &str)],
) -> Page {
    browser.press(&world.server, page, button, fields).await.page()
}

/// What the page says was done.
#[track_caller]
fn done(page: &Page) -> &str {
    with_role(page, "status")
}

/// Why the page says that a form was not carried out.
#[track_caller]
fn alert(page: &Page) -> &str {
    with_role(page, "alert")
}

#[track_caller]
fn with_role<'p>(page: &'p Page, role: &str) -> &'p str {
    let found = page
        .elements
        .iter()
        .find(|one| one.attribute("role") == Some(role));
    found.map_or_else(|| panic!("no {role}: {}", page.text), |one| one.text.as_str())
}

/// Whether the page asks for a password once more, of this account.
fn asks_again(page: &Page, resident: &Resident) -> bool {
    page.heading().starts_with("Sign in")
        && page.text.contains("You are signed in already.")
        && page.input("username").attribute("value") == Some(resident.handle.as_str())
}

/// Refuses what is in none of its fields, and says which password it shows.
#[track_caller]
fn shown_once(page: &Page) -> String {
    let password = page.with_id("app-password").text.clone();
    secrets::record(&password);
    password
}
