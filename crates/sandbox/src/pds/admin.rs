//! What an entryway makes of the accounts here, by the password of the administrator (contract section 2.5).
//!
//! Nothing of this is for moderation services, which a PDS may have besides.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entryway_identity::plc::{Operation, PlcData};
use entryway_scope::{Did, Handle};
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::Pds;
use super::accounts::{AtIdentifier, Entry, Standing};
use crate::journal::settle;
use crate::names::Claim;
use crate::outbound;
use crate::xrpc::{Failure, Input, Params};

/// Somebody who knows the password.
pub(super) struct Administrator;

impl FromRequestParts<Pds> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, pds: &Pds) -> Result<Self, Failure> {
        let presented = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|credentials| STANDARD.decode(credentials).ok());
        let expected = format!("admin:{}", pds.settings().admin_password.0);
        if presented.is_some_and(|presented| presented == expected.as_bytes()) {
            return Ok(Self);
        }
        Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "AuthenticationRequired",
            "expected the credentials of the administrator",
        ))
    }
}

/// `com.atproto.admin.updateAccountHandle`: the directory is told before.
pub(super) async fn update_account_handle(
    State(pds): State<Pds>,
    _: Administrator,
    mut input: Input,
) -> Result<(), Failure> {
    let did = input.required::<Did>("did")?;
    let handle = input
        .required::<Handle>("handle")
        .map_err(|fault| fault.renamed("InvalidHandle"))?;
    check_label(&handle)?;
    let _turn = pds.turn(&did).await;
    let data = pds.registered(&did).await?;
    if data.also_known_as.first() != Some(&format!("at://{handle}")) {
        return Err(Failure::invalid_request("Handle does not match DID doc"));
    }
    let _naming = pds.0.naming.lock().await;
    let old = {
        let state = pds.state();
        let account = state.accounts.by_did(&did);
        let account = account.filter(|account| account.standing.takedown.is_none());
        let account = account.ok_or_else(|| no_account(&did))?;
        let holder = state.accounts.find(&AtIdentifier::Handle(handle.clone()));
        if holder.is_some_and(|(holder, _)| *holder != did) {
            return Err(taken());
        }
        account.handle.clone()
    };
    if pds.0.names.claim(&handle, &did) == Claim::Taken {
        return Err(taken());
    }
    if old != handle {
        pds.0.names.release(&old, &did);
    }
    let pds = pds.clone();
    settle(move || pds.state().store(Entry::Handle { did, handle })).await?;
    Ok(())
}

/// `com.atproto.admin.updateSubjectStatus`, of accounts only.
pub(super) async fn update_subject_status(
    State(pds): State<Pds>,
    _: Administrator,
    mut input: Input,
) -> Result<Json<Value>, Failure> {
    let subject = input.object("subject")?;
    let did = subject_did(&subject)?;
    let (takedown, deactivated) = (
        change(&mut input, "takedown")?,
        change(&mut input, "deactivated")?,
    );
    let _turn = pds.turn(&did).await;
    if deactivated.as_ref().is_some_and(|change| !change.applied) {
        pds.check_ready_to_act(&did).await?;
    }
    let mut standing = {
        let state = pds.state();
        let account = state.accounts.by_did(&did).ok_or_else(|| no_account(&did))?;
        account.standing.clone()
    };
    if let Some(change) = &takedown {
        standing.takedown = change
            .applied
            .then(|| change.reference.clone().unwrap_or_default());
    }
    if let Some(change) = &deactivated {
        standing.deactivated = change.applied;
    }
    let pds = pds.clone();
    settle(move || pds.state().store(Entry::Standing { did, standing })).await?;
    Ok(Json(json!({ "subject": subject })))
}

/// `com.atproto.admin.getSubjectStatus`, of accounts only.
pub(super) async fn get_subject_status(
    State(pds): State<Pds>,
    _: Administrator,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let did = params.required::<Did>("did")?;
    let state = pds.state();
    let account = state
        .accounts
        .by_did(&did)
        .ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "NotFound", "Subject not found"))?;
    let Standing {
        deactivated,
        takedown,
    } = &account.standing;
    Ok(Json(json!({
        "subject": { "$type": REPO, "did": did },
        "takedown": { "applied": takedown.is_some(), "ref": takedown },
        "deactivated": { "applied": deactivated },
    })))
}

