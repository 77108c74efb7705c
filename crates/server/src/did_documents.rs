//! DID documents of accounts: kept for a moment, and asked for anew where a signature does not fit.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use entryway_identity::did::DidDocument;
use entryway_identity::resolve::{DidResolver, DidUnresolved};
use entryway_scope::Did;

/// The documents this instance has seen. Each instance looks for itself.
#[derive(Clone, Debug)]
pub(crate) struct DidDocuments {
    resolver: DidResolver,
    kept: Cache<Did, Arc<DidDocument>>,
    asked_anew: Cache<Did, ()>,
}

/// How old a document may be: as long as a changed handle or a moved account may go unnoticed.
const KEPT: Duration = Duration::from_mins(1);
/// How long nobody asks anew again, so that whoever forges service tokens cannot have the directory flooded.
const ASKED_ANEW: Duration = Duration::from_secs(10);
/// Accounts seen at once; the least recently seen are forgotten first. A document has a few kilobytes.
const KEPT_MAX: u64 = 10_000;
/// How long a session waits for what it can do without.
const SESSION_WAIT: Duration = Duration::from_secs(2);

impl DidDocuments {
    pub(crate) fn new(resolver: DidResolver) -> Self {
        let kept = Cache::builder().max_capacity(KEPT_MAX).time_to_live(KEPT);
        let asked_anew = Cache::builder().max_capacity(KEPT_MAX).time_to_live(ASKED_ANEW);
        Self {
            resolver,
            kept: kept.build(),
            asked_anew: asked_anew.build(),
        }
    }

    /// The document, at most a minute old.
    ///
    /// # Errors
    /// [`DidUnresolved`]; it is not remembered.
    pub(crate) async fn recent(&self, did: &Did) -> Result<Arc<DidDocument>, DidUnresolved> {
        match self.kept.get(did) {
            Some(document) => Ok(document),
            None => self.fetch(did).await,
        }
    }

    /// The document as it is now; nothing where it was asked for in this way moments ago.
    ///
    /// # Errors
    /// [`DidUnresolved`].
    pub(crate) async fn anew(&self, did: &Did) -> Result<Option<Arc<DidDocument>>, DidUnresolved> {
        if self.asked_anew.contains_key(did) {
            return Ok(None);
        }
        self.asked_anew.insert(did.clone(), ());
        self.fetch(did).await.map(Some)
    }

    /// The document for a session, which begins without it where nobody has it in time.
    pub(crate) async fn for_session(&self, did: &Did) -> Option<Arc<DidDocument>> {
        match tokio::time::timeout(SESSION_WAIT, self.recent(did)).await {
            Ok(Ok(document)) => Some(document),
            Ok(Err(error)) => {
                tracing::warn!(account.did = %did, %error, "a session has no DID document");
                None
            }
            Err(_) => {
                tracing::warn!(account.did = %did, "a session has no DID document in time");
                None
            }
        }
    }

    async fn fetch(&self, did: &Did) -> Result<Arc<DidDocument>, DidUnresolved> {
        let document = Arc::new(self.resolver.resolve(did).await?);
        self.kept.insert(did.clone(), Arc::clone(&document));
        Ok(document)
    }
}
