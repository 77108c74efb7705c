//! Invite codes: made and withdrawn by administrators, listed for them and for whose they are (contract 2.4).
//!
//! A PDS that delegates to us refuses these methods in our favour.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::request::Parts;
use http::{Request, StatusCode};
use serde::Serialize;

use entryway_core::invite::{Invite, InviteCode, InviteOrder};
use entryway_oauth::form::Parameters;
use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;
use entryway_scope::Did;
use entryway_store::{INVITES_PAGE, InviteCreation};

use super::caller::Caller;
use super::datetime::datetime;
use super::{Failure, administrator, body};
use crate::app::App;
use crate::failure::Fault;

pub(super) const CREATE: &str = "/xrpc/com.atproto.server.createInviteCode";
pub(super) const CREATE_SEVERAL: &str = "/xrpc/com.atproto.server.createInviteCodes";
pub(super) const OF_ACCOUNT: &str = "/xrpc/com.atproto.server.getAccountInviteCodes";
pub(super) const DISABLE: &str = "/xrpc/com.atproto.admin.disableInviteCodes";
pub(super) const LIST: &str = "/xrpc/com.atproto.admin.getInviteCodes";

/// Whose a code is that was made for nobody, and who makes them.
const ADMIN: &str = "admin";
/// Names in one request: codes to withdraw, or accounts to make codes for.
const NAMED_MAX: usize = 1000;
/// Codes told of one account; an operator gives nobody more.
const TOLD_MAX: usize = 1000;

#[derive(Serialize)]
pub(super) struct Created {
    code: InviteCode,
}

#[derive(Serialize)]
pub(super) struct CreatedSeveral {
    codes: Vec<CreatedFor>,
}

#[derive(Serialize)]
struct CreatedFor {
    account: String,
    codes: Vec<InviteCode>,
}

/// An invite as `com.atproto.server.defs#inviteCode` has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    code: InviteCode,
    /// How many may sign up with it altogether: clients take the uses off themselves.
    available: u32,
    disabled: bool,
    for_account: String,
    created_by: String,
    created_at: String,
    uses: Vec<ToldUse>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldUse {
    used_by: Did,
    used_at: String,
}

#[derive(Serialize)]
pub(super) struct Codes {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<InviteCode>,
    codes: Vec<Told>,
}

impl Told {
    fn of(invite: Invite) -> Self {
        let uses = invite.uses.into_iter().map(|used| ToldUse {
            used_by: used.used_by,
            used_at: datetime(used.used_at),
        });
        Self {
            uses: uses.collect(),
            code: invite.code,
            available: invite.uses_max,
            disabled: invite.disabled,
            for_account: invite.for_account,
            created_by: invite.created_by,
            created_at: datetime(invite.created_at),
        }
    }
}

/// `createInviteCode`: one code, for an account or for whoever gets it.
pub(super) async fn create(State(app): State<App>, request: Request<Body>) -> Result<Json<Created>, Failure> {
    let (parts, input) = body::input(request).await?;
    administrator::admit(&app, &parts).await?;
    let order = InviteOrder::parse(1, uses(&input)?)?;
    let account = input.text("forAccount")?.map(account).transpose()?;
    let made = make(&app, &[account.unwrap_or_else(|| ADMIN.to_owned())], order).await?;
    let code = made.into_iter().flat_map(|made| made.codes).next();
    let code = code.ok_or(Fault::new("an order of one invite code made none"))?;
    Ok(Json(Created { code }))
}

