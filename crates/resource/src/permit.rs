//! Which permission each XRPC call needs (contract section 5.4).

mod body;
mod owned_act;

use std::collections::BTreeSet;

use entryway_scope::{Nsid, ScopeSet, ServiceId};
use http::HeaderMap;

use crate::Refusal;

pub use body::BodyNeed;
pub use owned_act::OwnedAct;

/// One XRPC call, as far as permissions care.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What follows `/xrpc/`.
    pub nsid: &'a Nsid,
    /// The HTTP method.
    pub method: &'a http::Method,
    /// What follows the first `?`, not decoded.
    pub query: Option<&'a str>,
    /// All of them, as they arrived.
    pub headers: &'a HeaderMap,
}

/// What a call needs beyond `atproto`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A permission for each of these.
    Acts(Vec<OwnedAct>),
    /// The body says, and must be read first.
    Body(BodyNeed),
    /// No scope opens this method: answer [`Refusal::MethodClosed`].
    Never,
}

/// What [`Permissions`] know of the PDS behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionsConfig {
    /// Where the PDS sends a call that it does not answer and that names no service in `atproto-proxy`,
    /// as in `did:web:api.bsky.app#bsky_appview` (its `PDS_BSKY_APP_VIEW_DID`).
    pub app_view: Option<ServiceId>,
    /// Where the PDS sends calls of moderators, as in `did:plc:...#atproto_labeler` (its `PDS_MOD_SERVICE_DID`).
    pub moderation: Option<ServiceId>,
    /// Where the PDS sends reports (its `PDS_REPORT_SERVICE_DID`).
    pub reports: Option<ServiceId>,
    /// Methods the PDS answers itself beyond those of the reference: closed, since no scope names them.
    pub own_methods: BTreeSet<Nsid>,
}

/// Says what each call needs.
#[derive(Clone, Debug)]
pub struct Permissions {
    config: PermissionsConfig,
}

impl Permissions {
    /// For a PDS that is set up like this.
    pub fn new(config: PermissionsConfig) -> Self {
        Self { config }
    }

    /// What this call needs.
    ///
    /// # Errors
    ///
    /// [`Refusal::CallMalformed`] for a call that no PDS answers, or that two readers could read in two ways.
    pub fn need(&self, _call: &Call<'_>) -> Result<Need, Refusal> {
        let _ = &self.config;
        Ok(Need::Never)
    }

    /// Whether the reference PDS answers this method to anyone, without credentials.
    pub fn is_public(&self, _nsid: &Nsid) -> bool {
        false
    }

    /// Whether the PDS answers this method itself, whatever `atproto-proxy` says.
    pub fn is_own(&self, nsid: &Nsid) -> bool {
        self.config.own_methods.contains(nsid)
    }
}

/// Asks for all of these permissions.
///
/// # Errors
///
/// [`Refusal::ScopeMissing`] for the first that is lacking, with the narrowest scope that permits it.
pub fn check(scope: &ScopeSet, acts: &[OwnedAct]) -> Result<(), Refusal> {
    acts.iter().try_for_each(|act| {
        scope
            .require(act.act())
            .map_err(|missing| Refusal::scope_missing(missing.scope().as_str()))
    })
}

/// Whether the answer of `com.atproto.server.getSession` may show the e-mail address.
///
/// Where not, `email`, `emailConfirmed` and `emailAuthFactor` are taken out of it.
pub fn sees_email(scope: &ScopeSet) -> bool {
    scope.permits_account_email_read()
}
