use crate::{
    AccountPermission, BlobPermission, IdentityPermission, Include, InvalidValue, RepoPermission,
    RpcPermission, Transition,
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// One scope value: the text as it was written, and what it means.
///
/// Two values are equal exactly when their texts are, for so are requests compared with what a client declared
/// (R-378). To compare meanings, compare [`Scope::meaning`].
///
/// ```
/// use entryway_scope::Scope;
///
/// let written = Scope::parse("repo?collection=a.b.d&collection=a.b.c")?;
/// let sorted = Scope::parse(&written.canonical())?;
/// assert_eq!(sorted.as_str(), "repo?collection=a.b.c&collection=a.b.d");
/// assert_eq!(written.meaning(), sorted.meaning());
/// assert_ne!(written, sorted);
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    text: Box<str>,
    meaning: Meaning,
}

impl Scope {
    /// Takes a text for a scope value.
    ///
    /// Does not check the characters of the text: [`ScopeSet::parse`](crate::ScopeSet::parse) does for a whole string.
    ///
    /// # Errors
    ///
    /// `Unknown` for what this server does not know, in this case and spelling; any other variant for a known
    /// resource that is used out of grammar. R-361 to R-376.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let resource_bytes = text.find([':', '?']).unwrap_or(text.len());
        let (resource, rest) = text.split_at(resource_bytes);
        let meaning = match resource {
            "atproto" if rest.is_empty() => Meaning::Atproto,
            "transition" => Meaning::Transition(Transition::parse(text).ok_or(InvalidValue::Unknown)?),
            "repo" => Meaning::Repo(RepoPermission::parse(rest)?),
            "rpc" => Meaning::Rpc(RpcPermission::parse(rest)?),
            "blob" => Meaning::Blob(BlobPermission::parse(rest)?),
            "account" => Meaning::Account(AccountPermission::parse(rest)?),
            "identity" => Meaning::Identity(IdentityPermission::parse(rest)?),
            "include" => Meaning::Include(Include::parse(rest)?),
            _ => return Err(InvalidValue::Unknown),
        };
        Ok(Self {
            text: text.into(),
            meaning,
        })
    }

    /// The value as it was written, or in normal form where it was not written but made.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it means.
    pub fn meaning(&self) -> &Meaning {
        &self.meaning
    }

    /// The one text all values of this meaning share (R-388).
    pub fn canonical(&self) -> String {
        self.meaning.to_string()
    }
}

/// The value in normal form.
impl From<Meaning> for Scope {
    fn from(meaning: Meaning) -> Self {
        Self {
            text: meaning.to_string().into(),
            meaning,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({})", self.text)
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl std::str::FromStr for Scope {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.text.into()
    }
}

/// What a scope value means. Shown in normal form (R-388).
///
/// Exhaustive on purpose: a new kind of permission has to be decided upon wherever permissions are.
///
/// ```
/// use entryway_scope::{Meaning, Scope};
///
/// let (one, other) = (Scope::parse("repo:a.b.c?action=delete")?, Scope::parse("repo?action=delete&collection=a.b.c")?);
/// assert!(matches!(one.meaning(), Meaning::Repo(_)));
/// assert_eq!(one.meaning(), other.meaning());
/// assert_eq!(other.meaning().to_string(), "repo:a.b.c?action=delete");
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Meaning {
    /// `atproto`: signing in, and nothing else (R-382).
    Atproto,
    /// `transition:…`
    Transition(Transition),
    /// `repo:…`
    Repo(RepoPermission),
    /// `rpc:…`
    Rpc(RpcPermission),
    /// `blob:…`
    Blob(BlobPermission),
    /// `account:…`
    Account(AccountPermission),
    /// `identity:…`
    Identity(IdentityPermission),
    /// `include:…`
    Include(Include),
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atproto => f.write_str("atproto"),
            Self::Transition(transition) => f.write_str(transition.as_str()),
            Self::Repo(permission) => permission.fmt(f),
            Self::Rpc(permission) => permission.fmt(f),
            Self::Blob(permission) => permission.fmt(f),
            Self::Account(permission) => permission.fmt(f),
            Self::Identity(permission) => permission.fmt(f),
            Self::Include(include) => include.fmt(f),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::samples::near_miss;
    use proptest::prelude::*;

    /// Each written value has this normal form, which is its own.
    pub(crate) fn assert_canonical(table: &[(&str, &str)]) {
        for (written, canonical) in table {
            let scope = Scope::parse(written).unwrap_or_else(|fault| panic!("{written}: {fault}"));
            assert_eq!(scope.as_str(), *written);
            assert_eq!(scope.canonical(), *canonical, "{written}");
            let again = Scope::parse(canonical).unwrap_or_else(|fault| panic!("{canonical}: {fault}"));
            assert_eq!(
                (again.canonical().as_str(), again.meaning()),
                (*canonical, scope.meaning())
            );
        }
    }

    pub(crate) fn assert_refused(table: &[(&str, InvalidValue)]) {
        for (written, fault) in table {
            assert_eq!(Scope::parse(written), Err(*fault), "{written}");
            assert!(crate::is_printable(&fault.to_string()));
        }
    }

    // R-361
    #[test]
    fn static_values_mean_themselves() {
        assert_canonical(
            &[
                "atproto",
                "transition:generic",
                "transition:email",
                "transition:chat.bsky",
            ]
            .map(|v| (v, v)),
        );
    }

    // R-373, R-376
    #[test]
    fn what_is_not_known_grants_nothing() {
        let values = [
            "",
            "foo",
            ":",
            "?",
            "a=b",
            "*",
            "#",
            "resource:positional?key=val",
            "openid",
            "ATPROTO",
            "Atproto",
            "atproto:",
            "atproto?",
            "atproto:repo",
            "Repo:*",
            "REPO:*",
            "repos:*",
            "repo-x:*",
            "re%70o:*",
            "repo%3A*",
            "transition",
            "transition:",
            "transition:*",
            "transition:Email",
            "transition:email?",
            "transition?a=b",
            "transition:generic:x",
            "transition%3Ageneric",
            "ref:bafyreib",
            "com.atproto.access",
        ];
        assert_refused(&values.map(|value| (value, InvalidValue::Unknown)));
    }

    // R-375
    #[test]
    fn a_bad_escape_is_refused_in_every_resource() {
        for resource in ["repo", "rpc", "blob", "account", "identity", "include"] {
            for rest in [":%", ":%zz", ":%ff", "?%=1", "?a=%f"] {
                assert_refused(&[(&format!("{resource}{rest}"), InvalidValue::Escape)]);
            }
        }
    }

    proptest! {
        // R-376, R-389
        #[test]
        fn any_text_is_parsed_or_refused(text in any::<String>()) {
            let _ = Scope::parse(&text);
        }

        // R-388, R-389
        #[test]
        fn the_normal_form_is_stable(text in near_miss()) {
            if let Ok(scope) = Scope::parse(&text) {
                let again = Scope::parse(&scope.canonical());
                prop_assert_eq!(again.as_ref().map(Scope::meaning), Ok(scope.meaning()));
                prop_assert_eq!(again.map(|scope| scope.canonical()), Ok(scope.canonical()));
                prop_assert!(crate::is_printable(&scope.canonical()));
            }
        }
    }
}
