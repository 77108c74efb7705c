//! Whether a name and a password open an account: pages and `createSession` ask by the same rules and limits.

use std::net::IpAddr;

use entryway_core::account::{Account, Identifier};
use entryway_core::app_password::AppPassword;
use entryway_core::legacy_session::Credential;
use entryway_core::password::PresentedPassword;

use crate::app::App;
use crate::limits::Attempt;
use crate::password::Unchecked;

/// Whether the password of an app counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppPasswords {
    /// It does.
    Taken,
    /// It does not: on pages (D11).
    Refused,
}

/// What was found of a name and a password.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The account of that name, whether or not the password is right.
    pub(crate) account: Option<Account>,
    /// What the password is.
    pub(crate) credential: Credential,
    /// Counts as failed until it is taken back.
    pub(crate) attempt: Attempt,
}

/// Looks a name and a password up.
///
/// Unknown names and wrong passwords take the same look-ups and the same hashing, so the same time.
pub(crate) async fn check(
    app: &App,
    typed: &str,
    password: &PresentedPassword,
    app_passwords: AppPasswords,
    address: IpAddr,
) -> Result<Checked, Unchecked> {
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
    let attempt = app.limits().begin(name, address, app.now()).await?;
    let credential = match credential(app, known.as_ref(), password, app_passwords).await {
        Ok(credential) => credential,
        Err(unchecked) => {
            // our fault, and held against nobody
            attempt.take_back(app.now()).await;
            return Err(unchecked);
        }
    };
    Ok(Checked {
        account: known.map(|(account, _)| account),
        credential,
        attempt,
    })
}

type Known = (Account, entryway_core::account::PasswordHash);

async fn credential(
    app: &App,
    known: Option<&Known>,
    password: &PresentedPassword,
    app_passwords: AppPasswords,
) -> Result<Credential, Unchecked> {
    let shape = AppPassword::parse(password.expose());
    if let Some(shape) = shape.filter(|_| app_passwords == AppPasswords::Taken) {
        // nobody has an account with the DID of this service: a look-up that takes as long
        let did = known.map_or(&app.config().service_did, |(account, _)| &account.did);
        if let Some(found) = app.store().app_password(did, shape.digest(did)).await? {
            let (name, kind) = (found.name, found.kind);
            return Ok(Credential::AppPassword { name, kind });
        }
    }
    let hash = known.map(|(_, hash)| hash);
    Ok(if app.passwords().verify(password, hash).await? {
        Credential::AccountPassword
    } else {
        Credential::Wrong
    })
}
