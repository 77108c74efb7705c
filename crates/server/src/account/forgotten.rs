//! `/account/password`: a forgotten password, from asking for a code to choosing another one.
//!
//! Nobody is signed in. Who came from an app's request carries its name along and is led back to it; that the
//! request is theirs is looked at there.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use tower_sessions::Session;
use url::form_urlencoded;

use entryway_oauth::form::Parameters;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::app::App;
use crate::authorize::views::page_context;
use crate::authorize::{FormPaths, reply};
use crate::browser::Browser;
use crate::extract::{body, navigation};
use crate::failure::Failure;
use crate::life::password;
use crate::pages::forgotten::{ForgottenView, NewPasswordView, PasswordChangedView};
use crate::pages::form::{CLIENT_ID, EMAIL, FormContext, PASSWORD, PushedRequest, REQUEST_URI};
use crate::pages::untrusted::Untrusted;
use crate::serve::Peer;

use super::said;

/// Asks for a code.
pub(crate) const FORGOTTEN: &str = "/account/password";
/// Takes it, and the new password.
pub(crate) const NEW: &str = "/account/password/new";
/// Says that it is changed.
pub(crate) const CHANGED: &str = "/account/password/changed";

/// Somebody who forgot their password.
struct Visitor {
    csrf: String,
    parameters: Parameters,
    parts: Parts,
}

impl Visitor {
    /// None for a link checker, of which nothing is remembered.
    async fn open(app: &App, session: Session, parts: Parts) -> Result<Option<Self>, Failure> {
        navigation::check_page(&parts.headers)?;
        if parts.method == Method::HEAD {
            return Ok(None);
        }
        let parameters = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes())?;
        let browser = Browser::open(app, session).await?;
        browser.keep().await?;
        Ok(Some(Self {
            csrf: browser.form_token(app),
            parameters,
            parts,
        }))
    }

    async fn of_form(app: &App, session: Session, request: Request<Body>) -> Result<Self, Failure> {
        navigation::check_form(request.headers(), app.issuer())?;
        let (parts, parameters) = body::parameters(request, body::Accepts::Form).await?;
        let browser = Browser::of_form(app, session, parameters.optional("csrf")).await?;
        Ok(Self {
            csrf: browser.form_token(app),
            parameters,
            parts,
        })
    }

    /// The request they came from, as they name it.
    fn request(&self) -> Option<PushedRequest<'_>> {
        Some(PushedRequest {
            client_id: self.parameters.optional(CLIENT_ID)?,
            request_uri: self.parameters.optional(REQUEST_URI)?,
        })
    }

    fn form(&self, action: &str) -> FormContext<'_> {
        FormContext {
            action: action.to_owned(),
            csrf: &self.csrf,
            request: self.request(),
            next: None,
        }
    }

    /// A page of ours at this path, with the request if there is one.
    fn at(&self, path: &str, done: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(request) = self.request() {
            query.append_pair(CLIENT_ID, request.client_id);
            query.append_pair(REQUEST_URI, request.request_uri);
        }
        if let Some(done) = done {
            query.append_pair("done", done);
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// Back to where they tried to sign in.
    fn sign_in(&self, app: &App) -> String {
        match self.request() {
            Some(_) => self.at(&FormPaths::under(app.endpoints()).sign_in, None),
            None => super::SIGN_IN.to_owned(),
        }
    }

    fn typed(&self, name: &str) -> &str {
        self.parameters.optional(name).unwrap_or_default()
    }
}

fn answer(app: &App, result: Result<Response, Failure>) -> Response {
    result.unwrap_or_else(|failure| reply::failure(app, failure))
}

pub(crate) async fn get(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts, asking).await)
}

pub(crate) async fn get_new(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts, choosing).await)
}

pub(crate) async fn changed(State(app): State<App>, session: Session, parts: Parts) -> Response {
    answer(&app, show(&app, session, parts, changed_page).await)
}

async fn show(
    app: &App,
    session: Session,
    parts: Parts,
    page: fn(&App, &Visitor, Option<&XrpcDenial>) -> Result<Response, Failure>,
) -> Result<Response, Failure> {
    match Visitor::open(app, session, parts).await? {
        Some(visitor) => page(app, &visitor, None),
        None => Ok(StatusCode::OK.into_response()),
    }
}

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, ask(&app, session, request).await)
}

/// Leads on in the same way whether or not there is such an account.
async fn ask(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    let visitor = Visitor::of_form(app, session, request).await?;
    let from = Peer::address(&visitor.parts.extensions);
    match said::denied(password::request_reset(app, visitor.typed(EMAIL), from).await)? {
        Ok(()) => Ok(reply::see_other(&visitor.at(NEW, Some(ASKED)))),
        Err(denial) => asking(app, &visitor, Some(&denial)),
    }
}

pub(crate) async fn post_new(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    answer(&app, choose(&app, session, request).await)
}

async fn choose(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    let visitor = Visitor::of_form(app, session, request).await?;
    let from = Peer::address(&visitor.parts.extensions);
    let reset = password::reset(app, visitor.typed("code"), visitor.typed(PASSWORD), from).await;
    match said::denied(reset)? {
        Ok(()) => Ok(reply::see_other(&visitor.at(CHANGED, None))),
        Err(denial) => choosing(app, &visitor, Some(&denial)),
    }
}

fn asking(app: &App, visitor: &Visitor, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let (have_code, sign_in) = (visitor.at(NEW, None), visitor.sign_in(app));
    let view = ForgottenView {
        page: page_context(app),
        form: visitor.form(FORGOTTEN),
        // nothing that an address brings
        email: Untrusted(denial.map_or("", |_| visitor.typed(EMAIL))),
        refusal: denial.map(said::refusal),
        have_code: &have_code,
        sign_in: &sign_in,
    };
    said::page(&view, denial)
}

fn choosing(app: &App, visitor: &Visitor, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let (ask, sign_in) = (visitor.at(FORGOTTEN, None), visitor.sign_in(app));
    let view = NewPasswordView {
        page: page_context(app),
        form: visitor.form(NEW),
        is_asked_for: denial.is_none() && visitor.parameters.optional("done") == Some(ASKED),
        refusal: denial.map(said::refusal),
        ask: &ask,
        sign_in: &sign_in,
    };
    said::page(&view, denial)
}

fn changed_page(app: &App, visitor: &Visitor, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let sign_in = visitor.sign_in(app);
    let view = PasswordChangedView {
        page: page_context(app),
        has_request: visitor.request().is_some(),
        sign_in: &sign_in,
    };
    said::page(&view, denial)
}

/// How the address of the second page says that a code was asked for.
const ASKED: &str = "asked";
