//! Service tokens: whose key signed, and whether they were used before.

use std::sync::Arc;

use entryway_core::account::Account;
use entryway_identity::did::{DidDocument, PublicKey};
use entryway_identity::plc::PlcData;
use entryway_identity::resolve::DidUnresolved;
use entryway_oauth::service_token::{
    Expectation, HighS, InvalidServiceToken, Purpose, ServiceMethod, ServiceToken, UnverifiedServiceToken,
};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::{Mark, Remembered};

use crate::app::App;
use crate::failure::Fault;
use crate::xrpc::Failure;

/// The account whose PDS calls: a token for this method of ours, signed with the account's key, for the first time.
pub(super) async fn verified(
    app: &App,
    token: &str,
    method: ServiceMethod,
    now: Timestamp,
) -> Result<Account, Failure> {
    let unverified = read(app, token, Purpose::Call(method), now)?;
    // before anything is fetched for it: a stranger's DID leads wherever they like
    let account = app.store().account(unverified.unverified_issuer()).await?;
    let account = account.ok_or(denied(InvalidServiceToken::Stranger))?;
    if app.fleet().host_of(&account).await?.is_none() {
        return Err(denied(InvalidServiceToken::Stranger).into());
    }
    let token = signed(app, &unverified).await?;
    spend(app, &token, now).await?;
    Ok(account)
}

/// The DID that somebody brings who moves here (A7, A18): a token for that alone, signed with the key of the DID, for
/// the first time.
///
/// Whoever began before, and comes back once the DID was moved, has tokens by its former key only: that counts too.
///
/// # Errors
/// [`XrpcDenial::ServiceToken`] and [`XrpcDenial::AudienceIsUrl`]; [`XrpcDenial::DirectoryUnavailable`].
pub(crate) async fn arriving(app: &App, token: &str, now: Timestamp) -> Result<Did, Failure> {
    let unverified = read(app, token, Purpose::Arrival, now)?;
    let token = match signed(app, &unverified).await {
        Err(XrpcDenial::ServiceToken(InvalidServiceToken::Signature)) => {
            let former = former_key(app, unverified.unverified_issuer()).await?;
            let former = former.ok_or(denied(InvalidServiceToken::Signature))?;
            unverified
                .verify(&former.to_jwk(), HighS::Taken)
                .map_err(denied)?
        }
        signed => signed?,
    };
    spend(app, &token, now).await?;
    Ok(token.account().clone())
}

/// The key that a DID had before it was on its way here.
async fn former_key(app: &App, did: &Did) -> Result<Option<PublicKey>, Fault> {
    let Some(arrival) = app.store().arrival(did).await?.and_then(|it| it.request.arrival) else {
        return Ok(None);
    };
    let before: PlcData = serde_json::from_str(&arrival.before)
        .map_err(|error| Fault::because("what a DID said before it came", error))?;
    Ok(before
        .signing_key()
        .and_then(|key| PublicKey::from_did_key(key).ok()))
}

/// A token that claims the right things. Whose it is, is not looked at.
fn read<'a>(
    app: &App,
    token: &'a str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<UnverifiedServiceToken<'a>, XrpcDenial> {
    let service = &app.config().service_did;
    let expected = Expectation {
        service,
        purpose,
        now,
    };
    UnverifiedServiceToken::parse(token, &expected)
        .map_err(|fault| XrpcDenial::of_service_token(fault, service))
}

/// A token counts once.
async fn spend(app: &App, token: &ServiceToken, now: Timestamp) -> Result<(), Failure> {
    let mark = Mark {
        digest: token.mark(),
        expires_at: token.expires_at(),
    };
    match app.store().remember_mark(mark, now).await? {
        Remembered::Fresh => Ok(()),
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
            Some(present) => checked(unverified, &present).map_err(denied),
            None => Err(denied(fault)),
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
