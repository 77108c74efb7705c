use crate::{InvalidIdentifier, Nsid};
use std::collections::BTreeSet;

/// The collections or methods a permission names: any, or at least one by name.
///
/// There is nothing in between: `app.bsky.*` is no value.
///
/// ```
/// use entryway_scope::{Meaning, Nsid, Nsids, Scope};
///
/// let scope = Scope::parse("repo?collection=a.b.d&collection=a.b.c")?;
/// let Meaning::Repo(repo) = scope.meaning() else { panic!("a repo scope") };
/// let Nsids::Listed(listed) = repo.collections() else { panic!("a list") };
/// assert_eq!(listed.iter().map(Nsid::as_str).collect::<Vec<_>>(), ["a.b.c", "a.b.d"]);
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Nsids {
    /// `*`, which swallows all others.
    Any,
    /// These, sorted and each once.
    Listed(BTreeSet<Nsid>),
}

impl Nsids {
    /// Whether this one is among them.
    pub fn contain(&self, nsid: &Nsid) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed.contains(nsid),
        }
    }

    /// Whether all of them are (`None`), or this one is.
    pub(crate) fn contain_any_or(&self, nsid: Option<&Nsid>) -> bool {
        nsid.map_or(*self == Self::Any, |nsid| self.contain(nsid))
    }

    /// Each by itself, or `None` for all of them.
    pub(crate) fn each(&self) -> impl Iterator<Item = Option<&Nsid>> {
        let (any, listed) = match self {
            Self::Any => (Some(None), None),
            Self::Listed(listed) => (None, Some(listed)),
        };
        any.into_iter().chain(listed.into_iter().flatten().map(Some))
    }

    /// The reverse of [`Nsids::each`].
    pub(crate) fn of(names: BTreeSet<Option<&Nsid>>) -> Self {
        let listed = names.into_iter().map(Option::<&Nsid>::cloned).collect();
        Option::map_or(listed, Self::Any, Self::Listed)
    }

    pub(crate) fn one(nsid: &Nsid) -> Self {
        Self::Listed(BTreeSet::from([nsid.clone()]))
    }

    /// `None` for no text at all.
    pub(crate) fn parse(texts: &[&str]) -> Result<Option<Self>, InvalidIdentifier> {
        let names = texts.iter().filter(|text| **text != ANY);
        let listed = names
            .map(|text| Nsid::parse(text))
            .collect::<Result<BTreeSet<_>, _>>()?;
        Ok(match texts {
            [] => None,
            _ if texts.contains(&ANY) => Some(Self::Any),
            _ => Some(Self::Listed(listed)),
        })
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Any => vec![ANY],
            Self::Listed(listed) => listed.iter().map(Nsid::as_str).collect(),
        }
    }
}

const ANY: &str = "*";
