//! `com.atproto.admin.updateAccountEmail` and `updateAccountPassword`: what an operator does for whoever lost both.
//!
//! By an administrator of ours for each account, and by that of a PDS for those that live there (contract 2.2).

use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};

use entryway_core::account::{Account, Identifier};
use entryway_core::email::EmailAddress;
use entryway_core::password::NewPassword;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;

use super::{Failure, administrator, body};
use crate::app::App;
use crate::life;

/// Where an account gets another address.
pub(super) const EMAIL: &str = "/xrpc/com.atproto.admin.updateAccountEmail";
/// Where it gets another password.
pub(super) const PASSWORD: &str = "/xrpc/com.atproto.admin.updateAccountPassword";

pub(super) async fn email(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let name = "account";
    let named = input.text(name).ok().flatten().and_then(Identifier::parse);
    // an address is no name here
    let named = named.filter(|named| !matches!(named, Identifier::Email(_)));
    let account = match &named {
        Some(named) => app.store().account_for_sign_in(named).await?,
        None => None,
    };
    let account = account.map(|(account, _)| account);
    administrator::admit_for(&app, &parts, account.as_ref()).await?;
    input.required_text(name)?;
    let expected = "must be a handle or a DID";
    named.ok_or(XrpcDenial::ParameterInvalid { name, expected })?;
    let email = EmailAddress::parse(input.required_text("email")?)?;
    let account = account.ok_or(XrpcDenial::AccountNotFound)?;
    life::email::put(&app, &account, &email, app.now()).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn password(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    let name = "did";
    let named = input
        .text(name)
        .ok()
        .flatten()
        .and_then(|text| Did::parse(text).ok());
    let account: Option<Account> = match &named {
        Some(did) => app.store().account(did).await?,
        None => None,
    };
    administrator::admit_for(&app, &parts, account.as_ref()).await?;
    input.required_text(name)?;
    let expected = "must be a DID";
    named.ok_or(XrpcDenial::ParameterInvalid { name, expected })?;
    let password = NewPassword::parse(input.required_text("password")?)?;
    let account = account.ok_or(XrpcDenial::AccountNotFound)?;
    life::password::put(&app, &account, &password).await?;
    Ok(StatusCode::OK)
}
