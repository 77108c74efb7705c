//! `/account/delete`: the end of an account, by its password and a code.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_core::password::PresentedPassword;
use entryway_oauth::denial::Denial;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::authorize::reply;
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::life::deletion;
use crate::pages::account::Done;
use crate::pages::deletion::DeletionView;
use crate::pages::form::PASSWORD;
use crate::pages::untrusted::Untrusted;
use crate::serve::Peer;
use crate::xrpc;

use super::own::{Own, Turned, answer};
use super::{Place, said};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, act(&app, session, request).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::Deletion).await?;
    Ok(form(app, &own, None)?)
}

async fn act(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::Deletion).await?;
    let from = Peer::address(&own.parts.extensions);
    let denial = match own.parameters.required("act")? {
        "send" => match said::denied(deletion::request(app, &own.account, from).await)? {
            Ok(()) => return Ok(own.on_to(Place::Deletion, Done::CodeSent)),
            Err(denial) => denial,
        },
        "delete" => match said::denied(delete(app, &own).await)? {
            Ok(()) => return Ok(deleted()),
            Err(denial) => denial,
        },
        _ => {
            return Err(Denial::ParameterInvalid {
                name: "act",
                expected: "must be send or delete",
            }
            .into());
        }
    };
    // from the first moment on nothing is left here, whether or not its PDS could be told
    if app.store().account(&own.account.did).await?.is_none() {
        return Ok(deleted());
    }
    Ok(form(app, &own, Some(&denial))?)
}

async fn delete(app: &App, own: &Own) -> Result<(), xrpc::Failure> {
    let typed = |name| own.parameters.optional(name).unwrap_or_default();
    let password = PresentedPassword::parse(typed(PASSWORD)).map_err(|_| XrpcDenial::DidOrPasswordWrong)?;
    let from = Peer::address(&own.parts.extensions);
    deletion::delete(app, own.account.did.as_str(), &password, typed("code"), from).await
}

/// Nobody is signed in to it any more.
fn deleted() -> Response {
    reply::see_other(&format!("{}?done={}", super::SIGN_IN, Done::Deleted.word()))
}

fn form(app: &App, own: &Own, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let (back, give_email) = (own.at(Place::Account), own.at(Place::NewEmail));
    let view = DeletionView {
        page: page_context(app),
        account: account_party(&own.account),
        done: own.done,
        form: own.form(Place::Deletion.path()),
        email: own.account.email.as_deref().map(Untrusted),
        refusal: denial.map(said::refusal),
        give_email: &give_email,
        back: &back,
    };
    said::page(&view, denial)
}
