//! Who opens a page of an account, or sends its form.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use tower_sessions::Session;

use entryway_core::account::{Account, AccountStatus};
use entryway_core::own_account::{OwnPage, own_page};
use entryway_oauth::form::Parameters;
use entryway_oauth::time::Timestamp;

use crate::app::App;
use crate::authorize::reply;
use crate::browser::Browser;
use crate::extract::{body, navigation};
use crate::failure::Failure;
use crate::pages::account::{Done, OwnForm};

use super::{Place, location, views};

/// Somebody who signed in to the account in this browser, recently enough for the page.
pub(super) struct Own {
    pub(super) browser: Browser,
    pub(super) account: Account,
    /// Of the address, or of the form.
    pub(super) parameters: Parameters,
    /// What the form before did, if that is why they are here.
    pub(super) done: Option<Done>,
    pub(super) parts: Parts,
    pub(super) now: Timestamp,
    /// The token that forms of the page carry.
    pub(super) csrf: String,
}

/// Why the page is not shown, or the form does nothing.
pub(super) enum Turned {
    /// Somewhere else first.
    Elsewhere(Box<Response>),
    /// It cannot be.
    Failure(Failure),
}

impl<E> From<E> for Turned
where
    Failure: From<E>,
{
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// The answer of a handler.
pub(super) fn answer(app: &App, result: Result<Response, Turned>) -> Response {
    match result {
        Ok(response) => response,
        Err(Turned::Elsewhere(response)) => *response,
        Err(Turned::Failure(failure)) => reply::failure(app, failure),
    }
}

impl Own {
    /// Of who opens the page; whoever did not sign in, or not recently enough, is asked to.
    pub(super) async fn open(
        app: &App,
        session: Session,
        parts: Parts,
        place: Place,
    ) -> Result<Self, Turned> {
        let now = app.now();
        navigation::check_page(&parts.headers)?;
        // a link checker asks with HEAD: nothing is remembered of it
        if parts.method == Method::HEAD {
            return elsewhere(StatusCode::OK.into_response());
        }
        let parameters = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes())?;
        let done = done(&parameters, &parts.headers);
        let browser = Browser::open(app, session).await?;
        browser.keep().await?;
        let signed_in = browser.signed_in(app, now).await?;
        let wanted = parameters.optional("account");
        let account = match own_page(&signed_in, wanted, place.opened(), app.policy(), now) {
            OwnPage::SignIn(account) => {
                return elsewhere(views::sign_in(app, &browser, account, place, done).await?);
            }
            OwnPage::Choose(candidates) => {
                return elsewhere(views::choose(app, &browser, &candidates, place, done)?);
            }
            OwnPage::Asleep(one) if !place.is_open_asleep() => {
                return elsewhere(reply::see_other(&location(
                    Place::Account,
                    &one.account.did,
                    None,
                )));
            }
            OwnPage::Show(one) | OwnPage::Asleep(one) => one.account.clone(),
        };
        Ok(Self {
            csrf: browser.form_token(app),
            browser,
            account,
            parameters,
            done,
            parts,
            now,
        })
    }

    /// Of who sends its form. Whoever signed out meanwhile, perhaps from another device, is led back to the page, which
    /// says so better than an error.
    pub(super) async fn of_form(
        app: &App,
        session: Session,
        request: Request<Body>,
        place: Place,
    ) -> Result<Self, Turned> {
        let now = app.now();
        navigation::check_form(request.headers(), app.issuer())?;
        let (parts, form) = body::parameters(request, body::Accepts::Form).await?;
        let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
        let wanted = form.required("account")?;
        let signed_in = browser.signed_in(app, now).await?;
        let account = match own_page(&signed_in, Some(wanted), place.sent(), app.policy(), now) {
            OwnPage::Show(one) => one.account.clone(),
            OwnPage::Asleep(one) if place.is_open_asleep() => one.account.clone(),
            OwnPage::SignIn(Some(account)) => {
                return elsewhere(reply::see_other(&location(place, &account.did, None)));
            }
            OwnPage::Asleep(_) | OwnPage::SignIn(None) | OwnPage::Choose(_) => {
                return elsewhere(reply::see_other(Place::Account.path()));
            }
        };
        Ok(Self {
            csrf: browser.form_token(app),
            browser,
            account,
            parameters: form,
            done: None,
            parts,
            now,
        })
    }

    /// Whether its person deactivated it.
    pub(super) fn is_asleep(&self) -> bool {
        self.account.status == AccountStatus::Deactivated
    }

    /// What the forms of the page carry that post to this path.
    pub(super) fn form<'a>(&'a self, action: &'a str) -> OwnForm<'a> {
        OwnForm {
            action,
            csrf: &self.csrf,
            account: self.account.did.as_str(),
        }
    }

    /// Another page of the same account.
    pub(super) fn at(&self, place: Place) -> String {
        location(place, &self.account.did, None)
    }

    /// On to a page that says what was done.
    pub(super) fn on_to(&self, place: Place, done: Done) -> Response {
        reply::see_other(&location(place, &self.account.did, Some(done)))
    }
}

fn elsewhere<T>(response: Response) -> Result<T, Turned> {
    Err(Turned::Elsewhere(Box::new(response)))
}

/// What a form of ours did just now. An address with such a word that somebody else made says nothing.
pub(super) fn done(parameters: &Parameters, headers: &HeaderMap) -> Option<Done> {
    let is_ours = headers
        .get("sec-fetch-site")
        .is_none_or(|site| site.as_bytes() == b"same-origin");
    let word = parameters.optional("done").filter(|_| is_ours)?;
    Done::parse(word)
}