/// `createInviteCodes`: several codes, for each of several accounts.
pub(super) async fn create_several(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Json<CreatedSeveral>, Failure> {
    let (parts, input) = body::input(request).await?;
    administrator::admit(&app, &parts).await?;
    let order = InviteOrder::parse(input.integer("codeCount")?.unwrap_or(1), uses(&input)?)?;
    let accounts = named(&input, "forAccounts")?.into_iter().map(account);
    let mut accounts: Vec<String> = accounts.collect::<Result<_, _>>()?;
    if accounts.is_empty() {
        accounts.push(ADMIN.to_owned());
    }
    let codes = make(&app, &accounts, order).await?;
    Ok(Json(CreatedSeveral { codes }))
}

/// `getAccountInviteCodes`: those of the caller. None is made here: accounts get theirs from an administrator.
pub(super) async fn of_account(State(app): State<App>, parts: Parts) -> Result<Json<Codes>, Failure> {
    let asked = parameters(&parts)?;
    let include_used = match asked.optional("includeUsed") {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => {
            let (name, expected) = ("includeUsed", "must be true or false");
            return Err(XrpcDenial::ParameterInvalid { name, expected }.into());
        }
    };
    let caller = Caller::of(&app, &parts, ServiceMethod::GetAccountInviteCodes, app.now()).await?;
    let did = caller.account.did.as_str();
    let mut codes: Vec<Invite> = Vec::new();
    while codes.len() < TOLD_MAX {
        let last = codes.last().map(|invite| &invite.code);
        let page = app.store().invites_after(did, last).await?;
        if page.is_empty() {
            break;
        }
        codes.extend(page);
    }
    codes.retain(|invite| include_used || invite.uses_left() > 0);
    let codes = codes.into_iter().map(Told::of).collect();
    Ok(Json(Codes { cursor: None, codes }))
}

/// `admin.disableInviteCodes`: these codes, and every code of these accounts.
pub(super) async fn disable(State(app): State<App>, request: Request<Body>) -> Result<StatusCode, Failure> {
    let (parts, input) = body::input(request).await?;
    administrator::admit(&app, &parts).await?;
    let codes = named(&input, "codes")?.into_iter().map(InviteCode::parse);
    let codes: Vec<InviteCode> = codes.collect::<Result<_, _>>()?;
    let accounts = named(&input, "accounts")?.into_iter().map(account);
    let accounts: Vec<String> = accounts.collect::<Result<_, _>>()?;
    for code in &codes {
        app.store().disable_invite(code).await?;
    }
    for account in &accounts {
        app.store().disable_invites_of_account(account).await?;
    }
    tracing::info!(
        codes = codes.len(),
        accounts = accounts.len(),
        "invite codes withdrawn"
    );
    Ok(StatusCode::OK)
}

/// `admin.getInviteCodes`: those of everybody, the latest first.
pub(super) async fn list(State(app): State<App>, parts: Parts) -> Result<Json<Codes>, Failure> {
    administrator::admit(&app, &parts).await?;
    let asked = parameters(&parts)?;
    let invalid = |name, expected| XrpcDenial::ParameterInvalid { name, expected };
    if asked.optional("sort").is_some_and(|sort| sort != "recent") {
        return Err(invalid("sort", "must be recent").into());
    }
    let limit = match asked.optional("limit") {
        None => INVITES_PAGE,
        Some(text) => {
            let limit = text.parse().ok().filter(|limit| (1..=500).contains(limit));
            limit.ok_or(invalid("limit", "must be 1 to 500"))?
        }
    };
    let last = match asked.optional("cursor") {
        None => None,
        Some(cursor) => {
            let unknown = || invalid("cursor", "must be the one of an answer");
            let code = InviteCode::parse(cursor).map_err(|_| unknown())?;
            Some(app.store().invite(&code).await?.ok_or_else(unknown)?)
        }
    };
    let page = app.store().recent_invites(last.as_ref(), limit).await?;
    let codes: Vec<Told> = page.into_iter().map(Told::of).collect();
    let is_full = u32::try_from(codes.len()).is_ok_and(|count| count == limit.min(INVITES_PAGE));
    let cursor = codes.last().filter(|_| is_full).map(|told| told.code.clone());
    Ok(Json(Codes { cursor, codes }))
}

/// So many codes for each account, all at once or none.
async fn make(app: &App, accounts: &[String], order: InviteOrder) -> Result<Vec<CreatedFor>, Failure> {
    let mut invites = Vec::new();
    let mut made = Vec::with_capacity(accounts.len());
    for account in accounts {
        let mut codes = Vec::new();
        for _ in 0..order.codes {
            let code = InviteCode::from_entropy(app.issuer().host(), app.chance().bytes()?);
            codes.push(code.clone());
            invites.push(Invite {
                code,
                uses_max: order.uses,
                disabled: false,
                for_account: account.clone(),
                created_by: ADMIN.to_owned(),
                created_at: app.now(),
                used: 0,
                uses: Vec::new(),
            });
        }
        made.push(CreatedFor {
            account: account.clone(),
            codes,
        });
    }
    match app.store().create_invites(&invites).await? {
        InviteCreation::Created => Ok(made),
        InviteCreation::TooMany => Err(XrpcDenial::InvalidRequest {
            expected: "codeCount for each of forAccounts must be 1000 altogether at most",
        }
        .into()),
    }
}

fn uses(input: &Input) -> Result<i64, XrpcDenial> {
    let name = "useCount";
    input.integer(name)?.ok_or(XrpcDenial::ParameterMissing { name })
}

fn named<'a>(input: &'a Input, name: &'static str) -> Result<Vec<&'a str>, XrpcDenial> {
    let named = input.texts(name)?.unwrap_or_default();
    if named.len() > NAMED_MAX {
        let expected = "must have 1000 members at most";
        return Err(XrpcDenial::ParameterInvalid { name, expected });
    }
    Ok(named)
}

fn account(text: &str) -> Result<String, XrpcDenial> {
    if text == ADMIN {
        return Ok(text.to_owned());
    }
    let invalid = |_| XrpcDenial::InvalidRequest {
        expected: "an account must be named by its DID, or as admin",
    };
    Did::parse(text).map(|did| did.to_string()).map_err(invalid)
}

fn parameters(parts: &Parts) -> Result<Parameters, XrpcDenial> {
    let query = parts.uri.query().unwrap_or_default();
    Parameters::from_form(query.as_bytes()).map_err(|_| XrpcDenial::InvalidRequest {
        expected: "each parameter must be there once",
    })
}
