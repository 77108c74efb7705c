//! `com.atproto.admin.updateSubjectStatus` and `com.atproto.admin.getSubjectStatus`: whether accounts may act, for an
//! administrator of ours.
//!
//! A PDS serves both itself and tells us nothing (contract 2.5); asked here, both sides change. Accounts only: records
//! and blobs are taken down where they are.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::Request;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use entryway_core::account::{Account, AccountStatus};
use entryway_oauth::form::Parameters;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;
use entryway_scope::Did;

use super::{Failure, administrator, body};
use crate::app::App;
use crate::life::status;

pub(super) const UPDATE: &str = "/xrpc/com.atproto.admin.updateSubjectStatus";
pub(super) const GET: &str = "/xrpc/com.atproto.admin.getSubjectStatus";

/// What both answer.
#[derive(Serialize)]
pub(super) struct SubjectStatus {
    subject: RepoRef,
    takedown: StatusAttribute,
    deactivated: StatusAttribute,
}

#[derive(Serialize)]
struct RepoRef {
    #[serde(rename = "$type")]
    kind: &'static str,
    did: Did,
}

/// As `com.atproto.admin.defs#statusAttr` has it.
#[derive(Serialize)]
struct StatusAttribute {
    applied: bool,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// What is to be; nothing of what is not said.
struct Wished {
    takedown: Option<(bool, Option<String>)>,
    deactivated: Option<bool>,
}

/// Answers once nothing acts for what is taken down; once the PDS agrees, of everything else.
pub(super) async fn update(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Json<SubjectStatus>, Failure> {
    let (parts, input) = body::input(request).await?;
    administrator::admit(&app, &parts).await?;
    let (did, wished) = (subject(&input)?, Wished::read(&input)?);
    let account = stored(&app, &did).await?;
    match wished.takedown {
        Some((true, reference)) => status::take_down(&app, &account, reference).await?,
        Some((false, _)) => status::restore(&app, &account).await?,
        None => {}
    }
    match wished.deactivated {
        Some(true) => status::deactivate(&app, &account).await?,
        Some(false) => status::activate(&app, &account).await?,
        None => {}
    }
    told(&app, &did).await
}

/// As it is here, which is also what its PDS is told.
pub(super) async fn get(State(app): State<App>, parts: Parts) -> Result<Json<SubjectStatus>, Failure> {
    administrator::admit(&app, &parts).await?;
    let query = parts.uri.query().unwrap_or_default();
    let asked = Parameters::from_form(query.as_bytes()).map_err(|_| XrpcDenial::InvalidRequest {
        expected: "each parameter must be there once",
    })?;
    if asked.optional("uri").is_some() || asked.optional("blob").is_some() {
        return Err(ACCOUNTS_ONLY.into());
    }
    let did = asked
        .optional("did")
        .ok_or(XrpcDenial::ParameterMissing { name: "did" })?;
    told(&app, &parsed(did)?).await
}

async fn stored(app: &App, did: &Did) -> Result<Account, Failure> {
    let account = app.store().account(did).await?;
    account.ok_or_else(|| XrpcDenial::AccountNotFound.into())
}

async fn told(app: &App, did: &Did) -> Result<Json<SubjectStatus>, Failure> {
    let account = stored(app, did).await?;
    let takedown = app.store().takedown(did).await?;
    Ok(Json(SubjectStatus {
        subject: RepoRef {
            kind: REPO_REF,
            did: account.did,
        },
        takedown: StatusAttribute {
            applied: account.status == AccountStatus::TakenDown,
            reference: takedown.and_then(|it| it.reference),
        },
        deactivated: StatusAttribute {
            applied: account.status == AccountStatus::Deactivated,
            reference: None,
        },
    }))
}

fn subject(input: &Input) -> Result<Did, XrpcDenial> {
    let subject = input.value("subject").and_then(Value::as_object);
    let subject = subject.ok_or(XrpcDenial::ParameterMissing { name: "subject" })?;
    if subject.get("$type").and_then(Value::as_str) != Some(REPO_REF) {
        return Err(ACCOUNTS_ONLY);
    }
    let did = subject.get("did").and_then(Value::as_str);
    parsed(did.ok_or(XrpcDenial::ParameterMissing { name: "did" })?)
}

fn parsed(did: &str) -> Result<Did, XrpcDenial> {
    Did::parse(did).map_err(|_| XrpcDenial::ParameterInvalid {
        name: "did",
        expected: "must be a DID",
    })
}

impl Wished {
    fn read(input: &Input) -> Result<Self, XrpcDenial> {
        let takedown = attribute(input, "takedown")?;
        let deactivated = attribute(input, "deactivated")?.map(|(applied, _)| applied);
        if matches!((&takedown, deactivated), (Some((true, _)), Some(false))) {
            return Err(XrpcDenial::InvalidRequest {
                expected: "an account must not be taken down and activated at once",
            });
        }
        Ok(Self {
            takedown,
            deactivated,
        })
    }
}

fn attribute(input: &Input, name: &'static str) -> Result<Option<(bool, Option<String>)>, XrpcDenial> {
    let invalid = |expected| XrpcDenial::ParameterInvalid { name, expected };
    let Some(value) = input.value(name) else {
        return Ok(None);
    };
    let applied = value.get("applied").and_then(Value::as_bool);
    let applied = applied.ok_or(invalid("must have applied, true or false"))?;
    let reference = match value.get("ref") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.len() <= REFERENCE_BYTES_MAX => Some(text.clone()),
        Some(_) => return Err(invalid("must have a ref of 512 bytes at most, if any")),
    };
    Ok(Some((applied, reference)))
}

const REPO_REF: &str = "com.atproto.admin.defs#repoRef";
const ACCOUNTS_ONLY: XrpcDenial = XrpcDenial::InvalidRequest {
    expected: "subject must be a com.atproto.admin.defs#repoRef, anything else is taken down on its PDS",
};
/// What an operator calls a case: a line, not a report.
const REFERENCE_BYTES_MAX: usize = 512;
