//! `/account/deactivate` and `/account/activate`: an account that its person rests, and wakes.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_core::account::AccountStatus;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::life::status;
use crate::pages::account::Done;
use crate::pages::rest::{AsleepView, RestView};

use super::own::{Own, Turned, answer};
use super::{Place, said};

/// Where the form that wakes one goes.
pub(crate) const ACTIVATE: &str = "/account/activate";

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, deactivate(&app, session, request).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::Rest).await?;
    Ok(form(app, &own, None)?)
}

async fn deactivate(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::Rest).await?;
    let denial = match said::denied(status::deactivate(app, &own.account).await)? {
        Ok(()) => return Ok(own.on_to(Place::Account, Done::Deactivated)),
        Err(denial) => denial,
    };
    // here it rests from the first moment on, whether or not its PDS could be told
    let account = app.store().account(&own.account.did).await?;
    if account.is_some_and(|account| account.status == AccountStatus::Deactivated) {
        return Ok(own.on_to(Place::Account, Done::DeactivatedHere));
    }
    Ok(form(app, &own, Some(&denial))?)
}

fn form(app: &App, own: &Own, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let back = own.at(Place::Account);
    let view = RestView {
        page: page_context(app),
        account: account_party(&own.account),
        form: own.form(Place::Rest.path()),
        refusal: denial.map(said::refusal),
        back: &back,
    };
    said::page(&view, denial)
}

pub(crate) async fn wake(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, activate(&app, session, request).await)
}

async fn activate(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::Account).await?;
    match said::denied(status::activate(app, &own.account).await)? {
        Ok(()) => Ok(own.on_to(Place::Account, Done::Activated)),
        Err(denial) => Ok(asleep(app, &own, Some(&denial))?),
    }
}

/// The page of an account that rests.
pub(super) fn asleep(app: &App, own: &Own, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let delete = own.at(Place::Deletion);
    let view = AsleepView {
        page: page_context(app),
        account: account_party(&own.account),
        done: own.done,
        form: own.form(ACTIVATE),
        refusal: denial.map(said::refusal),
        delete: &delete,
        another_account: super::SIGN_IN,
    };
    said::page(&view, denial)
}
