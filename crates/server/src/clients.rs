//! The clients of this instance: read from their documents, and kept for a while.
//!
//! A document is fetched when it is first needed and again when it is no longer fresh. A failure is
//! never kept: the next call asks again, while calls at the same time share one fetch.
//! A session that runs already goes on with what was read before while the document cannot be had
//! a new request does not.

mod asked;
mod failed;
mod kept;

use std::sync::Arc;

use url::Url;

use entryway_identity::fetch::{Fetched, Fetcher, Wanted};
use entryway_oauth::client::{Client, ClientAuthentication, KeySource};
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_document;
use entryway_oauth::client_id::{ClientId, ClientIdKind};
use entryway_oauth::denial::Denial;
use entryway_oauth::jwk::Algorithm;
use entryway_oauth::key_set::{InvalidKeySet, KeySet};
use entryway_oauth::time::Timestamp;

use asked::Asked;
use failed::Failures;
use kept::{Keeping, Kept};

/// Reads clients.
#[derive(Debug)]
pub(crate) struct Clients {
    fetcher: Fetcher,
    local_documents: LocalDocuments,
    documents: Keeping<Client>,
    key_sets: Keeping<KeySet>,
    failures: Failures,
    asked: Asked,
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
pub(crate) enum Need<'a> {
    /// A new request: what is not fresh is fetched.
    Fresh,
    /// A grant under way, or a session whose holder is proven: what was read before serves while it cannot
    /// be fetched. The key that the grant is bound to, if it is bound to one.
    Running(Option<&'a ClientKey>),
}

/// A client, and its keys if it has any.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) client: Arc<Client>,
    /// Fetched from its `jwks_uri`, unless that holds no key of use.
    fetched_keys: Option<Arc<KeySet>>,
    /// Whether all of it was fetched for this call.
    pub(crate) is_new: bool,
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

    /// Whether the client has a key of this name, or needs none.
    fn knows(&self, kid: &str) -> bool {
        let ClientAuthentication::PrivateKeyJwt { algorithm, .. } = &self.client.authentication else {
            return true;
        };
        self.keys()
            .is_some_and(|keys| keys.key(kid, *algorithm).is_some())
    }

    fn holds(&self, bound: &ClientKey) -> bool {
        self.keys().is_some_and(|keys| keys.holds(bound))
    }
}

