//! What a verifier asks its issuers for, over a network that it is given.

#[cfg(feature = "client")]
mod http;

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use entryway_scope::ScopeReference;

use crate::causes;

#[cfg(feature = "client")]
pub use self::http::IssuerOverHttp;

/// Where an issuer publishes the keys it signs with.
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync {
    /// The issuer's JWK Set as it is now, unread.
    ///
    /// Whoever implements it bounds what it reads, 64 KiB are enough, and how long it waits: requests wait
    /// with it.
    ///
    /// # Errors
    /// [`IssuerSilent`] where there is no answer, or none that can be the set.
    async fn key_set(&self) -> Result<Bytes, IssuerSilent>;
}

/// Where an issuer tells what a reference in the `scope` of its tokens stands for.
#[async_trait]
pub trait ScopeSource: fmt::Debug + Send + Sync {
    /// The scope of that name, unread; nothing where the issuer says that it has none.
    ///
    /// Whoever implements it bounds what it reads, [`SCOPE_BYTES_MAX`] are enough, and how long it waits:
    /// requests wait with it. That the answer is what the name stands for is checked by the caller.
    ///
    /// # Errors
    /// [`IssuerSilent`] where there is no answer, or none that says either.
    async fn scope(&self, reference: &ScopeReference) -> Result<Option<String>, IssuerSilent>;
}

/// Bytes of a scope that a reference stands for, some thousands of permissions.
pub const SCOPE_BYTES_MAX: usize = 256 * 1024;

/// An issuer did not answer, or not as an issuer does. For logs; no caller is told why.
#[derive(Debug, thiserror::Error)]
#[error("the issuer did not answer as expected")]
pub struct IssuerSilent(#[source] Box<dyn Error + Send + Sync>);

impl IssuerSilent {
    /// For this reason.
    pub fn because(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }

    /// The sentence with the causes behind it.
    pub(crate) fn in_full(&self) -> String {
        causes::in_full(self)
    }
}
