//! An authorization server whose tokens are believed, and what is known of it.

use std::sync::Arc;

use entryway_oauth::issuer::Issuer;

use crate::feed::Revocations;
use crate::{IssuerKeys, IssuerScopes};

/// An authorization server whose tokens are believed.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    /// Its identifier, as `iss` has it.
    pub issuer: Issuer,
    /// The keys it signs with.
    pub keys: IssuerKeys,
    /// Tells what a reference in the scope of its tokens stands for. Without it a token with one is
    /// refused.
    pub scopes: Option<IssuerScopes>,
    /// What it took back, as a [`crate::feed::Follower`] tells. Without it a token works until it expires;
    /// with it each token has to name its session, and no token is believed while the knowledge is stale.
    pub revocations: Option<Arc<Revocations>>,
}

impl TrustedIssuer {
    /// Believes its tokens until they expire, and follows no references.
    pub const fn new(issuer: Issuer, keys: IssuerKeys) -> Self {
        Self {
            issuer,
            keys,
            scopes: None,
            revocations: None,
        }
    }

    /// Follows the references in its tokens too.
    #[must_use]
    pub fn with_scopes(self, scopes: IssuerScopes) -> Self {
        Self {
            scopes: Some(scopes),
            ..self
        }
    }

    /// Believes its tokens no longer than it does. Somebody has to follow its feed.
    #[must_use]
    pub fn with_revocations(self, revocations: Arc<Revocations>) -> Self {
        Self {
            revocations: Some(revocations),
            ..self
        }
    }
}
