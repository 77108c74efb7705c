//! The root of the issuer, and signing out of this browser.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};
use tower_sessions::Session;

use crate::account::{self, Place};
use crate::app::App;
use crate::authorize::reply::{self, FormTarget, page};
use crate::authorize::views::{account as party, page_context};
use crate::browser::Browser;
use crate::extract::{body, navigation};
use crate::failure::Failure;
use crate::oauth::metadata;
use crate::pages::home::{HomeView, PublishedDocument, SignedInHere};
use crate::pages::signed_out::SignedOutView;
use crate::sign_up_form;

pub(crate) const SIGN_OUT: &str = "/sign-out";

/// `GET /`
pub(crate) async fn get(State(app): State<App>, session: Session) -> Response {
    show(&app, session)
        .await
        .unwrap_or_else(|failure| reply::failure(&app, failure))
}

async fn show(app: &App, session: Session) -> Result<Response, Failure> {
    let browser = Browser::known(session).await?;
    let (accounts, csrf) = match &browser {
        Some(browser) => (browser.signed_in(app, app.now()).await?, browser.form_token(app)),
        None => (Vec::new(), String::new()),
    };
    let signed_in = SignedInHere {
        accounts: accounts.iter().map(|one| party(&one.account)).collect(),
        sign_out_action: SIGN_OUT,
        csrf: &csrf,
    };
    let view = HomeView {
        page: page_context(app),
        account_path: Place::Account.path(),
        sign_up_path: sign_up_form::is_open(app).await?.then_some(account::NEW),
        signed_in: (!accounts.is_empty()).then_some(signed_in),
        account_hosts: Vec::new(),
        documents: vec![
            PublishedDocument {
                title: "Authorization server metadata",
                path: metadata::PATH,
            },
            PublishedDocument {
                title: "Public keys",
                path: &app.endpoints().jwks,
            },
        ],
    };
    page(&view, StatusCode::OK, FormTarget::Here)
}

/// `POST /sign-out`
pub(crate) async fn sign_out(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    end(&app, session, request)
        .await
        .unwrap_or_else(|failure| reply::failure(&app, failure))
}

async fn end(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    navigation::check_form(request.headers(), app.issuer())?;
    let (_, form) = body::parameters(request, body::Accepts::Form).await?;
    Browser::of_form(app, session, form.optional("csrf"))
        .await?
        .sign_out(app, app.now())
        .await?;
    let view = SignedOutView {
        page: page_context(app),
        account: None,
        account_path: Place::Account.path(),
    };
    page(&view, StatusCode::OK, FormTarget::Here)
}
