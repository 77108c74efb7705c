//! Service tokens of a PDS: whose key signed, and whether they were used before.

use std::sync::Arc;

use entryway_core::account::Account;
use entryway_identity::did::DidDocument;
use entryway_identity::resolve::DidUnresolved;
use entryway_oauth::service_token::{
    Expectation, HighS, InvalidServiceToken, ServiceMethod, ServiceToken, UnverifiedServiceToken,
};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::{Mark, Remembered};

use crate::app::App;
use crate::xrpc::Failure;

/// The account whose PDS calls: a token for this method of ours, signed with the account's key, for the first time.
pub(super) async fn verified(
    app: &App,
    token: &str,
    method: ServiceMethod,
    now: Timestamp,
) -> Result<Account, Failure> {
    let expected = Expectation {
        service: &app.config().service_did,
        method,
        now,
    };
    let unverified = UnverifiedServiceToken::parse(token, &expected).map_err(XrpcDenial::from)?;
    // before anything is fetched for it: a stranger's DID leads wherever they like
    let account = app.store().account(unverified.unverified_issuer()).await?;
    let account = account.ok_or(denied(InvalidServiceToken::Stranger))?;
    if app.fleet().host_of(&account).await?.is_none() {
        return Err(denied(InvalidServiceToken::Stranger).into());
    }
    let token = signed(app, &unverified).await?;
    let mark = Mark {
        digest: token.mark(),
        expires_at: token.expires_at(),
    };
    match app.store().remember_mark(mark, now).await? {
        Remembered::Fresh => Ok(account),
        Remembered::Replayed => Err(denied(InvalidServiceToken::Replayed).into()),
    }
}

/// The token, if the key of the account's DID document signed it: of the one that is kept, or of the one that is
/// there now, since keys change when accounts move.
async fn signed(app: &App, unverified: &UnverifiedServiceToken<'_>) -> Result<ServiceToken, XrpcDenial> {
    let (documents, did) = (app.did_documents(), unverified.unverified_issuer());
    let kept = documents.recent(did).await.map_err(|error| unresolved(&error))?;
    match checked(unverified, &kept) {
        Ok(token) => Ok(token),
        Err(fault) => match documents.anew(did).await.map_err(|error| unresolved(&error))? {
            Some(present) => checked(unverified, &present).map_err(XrpcDenial::from),
            None => Err(fault.into()),
        },
    }
}

fn checked(
    unverified: &UnverifiedServiceToken<'_>,
    document: &Arc<DidDocument>,
) -> Result<ServiceToken, InvalidServiceToken> {
    let key = document.signing_key().ok_or(InvalidServiceToken::Signature)?;
    // as the reference does (contract 2.1); nothing is lost, since a token counts once by its `jti`
    unverified.verify(&key.to_jwk(), HighS::Taken)
}

/// A DID without a document has no key; one whose document cannot be had may have.
fn unresolved(error: &DidUnresolved) -> XrpcDenial {
    tracing::info!(%error, "the key of a service token cannot be looked up");
    if error.is_temporary() {
        return XrpcDenial::DirectoryUnavailable;
    }
    denied(InvalidServiceToken::Signature)
}

const fn denied(fault: InvalidServiceToken) -> XrpcDenial {
    XrpcDenial::ServiceToken(fault)
}
