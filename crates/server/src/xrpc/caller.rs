//! Who calls a method that is about an account: its PDS, its owner, or an app.
//!
//! A PDS comes with a service token, an owner with the access token of a session, an app with an access token of
//! OAuth and a proof (contract 2.1, 2.4). Neither of them is ever taken for another.

mod app_token;
mod service_token;

use std::net::IpAddr;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use entryway_core::account::Account;
use entryway_core::legacy_session::{admit, admit_host, scopes_of};
use entryway_oauth::service_token::{ServiceMethod, is_service_token};
use entryway_oauth::session_token::{SessionScope, verify_access};
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::ScopeSet;

pub(crate) use service_token::arriving;

use super::Failure;
use super::session::Email;
use crate::app::App;
use crate::failure::Fault;
use crate::serve::Peer;

/// Somebody who may call for this account.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The account.
    pub(crate) account: Account,
    by: By,
}

/// By what they are known.
#[derive(Debug)]
enum By {
    /// A session of `createSession`, of a scope that suffices.
    Session,
    /// A service token of the account's PDS, which sees to what its own caller may see.
    Host,
    /// An access token of OAuth, with these permissions.
    App(ScopeSet),
}

impl Caller {
    /// The caller of a method that a PDS calls too (contract 2.2).
    ///
    /// # Errors
    /// [`XrpcDenial::AuthMissing`] without a credential; [`XrpcDenial::AuthorizationType`] and
    /// [`XrpcDenial::OauthRefused`] for one that this method does not take; what is wrong with it; what
    /// [`admit`] and [`admit_host`] say.
    pub(crate) async fn of(
        app: &App,
        parts: &Parts,
        method: ServiceMethod,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        match Credentials::of(&parts.headers)? {
            Credentials::Bearer(token) if is_service_token(token) => {
                let account = service_token::verified(app, token, method, now).await?;
                admit_host(&account, method)?;
                Ok(Self {
                    account,
                    by: By::Host,
                })
            }
            Credentials::Bearer(token) => Self::of_token(app, token, scopes_of(method), now).await,
            // contract 2.2: the one method of these that apps call themselves
            Credentials::Dpop(token) if method == ServiceMethod::GetSession => {
                let (account, scope) = app_token::verified(app, parts, token, now).await?;
                Ok(Self {
                    account,
                    by: By::App(scope),
                })
            }
            Credentials::Dpop(_) => Err(XrpcDenial::OauthRefused.into()),
        }
    }

    /// The caller of a method that only sessions of these scopes may call.
    ///
    /// # Errors
    /// As [`Caller::of`].
    pub(crate) async fn of_session(
        app: &App,
        headers: &HeaderMap,
        scopes: &[SessionScope],
        now: Timestamp,
    ) -> Result<Self, Failure> {
        match Credentials::of(headers)? {
            Credentials::Bearer(token) => Self::of_token(app, token, scopes, now).await,
            Credentials::Dpop(_) => Err(XrpcDenial::OauthRefused.into()),
        }
    }

    async fn of_token(
        app: &App,
        token: &str,
        scopes: &[SessionScope],
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let signed = verify_access(token, &app.keys().public(), app.issuer()).map_err(XrpcDenial::from)?;
        let claims = signed.unexpired(now).map_err(XrpcDenial::from)?;
        let (session, account) = match app.store().legacy_session(claims.sid).await? {
            Some(facts) => (Some(facts.session), Some(facts.account)),
            None => (None, app.store().account(&claims.sub).await?),
        };
        let account = account.ok_or(XrpcDenial::AccountGone)?;
        admit(&claims, &account, session.as_ref(), scopes)?;
        Ok(Self {
            account,
            by: By::Session,
        })
    }

    /// Whether they may see the account's e-mail address.
    pub(super) fn email(&self) -> Email {
        match &self.by {
            By::App(scope) if !entryway_resource::sees_email(scope) => Email::Hidden,
            By::App(_) | By::Session | By::Host => Email::Shown,
        }
    }
}

/// The credential of a request.
#[derive(Clone, Copy)]
pub(crate) enum Credentials<'a> {
    /// `Bearer`.
    Bearer(&'a str),
    /// `DPoP`.
    Dpop(&'a str),
}

impl<'a> Credentials<'a> {
    /// Reads the only `Authorization` header: a scheme, one space, a token (contract 3).
    ///
    /// # Errors
    /// [`XrpcDenial::AuthMissing`]; [`XrpcDenial::AuthorizationType`] for another scheme or another shape.
    pub(crate) fn of(headers: &'a HeaderMap) -> Result<Self, XrpcDenial> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(XrpcDenial::AuthMissing)?;
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        let (scheme, token) = text
            .and_then(|text| text.split_once(' '))
            .filter(|(_, token)| !token.is_empty() && !token.contains(' '))
            .ok_or(XrpcDenial::AuthorizationType)?;
        // RFC 9110 section 11.1
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Self::Bearer(token));
        }
        if scheme.eq_ignore_ascii_case("dpop") {
            return Ok(Self::Dpop(token));
        }
        Err(XrpcDenial::AuthorizationType)
    }
}

/// The token of a request that has to come with `Bearer`.
///
/// # Errors
/// As [`Credentials::of`].
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, XrpcDenial> {
    match Credentials::of(headers)? {
        Credentials::Bearer(token) => Ok(token),
        Credentials::Dpop(_) => Err(XrpcDenial::AuthorizationType),
    }
}

/// From where a request comes, whoever passed it on.
pub(crate) async fn address(app: &App, parts: &Parts) -> Result<IpAddr, Fault> {
    let peer = Peer::address(&parts.extensions);
    app.fleet().client_address(peer, &parts.headers).await
}

#[cfg(test)]
mod tests;
