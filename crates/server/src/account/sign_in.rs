//! Signing in without an app: by the same rules and limits as with one.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use tower_sessions::Session;

use entryway_core::own_account::may_sign_in;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;

use crate::app::App;
use crate::authorize::{reply, sign_in as front_channel};
use crate::browser::Browser;
use crate::extract::{body, device, navigation};
use crate::failure::Failure;
use crate::pages::form::NEXT;
use crate::serve::Peer;

use super::{Place, location, own, views};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    match show(&app, session, &parts).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn show(app: &App, session: Session, parts: &Parts) -> Result<Response, Failure> {
    navigation::check_page(&parts.headers)?;
    if parts.method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let browser = Browser::open(app, session).await?;
    browser.keep().await?;
    let parameters = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes())?;
    let done = own::done(&parameters, &parts.headers);
    views::sign_in(app, &browser, None, Place::Account, done).await
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    match sign_in(&app, session, request).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn sign_in(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    navigation::check_form(request.headers(), app.issuer())?;
    let (parts, form) = body::parameters(request, body::Accepts::Form).await?;
    let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
    let address = Peer::address(&parts.extensions);
    let denial = match front_channel::authenticate(app, &form, None, address).await {
        Ok(account) if may_sign_in(&account) => {
            let device = device::of(&parts.headers);
            browser.sign_in(app, &account.did, device, None, now).await?;
            tracing::info!(account.did = %account.did, "signed in");
            return Ok(reply::see_other(&location(next(&form), &account.did, None)));
        }
        Ok(_) => Denial::AccountInactive,
        Err(Failure::Denial(denial @ (Denial::CredentialsWrong | Denial::TooManyAttempts { .. }))) => denial,
        Err(failure) => return Err(failure),
    };
    tracing::info!(denial.code = denial.code(), denial.reason = %denial, "sign-in refused");
    views::sign_in_again(app, &browser, &form, &denial).await
}

/// The page that the form says is to follow.
pub(super) fn next(form: &Parameters) -> Place {
    form.optional(NEXT)
        .and_then(Place::parse)
        .unwrap_or(Place::Account)
}
