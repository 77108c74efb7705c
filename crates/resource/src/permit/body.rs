//! What the body of a call says it needs.

use std::collections::BTreeSet;

use entryway_scope::{Did, Nsid, RepoAction};

use super::OwnedAct;
use super::json::{Members, is_too_deep, malformed};
use crate::Refusal;

/// That the body says what a call needs, and how to read it.
///
/// The caller reads at most [`BodyNeed::BYTES_MAX`] bytes, asks [`BodyNeed::read`], and passes the very same bytes
/// on. Does not check what the permission does not depend on: whose repository it is, keys, records.
///
/// ```
/// use entryway_resource::{Call, Need, Permissions, PermissionsConfig, check};
/// use entryway_scope::{Nsid, ScopeSet};
/// use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
///
/// let permissions = Permissions::new(PermissionsConfig::default());
/// let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
/// let nsid = Nsid::parse("com.atproto.repo.createRecord")?;
/// let call = Call { nsid: &nsid, method: &Method::POST, query: None, headers: &headers };
/// let Need::Body(need) = permissions.need(&call)? else { panic!("it depends on the collection") };
///
/// let acts = need.read(br#"{"repo":"alice.test","collection":"app.bsky.feed.post","record":{}}"#)?;
/// assert!(check(&ScopeSet::parse("atproto repo:app.bsky.feed.post")?, &acts).is_ok());
/// assert!(check(&ScopeSet::parse("atproto repo:app.bsky.feed.like")?, &acts).is_err());
/// // which of them is written depends on who reads it
/// let two = br#"{"repo":"alice.test","collection":"app.bsky.feed.post","collection":"app.bsky.feed.like","record":{}}"#;
/// assert!(need.read(two).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyNeed(pub(super) Reading);

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// `collection`.
    Record(&'static [RepoAction]),
    /// `$type` and `collection` of each of the `writes`.
    Writes,
    /// `serviceDid`, for this method.
    Push(Nsid),
}

impl BodyNeed {
    /// Bytes of a body that is read. The reference takes 1,000,000 bytes of JSON for a write to the repository, and
    /// less for everything else.
    pub const BYTES_MAX: usize = 1024 * 1024;

    /// What the call needs, every one of them.
    ///
    /// # Errors
    ///
    /// [`Refusal::BodyTooLarge`] over [`BodyNeed::BYTES_MAX`]. [`Refusal::CallMalformed`] for what is not one JSON
    /// object in UTF-8, for members that two readers could read in two ways, for more than a thousand writes or
    /// none, and for a name that is no NSID or DID.
    pub fn read(&self, body: &[u8]) -> Result<Vec<OwnedAct>, Refusal> {
        if body.len() > Self::BYTES_MAX {
            return Err(Refusal::BodyTooLarge);
        }
        let json = std::str::from_utf8(body).map_err(|_| malformed("the body must be utf-8"))?;
        if is_too_deep(json) {
            return Err(malformed("the body must not nest deeper than 128 levels"));
        }
        match &self.0 {
            Reading::Record(actions) => {
                let collection = collection(&Members::read(json, &["collection"])?)?;
                let acts = actions.iter().map(|action| OwnedAct::Repo {
                    collection: collection.clone(),
                    action: *action,
                });
                Ok(acts.collect())
            }
            Reading::Writes => writes(&Members::read(json, &["writes"])?),
            Reading::Push(method) => {
                let members = Members::read(json, &["serviceDid"])?;
                let did = members.typed::<String>("serviceDid");
                let did = did.and_then(|did| Did::parse(&did).ok());
                let did = did.ok_or(malformed("serviceDid must be a did"))?;
                Ok(vec![OwnedAct::Rpc {
                    method: Some(method.clone()),
                    audience: format!("{did}#{NOTIFICATION_SERVICE}"),
                }])
            }
        }
    }
}

/// Each kind of write to each collection, once, in the order the reference asks for them.
fn writes(members: &Members<'_>) -> Result<Vec<OwnedAct>, Refusal> {
    let writes = members.list("writes", WRITES_MAX);
    // none at all would still be a commit, and one that no scope permits
    let writes = writes.filter(|writes| !writes.is_empty());
    let writes = writes.ok_or(malformed("writes must be a list of one to a thousand writes"))?;
    let mut kinds = BTreeSet::new();
    for write in writes {
        let write = Members::read(write.get(), &["$type", "collection"])?;
        let kind = write.typed::<String>("$type");
        let kind = WRITES.iter().find(|(name, _)| kind.as_deref() == Some(*name));
        let (_, action) = kind.ok_or(malformed(
            "each write must have the type of a create, an update or a delete",
        ))?;
        kinds.insert((*action, collection(&write)?));
    }
    let acts = kinds
        .into_iter()
        .map(|(action, collection)| OwnedAct::Repo { collection, action });
    Ok(acts.collect())
}

fn collection(members: &Members<'_>) -> Result<Nsid, Refusal> {
    members
        .typed("collection")
        .ok_or(malformed("collection must be an nsid"))
}

/// As the lexicon writes them: a short form is none of them to the reference either.
const WRITES: [(&str, RepoAction); 3] = [
    ("com.atproto.repo.applyWrites#create", RepoAction::Create),
    ("com.atproto.repo.applyWrites#update", RepoAction::Update),
    ("com.atproto.repo.applyWrites#delete", RepoAction::Delete),
];
/// The reference takes two hundred, which leaves room for a PDS that takes more.
const WRITES_MAX: usize = 1000;
const NOTIFICATION_SERVICE: &str = "bsky_notif";

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
