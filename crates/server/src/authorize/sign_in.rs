//! The sign-in form.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;
use tower_sessions::Session;

use entryway_core::account::{Account, AccountStatus, Identifier};
use entryway_core::request::LoginHint;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;

use crate::app::App;
use crate::browser::Browser;
use crate::extract::{body, device, navigation};
use crate::failure::Failure;
use crate::password::PASSWORD_BYTES_MAX;
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
    let address = Peer::address(&parts.extensions);
    match authenticate(app, &form, opened.pending.request.login_hint.as_ref(), address).await {
        Ok(account) => {
            let device = device::of(&parts.headers);
            let browser = &opened.browser;
            browser
                .sign_in(app, &account.did, device, Some(opened.id), now)
                .await?;
            tracing::info!(account.did = %account.did, client.id = %opened.pending.request.client_id, "signed in");
            Ok(reply::see_other(&opened.location(app)))
        }
        Err(Failure::Denial(denial @ (Denial::CredentialsWrong | Denial::TooManyAttempts { .. }))) => {
            tracing::info!(denial.code = denial.code(), denial.reason = %denial, "sign-in refused");
            let step = opened.next_step(app, now);
            views::sign_in_again(app, &opened, &step, &form, &denial)
        }
        Err(failure) => Err(failure),
    }
}

/// The account whose name and password these are.
///
/// Unknown names and wrong passwords take the same time and get the same answer.
pub(crate) async fn authenticate(
    app: &App,
    form: &Parameters,
    hint: Option<&LoginHint>,
    address: IpAddr,
) -> Result<Account, Failure> {
    let password = form.required("password")?;
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Denial::ParameterInvalid {
            name: "password",
            expected: "is longer than 512 bytes",
        }
        .into());
    }
    // when the app named the account, what was typed over it does not count
    let typed = match hint {
        Some(hint) => hint.as_str(),
        None => form.required("username")?,
    };
    let identifier = Identifier::parse(typed);
    let known = match &identifier {
        Some(identifier) => app.store().account_for_sign_in(identifier).await?,
        None => None,
    };
    let name = match (&identifier, &known) {
        // whose address it is must not show in a limit it shares with a handle
        (Some(Identifier::Email(address)), _) => address,
        // a handle and its DID are one name to the world, and have one limit
        (_, Some((account, _))) => account.did.as_str(),
        (_, None) => typed,
    };
    let attempt = app
        .limits()
        .map(|limits| limits.begin(name, address))
        .transpose()?;
    let matches = app
        .passwords()
        .verify(password, known.as_ref().map(|(_, hash)| hash))
        .await;
    if let (Some(attempt), Ok(true) | Err(_)) = (attempt, &matches) {
        attempt.take_back();
    }
    if !matches? {
        return Err(Denial::CredentialsWrong.into());
    }
    let (account, _) = known.ok_or(Denial::CredentialsWrong)?;
    if account.status == AccountStatus::Active {
        Ok(account)
    } else {
        Err(Denial::AccountInactive.into())
    }
}
