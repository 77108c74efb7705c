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

    /// Believes its tokens by the keys that it publishes, until they expire, and follows their references.
    ///
    /// ```no_run
    /// use entryway_oauth::issuer::Issuer;
    /// use entryway_resource::TrustedIssuer;
    /// use entryway_resource::client::{ClientSettings, HttpClient};
    /// let client = HttpClient::new(ClientSettings::default())?;
    /// let trusted = TrustedIssuer::over_http(Issuer::parse("https://entryway.example")?, client);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "client")]
    pub fn over_http(issuer: Issuer, client: crate::client::HttpClient) -> Self {
        let source = Arc::new(crate::IssuerOverHttp::new(issuer.clone(), client));
        Self::new(issuer, IssuerKeys::published(source.clone()))
            .with_scopes(IssuerScopes::dereferenced(source))
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
