//! The account chooser's form: one of this browser's accounts, or another one.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_oauth::denial::Denial;

use crate::app::App;
use crate::browser::Browser;
use crate::extract::{body, navigation};
use crate::failure::Failure;

use super::opened::Opened;
use super::reply;

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    match choose(&app, session, request).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn choose(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    navigation::check_form(request.headers(), app.issuer())?;
    let (_, form) = body::parameters(request, body::Accepts::Form).await?;
    let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
    let opened = Opened::load(app, browser, &form, now).await?;
    let chosen = match form.optional("account") {
        None => None,
        // only accounts of this browser
        Some(did) => {
            let one = opened
                .signed_in
                .iter()
                .find(|one| one.account.did.as_str() == did);
            Some(&one.ok_or(Denial::AccountNotSignedIn)?.account.did)
        }
    };
    opened.browser.choose(opened.id, chosen).await?;
    Ok(reply::see_other(&opened.location(app)))
}
