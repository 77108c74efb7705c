//! What people are shown before they let a client in, and what the client then gets.

use serde::Serialize;

use entryway_core::policy::Policy;
use entryway_oauth::client::Client;
use entryway_oauth::redirect::{RedirectKind, RedirectUri};
use entryway_scope::{Group, Scope, explain};

/// The consent page of a server that nobody configured, for a client that asks for everything it declares.
#[derive(Serialize)]
pub(crate) struct Consent {
    /// What the page begins with.
    pub(crate) host: String,
    /// In full.
    pub(crate) client_id: String,
    /// Shown only where the operator trusts the client.
    pub(crate) name: Option<String>,
    /// Whether it has a key of its own.
    pub(crate) confidential: bool,
    /// From consent to the end of the session, whatever is refreshed.
    pub(crate) session_seconds: u64,
    /// From one refresh to the next; nothing for a client that gets no refresh tokens.
    pub(crate) refresh_token_seconds: Option<u64>,
    pub(crate) access_token_seconds: u64,
    pub(crate) returns_to: Vec<Return>,
    /// In the order of the page.
    pub(crate) permissions: Vec<Permission>,
    /// Declared values this version does not know, which are never granted.
    pub(crate) scope_unknown: Vec<String>,
}

/// Where people are sent afterwards.
#[derive(Serialize)]
pub(crate) struct Return {
    pub(crate) redirect_uri: String,
    /// Whether that is a program on their own device, which the page warns of.
    pub(crate) on_this_device: bool,
}

/// A declared scope value in plain words.
#[derive(Serialize)]
pub(crate) struct Permission {
    pub(crate) scope: String,
    pub(crate) group: &'static str,
    pub(crate) sentence: String,
    pub(crate) caution: Option<&'static str>,
}

impl Consent {
    /// What this client is shown as.
    pub(crate) fn to(client: &Client, policy: &Policy) -> Self {
        let lifetime = policy.sessions(client.is_confidential());
        let refresh_token = lifetime.refresh_token.0.unsigned_abs();
        Self {
            host: client.id.host().to_owned(),
            client_id: client.id.as_str().to_owned(),
            name: client.presentation.name.clone(),
            confidential: client.is_confidential(),
            session_seconds: lifetime.session.0.unsigned_abs(),
            refresh_token_seconds: client.refreshes.then_some(refresh_token),
            access_token_seconds: policy.access_token_lifetime.0.unsigned_abs(),
            returns_to: client.redirect_uris.iter().map(Return::to).collect(),
            permissions: permissions(client.scope.iter()),
            scope_unknown: client.scope_unknown.clone(),
        }
    }
}

impl Return {
    fn to(uri: &RedirectUri) -> Self {
        Self {
            redirect_uri: uri.as_str().to_owned(),
            on_this_device: match uri.kind() {
                RedirectKind::Web => false,
                RedirectKind::Loopback | RedirectKind::LocalWeb | RedirectKind::PrivateUse => true,
            },
        }
    }
}

fn permissions<'a>(scope: impl Iterator<Item = &'a Scope>) -> Vec<Permission> {
    let mut explained: Vec<(Group, Permission)> = scope
        .map(|scope| {
            let explanation = explain(scope);
            let permission = Permission {
                scope: scope.as_str().to_owned(),
                group: explanation.group.title(),
                sentence: explanation.sentence,
                caution: explanation.caution,
            };
            (explanation.group, permission)
        })
        .collect();
    explained.sort_by_key(|(group, _)| *group);
    explained.into_iter().map(|(_, permission)| permission).collect()
}
