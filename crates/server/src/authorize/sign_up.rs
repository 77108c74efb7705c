//! The sign-up form of a request: who has made an account goes on in the same request, signed in.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_core::authorize::Errand;

use crate::app::App;
use crate::browser::Browser;
use crate::extract::{body, device, navigation};
use crate::failure::Failure;
use crate::serve::Peer;
use crate::sign_up_form::{self, Submitted};

use super::opened::Opened;
use super::{reply, views};

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
    let opened = Opened::load(app, browser, &form, app.now()).await?;
    // a form that no page of this request shows
    if !opened.pending.request.is_for_new_accounts_too() {
        return Ok(reply::see_other(&opened.location(app)));
    }
    let address = Peer::address(&parts.extensions);
    match sign_up_form::submit(app, &form, address).await? {
        Submitted::Made(account) => {
            // making it took a while
            let (device, now) = (device::of(&parts.headers), app.now());
            opened
                .browser
                .sign_in(app, &account.did, device, Some(opened.id), now)
                .await?;
            tracing::info!(account.did = %account.did, client.id = %opened.pending.request.client_id, "signed up");
            Ok(reply::see_other(&opened.location(app)))
        }
        Submitted::Refused(denial) => {
            let opened = opened.with_errand(Errand::SignUp);
            views::sign_up_again(app, &opened, &form, &denial).await
        }
    }
}
