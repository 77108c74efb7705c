//! Making an account without an app.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use tower_sessions::Session;

use crate::app::App;
use crate::authorize::reply::{self, FormTarget};
use crate::browser::Browser;
use crate::extract::{body, device, navigation};
use crate::failure::Failure;
use crate::pages::account::Done;
use crate::pages::form::{FormContext, Way};
use crate::serve::Peer;
use crate::sign_up_form::{self, Around, Submitted};

use super::{Place, location};

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
    let csrf = browser.form_token(app);
    sign_up_form::empty(app, around(&csrf), None).await
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    match sign_up(&app, session, request).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn sign_up(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    navigation::check_form(request.headers(), app.issuer())?;
    let (parts, form) = body::parameters(request, body::Accepts::Form).await?;
    let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
    let address = Peer::address(&parts.extensions);
    match sign_up_form::submit(app, &form, address).await? {
        Submitted::Made(account) => {
            // making it took a while
            let (device, now) = (device::of(&parts.headers), app.now());
            browser.sign_in(app, &account.did, device, None, now).await?;
            tracing::info!(account.did = %account.did, "signed up");
            Ok(reply::see_other(&location(
                Place::Account,
                &account.did,
                Some(Done::Created),
            )))
        }
        Submitted::Refused(denial) => {
            let csrf = browser.form_token(app);
            sign_up_form::again(app, around(&csrf), &form, &denial).await
        }
    }
}

fn around(csrf: &str) -> Around<'_> {
    Around {
        form: FormContext {
            action: super::NEW.to_owned(),
            csrf,
            request: None,
            next: None,
        },
        app: None,
        sign_in: super::SIGN_IN,
        cancel: Way::Link("/"),
        target: FormTarget::Here,
    }
}
