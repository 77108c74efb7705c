#[cfg(test)]
mod tests;

use crate::{Scope, ScopeSet};

/// What would change for somebody who granted something before and is now asked for more, or for less.
///
/// For a page that shows nothing else. What stays as it was is left out, and so is everything of which only the
/// wording changed. See [`ScopeSet::upgrade_from`].
///
/// ```
/// use entryway_scope::ScopeSet;
///
/// let held = ScopeSet::parse("atproto repo?collection=a.b.c")?;
/// let asked = ScopeSet::parse("atproto repo:a.b.c")?;
/// let upgrade = asked.upgrade_from(&held);
/// assert!(upgrade.gains.is_empty() && upgrade.losses.is_empty());
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upgrade<'a> {
    /// What was not granted so far, in the order asked.
    pub gains: Vec<Gain<'a>>,
    /// What would no longer be granted, in normal form.
    pub losses: Vec<Scope>,
}

/// A value that grants more than was granted before.
///
/// ```
/// use entryway_scope::{GainKind, ScopeSet};
///
/// let held = ScopeSet::parse("atproto repo:a.b.c?action=create")?;
/// let asked = ScopeSet::parse("atproto repo:a.b.c")?;
/// let gain = &asked.upgrade_from(&held).gains[0];
/// assert_eq!((gain.asked.as_str(), gain.kind), ("repo:a.b.c", GainKind::Widened));
/// assert_eq!(gain.beyond[0].as_str(), "repo:a.b.c?action=update&action=delete");
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gain<'a> {
    /// The value that was asked for.
    pub asked: &'a Scope,
    /// What is new about it, in normal form; never empty.
    pub beyond: Vec<Scope>,
    /// Whether it is all new, or goes beyond something that was granted.
    pub kind: GainKind,
}

/// How a value relates to what was granted before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GainKind {
    /// It has nothing in common with it.
    Added,
    /// It has some of it, and more.
    Widened,
}

impl ScopeSet {
    /// Compares what is asked with what is held, by meaning.
    ///
    /// ```
    /// use entryway_scope::{GainKind, ScopeSet};
    ///
    /// let held = ScopeSet::parse("atproto repo:a.b.c identity:handle")?;
    /// let asked = ScopeSet::parse("atproto repo:* account:email")?;
    /// let upgrade = asked.upgrade_from(&held);
    /// let kinds: Vec<_> = upgrade.gains.iter().map(|gain| (gain.asked.as_str(), gain.kind)).collect();
    /// assert_eq!(kinds, [("repo:*", GainKind::Widened), ("account:email", GainKind::Added)]);
    /// assert_eq!(upgrade.losses[0].as_str(), "identity:handle");
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn upgrade_from(&self, held: &Self) -> Upgrade<'_> {
        let gains = self.iter().filter_map(|asked| {
            let beyond = asked.beyond(held);
            let kind = if asked.touches(held) {
                GainKind::Widened
            } else {
                GainKind::Added
            };
            (!beyond.is_empty()).then_some(Gain { asked, beyond, kind })
        });
        Upgrade {
            gains: gains.collect(),
            losses: held.difference(self),
        }
    }
}
