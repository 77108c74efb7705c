//! Through the pages of the reference: what their script asks, in the same order.

use anyhow::Context as _;
use entryway_tests::Reply;
use http::header::{CONTENT_TYPE, LOCATION, ORIGIN, REFERER};
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, code_of};
use crate::line::{Failure, Line};

/// Opens the page, signs in unless this browser has, consents, and goes where the answer leads.
pub(crate) async fn approve(browser: &mut Browser, line: &mut Line, page: &str) -> anyhow::Result<String> {
    let navigation = Browser::navigation("GET", page, "cross-site");
    browser.ask(line, navigation, String::new()).await?;
    let did = match browser.did.clone() {
        Some(did) => did,
        None => sign_in(browser, line, page).await?,
    };
    let consent = call(browser, line, page, "consent", &json!({ "did": did })).await?;
    let url = consent["url"].as_str().context("where the answer leads")?;
    let url = Url::parse(url)?;
    let back = Browser::navigation("GET", &url[url::Position::BeforePath..], "same-origin")
        .header(REFERER, format!("{}{page}", browser.issuer));
    let reply = browser.ask(line, back, String::new()).await?;
    let location = reply.headers.get(LOCATION).context("a redirect to the client")?;
    code_of(&Url::parse(location.to_str()?)?)
}

/// Signs in for this and for all later requests of this browser.
async fn sign_in(browser: &mut Browser, line: &mut Line, page: &str) -> anyhow::Result<String> {
    let input = json!({
        "locale": "en",
        "username": browser.account.handle,
        "password": browser.account.password,
        "remember": true,
    });
    let signed_in = call(browser, line, page, "sign-in", &input).await?;
    let did = signed_in["account"]["did"].as_str().context("a DID")?.to_owned();
    browser.did = Some(did.clone());
    Ok(did)
}

async fn call(
    browser: &mut Browser,
    line: &mut Line,
    page: &str,
    name: &str,
    input: &Value,
) -> anyhow::Result<Value> {
    let csrf = browser.cookie("csrf-token").context("a form token")?.to_owned();
    let request = http::Request::post(format!("/@atproto/oauth-provider/~api/{name}"))
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "same-origin")
        .header("sec-fetch-dest", "empty")
        .header("x-csrf-token", csrf)
        .header(ORIGIN, &browser.issuer)
        .header(REFERER, format!("{}{page}", browser.issuer))
        .header(CONTENT_TYPE, "application/json");
    let reply: Reply = browser.ask(line, request, input.to_string()).await?;
    if reply.code() != 200 {
        return Err(Failure::Refused(reply.code()).into());
    }
    Ok(serde_json::from_slice(&reply.body)?)
}
