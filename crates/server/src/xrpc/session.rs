//! A session as its owner sees it, and the one place where its tokens are made.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use entryway_core::account::{Account, AccountStatus};
use entryway_core::legacy_session::{Basis, Issuance, LegacySession, TokenPair};
use entryway_identity::did::DidDocument;
use entryway_oauth::access_token::TokenId;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_store::{LegacyBegin, NewLegacySession};

use super::Failure;
use crate::app::App;
use crate::failure::Fault;

/// A session of an account: its tokens, and what a client wants to know beside them.
#[derive(Debug)]
pub(crate) struct Session {
    tokens: TokenPair,
    view: View,
}

/// Begins a session of the account, whose credentials were checked; `auth_factor` is the code that was presented
/// and is used up with it.
///
/// # Errors
/// [`XrpcDenial::AccountLeft`]; [`XrpcDenial::CredentialsWrong`] and [`XrpcDenial::EmailTokenInvalid`] where what was checked is no longer so.
pub(crate) async fn begin(
    app: &App,
    account: &Account,
    basis: Basis,
    auth_factor: Option<Digest>,
    now: Timestamp,
) -> Result<Session, Failure> {
    check_home(app, account).await?;
    let chance = app.chance();
    let id = SessionId::from_entropy(chance.bytes()?);
    let lifetimes = &app.policy().legacy_sessions;
    let session = LegacySession::begin(account.did.clone(), basis, id, chance.bytes()?, lifetimes, now);
    let tokens = tokens(app, account, &session, session.generation, now)?;
    let view = View::load(app, account, Email::Shown).await;
    let new = NewLegacySession {
        session: &session,
        account,
        auth_factor,
    };
    match app.store().begin_legacy_session(new).await? {
        LegacyBegin::Begun => Ok(Session { tokens, view }),
        LegacyBegin::PasswordGone => Err(XrpcDenial::CredentialsWrong.into()),
        LegacyBegin::CodeGone => Err(XrpcDenial::EmailTokenInvalid.into()),
    }
}

/// Refuses an account that has left: it rests here, and its DID names a PDS that is no host of ours. Its person
/// rested it last of all, so that nobody else pays for the look. Without a document nothing is known.
///
/// # Errors
/// [`XrpcDenial::AccountLeft`].
pub(super) async fn check_home(app: &App, account: &Account) -> Result<(), Failure> {
    if account.status != AccountStatus::Deactivated || app.fleet().host_of(account).await?.is_none() {
        return Ok(());
    }
    let document = app
        .did_documents()
        .for_session(&account.did, &account.handle)
        .await;
    let Some(named) = document.as_deref().and_then(DidDocument::pds_endpoint) else {
        return Ok(());
    };
    let hosts = app.fleet().hosts().await?;
    if hosts.iter().any(|host| host.url.as_str() == named) {
        return Ok(());
    }
    Err(XrpcDenial::AccountLeft.into())
}

/// The tokens of one generation of a session, for where its account is now.
pub(super) fn tokens(
    app: &App,
    account: &Account,
    session: &LegacySession,
    generation: u32,
    now: Timestamp,
) -> Result<TokenPair, Fault> {
    let issuance = Issuance {
        issuer: app.issuer(),
        service: &app.config().service_did,
        pds_did: &account.pds_did,
        signing_key: &app.keys().access_tokens,
        refresh_key: &app.keys().session_refresh,
        lifetimes: &app.policy().legacy_sessions,
    };
    let jti = TokenId::from_entropy(app.chance().bytes()?);
    Ok(session.tokens(generation, jti, &issuance, now))
}

/// A session that goes on with these tokens.
pub(super) async fn continued(app: &App, account: &Account, tokens: TokenPair) -> Session {
    let view = View::load(app, account, Email::Shown).await;
    Session { tokens, view }
}

/// Whether the caller may see the account's e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Email {
    Shown,
    Hidden,
}

/// What `getSession` says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    did: String,
    handle: String,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "document")]
    did_doc: Option<Arc<DidDocument>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_auth_factor: Option<bool>,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

impl View {
    /// Of the account as it is, with its DID document if that can be had.
    pub(super) async fn load(app: &App, account: &Account, email: Email) -> Self {
        let address = account.email.clone().filter(|_| email == Email::Shown);
        let beside_address = |fact: bool| address.is_some().then_some(fact);
        Self {
            did: account.did.to_string(),
            handle: account.handle.to_string(),
            did_doc: app
                .did_documents()
                .for_session(&account.did, &account.handle)
                .await,
            email_confirmed: beside_address(account.email_confirmed_at.is_some()),
            email_auth_factor: beside_address(account.email_auth_factor),
            email: address,
            active: account.status == AccountStatus::Active,
            status: account.status.word(),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn document<S: serde::Serializer>(
    document: &Option<Arc<DidDocument>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    document.as_deref().serialize(serializer)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    access_jwt: &'a str,
    refresh_jwt: &'a str,
    #[serde(flatten)]
    view: &'a View,
}

impl IntoResponse for Session {
    fn into_response(self) -> Response {
        let body = Body {
            access_jwt: self.tokens.access.expose(),
            refresh_jwt: self.tokens.refresh.expose(),
            view: &self.view,
        };
        Json(body).into_response()
    }
}
