//! Codes by e-mail: sent, and looked at when they come back.

use std::net::IpAddr;

use entryway_core::account::Account;
use entryway_core::email_token::{EmailToken, EmailTokenPurpose, check};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::EmailTokenKeeping;

use crate::app::App;
use crate::failure::Fault;
use crate::limits::AskedBy;
use crate::mail::Letter;
use crate::xrpc::Failure;

/// Sends a code to the address of the account, in the place of the one that was sent before for this purpose.
///
/// That one stays good until the letter has been taken. What was begun goes on where the caller does not wait for it.
///
/// # Errors
/// [`XrpcDenial::EmailMissing`]; [`XrpcDenial::RateLimitExceeded`]; [`XrpcDenial::LetterNotSent`], after which all is as
/// it was.
pub(crate) async fn send(
    app: &App,
    account: &Account,
    purpose: EmailTokenPurpose,
    from: IpAddr,
) -> Result<(), Failure> {
    let to = account.email.clone().ok_or(XrpcDenial::EmailMissing)?;
    let limits = app.letter_limits();
    limits
        .count(AskedBy::Owner, account.did.as_str(), from, app.now())
        .await?;
    let (app, account) = (app.clone(), account.clone());
    let delivered = tokio::spawn(async move { deliver(&app, &account, &to, purpose).await });
    let delivered = delivered.await;
    delivered.map_err(|error| Fault::because("sending a code", error))?
}

/// Does it, whoever waits.
pub(super) async fn deliver(
    app: &App,
    account: &Account,
    to: &str,
    purpose: EmailTokenPurpose,
) -> Result<(), Failure> {
    let (did, token) = (&account.did, EmailToken::from_entropy(app.chance().bytes()?));
    let letter = Letter::with_code(to, purpose, &token, &account.handle, app.issuer().host())?;
    hand_over(app, did, letter).await?;
    let digest = app.keys().email_tokens.digest(&token, purpose);
    let kept = app.store().keep_email_token(did, purpose, digest, to, app.now());
    match kept.await? {
        EmailTokenKeeping::Kept => {}
        // meanwhile; whoever reads the letter there has no business here any more
        EmailTokenKeeping::OtherAddress => return Err(XrpcDenial::LetterNotSent.into()),
        EmailTokenKeeping::Unknown => return Err(XrpcDenial::AccountGone.into()),
    }
    tracing::info!(account.did = %did, code.purpose = purpose.name(), "code sent");
    Ok(())
}

/// Gives a letter to whoever delivers it.
pub(super) async fn hand_over(app: &App, did: &Did, letter: Letter) -> Result<(), XrpcDenial> {
    app.post().send(letter).await.map_err(|fault| {
        tracing::warn!(account.did = %did, %fault, "a letter was not sent");
        XrpcDenial::LetterNotSent
    })
}

/// The digest of a code that was typed, if it is good: for the verb that does what it is for, and spends it.
///
/// # Errors
/// As [`check`] says.
pub(crate) async fn checked(
    app: &App,
    did: &Did,
    purpose: EmailTokenPurpose,
    typed: &str,
    now: Timestamp,
) -> Result<Digest, Failure> {
    let token = EmailToken::parse(typed)?;
    let digest = app.keys().email_tokens.digest(&token, purpose);
    let stored = app.store().email_token(did, purpose).await?;
    check(stored.as_ref(), digest, now)?;
    Ok(digest)
}
