//! A letter in an operator's own words.

use std::net::IpAddr;

use entryway_core::account::Account;
use entryway_core::message::Message;
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::codes;
use crate::app::App;
use crate::limits::AskedBy;
use crate::mail::Letter;
use crate::xrpc::Failure;

/// Sends it to the address of the account.
///
/// # Errors
/// [`XrpcDenial::EmailMissing`]; [`XrpcDenial::RateLimitExceeded`]; [`XrpcDenial::LetterNotSent`].
pub(crate) async fn send(
    app: &App,
    account: &Account,
    message: &Message,
    from: IpAddr,
) -> Result<(), Failure> {
    let to = account.email.as_deref().ok_or(XrpcDenial::EmailMissing)?;
    let limits = app.letter_limits();
    limits
        .count(AskedBy::Operator, account.did.as_str(), from, app.now())
        .await?;
    let letter = Letter::with_message(to, message, &account.handle, app.issuer().host())?;
    codes::hand_over(app, &account.did, letter).await?;
    tracing::info!(account.did = %account.did, "message sent");
    Ok(())
}
