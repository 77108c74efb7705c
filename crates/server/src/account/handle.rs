//! `/account/handle`: another handle, of ours or of one's own domain.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use http::request::Parts;
use tower_sessions::Session;

use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::authorize::views::{account as account_party, page_context};
use crate::failure::Failure;
use crate::life::handle;
use crate::pages::account::Done;
use crate::pages::form::{DOMAIN, HANDLE};
use crate::pages::handle::HandleView;
use crate::pages::refusal::{Field, Refusal};
use crate::pages::sign_up::HandleDomain;
use crate::pages::untrusted::Untrusted;

use super::own::{Own, Turned, answer};
use super::{Place, said};

/// The field of the second form.
const OWN_DOMAIN: &str = "own_domain";

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts).await)
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, change(&app, session, request).await)
}

async fn show(app: &App, session: Session, parts: Parts) -> Result<Response, Turned> {
    let own = Own::open(app, session, parts, Place::Handle).await?;
    Ok(form(app, &own, None)?)
}

async fn change(app: &App, session: Session, request: Request<Body>) -> Result<Response, Turned> {
    let own = Own::of_form(app, session, request, Place::Handle).await?;
    let typed = if let Some(domain) = own.parameters.optional(OWN_DOMAIN) {
        domain.trim().trim_start_matches('@').to_owned()
    } else {
        let name = own.parameters.optional(HANDLE).unwrap_or_default();
        let domains = &app.config().handles.domains;
        domains.whole(name, own.parameters.optional(DOMAIN))
    };
    match said::denied(handle::change(app, &own.account, &typed).await)? {
        Ok(()) => Ok(own.on_to(Place::Account, Done::Handle)),
        Err(denial) => Ok(form(app, &own, Some(&denial))?),
    }
}

/// The page, again where it was refused: with what was typed, and with what is wrong below the field it stands in.
fn form(app: &App, own: &Own, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let back = own.at(Place::Account);
    // nothing that an address brings
    let typed = |name| denial.and_then(|_| own.parameters.optional(name));
    let own_domain = typed(OWN_DOMAIN);
    let refusal = denial.map(|denial| match said::refusal(denial) {
        refusal if refusal.field == Some(Field::Handle) && own_domain.is_some() => Refusal {
            field: Some(Field::OwnDomain),
            ..refusal
        },
        refusal => refusal,
    });
    let chosen = typed(DOMAIN);
    let domains = app.config().handles.domains.iter().map(|text| HandleDomain {
        text,
        chosen: chosen == Some(text),
    });
    let view = HandleView {
        page: page_context(app),
        account: account_party(&own.account),
        form: own.form(Place::Handle.path()),
        name: Untrusted(typed(HANDLE).unwrap_or_default()),
        domains: domains.collect(),
        own_domain: Untrusted(own_domain.unwrap_or_default()),
        refusal,
        back: &back,
    };
    said::page(&view, denial)
}
