//! Lexicons by their names, taken from the repository of the name's authority and proven to be from there.
//!
//! An NSID is a reversed domain name; the owner of the domain ties it to a DID by a TXT record, and the
//! account of that DID publishes the lexicon as a record in its repository
//! (<https://atproto.com/specs/lexicon>, "Lexicon Publication and Resolution"; R-398). What is believed is the
//! DNS, the DID's directory and the account's signature, not the host that serves the record.
//!
//! Nothing is kept here: how old a lexicon may be is for the caller to say.

use std::sync::Arc;
use std::time::Duration;

use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Nsid};
use serde_json::{Map, Value};
use url::Url;

use crate::cid::Cid;
use crate::fetch::Wanted;
use crate::repo_proof::{self, ARCHIVE_BYTES_MAX, Claim, Found, LEXICON_SCHEMA, RecordPath, Tid};
use crate::resolve::{DidRecord, DidResolver, TxtLookup};

mod error;

pub use error::LexiconUnresolved;

/// A lexicon, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedLexicon {
    /// Its name.
    pub nsid: Nsid,
    /// The account that publishes it.
    pub did: Did,
    /// The host of the account's repository.
    pub pds: Url,
    /// The hash of the record: two lexicons are the same exactly when theirs is.
    pub cid: Cid,
    /// The revision of the repository that it was in.
    pub rev: Tid,
    /// The record, an object. Checked are `$type`, `lexicon` and `id`; what it defines is not.
    pub record: Value,
    /// When that was.
    pub resolved_at: Timestamp,
}

impl ResolvedLexicon {
    /// What to remember of it, so that nobody can serve an earlier one.
    pub fn seen(&self) -> Seen {
        Seen {
            did: self.did.clone(),
            rev: self.rev,
        }
    }
}

/// How far a repository had come when a lexicon was taken from it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The account. Revisions of different accounts say nothing of each other.
    pub did: Did,
    /// The latest revision.
    pub rev: Tid,
}

/// Resolves lexicons.
#[derive(Clone, Debug)]
pub struct LexiconResolver {
    dids: DidResolver,
    dns: Arc<dyn TxtLookup>,
}

impl LexiconResolver {
    /// Resolves with these; records are fetched as the documents of DIDs are.
    pub fn new(dids: DidResolver, dns: Arc<dyn TxtLookup>) -> Self {
        Self { dids, dns }
    }

    /// Takes the lexicon of a name from where its authority publishes it now.
    ///
    /// `seen` is what was remembered when the name was last resolved: a repository that has gone back since
    /// then is refused. Not checked: that there is no later revision than the one the host serves.
    ///
    /// # Errors
    ///
    /// See [`LexiconUnresolved`].
    pub async fn resolve(
        &self,
        nsid: &Nsid,
        seen: Option<&Seen>,
        now: Timestamp,
    ) -> Result<ResolvedLexicon, LexiconUnresolved> {
        let did = DidRecord::Lexicon(nsid)
            .resolve(&*self.dns)
            .await
            .map_err(LexiconUnresolved::Authority)?;
        let document = self.dids.resolve(&did).await.map_err(LexiconUnresolved::Did)?;
        let signing_key = document
            .signing_key()
            .ok_or(LexiconUnresolved::SigningKeyMissing)?;
        let pds = document.pds_endpoint().ok_or(LexiconUnresolved::PdsMissing)?;
        let pds = origin(pds).ok_or(LexiconUnresolved::PdsUrl)?;
        let archive = self
            .dids
            .fetcher()
            .get(&record_url(&pds, &did, nsid), &wanted())
            .await
            .map_err(LexiconUnresolved::Fetch)?;
        let claim = Claim {
            did: &did,
            signing_key: &signing_key,
            path: &RecordPath::of_lexicon(nsid),
        };
        let proof = repo_proof::verify(&archive.body, &claim).map_err(LexiconUnresolved::Proof)?;
        check_revision(proof.rev, &did, seen, now)?;
        let Found::Record(record) = proof.found else {
            return Err(LexiconUnresolved::Absent);
        };
        check_lexicon(nsid, &record.fields)?;
        Ok(ResolvedLexicon {
            nsid: nsid.clone(),
            did,
            pds,
            cid: record.cid,
            rev: proof.rev,
            record: Value::Object(record.fields),
            resolved_at: now,
        })
    }
}

/// A PDS is an origin and nothing more; whether it may be fetched from, the fetcher says.
fn origin(endpoint: &str) -> Option<Url> {
    let url: Url = endpoint.parse().ok()?;
    let bare = matches!(url.scheme(), "https" | "http")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    bare.then_some(url)
}

fn record_url(pds: &Url, did: &Did, nsid: &Nsid) -> Url {
    let mut url = pds.clone();
    url.set_path("/xrpc/com.atproto.sync.getRecord");
    url.query_pairs_mut()
        .append_pair("did", did.as_str())
        .append_pair("collection", LEXICON_SCHEMA)
        .append_pair("rkey", nsid.as_str());
    url
}

/// A proof of a record: as much as is read of one, 10 seconds.
fn wanted() -> Wanted {
    Wanted {
        content_types: &["application/vnd.ipld.car"],
        body_bytes_max: ARCHIVE_BYTES_MAX,
        time_max: Duration::from_secs(10),
        ..Wanted::json()
    }
}

/// A repository only goes forward. A revision from the future could not be followed by an honest one, so it
/// does not count (<https://atproto.com/specs/repository>, "Commit Objects").
fn check_revision(rev: Tid, did: &Did, seen: Option<&Seen>, now: Timestamp) -> Result<(), LexiconUnresolved> {
    if rev.told_time() > now + REV_AHEAD_MAX {
        return Err(LexiconUnresolved::FutureRevision);
    }
    match seen {
        Some(seen) if seen.did == *did && rev < seen.rev => Err(LexiconUnresolved::RolledBack),
        _ => Ok(()),
    }
}

//
fn check_lexicon(nsid: &Nsid, record: &Map<String, Value>) -> Result<(), LexiconUnresolved> {
    let says = |name, expected: Value| record.get(name) == Some(&expected);
    if !says("$type", LEXICON_SCHEMA.into()) {
        return Err(LexiconUnresolved::Type);
    }
    if !says("lexicon", LEXICON_VERSION.into()) {
        return Err(LexiconUnresolved::Version);
    }
    if !says("id", nsid.as_str().into()) {
        return Err(LexiconUnresolved::Id);
    }
    Ok(())
}

/// The version of the lexicon language.
const LEXICON_VERSION: u64 = 1;

/// How far the clock of a host may be ahead of ours.
const REV_AHEAD_MAX: Seconds = Seconds::minutes(5);

#[cfg(test)]
mod tests;
