//! `GET /account`: the apps and devices of an account, or who is there.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use tower_sessions::Session;

use entryway_core::own_account::{OwnPage, own_page};
use entryway_oauth::form::Parameters;

use crate::app::App;
use crate::authorize::reply;
use crate::browser::Browser;
use crate::extract::language::Language;
use crate::extract::navigation;
use crate::failure::Failure;
use crate::pages::account::Done;

use super::listed::Listed;
use super::views;

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    match show(&app, session, &parts).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn show(app: &App, session: Session, parts: &Parts) -> Result<Response, Failure> {
    let now = app.now();
    navigation::check_page(&parts.headers)?;
    // a link checker asks with HEAD: nothing is remembered of it
    if parts.method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let parameters = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes())?;
    let done = done(&parameters, &parts.headers);
    let browser = Browser::open(app, session).await?;
    browser.keep().await?;
    let signed_in = browser.signed_in(app, now).await?;
    match own_page(&signed_in, parameters.optional("account"), app.policy(), now) {
        OwnPage::SignIn(account) => views::sign_in(app, &browser, account, done).await,
        OwnPage::Choose(candidates) => views::choose(app, &browser, &candidates, done),
        OwnPage::Show(one) => {
            let listed = Listed::load(app, &browser, &one.account, now).await?;
            let language = Language::preferred(&parts.headers);
            views::account(app, &browser, &listed, done, &language)
        }
    }
}

/// What a form of ours did just now. An address with such a word that somebody else made says nothing.
fn done(parameters: &Parameters, headers: &HeaderMap) -> Option<Done> {
    let is_ours = headers
        .get("sec-fetch-site")
        .is_none_or(|site| site.as_bytes() == b"same-origin");
    let word = parameters.optional("done").filter(|_| is_ours)?;
    Done::parse(word)
}
