//! Making app passwords, for `createAppPassword` and for the page.

use entryway_core::app_password::{
    AppPassword, AppPasswordEntry, AppPasswordKind, AppPasswordName, name_taken, too_many,
};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::AppPasswordCreation;

use crate::app::App;
use crate::xrpc::Failure;

/// A new password of an app, and what stays of it.
pub(crate) struct Made {
    pub(crate) password: AppPassword,
    pub(crate) entry: AppPasswordEntry,
}

/// Makes one of this name. That it is the account's owner who asks is the caller's care.
///
/// # Errors
/// Those of [`AppPasswordName::parse`]; [`name_taken`], [`too_many`]; [`XrpcDenial::AccountGone`].
pub(crate) async fn make(
    app: &App,
    did: &Did,
    name: &str,
    kind: AppPasswordKind,
    now: Timestamp,
) -> Result<Made, Failure> {
    let entry = AppPasswordEntry {
        name: AppPasswordName::parse(name)?,
        kind,
        created_at: now,
    };
    let password = AppPassword::from_entropy(app.chance().bytes()?);
    let created = app.store().create_app_password(did, &entry, password.digest(did));
    match created.await? {
        AppPasswordCreation::Created => {}
        AppPasswordCreation::NameTaken => return Err(name_taken().into()),
        AppPasswordCreation::TooMany => return Err(too_many().into()),
        AppPasswordCreation::Unknown => return Err(XrpcDenial::AccountGone.into()),
    }
    tracing::info!(account.did = %did, "app password made");
    Ok(Made { password, entry })
}
