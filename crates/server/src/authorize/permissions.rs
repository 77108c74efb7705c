//! What a request asks for, in words: beside what the account granted before, bundles opened.

use entryway_core::consent::{self, Comparison, Novelty};
use entryway_scope::{Explanation, Include, Meaning, Scope, ScopeSet, explain};

use crate::pages::consent::{Bundle, BundledPermission, Permission, PermissionGroup};
use crate::pages::untrusted::Untrusted;
use crate::sets::Sets;

/// The values of a request, explained. The consent page borrows from it.
pub(crate) struct Explained<'a> {
    values: Vec<Value<'a>>,
    comparison: Comparison,
    dropped: Vec<Explanation>,
}

/// A requested value with its place in the request and its meaning.
struct Value<'a> {
    number: usize,
    scope: &'a Scope,
    explanation: Explanation,
    bundle: Option<OpenBundle<'a>>,
}

/// A permission set that a value includes.
struct OpenBundle<'a> {
    publisher: String,
    title: Option<&'a str>,
    detail: Option<&'a str>,
    allows: Vec<(Scope, Explanation)>,
}

impl<'a> Explained<'a> {
    /// Explains a request to an account that granted `held` before.
    pub(super) fn new(asked: &'a ScopeSet, held: Option<&ScopeSet>, sets: &'a Sets, language: &str) -> Self {
        let comparison = consent::compare(asked, held, |scope| sets.expand(scope));
        Self {
            values: Value::all(asked.iter(), sets, language),
            dropped: comparison.dropped.iter().map(explain).collect(),
            comparison,
        }
    }

    /// Explains what was granted, where nothing is asked for.
    pub(crate) fn granted(granted: &[&'a Scope], sets: &'a Sets, language: &str) -> Self {
        Self {
            values: Value::all(granted.iter().copied(), sets, language),
            dropped: Vec::new(),
            comparison: Comparison {
                asked: vec![Novelty::New; granted.len()],
                dropped: Vec::new(),
            },
        }
    }

    /// What is to be decided: everything, or at an upgrade what is new.
    pub(crate) fn groups(&self) -> Vec<PermissionGroup<'_>> {
        let upgrade = self.comparison.is_upgrade();
        self.grouped(|novelty| !upgrade || novelty != Novelty::Held)
    }

    /// What the account granted before, at an upgrade.
    pub(super) fn held(&self) -> Vec<PermissionGroup<'_>> {
        let upgrade = self.comparison.is_upgrade();
        self.grouped(|novelty| upgrade && novelty == Novelty::Held)
    }

    /// What is not asked for any more.
    pub(super) fn dropped(&self) -> Vec<Untrusted<'_>> {
        self.dropped
            .iter()
            .map(|explanation| Untrusted(&explanation.sentence))
            .collect()
    }

    /// The values by what they touch, in the order of the groups.
    fn grouped(&self, wanted: impl Fn(Novelty) -> bool) -> Vec<PermissionGroup<'_>> {
        let novelties = self.comparison.asked.iter().copied();
        let mut by_group: Vec<(&Value<'_>, Novelty)> = self
            .values
            .iter()
            .zip(novelties)
            .filter(|(_, novelty)| wanted(*novelty))
            .collect();
        by_group.sort_by_key(|(value, _)| value.explanation.group);
        let groups = by_group.chunk_by(|(a, _), (b, _)| a.explanation.group == b.explanation.group);
        groups
            .map(|of_group| PermissionGroup {
                title: Untrusted(
                    of_group
                        .first()
                        .map_or("", |(value, _)| value.explanation.group.title()),
                ),
                items: of_group
                    .iter()
                    .map(|(value, novelty)| value.permission(*novelty))
                    .collect(),
            })
            .collect()
    }
}

impl<'a> Value<'a> {
    fn all(scopes: impl Iterator<Item = &'a Scope>, sets: &'a Sets, language: &str) -> Vec<Self> {
        let values = scopes.enumerate().map(|(number, scope)| Self {
            number,
            scope,
            explanation: explain(scope),
            bundle: match scope.meaning() {
                Meaning::Include(include) => OpenBundle::of(include, sets, language),
                _ => None,
            },
        });
        values.collect()
    }

    fn permission(&self, novelty: Novelty) -> Permission<'_> {
        Permission {
            number: self.number,
            sentence: Untrusted(&self.explanation.sentence),
            scope: Untrusted(self.scope.as_str()),
            caution: self.explanation.caution.map(Untrusted),
            optional: self.scope.as_str() != "atproto",
            widened: novelty == Novelty::Widened,
            bundle: self.bundle.as_ref().map(OpenBundle::view),
        }
    }
}

impl<'a> OpenBundle<'a> {
    fn of(include: &Include, sets: &'a Sets, language: &str) -> Option<Self> {
        let set = sets.get(include.set())?;
        let explained = |scope: Scope| {
            let explanation = explain(&scope);
            (scope, explanation)
        };
        Some(Self {
            publisher: include.set().authority(),
            title: set.title(language),
            detail: set.detail(language),
            allows: set.expand(include).into_iter().map(explained).collect(),
        })
    }

    fn view(&self) -> Bundle<'_> {
        let allows = self.allows.iter().map(|(scope, explanation)| BundledPermission {
            sentence: Untrusted(&explanation.sentence),
            scope: Untrusted(scope.as_str()),
            caution: explanation.caution.map(Untrusted),
        });
        Bundle {
            publisher: Untrusted(&self.publisher),
            title: self.title.map(Untrusted),
            detail: self.detail.map(Untrusted),
            allows: allows.collect(),
        }
    }
}
