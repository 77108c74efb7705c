//! Operations of the PLC directory that a person has signed here, to take their account elsewhere (A9, A20, A21).

use std::net::IpAddr;

use entryway_core::account::Account;
use entryway_core::account_change::Why;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_identity::plc::{Operation, OverLimit, PlcChange, UnsignedOperation};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::EmailTokenSpending;

use super::codes;
use crate::app::App;
use crate::plc::{PlcClient, Registered};
use crate::xrpc::Failure;

/// Sends the code that has an operation signed.
///
/// # Errors
/// [`XrpcDenial::InvalidRequest`] for a `did:web`; as [`codes::send`] says.
pub(crate) async fn request_signature(app: &App, account: &Account, from: IpAddr) -> Result<(), Failure> {
    must_be_in_directory(account)?;
    codes::send(app, account, EmailTokenPurpose::PlcOperation, from).await
}

/// Signs the operation that makes these changes to what the directory has now. It is not sent: that is for whoever gets
/// it, who may look at it first.
///
/// The code is spent before anything else is tried, so that one letter never has two operations signed (A9).
///
/// # Errors
/// [`XrpcDenial::PlcTokenRequired`] without a code, and what is wrong with it. [`XrpcDenial::IncompatibleDidDoc`] for a DID
/// that has ended, or that names no key of ours any more; [`XrpcDenial::UnresolvableDid`];
/// [`XrpcDenial::DirectoryUnavailable`]; [`XrpcDenial::InvalidRequest`] for what no directory takes.
pub(crate) async fn sign(
    app: &App,
    account: &Account,
    typed_code: Option<&str>,
    change: PlcChange,
    now: Timestamp,
) -> Result<Operation, Failure> {
    must_be_in_directory(account)?;
    let typed_code = typed_code.filter(|code| !code.is_empty());
    let typed_code = typed_code.ok_or(XrpcDenial::PlcTokenRequired)?;
    let (did, purpose) = (&account.did, EmailTokenPurpose::PlcOperation);
    let code = codes::checked(app, did, purpose, typed_code, now).await?;
    match app.store().spend_email_token(did, purpose, code).await? {
        EmailTokenSpending::Spent => {}
        EmailTokenSpending::Gone => return Err(XrpcDenial::EmailTokenInvalid.into()),
    }
    let plc = PlcClient::new(app.outside().http.clone(), app.outside().plc.clone());
    let registered = plc.last(did).await.map_err(|fault| {
        tracing::warn!(account.did = %did, %fault, "no operation was signed");
        XrpcDenial::DirectoryUnavailable
    })?;
    let (last, data) = match registered {
        Registered::Live { last, data } => (last, data),
        Registered::Tombstoned => return Err(Why::DidEnded.denial().into()),
        Registered::Absent => return Err(XrpcDenial::UnresolvableDid.into()),
    };
    let key = &app.keys().plc_rotation;
    if !data.may_be_changed_by(&key.public_key()) {
        return Err(KEY_REMOVED.into());
    }
    let operation = UnsignedOperation::following(&last, data.changed(change)).sign(key);
    let fits = operation.fits();
    fits.map_err(|OverLimit(expected)| XrpcDenial::InvalidRequest { expected })?;
    tracing::info!(account.did = %did, plc.operation = %operation.cid(), "PLC operation signed");
    Ok(operation)
}

/// A person's own domain is theirs to change.
fn must_be_in_directory(account: &Account) -> Result<(), XrpcDenial> {
    if account.did.as_str().starts_with("did:plc:") {
        return Ok(());
    }
    Err(XrpcDenial::InvalidRequest {
        expected: "only a did:plc has operations to be signed, change a did:web where its document is",
    })
}

/// Contract 6, item 8.
const KEY_REMOVED: XrpcDenial = XrpcDenial::IncompatibleDidDoc {
    expected: "must list our rotation key, without it only its owner can sign an operation",
};