/// Documents and key sets kept, in bytes of memory; the least used go first.
const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl Clients {
    pub(crate) fn new(fetcher: Fetcher, local_documents: LocalDocuments) -> Self {
        Self {
            fetcher,
            local_documents,
            documents: Keeping::new(KEPT_BYTES_MAX),
            key_sets: Keeping::new(KEPT_BYTES_MAX),
            failures: Failures::default(),
            asked: Asked::default(),
        }
    }

    /// Reads a client and its keys. `kid` is the key that an assertion names: if the client is not known to
    /// have it, the client may have changed its keys, and is asked. So it is before a session is refused for
    /// a key that is not known any more.
    ///
    /// # Errors
    /// What the identifier, the document or the key set says or lacks.
    pub(crate) async fn read(
        &self,
        id: &ClientId,
        kid: Option<&str>,
        need: Need<'_>,
        now: Timestamp,
    ) -> Result<Read, Denial> {
        match id.kind() {
            ClientIdKind::Loopback => {
                return Ok(Read {
                    client: Arc::new(Client::loopback(id)?),
                    fetched_keys: None,
                    is_new: true,
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
        if read.is_new {
            return Ok(read);
        }
        match (need, kid) {
            (Need::Running(Some(bound)), _) if !read.holds(bound) => {
                // whoever holds the session's token and key asks for nobody else's client
                let again = self.read_document(id, Age::New, need, now).await?;
                if again.is_new || again.holds(bound) {
                    return Ok(again);
                }
                // what was read earlier is no word against a session
                Err(Denial::ClientDocumentUnavailable {
                    document: "the key of this session",
                    reason: "is not known from earlier, and cannot be asked for just now".to_owned(),
                })
            }
            (_, Some(kid)) if !read.knows(kid) && self.asked.may_ask(id, kid, now) => {
                self.read_document(id, Age::New, need, now).await
            }
            _ => Ok(read),
        }
    }

    async fn read_document(
        &self,
        id: &ClientId,
        age: Age,
        need: Need<'_>,
        now: Timestamp,
    ) -> Result<Read, Denial> {
        let url = id.document_url().ok_or(Denial::ClientIdInvalid {
            expected: "must be the URL of a document",
        })?;
        let parse = |fetched: &Fetched| client_document::read(id, &fetched.body).into_client().map(Some);
        let asked = Asking {
            document: "the document",
            age,
            need,
            now,
        };
        let (client, client_is_new) = self.kept(&self.documents, &url, asked, parse).await?;
        let client = client.ok_or(Denial::ClientIdInvalid {
            expected: "must be the URL of a document",
        })?;
        let (fetched_keys, keys_are_new) = match &client.authentication {
            ClientAuthentication::PrivateKeyJwt {
                keys: KeySource::Uri(url),
                algorithm,
            } => {
                let parse = |fetched: &Fetched| key_set(fetched, *algorithm, need);
                let asked = Asking {
                    document: "jwks_uri",
                    ..asked
                };
                self.kept(&self.key_sets, url, asked, parse).await?
            }
            _ => (None, true),
        };
        Ok(Read {
            client,
            fetched_keys,
            is_new: client_is_new && keys_are_new,
        })
    }

    /// What is at this URL, as kept or fetched, and whether it was fetched now. An answer that `parse` takes
    /// for nothing is neither kept nor what was kept before.
    async fn kept<T: Weigh>(
        &self,
        keeping: &Keeping<T>,
        url: &Url,
        asked: Asking<'_>,
        parse: impl FnOnce(&Fetched) -> Result<Option<T>, Denial>,
    ) -> Result<(Option<Arc<T>>, bool), Denial> {
        let Asking { age, now, .. } = asked;
        let known = keeping.find(url);
        let fresh = known.as_ref().is_some_and(|known| known.is_fresh(now));
        if let Some(known) = &known
            && fresh
            && age == Age::Fresh
        {
            return Ok((Some(known.value()), false));
        }
        let failures = self.failures.count(url);
        let failure = match self.failures.recent(url, now) {
            Some(failure) => failure,
            // boxed: what is rare would make the future of every request as large
            None => match Box::pin(self.fetcher.get(url, &wanted(known.is_some()))).await {
                Ok(fetched) => {
                    let parsed = parse(&fetched).inspect_err(|_| self.failures.forget(url))?;
                    self.failures.forget(url);
                    let kept = parsed.map(|value| keeping.keep(url, Kept::new(value, &fetched, now)));
                    return Ok((kept, true));
                }
                Err(failure) => {
                    tracing::info!(asked.document, url.host = url.host_str(), failure = %failure, "not fetched");
                    self.failures.remember(url, &failure, failures, now);
                    failure
                }
            },
        };
        let serves = known.as_ref().is_some_and(|known| {
            fresh
                || match asked.need {
                    // our own shortage is no word of the host: it stretches little, and for everybody
                    _ if failure.is_ours() => known.is_nearly_fresh(now),
                    Need::Running(_) => failure.is_temporary() && known.may_serve(now),
                    Need::Fresh => false,
                }
        });
        match known {
            Some(known) if serves => Ok((Some(known.value()), false)),
            _ if failure.is_ours() => Err(Denial::FetchesBusy),
            _ => Err(Denial::ClientDocumentUnavailable {
                document: asked.document,
                reason: failure.to_string(),
            }),
        }
    }
}

/// What is asked for, and for what.
#[derive(Clone, Copy)]
struct Asking<'a> {
    document: &'static str,
    age: Age,
    need: Need<'a>,
    now: Timestamp,
}

/// How old what was read before may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Within its time.
    Fresh,
    /// Fetched now.
    New,
}

/// What was good before is not kept waiting by what strangers make up.
fn wanted(known: bool) -> Wanted {
    if known {
        Wanted::json().known()
    } else {
        Wanted::json()
    }
}

/// The key set of a client. One that holds nothing of use admits no new request, while for a session it is
/// the word that there are no keys any more.
fn key_set(fetched: &Fetched, algorithm: Algorithm, need: Need<'_>) -> Result<Option<KeySet>, Denial> {
    match (KeySet::fetched(&fetched.body, algorithm), need) {
        (Ok(keys), _) => Ok(Some(keys)),
        (Err(InvalidKeySet::Empty | InvalidKeySet::Unusable), Need::Running(_)) => Ok(None),
        (Err(reason), _) => Err(Denial::ClientMetadataInvalid {
            finding: format!("jwks_uri {reason}"),
        }),
    }
}

/// Something that takes room.
pub(crate) trait Weigh: Send + Sync + 'static {
    /// About how many bytes of memory, rather too many than too few.
    fn weight(&self) -> usize;
}

impl Weigh for Client {
    fn weight(&self) -> usize {
        let keys = match &self.authentication {
            ClientAuthentication::PrivateKeyJwt {
                keys: KeySource::Inline(keys),
                ..
            } => keys.weight(),
            _ => 0,
        };
        let unknown: usize = self.scope_unknown.iter().map(|value| value.len() + 32).sum();
        4_096 + 512 * (self.scope.len() + self.redirect_uris.len()) + unknown + keys
    }
}

impl Weigh for KeySet {
    fn weight(&self) -> usize {
        // an RSA key of the largest size and the longest kid
        2_048 * self.len()
    }
}
