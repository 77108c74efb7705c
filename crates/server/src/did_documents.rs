//! DID documents of accounts: kept for a moment, and asked for anew where a signature does not fit.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use entryway_identity::did::DidDocument;
use entryway_identity::resolve::{DidResolver, DidUnresolved};
use entryway_scope::{Did, Handle};

/// The documents this instance has seen. Each instance looks for itself.
#[derive(Clone, Debug)]
pub(crate) struct DidDocuments {
    resolver: DidResolver,
    kept: Cache<Did, Arc<DidDocument>>,
    /// The same, and older ones: for while the directory is away.
    older: Cache<Did, Arc<DidDocument>>,
    asked_anew: Cache<Did, ()>,
}

/// How old a document may be: as long as a changed handle or a moved account may go unnoticed.
const KEPT: Duration = Duration::from_mins(1);
/// How old one may be where nobody can say whether it is still so: an outage of the directory is none of ours.
const OLDER: Duration = Duration::from_hours(1);
/// How long nobody asks anew again, so that whoever forges service tokens cannot have the directory flooded.
const ASKED_ANEW: Duration = Duration::from_secs(10);
/// Accounts seen at once; the least recently seen are forgotten first. A document has a few kilobytes.
const KEPT_MAX: u64 = 10_000;
/// How long a session waits for what it can do without.
const SESSION_WAIT: Duration = Duration::from_secs(2);

impl DidDocuments {
    pub(crate) fn new(resolver: DidResolver) -> Self {
        Self::keeping(resolver, KEPT)
    }

    fn keeping(resolver: DidResolver, kept: Duration) -> Self {
        Self {
            resolver,
            kept: of_accounts(kept),
            older: of_accounts(OLDER),
            asked_anew: of_accounts(ASKED_ANEW),
        }
    }

    /// The document, at most a minute old; an older one while the directory cannot be asked.
    ///
    /// # Errors
    /// [`DidUnresolved`]; it is not remembered.
    pub(crate) async fn recent(&self, did: &Did) -> Result<Arc<DidDocument>, DidUnresolved> {
        if let Some(document) = self.kept.get(did) {
            return Ok(document);
        }
        match self.fetch(did).await {
            Err(error) if error.is_temporary() => self.older.get(did).ok_or(error),
            fetched => fetched,
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

    /// The document is another one now: what is kept of it is out of date.
    pub(crate) fn forget(&self, did: &Did) {
        for kept in [&self.kept, &self.older] {
            kept.invalidate(did);
        }
        self.asked_anew.invalidate(did);
    }

    /// The document for a session, which begins without it where nobody has it in time. One without the handle of
    /// the account may be from before that was changed, on another instance: it is asked for anew.
    pub(crate) async fn for_session(&self, did: &Did, handle: &Handle) -> Option<Arc<DidDocument>> {
        let fetched = async {
            let kept = self.recent(did).await?;
            if kept.handle().as_ref() == Some(handle) {
                return Ok::<_, DidUnresolved>(kept);
            }
            let anew = self.anew(did).await;
            Ok(anew.ok().flatten().unwrap_or(kept))
        };
        match tokio::time::timeout(SESSION_WAIT, fetched).await {
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
        self.older.insert(did.clone(), Arc::clone(&document));
        Ok(document)
    }
}

fn of_accounts<V: Clone + Send + Sync + 'static>(lifetime: Duration) -> Cache<Did, V> {
    let cache = Cache::builder().max_capacity(KEPT_MAX);
    cache.time_to_live(lifetime).build()
}

#[cfg(test)]
mod tests;
