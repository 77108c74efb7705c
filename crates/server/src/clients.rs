//! The clients of this instance: read from their documents, and kept for a while.
//!
//! A document is fetched when it is first needed and again when it is no longer fresh. A failure is
//! never kept: the next call asks again, while calls at the same time share one fetch.
//! A session that runs already goes on with what was read before while the document cannot be had
//! a new request does not.

mod kept;

use std::sync::Arc;

use moka::sync::Cache;
use url::Url;

use entryway_identity::fetch::{Fetched, Fetcher, Wanted};
use entryway_oauth::client::{Client, ClientAuthentication, KeySource};
use entryway_oauth::client_document;
use entryway_oauth::client_id::{ClientId, ClientIdKind};
use entryway_oauth::denial::Denial;
use entryway_oauth::key_set::KeySet;
use entryway_oauth::time::{Seconds, Timestamp};

use kept::{Keeping, Kept};

/// Reads clients.
#[derive(Debug)]
pub(crate) struct Clients {
    fetcher: Fetcher,
    local_documents: LocalDocuments,
    documents: Keeping<Client>,
    key_sets: Keeping<KeySet>,
    /// When a client's keys were last asked for because an assertion named one that was not known.
    asked_again: Cache<ClientId, Timestamp>,
}

/// Whether client documents at http on loopback addresses are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalDocuments {
    /// For development on one machine.
    Admitted,
    /// Everywhere else.
    Refused,
}

/// What the client is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A new request: what is not fresh is fetched.
    Fresh,
    /// A grant under way or a session: what was read before serves while it cannot be fetched.
    Running,
}

/// A client, and its keys if it has any.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) client: Arc<Client>,
    /// Fetched from its `jwks_uri`.
    fetched_keys: Option<Arc<KeySet>>,
}

impl Read {
    /// The keys a confidential client publishes.
    pub(crate) fn keys(&self) -> Option<&KeySet> {
        match &self.client.authentication {
            ClientAuthentication::None => None,
            ClientAuthentication::PrivateKeyJwt { keys, .. } => match keys {
                KeySource::Inline(keys) => Some(keys),
                KeySource::Uri(_) => self.fetched_keys.as_deref(),
            },
        }
    }

    fn has(&self, kid: &str) -> bool {
        let ClientAuthentication::PrivateKeyJwt { algorithm, .. } = &self.client.authentication else {
            return true;
        };
        self.keys()
            .is_some_and(|keys| keys.key(kid, *algorithm).is_some())
    }
}

/// Documents and key sets kept, in bytes as fetched; the least used go first.
const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Clients whose unknown keys are remembered as asked for.
const ASKED_AGAIN_MAX: u64 = 10_000;
/// How often an assertion that names an unknown key makes us ask for the keys again.
const ASK_AGAIN_AFTER: Seconds = Seconds(30);

impl Clients {
    pub(crate) fn new(fetcher: Fetcher, local_documents: LocalDocuments) -> Self {
        Self {
            fetcher,
            local_documents,
            documents: Keeping::new(KEPT_BYTES_MAX),
            key_sets: Keeping::new(KEPT_BYTES_MAX),
            asked_again: Cache::new(ASKED_AGAIN_MAX),
        }
    }

    /// Reads a client and its keys. `kid` is the key that an assertion names: if the client is not known to
    /// have it, the client may have changed its keys, and is asked.
    ///
    /// # Errors
    /// What the identifier, the document or the key set says or lacks.
    pub(crate) async fn read(
        &self,
        id: &ClientId,
        kid: Option<&str>,
        need: Need,
        now: Timestamp,
    ) -> Result<Read, Denial> {
        match id.kind() {
            ClientIdKind::Loopback => {
                return Ok(Read {
                    client: Arc::new(Client::loopback(id)?),
                    fetched_keys: None,
                });
            }
            ClientIdKind::LocalDocument if self.local_documents == LocalDocuments::Refused => {
                return Err(Denial::ClientIdInvalid {
                    expected: "must be an https URL, http on a loopback address is for development only",
                });
            }
            ClientIdKind::LocalDocument | ClientIdKind::Document => {}
        }
        let read = self.read_document(id, Age::Fresh, need, now).await?;
        match kid {
            Some(kid) if !read.has(kid) && self.may_ask_again(id, now) => {
                self.read_document(id, Age::New, need, now).await
            }
            _ => Ok(read),
        }
    }

    async fn read_document(
        &self,
        id: &ClientId,
        age: Age,
        need: Need,
        now: Timestamp,
    ) -> Result<Read, Denial> {
        let url = id.document_url().ok_or(Denial::ClientIdInvalid {
            expected: "must be the URL of a document",
        })?;
        let parse = |fetched: &Fetched| client_document::read(id, &fetched.body).into_client();
        let client = self
            .kept(&self.documents, &url, "the document", parse, (age, need, now))
            .await?;
        let fetched_keys = match &client.authentication {
            ClientAuthentication::PrivateKeyJwt {
                keys: KeySource::Uri(url),
                algorithm,
            } => {
                let parse = |fetched: &Fetched| {
                    let keys = KeySet::fetched(&fetched.body, *algorithm);
                    keys.map_err(|reason| Denial::ClientMetadataInvalid {
                        finding: format!("jwks_uri {reason}"),
                    })
                };
                let keys = self.kept(&self.key_sets, url, "jwks_uri", parse, (age, need, now));
                Some(keys.await?)
            }
            _ => None,
        };
        Ok(Read { client, fetched_keys })
    }

    /// What was read from this URL, fetched if it must be.
    async fn kept<T: Send + Sync + 'static>(
        &self,
        keeping: &Keeping<T>,
        url: &Url,
        document: &'static str,
        parse: impl FnOnce(&Fetched) -> Result<T, Denial>,
        (age, need, now): (Age, Need, Timestamp),
    ) -> Result<Arc<T>, Denial> {
        let known = keeping.find(url);
        let fresh = known.as_ref().is_some_and(|known| known.is_fresh(now));
        if let Some(known) = &known
            && fresh
            && age == Age::Fresh
        {
            return Ok(known.value());
        }
        let failure = match self.fetcher.get(url, &Wanted::json()).await {
            Ok(fetched) => {
                let kept = Kept::new(parse(&fetched)?, &fetched, now);
                return Ok(keeping.keep(url, kept));
            }
            Err(failure) => failure,
        };
        tracing::info!(document, url.host = url.host_str(), failure = %failure, "client document not fetched");
        match known {
            Some(known) if fresh => Ok(known.value()),
            Some(known) if need == Need::Running && failure.is_temporary() && known.may_serve(now) => {
                Ok(known.value())
            }
            _ => Err(Denial::ClientDocumentUnavailable {
                document,
                reason: failure.to_string(),
            }),
        }
    }

    fn may_ask_again(&self, id: &ClientId, now: Timestamp) -> bool {
        let recently = |last: Timestamp| last <= now && now < last + ASK_AGAIN_AFTER;
        if self.asked_again.get(id).is_some_and(recently) {
            return false;
        }
        self.asked_again.insert(id.clone(), now);
        true
    }
}

/// How old what was read before may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Within its time.
    Fresh,
    /// Fetched now.
    New,
}
