//! `/account/email`: the address, and confirming it.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_oauth::denial::Denial;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::life::email;
use crate::pages::account::Done;
use crate::pages::email::EmailView;
use crate::pages::untrusted::Untrusted;
use crate::serve::Peer;

use super::own::{Own, Turned, answer};
use super::{Place, said};

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, act(&app, session, request).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::Email).await?;
    Ok(form(app, &own, None)?)
}

async fn act(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::Email).await?;
    let (result, done) = match own.parameters.required("act")? {
        "send" => {
            let from = Peer::address(&own.parts.extensions);
            let sent = email::request_confirmation(app, &own.account, from).await;
            (sent, Done::CodeSent)
        }
        "confirm" => {
            let code = own.parameters.optional("code").unwrap_or_default();
            let address = own.account.email.as_deref().unwrap_or_default();
            let confirmed = email::confirm(app, &own.account, address, code, own.now).await;
            (confirmed, Done::EmailConfirmed)
        }
        _ => {
            return Err(Denial::ParameterInvalid {
                name: "act",
                expected: "must be send or confirm",
            }
            .into());
        }
    };
    match said::denied(result)? {
        Ok(()) => Ok(own.on_to(Place::Email, done)),
        Err(denial) => Ok(form(app, &own, Some(&denial))?),
    }
}

fn form(app: &App, own: &Own, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let is_confirmed = own.account.email_confirmed_at.is_some();
    let (change, back) = (own.at(Place::NewEmail), own.at(Place::Account));
    let view = EmailView {
        page: page_context(app),
        account: account_party(&own.account),
        done: own.done,
        form: own.form(Place::Email.path()),
        email: own.account.email.as_deref().map(Untrusted),
        is_confirmed,
        refusal: denial.map(|denial| said::refusal(denial).of_the_form_unless(!is_confirmed)),
        change: &change,
        back: &back,
    };
    said::page(&view, denial)
}
