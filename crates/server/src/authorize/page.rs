//! `GET …/authorize`: the next page of a pushed request.
//!
//! It grants nothing, but for one case: a client that nobody can pass for asks for what the same
//! account granted it before, and names the account or forbids every page.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{Method, StatusCode};
use tower_sessions::Session;

use entryway_core::authorize::{Errand, Step};
use entryway_oauth::form::Parameters;

use crate::app::App;
use crate::browser::Browser;
use crate::extract::language::Language;
use crate::extract::navigation;
use crate::failure::Failure;

use super::opened::Opened;
use super::{decision, reply, views};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    page(&app, session, &parts, Errand::Answer).await
}

/// The same for somebody who has an account, where the client wishes a new one.
pub(crate) async fn sign_in(State(app): State<App>, session: Session, parts: Parts) -> Response {
    page(&app, session, &parts, Errand::SignIn).await
}

/// The same for somebody who wants a new account.
pub(crate) async fn sign_up(State(app): State<App>, session: Session, parts: Parts) -> Response {
    page(&app, session, &parts, Errand::SignUp).await
}

async fn page(app: &App, session: Session, parts: &Parts, errand: Errand) -> Response {
    match show(app, session, parts, errand).await {
        Ok(response) => response,
        Err(failure) => reply::failure(app, failure),
    }
}

async fn show(app: &App, session: Session, parts: &Parts, errand: Errand) -> Result<Response, Failure> {
    let now = app.now();
    navigation::check_page(&parts.headers)?;
    let language = Language::preferred(&parts.headers);
    // a link checker asks with HEAD: it must neither own the request nor close it
    if parts.method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let parameters = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes())?;
    let browser = Browser::open(app, session).await?;
    let opened = Opened::load(app, browser, &parameters, now).await?;
    let mut opened = opened.with_errand(errand);
    loop {
        let did = match opened.next_step(app, now) {
            Step::Grant(one) => match decision::grant_as_before(app, &opened, one, now).await? {
                Some(response) => return Ok(response),
                None => one.account.did.clone(),
            },
            Step::Refuse(denial) => return decision::refuse(app, &opened, &denial, None, now).await,
            step => return views::step(app, &opened, &step, &language).await,
        };
        // taken back since it was looked up: what follows without it? Each grant can be missed once
        opened.forget_grant_of(&did);
    }
}
