//! A password that was forgotten, or that an operator replaces.

use std::net::IpAddr;
use std::sync::Arc;

use entryway_core::account::{Account, Identifier};
use entryway_core::email::EmailAddress;
use entryway_core::email_token::{EmailToken, EmailTokenPurpose, check};
use entryway_core::password::NewPassword;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::{PasswordChange, PasswordReset};

use super::codes;
use crate::app::App;
use crate::limits::{AskedBy, TooMany};
use crate::xrpc::Failure;

/// Sends a code that lets a new password be chosen, if there is an account of this address.
///
/// Whoever asks learns nothing of that: the answer is the same and does not wait for the letter, and what becomes of
/// that is for the log.
///
/// # Errors
/// [`XrpcDenial::EmailUnsupported`] for what is no address; [`XrpcDenial::RateLimitExceeded`], by what was typed.
pub(crate) async fn request_reset(app: &App, typed: &str, from: IpAddr) -> Result<(), Failure> {
    let email = EmailAddress::parse(typed)?;
    let limits = app.letter_limits();
    limits
        .count(AskedBy::Stranger, email.as_str(), from, app.now())
        .await?;
    let place = Arc::clone(app.letters_under_way()).try_acquire_owned();
    let place = place.map_err(|_| XrpcDenial::from(TOO_MANY_UNDER_WAY))?;
    let identifier = Identifier::Email(email.to_string());
    let known = app.store().account_for_sign_in(&identifier).await?;
    let app = app.clone();
    tokio::spawn(async move {
        let _held = place;
        let Some((account, _)) = known else {
            return tracing::info!("a new password was asked for at an address of no account");
        };
        let purpose = EmailTokenPurpose::ResetPassword;
        let delivered = codes::deliver(&app, &account, email.as_str(), purpose).await;
        if let Err(Failure::Fault(fault)) = delivered {
            tracing::error!(account.did = %account.did, fault = format!("{fault:#}"), "a letter was not sent");
        }
    });
    Ok(())
}

/// Puts a new password in the place of the one that was forgotten, and ends all that the old one began. The account is
/// the one that the code was sent to.
///
/// # Errors
/// [`XrpcDenial::InvalidPassword`], with which the code stays good; what is wrong with the code, of which an address may
/// try a few.
pub(crate) async fn reset(
    app: &App,
    typed_code: &str,
    typed_password: &str,
    from: IpAddr,
) -> Result<(), Failure> {
    let password = NewPassword::parse(typed_password)?;
    let attempt = app.limits().begin(LIMITED_AS, from, app.now()).await?;
    let (purpose, now) = (EmailTokenPurpose::ResetPassword, app.now());
    let digest = app
        .keys()
        .email_tokens
        .digest(&EmailToken::parse(typed_code)?, purpose);
    let stored = app.store().email_token_by_digest(digest, purpose).await?;
    check(stored.as_ref().map(|(_, token)| token), digest, now)?;
    let hash = app.passwords().hash(&password).await?;
    match app.store().reset_password(digest, &hash, now).await? {
        PasswordReset::Reset(did) => tracing::info!(account.did = %did, "password reset"),
        PasswordReset::TokenGone => return Err(XrpcDenial::EmailTokenInvalid.into()),
    }
    attempt.take_back(app.now()).await;
    Ok(())
}

/// Does the same by the operator's word.
///
/// # Errors
/// [`XrpcDenial::AccountNotFound`].
pub(crate) async fn put(app: &App, account: &Account, password: &NewPassword) -> Result<(), Failure> {
    let hash = app.passwords().hash(password).await?;
    let did: &Did = &account.did;
    match app.store().change_password(did, &hash, app.now()).await? {
        PasswordChange::Changed => {}
        PasswordChange::Unknown => return Err(XrpcDenial::AccountNotFound.into()),
    }
    tracing::info!(account.did = %did, "password replaced by an operator");
    Ok(())
}

/// No handle, DID or address that a person could have.
const LIMITED_AS: &str = "password reset";
const TOO_MANY_UNDER_WAY: TooMany = TooMany {
    retry_after_seconds: 5,
};
