#[cfg(test)]
mod tests;

use crate::{InvalidValue, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The values of one wire string, each once, in the order they were first written.
///
/// Whether the values fit together is not checked here, nor that `atproto` is among them: an authorization request
/// must have it, a client document may list more than this server knows. Comparison is of texts: `repo:*` neither
/// contains nor equals `repo:a.b.c` (R-378), and two sets are equal when their wire strings are.
///
/// ```
/// use entryway_scope::ScopeSet;
///
/// let asked = ScopeSet::parse("atproto repo:app.bsky.feed.post atproto")?;
/// assert_eq!(asked.to_string(), "atproto repo:app.bsky.feed.post");
/// assert!(asked.contains_str("atproto"));
/// assert!(!asked.is_subset(&ScopeSet::parse("atproto repo:*")?));
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet {
    values: Vec<Scope>,
}

impl ScopeSet {
    /// Takes a wire string apart, where every value is to be known and valid.
    ///
    /// # Errors
    ///
    /// `Charset`, `Spacing`, `TooLong`, `TooManyValues` and `ValueTooLong` for the string as a whole (RFC 6749 section
    /// 3.3, R-116, R-374, R-387), `Value` for the first value that grants nothing (R-361 to R-376).
    pub fn parse(wire: &str) -> Result<Self, InvalidScope> {
        let mut values = Vec::new();
        for (index, text) in split(wire)? {
            let scope = Scope::parse(text).map_err(|fault| InvalidScope::Value {
                position: index + 1,
                fault,
            })?;
            values.push(scope);
        }
        Ok(Self { values })
    }

    /// Takes a wire string apart, and hands back the values that grant nothing beside those that do.
    ///
    /// For client documents, which may be written for servers that know more than this one. A known resource used
    /// out of grammar is handed back too: a later grammar may know it.
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let (known, unknown) = ScopeSet::parse_lenient("atproto space:com.example.forum repo:*")?;
    /// assert_eq!(known.to_string(), "atproto repo:*");
    /// assert_eq!(unknown, ["space:com.example.forum"]);
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ScopeSet::parse`], without `Value`.
    pub fn parse_lenient(wire: &str) -> Result<(Self, Vec<String>), InvalidScope> {
        let (mut values, mut unknown) = (Vec::new(), Vec::new());
        for (_, text) in split(wire)? {
            match Scope::parse(text) {
                Ok(scope) => values.push(scope),
                Err(_) => unknown.push(text.to_owned()),
            }
        }
        Ok((Self { values }, unknown))
    }

    /// The values, in the order of the wire string.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.values.iter()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value at all, as may be left by [`ScopeSet::retain`] or [`ScopeSet::intersection`].
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether this very value is among them.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.contains_str(scope.as_str())
    }

    /// Whether a value of this very text is among them.
    pub fn contains_str(&self, text: &str) -> bool {
        self.values.iter().any(|scope| scope.as_str() == text)
    }

    /// Whether every value is also in the other set, text by text (R-378).
    pub fn is_subset(&self, other: &Self) -> bool {
        let texts = other.texts();
        self.values.iter().all(|scope| texts.contains(scope.as_str()))
    }

    /// The values that are also in the other set, in the order of this one.
    pub fn intersection(&self, other: &Self) -> Self {
        let texts = other.texts();
        let mut both = self.clone();
        both.retain(|scope| texts.contains(scope.as_str()));
        both
    }

    /// Keeps the values of which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Scope) -> bool) {
        self.values.retain(keep);
    }

    /// Values that are each there once, unless they are more than a wire string may hold.
    pub(crate) fn bounded(values: Vec<Scope>) -> Result<Self, InvalidScope> {
        let spaces = values.len().saturating_sub(1);
        if values.iter().map(|scope| scope.as_str().len()).sum::<usize>() + spaces > SCOPE_BYTES_MAX {
            Err(InvalidScope::TooLong)
        } else if values.len() > VALUES_MAX {
            Err(InvalidScope::TooManyValues)
        } else if values.iter().any(|scope| scope.as_str().len() > VALUE_BYTES_MAX) {
            Err(InvalidScope::ValueTooLong)
        } else {
            Ok(Self { values })
        }
    }

    fn texts(&self) -> BTreeSet<&str> {
        self.values.iter().map(Scope::as_str).collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.values.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl std::str::FromStr for ScopeSet {
    type Err = InvalidScope;

    fn from_str(wire: &str) -> Result<Self, Self::Err> {
        Self::parse(wire)
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = InvalidScope;

    fn try_from(wire: String) -> Result<Self, Self::Error> {
        Self::parse(&wire)
    }
}

impl From<Scope> for ScopeSet {
    /// The set of one value.
    fn from(scope: Scope) -> Self {
        Self { values: vec![scope] }
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.to_string()
    }
}

/// Why a wire string is not a set of scope values.
///
/// The sentences are made for the `error_description` of an `invalid_scope` answer.
///
/// ```
/// use entryway_scope::{InvalidScope, ScopeSet};
///
/// assert_eq!(ScopeSet::parse("atproto  repo:*"), Err(InvalidScope::Spacing));
/// let fault = ScopeSet::parse("atproto repo").unwrap_err();
/// assert_eq!(fault.to_string(), "value 2 of scope: repo needs collection: a whole NSID, or *");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// A character outside of RFC 6749 section 3.3.
    #[error("scope may only hold printable ASCII characters other than quotation mark and backslash")]
    Charset,
    /// No value, or values not parted by exactly one space.
    #[error("scope is to hold at least one value, and exactly one space between two values")]
    Spacing,
    /// More than 16 KiB in all.
    #[error("scope is to be at most {SCOPE_BYTES_MAX} bytes long")]
    TooLong,
    /// More than 512 different values.
    #[error("scope is to hold at most {VALUES_MAX} values")]
    TooManyValues,
    /// A value of more than 2048 bytes.
    #[error("each value of scope is to be at most {VALUE_BYTES_MAX} bytes long")]
    ValueTooLong,
    /// A value that grants nothing.
    #[error("value {position} of scope: {fault}")]
    Value {
        /// Which one, counted from 1, repeated ones included.
        position: usize,
        /// What is wrong with it.
        fault: InvalidValue,
    },
}

/// The different values with their index in the string. RFC 6749 section 3.3: `scope-token *( SP scope-token )`.
fn split(wire: &str) -> Result<Vec<(usize, &str)>, InvalidScope> {
    if wire.len() > SCOPE_BYTES_MAX {
        return Err(InvalidScope::TooLong);
    }
    if !wire
        .bytes()
        .all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'))
    {
        return Err(InvalidScope::Charset);
    }
    let mut seen = BTreeSet::new();
    let mut values = Vec::new();
    for (index, text) in wire.split(' ').enumerate() {
        if text.is_empty() {
            return Err(InvalidScope::Spacing);
        }
        if text.len() > VALUE_BYTES_MAX {
            return Err(InvalidScope::ValueTooLong);
        }
        if seen.insert(text) {
            values.push((index, text));
        }
    }
    if values.len() > VALUES_MAX {
        Err(InvalidScope::TooManyValues)
    } else {
        Ok(values)
    }
}

/// Hundreds of granular values fit; an access token carries them all (R-387).
const SCOPE_BYTES_MAX: usize = 16 * 1024;
const VALUES_MAX: usize = 512;
pub(crate) const VALUE_BYTES_MAX: usize = 2048;
