//! The end of an account.

use std::net::IpAddr;

use entryway_core::account::Account;
use entryway_core::account_change::Kind;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::legacy_session::Credential;
use entryway_core::password::PresentedPassword;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::DeletionBegin;

use super::{Changes, codes};
use crate::app::App;
use crate::credentials::{self, AppPasswords};
use crate::xrpc::Failure;

/// Sends the code that deletes the account.
///
/// # Errors
/// As [`codes::send`] says.
pub(crate) async fn request(app: &App, account: &Account, from: IpAddr) -> Result<(), Failure> {
    codes::send(app, account, EmailTokenPurpose::DeleteAccount, from).await
}

/// Deletes the account, here and on its PDS. Its DID stays its person's, who may have a key to it.
///
/// The password is that of the account, never an app's; the code is from the letter of
/// `com.atproto.server.requestAccountDelete`. From the first moment on there is nothing left to sign in to, so that
/// whoever asks again while the PDS has not heard of it knows enough by the DID.
///
/// # Errors
/// [`XrpcDenial::DidOrPasswordWrong`] for an unknown account and a wrong password, in the same time;
/// [`XrpcDenial::EmailTokenInvalid`] and [`XrpcDenial::EmailTokenExpired`]; [`XrpcDenial::RateLimitExceeded`].
/// [`XrpcDenial::PdsUnavailable`] and its like where nothing is left here, and the reconciler tells the PDS.
pub(crate) async fn delete(
    app: &App,
    typed_did: &str,
    password: &PresentedPassword,
    typed_token: &str,
    address: IpAddr,
) -> Result<(), Failure> {
    let did = Did::parse(typed_did).map_err(|_| XrpcDenial::ParameterInvalid {
        name: "did",
        expected: "must be a DID",
    })?;
    let changes = Changes::of(app);
    let _turn = changes.turn(&did, Kind::Deletion).await?;
    let checked = credentials::check(app, did.as_str(), password, AppPasswords::Refused, address).await?;
    let under_way = app.store().account_change(&did, Kind::Deletion).await?;
    let held = match (checked.account, checked.credential, under_way) {
        (None, _, Some(found)) => changes.take_up_for_request(found).await?,
        (Some(_), Credential::AccountPassword, _) => {
            let now = app.now();
            let digest =
                codes::checked(app, &did, EmailTokenPurpose::DeleteAccount, typed_token, now).await?;
            match app.store().begin_deletion(&did, Some(digest), now).await? {
                DeletionBegin::Begun(record) => Some(record),
                DeletionBegin::Resumed(found) => changes.take_up_for_request(found).await?,
                DeletionBegin::UnderWay(other) => return Err(other.under_way(now).into()),
                DeletionBegin::TokenGone => return Err(XrpcDenial::EmailTokenInvalid.into()),
                DeletionBegin::Unknown => return Err(XrpcDenial::DidOrPasswordWrong.into()),
            }
        }
        _ => return Err(XrpcDenial::DidOrPasswordWrong.into()),
    };
    checked.attempt.take_back(app.now()).await;
    tracing::info!(account.did = %did, "account deleted");
    changes.finish(held.ok_or(super::changes::UNDER_WAY)?).await
}
