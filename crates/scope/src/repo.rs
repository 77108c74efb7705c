use crate::syntax::{self, Syntax};
use crate::{InvalidValue, Nsid, Nsids};
use std::collections::BTreeSet;
use std::fmt;

/// `repo`: writing records of some collections.
///
/// Reading needs no permission: records are public. Shown in normal form.
///
/// ```
/// use entryway_scope::{Meaning, Nsid, RepoAction, Scope};
///
/// let scope = Scope::parse("repo:*?action=delete")?;
/// let Meaning::Repo(repo) = scope.meaning() else { panic!("a repo scope") };
/// let post = Nsid::parse("app.bsky.feed.post").unwrap();
/// assert!(repo.permits(&post, RepoAction::Delete) && !repo.permits(&post, RepoAction::Create));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RepoPermission {
    collections: Nsids,
    actions: BTreeSet<RepoAction>,
}

impl RepoPermission {
    /// Which collections.
    pub fn collections(&self) -> &Nsids {
        &self.collections
    }

    /// What may be done to their records; never empty.
    pub fn actions(&self) -> &BTreeSet<RepoAction> {
        &self.actions
    }

    /// Whether this lets one do that.
    pub fn permits(&self, collection: &Nsid, action: RepoAction) -> bool {
        self.actions.contains(&action) && self.collections.contain(collection)
    }

    pub(crate) fn new(collections: Nsids, actions: BTreeSet<RepoAction>) -> Self {
        Self { collections, actions }
    }

    pub(crate) fn one(collection: &Nsid, action: RepoAction) -> Self {
        Self::new(Nsids::one(collection), BTreeSet::from([action]))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let syntax = Syntax::parse(text)?;
        syntax.only(&["collection", "action"])?;
        let collections = Nsids::parse(&syntax.main("collection")?).ok().flatten();
        let actions = syntax
            .many("action")
            .map(RepoAction::parse)
            .collect::<Option<BTreeSet<_>>>();
        let mut actions = actions.ok_or(InvalidValue::RepoAction)?;
        if actions.is_empty() {
            actions.extend(RepoAction::ALL);
        }
        Ok(Self::new(collections.ok_or(InvalidValue::Collection)?, actions))
    }
}

impl fmt::Display for RepoPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let narrowed = self.actions.len() < RepoAction::ALL.len();
        let actions = self
            .actions
            .iter()
            .filter(|_| narrowed)
            .map(|action| ("action", action.as_str()));
        syntax::write(f, "repo", ("collection", &self.collections.texts()), actions)
    }
}

/// What may be done to a record.
///
/// ```
/// use entryway_scope::RepoAction;
///
/// let words = RepoAction::ALL.map(RepoAction::as_str);
/// assert_eq!(words, ["create", "update", "delete"]);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RepoAction {
    /// Adding one.
    Create,
    /// Replacing one.
    Update,
    /// Removing one.
    Delete,
}

impl RepoAction {
    /// Every action, in the order of the normal form.
    pub const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// The word used in scope values.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::tests::{assert_canonical, assert_refused};

    // R-362, R-388
    #[test]
    fn collections_and_actions_have_a_normal_form() {
        assert_canonical(&[
            ("repo:*", "repo:*"),
            ("repo:app.example.profile", "repo:app.example.profile"),
            ("repo:app.example.profile?", "repo:app.example.profile"),
            ("repo:app%2Eexample.profile", "repo:app.example.profile"),
            ("repo?collection=a.b.c", "repo:a.b.c"),
            (
                "repo?collection=a.b.c&collection=a.b.d",
                "repo?collection=a.b.c&collection=a.b.d",
            ),
            (
                "repo?collection=a.b.d&collection=a.b.c&collection=a.b.d",
                "repo?collection=a.b.c&collection=a.b.d",
            ),
            ("repo?collection=a.b.c&collection=*", "repo:*"),
            (
                "repo:a.b.c?action=create&action=delete",
                "repo:a.b.c?action=create&action=delete",
            ),
            (
                "repo:a.b.c?action=delete&action=create&action=delete",
                "repo:a.b.c?action=create&action=delete",
            ),
            (
                "repo:a.b.c?action=delete&action=update&action=create",
                "repo:a.b.c",
            ),
            ("repo?action=update&collection=a.b.c", "repo:a.b.c?action=update"),
            ("repo:*?action=delete", "repo:*?action=delete"),
        ]);
    }

    // R-363
    #[test]
    fn a_repo_value_out_of_grammar_grants_nothing() {
        use InvalidValue::{Collection, GivenTwice, RepoAction, UnknownParameter};
        assert_refused(&[
            ("repo", Collection),
            ("repo:", Collection),
            ("repo?", Collection),
            ("repo?collection=", Collection),
            ("repo?action=create", Collection),
            ("repo:foo", Collection),
            ("repo:app.example.*", Collection),
            ("repo:*.example.foo", Collection),
            ("repo:a.b.c,a.b.d", Collection),
            ("repo:a.b.c%20a.b.d", Collection),
            ("repo:a.b.c#main", Collection),
            ("repo?collection=a.b.c&collection=", Collection),
            ("repo?collection=*&collection=foo", Collection),
            ("repo:*?action=*", RepoAction),
            ("repo:*?action=", RepoAction),
            ("repo:*?action", RepoAction),
            ("repo:a.b.c?action=write", RepoAction),
            ("repo:a.b.c?action=Create", RepoAction),
            ("repo:a.b.c?action=create,delete", RepoAction),
            ("repo:a.b.c?action=create&action=read", RepoAction),
            ("repo:a.b.c?collection=a.b.d", GivenTwice),
            ("repo:a.b.c?collection=a.b.c", GivenTwice),
            ("repo:?collection=a.b.c", GivenTwice),
            ("repo:a.b.c?foo=1", UnknownParameter),
            ("repo:a.b.c?Action=create", UnknownParameter),
            ("repo:a.b.c?=", UnknownParameter),
            ("repo:a.b.c?action=create?action=delete", RepoAction),
        ]);
    }
}
