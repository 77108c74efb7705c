//! The decision: the form that grants or denies, and sends the browser back to the app.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_core::authorize::{self, SignedIn};
use entryway_core::{consent, response};
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::AuthorizationCode;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};
use entryway_store::{Approval, Basis, Decision};

use crate::app::App;
use crate::browser::Browser;
use crate::extract::{body, navigation};
use crate::failure::Failure;
use crate::pages::form::{AUTHORIZE, DENY, GRANT_PREFIX};

use super::opened::Opened;
use super::reply;

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    match decide(&app, session, request).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn decide(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    navigation::check_form(request.headers(), app.issuer())?;
    let (_, form) = body::parameters(request, body::Accepts::Form).await?;
    let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
    let opened = Opened::load(app, browser, &form, now).await?;
    match form.required("decision")? {
        AUTHORIZE => approve(app, &opened, &form, now).await,
        DENY => {
            // the consent page says whose account it showed; what that one granted before counts no longer
            let shown = form.optional("account").and_then(|shown| opened.account(shown));
            let did = shown.map(|one| &one.account.did);
            refuse(app, &opened, &Denial::AccessDenied, did, now).await
        }
        _ => Err(Denial::ParameterInvalid {
            name: "decision",
            expected: "must be authorize or deny",
        }
        .into()),
    }
}

async fn approve(app: &App, opened: &Opened, form: &Parameters, now: Timestamp) -> Result<Response, Failure> {
    let (request, admitted_at) = (&opened.pending.request, opened.pending.admitted_at);
    // the account the page showed, checked again now: another tab may have chosen another
    let shown = form.required("account")?;
    let one = opened
        .account(shown)
        .filter(|one| authorize::may_decide(one, request, admitted_at, app.policy(), now));
    let one = one.ok_or(Denial::AccountNotSignedIn)?;
    let scope = consent::granted(request, |number| form.has(&format!("{GRANT_PREFIX}{number}")));
    let consent = Consent {
        by: one,
        scope: &scope,
        basis: Basis::Page,
    };
    let granted = grant(app, opened, consent, now).await?;
    Ok(granted.ok_or(Denial::RequestUnknown)?)
}

/// Grants all of the request without a page, as the account did before, and sends the code to the app.
///
/// `None` if that was taken back meanwhile: the request still waits.
pub(super) async fn grant_as_before(
    app: &App,
    opened: &Opened,
    one: &SignedIn,
    now: Timestamp,
) -> Result<Option<Response>, Failure> {
    let consent = Consent {
        by: one,
        scope: &opened.pending.request.scope,
        basis: Basis::Remembered,
    };
    grant(app, opened, consent, now).await
}

/// Who says yes, to what, and where that was said.
struct Consent<'a> {
    by: &'a SignedIn,
    scope: &'a ScopeSet,
    basis: Basis,
}

async fn grant(
    app: &App,
    opened: &Opened,
    Consent {
        by: one,
        scope,
        basis,
    }: Consent<'_>,
    now: Timestamp,
) -> Result<Option<Response>, Failure> {
    let code = AuthorizationCode::from_entropy(app.chance().bytes()?);
    let approval = Approval {
        basis,
        did: &one.account.did,
        scope,
        code: code.digest(),
        code_expires_at: now + app.policy().code_lifetime,
        authenticated_at: one.authenticated_at,
    };
    match app
        .store()
        .approve_request(opened.id, opened.browser.digest(), approval, now)
        .await?
    {
        Decision::Decided(request) => {
            let kind = match basis {
                Basis::Page => "page",
                Basis::Remembered => "remembered",
            };
            tracing::info!(account.did = %one.account.did, client.id = %request.client_id, consent.kind = kind, "consent given");
            reply::answer(app, &response::success(&request, &code, app.issuer())).map(Some)
        }
        Decision::Gone => Err(Denial::RequestUnknown.into()),
        Decision::ConsentGone => Ok(None),
    }
}

/// Closes the request and tells the app why. Where an account refuses, it takes back what was asked.
pub(super) async fn refuse(
    app: &App,
    opened: &Opened,
    denial: &Denial,
    account: Option<&Did>,
    now: Timestamp,
) -> Result<Response, Failure> {
    match app
        .store()
        .deny_request(opened.id, opened.browser.digest(), account, now)
        .await?
    {
        Decision::Decided(request) => reply::answer(app, &response::failure(&request, denial, app.issuer())),
        Decision::Gone | Decision::ConsentGone => Err(Denial::RequestUnknown.into()),
    }
}
