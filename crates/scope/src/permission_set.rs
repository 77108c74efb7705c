//! Permission sets as their publishers write them: `permission-set` lexicons, read with bounds and expanded.
//!
//! The record is taken as verified: that it is the authority's own is proven elsewhere. What cannot be understood of a
//! permission makes that permission, and only that one, grant nothing; nothing here ever grants more than is written.

mod permission;
#[cfg(test)]
mod tests;
mod texts;

use crate::{Include, Nsid, Scope};
pub use permission::{IgnoredPermission, IgnoredReason};
use permission::{Reading, SetPermission};
use serde_json::Value;
use texts::Texts;

/// A bundle of permissions, published under a name and asked for by it.
///
/// ```
/// use entryway_scope::{Meaning, Nsid, PermissionSet, Scope};
/// use serde_json::json;
///
/// let record = json!({
///     "$type": "com.atproto.lexicon.schema",
///     "lexicon": 1,
///     "id": "com.example.authBasic",
///     "defs": { "main": {
///         "type": "permission-set",
///         "title": "Basic features",
///         "title:lang": { "de": "Grundfunktionen" },
///         "permissions": [
///             { "type": "permission", "resource": "repo", "collection": ["com.example.note"] },
///             { "type": "permission", "resource": "rpc", "inheritAud": true, "lxm": ["com.example.getFeed"] },
///             { "type": "permission", "resource": "repo", "collection": ["app.bsky.feed.post"] },
///         ],
///     } },
/// });
/// let set = PermissionSet::read(&Nsid::parse("com.example.authBasic").unwrap(), &record)?;
/// assert_eq!(set.title("de-AT"), Some("Grundfunktionen"));
///
/// let scope = Scope::parse("include:com.example.authBasic?aud=did:web:api.example.com%23view").unwrap();
/// let Meaning::Include(include) = scope.meaning() else { panic!("an include scope") };
/// let granted: Vec<_> = set.expand(include).iter().map(ToString::to_string).collect();
/// assert_eq!(granted, [
///     "repo:com.example.note",
///     "rpc:com.example.getFeed?aud=did:web:api.example.com%23view",
/// ]);
/// assert_eq!(set.ignored()[0].position, 3);
/// # Ok::<(), entryway_scope::InvalidPermissionSet>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PermissionSet {
    name: Nsid,
    title: Texts,
    detail: Texts,
    permissions: Vec<SetPermission>,
    ignored: Vec<IgnoredPermission>,
}

impl PermissionSet {
    /// Reads the lexicon record published under a name.
    ///
    /// Does not check signatures, nor where the record came from. A set of which every permission is ignored is a
    /// set: it grants nothing. Texts for people are cut, not refused.
    ///
    /// # Errors
    ///
    /// `NotALexicon`, `OtherName` and `NotAPermissionSet` for a record of something else (R-391), `TooLarge` and
    /// `TooManyPermissions` for one that is out of bounds.
    pub fn read(name: &Nsid, record: &Value) -> Result<Self, InvalidPermissionSet> {
        use InvalidPermissionSet as I;
        if !is_bounded(record) {
            return Err(I::TooLarge);
        }
        let record_type = record.get("$type").and_then(Value::as_str);
        if record.get("lexicon").and_then(Value::as_u64) != Some(1)
            || record.get("$type").is_some() && record_type != Some(LEXICON_SCHEMA)
        {
            return Err(I::NotALexicon);
        }
        if record.get("id").and_then(Value::as_str) != Some(name.as_str()) {
            return Err(I::OtherName);
        }
        let main = record.pointer("/defs/main").ok_or(I::NotAPermissionSet)?;
        if main.get("type").and_then(Value::as_str) != Some("permission-set") {
            return Err(I::NotAPermissionSet);
        }
        let listed = main.get("permissions").and_then(Value::as_array);
        let listed = listed.ok_or(I::NotAPermissionSet)?;
        if listed.len() > PERMISSIONS_MAX {
            return Err(I::TooManyPermissions);
        }
        let Reading { permissions, ignored } = Reading::of(name, listed);
        Ok(Self {
            name: name.clone(),
            title: Texts::read(main, "title", TITLE_CHARS_MAX),
            detail: Texts::read(main, "detail", DETAIL_CHARS_MAX),
            permissions,
            ignored,
        })
    }

