//! The address of an account: confirmed, changed, and asked for at sign-in.

use std::net::IpAddr;

use entryway_core::account::Account;
use entryway_core::email::EmailAddress;
use entryway_core::email_change::{AddressWarrant, EmailStep, EmailUpdate, decide, takes_code, unconfirmed};
use entryway_core::email_token::EmailTokenPurpose;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::{AuthFactorChange, EmailChange, EmailConfirmation};

use super::codes;
use crate::app::App;
use crate::xrpc::Failure;

/// Sends a code that confirms the account's address.
///
/// # Errors
/// As [`codes::send`] says.
pub(crate) async fn request_confirmation(app: &App, account: &Account, from: IpAddr) -> Result<(), Failure> {
    codes::send(app, account, EmailTokenPurpose::ConfirmEmail, from).await
}

/// Confirms the account's address with a code that was sent there.
///
/// # Errors
/// [`XrpcDenial::InvalidEmail`] for another address than the account's; what is wrong with the code.
pub(crate) async fn confirm(
    app: &App,
    account: &Account,
    typed_email: &str,
    typed_code: &str,
    now: Timestamp,
) -> Result<(), Failure> {
    let email = EmailAddress::parse(typed_email).map_err(|_| XrpcDenial::InvalidEmail)?;
    if account.email.as_deref() != Some(email.as_str()) {
        return Err(XrpcDenial::InvalidEmail.into());
    }
    let purpose = EmailTokenPurpose::ConfirmEmail;
    let code = codes::checked(app, &account.did, purpose, typed_code, now).await?;
    match app.store().confirm_email(&account.did, &email, code, now).await? {
        EmailConfirmation::Confirmed => {}
        EmailConfirmation::OtherAddress => return Err(XrpcDenial::InvalidEmail.into()),
        EmailConfirmation::TokenGone => return Err(XrpcDenial::EmailTokenInvalid.into()),
    }
    tracing::info!(account.did = %account.did, "address confirmed");
    Ok(())
}

/// Sends a code that lets the address be changed, and says so; nothing where it takes none, since nobody confirmed the
/// present address.
///
/// # Errors
/// As [`codes::send`] says.
pub(crate) async fn request_update(app: &App, account: &Account, from: IpAddr) -> Result<bool, Failure> {
    let takes_code = takes_code(account);
    if takes_code {
        codes::send(app, account, EmailTokenPurpose::UpdateEmail, from).await?;
    }
    Ok(takes_code)
}

/// What is asked of [`update`], as it was typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypedUpdate<'a> {
    /// The address, which may be the present one.
    pub(crate) email: &'a str,
    /// The code, if there is one.
    pub(crate) code: Option<&'a str>,
    /// Whether signing in is to take a code, if that is said.
    pub(crate) auth_factor: Option<bool>,
}

/// Gives the account another address, or another second factor.
///
/// # Errors
/// As [`decide`] says; [`XrpcDenial::EmailUnsupported`]; [`XrpcDenial::EmailTaken`]; what is wrong with the code.
pub(crate) async fn update(
    app: &App,
    account: &Account,
    typed: TypedUpdate<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    let did = &account.did;
    let email = EmailAddress::parse(typed.email)?;
    let code = match typed.code.filter(|code| !code.is_empty()) {
        Some(code) => Some(codes::checked(app, did, EmailTokenPurpose::UpdateEmail, code, now).await?),
        None => None,
    };
    let asked = EmailUpdate {
        email,
        code,
        auth_factor: typed.auth_factor,
    };
    let store = app.store();
    match decide(account, &asked)? {
        EmailStep::Nothing => return Ok(()),
        EmailStep::AskAuthFactor => factor(store.ask_auth_factor(did).await?)?,
        EmailStep::DropAuthFactor(code) => factor(store.drop_auth_factor(did, code).await?)?,
        EmailStep::ChangeAddress(warrant) => {
            return change(app, account, &asked.email, warrant, now).await;
        }
    }
    tracing::info!(account.did = %did, asked = typed.auth_factor, "second factor changed");
    Ok(())
}

/// Gives the account another address by the operator's word.
///
/// # Errors
/// [`XrpcDenial::EmailTaken`].
pub(crate) async fn put(
    app: &App,
    account: &Account,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<(), Failure> {
    change(app, account, email, AddressWarrant::Operator, now).await
}

async fn change(
    app: &App,
    account: &Account,
    email: &EmailAddress,
    warrant: AddressWarrant,
    now: Timestamp,
) -> Result<(), Failure> {
    let changed = app.store().change_email(&account.did, email, warrant, now);
    match changed.await? {
        EmailChange::Changed | EmailChange::Current => {}
        EmailChange::Taken => return Err(XrpcDenial::EmailTaken.into()),
        EmailChange::TokenGone => return Err(XrpcDenial::EmailTokenInvalid.into()),
        EmailChange::Confirmed => return Err(XrpcDenial::EmailTokenRequired.into()),
        EmailChange::Unknown => return Err(XrpcDenial::AccountGone.into()),
    }
    tracing::info!(account.did = %account.did, "address changed");
    Ok(())
}

fn factor(changed: AuthFactorChange) -> Result<(), XrpcDenial> {
    match changed {
        AuthFactorChange::Changed => Ok(()),
        AuthFactorChange::EmailUnconfirmed => Err(unconfirmed()),
        AuthFactorChange::TokenGone => Err(XrpcDenial::EmailTokenInvalid),
        AuthFactorChange::Unknown => Err(XrpcDenial::AccountGone),
    }
}
