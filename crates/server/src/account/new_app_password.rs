//! `/account/app-passwords/new`: making an app password, which is shown this once.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_core::app_password::AppPasswordKind;
use entryway_oauth::form::Parameters;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::app_passwords::{self, Made};
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::pages::app_passwords::{AppPasswordMadeView, NewAppPasswordView, Secret};
use crate::pages::untrusted::Untrusted;

use super::own::{Own, Turned, answer};
use super::{Place, said};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::NewAppPassword).await?;
    Ok(form(app, &own, None)?)
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, make(&app, session, request).await)
}

async fn make(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::NewAppPassword).await?;
    let (did, name) = (&own.account.did, typed_name(&own.parameters));
    let kind = AppPasswordKind::asked(is_privileged(&own.parameters));
    match said::denied(app_passwords::make(app, did, name, kind, own.now).await)? {
        Ok(made) => Ok(show_once(app, &own, &made)?),
        Err(denial) => Ok(form(app, &own, Some(&denial))?),
    }
}

fn typed_name(parameters: &Parameters) -> &str {
    parameters.optional("name").unwrap_or_default()
}

fn is_privileged(parameters: &Parameters) -> bool {
    parameters.optional("privileged") == Some("on")
}

/// The form, again where it was refused.
fn form(app: &App, own: &Own, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let back = own.at(Place::AppPasswords);
    let view = NewAppPasswordView {
        page: page_context(app),
        account: account_party(&own.account),
        form: own.form(Place::NewAppPassword.path()),
        // nothing that an address brings
        name: Untrusted(denial.map_or("", |_| typed_name(&own.parameters))),
        is_privileged: denial.is_some() && is_privileged(&own.parameters),
        refusal: denial.map(said::refusal),
        back: &back,
    };
    said::page(&view, denial)
}

/// No redirect follows, which would have to carry it or keep it. The page is not stored, and sent again it makes
/// none of the same name.
fn show_once(app: &App, own: &Own, made: &Made) -> Result<Response, Failure> {
    let back = own.at(Place::AppPasswords);
    let view = AppPasswordMadeView {
        page: page_context(app),
        account: account_party(&own.account),
        name: Untrusted(made.entry.name.as_str()),
        password: Secret(made.password.expose()),
        identifier: Untrusted(own.account.handle.as_str()),
        back: &back,
    };
    said::page(&view, None)
}