    /// The name it is published and asked for by.
    pub fn name(&self) -> &Nsid {
        &self.name
    }

    /// A few words of the publisher's that name it, in that language if there are any.
    ///
    /// Looks for the language (an RFC 5646 tag), then for it without its region, then for another region's, then takes
    /// the words that have no language, then English ones. One line of at most 100 characters without control or
    /// direction characters; a page has to escape it, and to say whose words they are: they may be made to look like
    /// somebody else's.
    pub fn title(&self, language: &str) -> Option<&str> {
        self.title.in_language(language)
    }

    /// What the publisher says it is for; as [`PermissionSet::title`], of at most 600 characters.
    pub fn detail(&self, language: &str) -> Option<&str> {
        self.detail.in_language(language)
    }

    /// Which permissions of it grant nothing, and why.
    pub fn ignored(&self) -> &[IgnoredPermission] {
        &self.ignored
    }

    /// Whether some of its permissions count only for an `include` that has an audience (R-396).
    pub fn wants_audience(&self) -> bool {
        self.permissions.iter().any(SetPermission::inherits_audience)
    }

    /// What a value that includes this set grants, in normal form and in the set's order.
    ///
    /// All of it is on names in the set's own group or below (R-392). Nothing for a value that includes another set.
    /// Permissions on very many names become several values, each short enough for a wire string.
    pub fn expand(&self, include: &Include) -> Vec<Scope> {
        let own = (*include.set() == self.name).then_some(&self.permissions);
        let permissions = own.into_iter().flatten();
        permissions
            .flat_map(|permission| permission.expand(include.audience()))
            .collect()
    }
}

/// Why a record is not a permission set.
///
/// ```
/// use entryway_scope::{InvalidPermissionSet, Nsid, PermissionSet};
///
/// let name = Nsid::parse("com.example.authBasic").unwrap();
/// let query = serde_json::json!({"lexicon": 1, "id": "com.example.authBasic", "defs": {"main": {"type": "query"}}});
/// assert_eq!(PermissionSet::read(&name, &query), Err(InvalidPermissionSet::NotAPermissionSet));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPermissionSet {
    /// Not a record of the lexicon language in the version known here.
    #[error("the record is not a lexicon of version 1")]
    NotALexicon,
    /// A lexicon of something else: a record type, a method, or nothing.
    #[error("the lexicon is not of a permission set")]
    NotAPermissionSet,
    /// A lexicon that says it has another name than it was found under.
    #[error("the lexicon has another id than the name it was published under")]
    OtherName,
    /// More than about 128 KiB.
    #[error("the lexicon is larger than {RECORD_BYTES_MAX} bytes")]
    TooLarge,
    /// More than 256 permissions.
    #[error("the permission set has more than {PERMISSIONS_MAX} permissions")]
    TooManyPermissions,
}

/// Counts texts and names in full, and each value as a few bytes more, without going on beyond the bound.
fn is_bounded(record: &Value) -> bool {
    let mut bytes = 0;
    let mut open = vec![record];
    while let Some(value) = open.pop() {
        bytes += match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.len() * VALUE_BYTES,
            Value::Object(members) => members.keys().map(|name| name.len() + VALUE_BYTES).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        };
        if bytes > RECORD_BYTES_MAX {
            return false;
        }
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    true
}

const LEXICON_SCHEMA: &str = "com.atproto.lexicon.schema";

/// The longest scope string is an eighth of this, and texts in many languages take their room.
const RECORD_BYTES_MAX: usize = 128 * 1024;
/// What a number, a comma or a bracket may take.
const VALUE_BYTES: usize = 4;
/// Sets in use have a dozen; each may name many collections or methods.
const PERMISSIONS_MAX: usize = 256;
/// The lexicon specification asks for a handful of words,
const TITLE_CHARS_MAX: usize = 100;
/// and for about a paragraph.
const DETAIL_CHARS_MAX: usize = 600;
