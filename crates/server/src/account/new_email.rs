//! `/account/email/new`: another address, by a code that is sent to the present one where that was confirmed.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_core::email::EmailAddress;
use entryway_core::email_change::takes_code;
use entryway_oauth::denial::Denial;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::life::email::{self, TypedUpdate};
use crate::pages::account::Done;
use crate::pages::email::NewEmailView;
use crate::pages::form::EMAIL;
use crate::pages::refusal::Field;
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
    let own = Own::open(app, session, parts, Place::NewEmail).await?;
    Ok(form(app, &own, Step::Begun, None)?)
}

/// How far the form has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The new address is asked for.
    Begun,
    /// The code was sent just now.
    JustSent,
    /// The code was sent before.
    Sent,
}

async fn act(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::NewEmail).await?;
    match own.parameters.required("act")? {
        "send" => match said::denied(send(app, &own).await)? {
            Ok(()) => Ok(form(app, &own, Step::JustSent, None)?),
            Err(denial) => Ok(form(app, &own, Step::Begun, Some(&denial))?),
        },
        "change" => {
            let typed = TypedUpdate {
                email: typed_email(&own),
                code: own.parameters.optional("code"),
                auth_factor: None,
            };
            match said::denied(email::update(app, &own.account, typed, own.now).await)? {
                Ok(()) => Ok(own.on_to(Place::Email, Done::EmailChanged)),
                Err(denial) => Ok(form(app, &own, Step::Sent, Some(&denial))?),
            }
        }
        _ => Err(Denial::ParameterInvalid {
            name: "act",
            expected: "must be send or change",
        }
        .into()),
    }
}

/// No letter for an address that will not do.
async fn send(app: &App, own: &Own) -> Result<(), xrpc::Failure> {
    EmailAddress::parse(typed_email(own))?;
    let from = Peer::address(&own.parts.extensions);
    email::request_update(app, &own.account, from).await?;
    Ok(())
}

fn typed_email(own: &Own) -> &str {
    own.parameters.optional(EMAIL).unwrap_or_default()
}

fn form(app: &App, own: &Own, step: Step, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let (back, takes_code) = (own.at(Place::Email), takes_code(&own.account));
    let is_sent = takes_code && step != Step::Begun;
    let is_answer = step != Step::Begun || denial.is_some();
    let view = NewEmailView {
        page: page_context(app),
        account: account_party(&own.account),
        form: own.form(Place::NewEmail.path()),
        sent_to: own.account.email.as_deref().map(Untrusted).filter(|_| is_sent),
        is_just_sent: step == Step::JustSent,
        takes_code,
        // nothing that an address brings
        email: Untrusted(if is_answer { typed_email(own) } else { "" }),
        refusal: denial.map(said::refusal).map(|refusal| {
            let shows_field = is_sent || refusal.field != Some(Field::Code);
            refusal.of_the_form_unless(shows_field)
        }),
        back: &back,
    };
    said::page(&view, denial)
}
