//! The sign-in form.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_core::account::{Account, AccountStatus};
use entryway_core::authorize::Errand;
use entryway_core::legacy_session::Credential;
use entryway_core::password::PresentedPassword;
use entryway_core::request::LoginHint;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;

use crate::app::App;
use crate::browser::Browser;
use crate::credentials::{self, AppPasswords};
use crate::extract::{body, device, navigation};
use crate::failure::Failure;
use crate::serve::Peer;

use super::opened::Opened;
use super::{reply, views};

pub(crate) async fn post(State(app): State<App>, session: Session, request: Request<Body>) -> Response {
    match sign_in(&app, session, request).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

async fn sign_in(app: &App, session: Session, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    navigation::check_form(request.headers(), app.issuer())?;
    let (parts, form) = body::parameters(request, body::Accepts::Form).await?;
    let browser = Browser::of_form(app, session, form.optional("csrf")).await?;
    let opened = Opened::load(app, browser, &form, now).await?;
    let opened = opened.with_errand(Errand::SignIn);
    let address = Peer::address(&parts.extensions);
    let denial = match authenticate(app, &form, opened.pending.request.named_account(), address).await {
        Ok(account) if account.status == AccountStatus::Active => {
            let device = device::of(&parts.headers);
            let browser = &opened.browser;
            browser
                .sign_in(app, &account.did, device, Some(opened.id), now)
                .await?;
            tracing::info!(account.did = %account.did, client.id = %opened.pending.request.client_id, "signed in");
            return Ok(reply::see_other(&opened.location(app)));
        }
        Ok(account) => {
            tracing::info!(account.did = %account.did, "sign-in of an account that may not act");
            Denial::AccountInactive
        }
        Err(Failure::Denial(denial @ (Denial::CredentialsWrong | Denial::TooManyAttempts { .. }))) => denial,
        Err(failure) => return Err(failure),
    };
    tracing::info!(denial.code = denial.code(), denial.reason = %denial, "sign-in refused");
    let step = opened.next_step(app, now);
    views::sign_in_again(app, &opened, &step, &form, &denial)
}

/// The account whose name and password these are, whether or not it may act.
///
/// Unknown names and wrong passwords take the same time and get the same answer.
pub(crate) async fn authenticate(
    app: &App,
    form: &Parameters,
    hint: Option<&LoginHint>,
    address: IpAddr,
) -> Result<Account, Failure> {
    // when the app named the account, what was typed over it does not count
    let typed = match hint {
        Some(hint) => hint.as_str(),
        None => form.required("username")?,
    };
    // as any other wrong one
    let password = PresentedPassword::parse(form.required("password")?);
    let password = password.map_err(|_| Denial::CredentialsWrong)?;
    let checked = credentials::check(app, typed, &password, AppPasswords::Refused, address).await?;
    let account = checked.account.ok_or(Denial::CredentialsWrong)?;
    if checked.credential != Credential::AccountPassword {
        return Err(Denial::CredentialsWrong.into());
    }
    checked.attempt.take_back(app.now()).await;
    Ok(account)
}
