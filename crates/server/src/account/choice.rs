//! The chooser's form: whose page to see.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_oauth::denial::Denial;

use crate::app::App;
use crate::authorize::reply;
use crate::browser::Browser;
use crate::extract::{body, navigation};
use crate::failure::Failure;

use super::location;
use super::sign_in::next;

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    match choose(&app, session, request).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn choose(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    navigation::check_form(request.headers(), app.issuer())?;
    let (_, form) = body::parameters(request, body::Accepts::Form).await?;
    let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
    let wanted = form.required("account")?;
    // only accounts of this browser
    let signed_in = browser.signed_in(app, app.now()).await?;
    let one = signed_in.iter().find(|one| one.account.did.as_str() == wanted);
    let account = &one.ok_or(Denial::AccountNotSignedIn)?.account;
    let place = next(&form);
    Ok(reply::see_other(&location(place, &account.did, None)))
}