/// `com.atproto.admin.deleteAccount`: what is gone stays gone. The DID is the entryway's to end.
pub(super) async fn delete_account(
    State(pds): State<Pds>,
    _: Administrator,
    mut input: Input,
) -> Result<(), Failure> {
    let did = input.required::<Did>("did")?;
    let _turn = pds.turn(&did).await;
    let handle = pds
        .state()
        .accounts
        .by_did(&did)
        .map(|account| account.handle.clone());
    let Some(handle) = handle else { return Ok(()) };
    pds.0.names.release(&handle, &did);
    let pds = pds.clone();
    settle(move || pds.state().store(Entry::Deleted { did })).await?;
    Ok(())
}

impl Pds {
    /// Whether the directory still says what an account needs to act here.
    async fn check_ready_to_act(&self, did: &Did) -> Result<(), Failure> {
        let data = self.registered(did).await?;
        let settings = self.settings();
        if !data
            .rotation_keys
            .contains(&settings.entryway_rotation_key.to_did_key())
        {
            return Err(Failure::invalid_request(
                "Server rotation key not included in PLC DID data",
            ));
        }
        if data.pds_endpoint() != Some(&settings.origin) {
            return Err(Failure::invalid_request(
                "DID document atproto_pds service endpoint does not match PDS public url",
            ));
        }
        let state = self.state();
        let account = state.accounts.by_did(did).ok_or_else(|| no_account(did))?;
        let key = account.signing_key.0.public_key().to_did_key();
        if data.signing_key() == Some(key.as_str()) {
            return Ok(());
        }
        Err(Failure::invalid_request(
            "DID document verification method does not match expected signing key",
        ))
    }

    /// What the directory says of a DID now.
    async fn registered(&self, did: &Did) -> Result<PlcData, Failure> {
        let settings = self.settings();
        let url = format!("{}/{did}/log/last", settings.plc);
        let answer = match settings.http.get(url).send().await {
            Ok(answer) => outbound::json(answer).await,
            Err(_) => None,
        };
        let last = answer.and_then(|last| serde_json::from_value::<Operation>(last).ok());
        last.and_then(|last| last.data().cloned())
            .ok_or_else(|| Failure::invalid_request("Could not resolve DID"))
    }
}

/// An attribute of a status, and whether it is to apply.
struct Change {
    applied: bool,
    reference: Option<String>,
}

fn change(input: &mut Input, name: &'static str) -> Result<Option<Change>, Failure> {
    let Some(change) = input.value(name) else {
        return Ok(None);
    };
    let applied = change["applied"]
        .as_bool()
        .ok_or_else(|| Failure::invalid_request(format!("{name}: expected applied, true or false")))?;
    let reference = change["ref"].as_str().map(str::to_owned);
    Ok(Some(Change { applied, reference }))
}

fn subject_did(subject: &Map<String, Value>) -> Result<Did, Failure> {
    let is_account = subject.get("$type").and_then(Value::as_str) == Some(REPO);
    let did = subject.get("did").and_then(Value::as_str);
    did.filter(|_| is_account)
        .and_then(|did| Did::parse(did).ok())
        .ok_or_else(|| Failure::invalid_request("subject: expected an account"))
}

/// The rules of the domain that is this PDS's own.
fn check_label(handle: &Handle) -> Result<(), Failure> {
    let Some(label) = handle.as_str().strip_suffix(".test") else {
        return Ok(());
    };
    let refused = |message| Err(Failure::new(StatusCode::BAD_REQUEST, "InvalidHandle", message));
    match label.len() {
        _ if label.contains('.') => refused("Invalid characters in handle"),
        0..3 => refused("Handle too short"),
        3..=18 => Ok(()),
        _ => refused("Handle too long"),
    }
}

fn taken() -> Failure {
    let message = "handle: it is taken";
    Failure::new(StatusCode::BAD_REQUEST, "HandleNotAvailable", message)
}

fn no_account(did: &Did) -> Failure {
    Failure::invalid_request(format!("Account not found: {did}"))
}

const REPO: &str = "com.atproto.admin.defs#repoRef";
