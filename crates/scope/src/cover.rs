//! Whether what one value grants is granted by others as well, compared by meaning and not by text.

#[cfg(test)]
mod tests;

use crate::piece::{Piece, assemble};
use crate::transition::is_about_messages;
use crate::{AccountAction, AccountAttribute, Audience, InvalidScope, Meaning, Scope, ScopeSet, Transition};
use std::collections::BTreeSet;

impl Scope {
    /// Whether all that the other value grants is granted by this one, too.
    ///
    /// A permission set covers itself without an audience, and nothing else: what it holds is not known here.
    /// `transition:chat.bsky`, which grants nothing by itself, is covered by itself only.
    ///
    /// ```
    /// use entryway_scope::Scope;
    ///
    /// let any = Scope::parse("repo:*?action=create&action=delete")?;
    /// assert!(any.covers(&Scope::parse("repo:app.bsky.feed.post?action=delete")?));
    /// assert!(!any.covers(&Scope::parse("repo:app.bsky.feed.post")?));
    /// # Ok::<(), entryway_scope::InvalidValue>(())
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        other
            .meaning()
            .pieces()
            .all(|piece| self.meaning().covers_piece(piece))
    }

    /// What of this value the others do not cover, in normal form.
    pub(crate) fn beyond(&self, covered_by: &ScopeSet) -> Vec<Self> {
        let pieces = self.meaning().pieces();
        assemble(pieces.filter(|piece| !covered_by.covers_piece(*piece)))
    }

    /// Whether the others cover some part of this value, or it covers some part of one of them.
    pub(crate) fn touches(&self, others: &ScopeSet) -> bool {
        self.meaning().pieces().any(|piece| others.covers_piece(piece))
            || others.iter().any(|other| {
                other
                    .meaning()
                    .pieces()
                    .any(|piece| self.meaning().covers_piece(piece))
            })
    }
}

/// Comparing by meaning. What was asked is compared with what was declared by text instead (R-378):
/// [`ScopeSet::is_subset`], [`ScopeSet::intersection`].
impl ScopeSet {
    /// Whether all that the other values grant is granted by these, too, each part by one of them.
    ///
    /// Where this is true, whatever the other set [permits](ScopeSet::permits) this one permits.
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let held = ScopeSet::parse("atproto repo:a.b.c?action=create repo:a.b.c?action=delete")?;
    /// assert!(held.covers(&ScopeSet::parse("repo:a.b.c?action=create&action=delete")?));
    /// assert!(!held.covers(&ScopeSet::parse("repo:a.b.c")?));
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        other
            .iter()
            .all(|scope| scope.meaning().pieces().all(|piece| self.covers_piece(piece)))
    }

    /// What of these values the others do not cover, in normal form; nothing where they cover all.
    ///
    /// Each value is cut down to its uncovered parts, so that a page can say what is new about it. The parts of one
    /// value may need several values to say.
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let held = ScopeSet::parse("atproto repo:a.b.c?action=create")?;
    /// let asked = ScopeSet::parse("atproto repo:a.b.c blob:image/*")?;
    /// let new: Vec<_> = asked.difference(&held).iter().map(ToString::to_string).collect();
    /// assert_eq!(new, ["repo:a.b.c?action=update&action=delete", "blob:image/*"]);
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn difference(&self, covered_by: &Self) -> Vec<Scope> {
        each_once(self.iter().flat_map(|scope| scope.beyond(covered_by)))
    }

    /// What of these values one would still lack with a token of the others; nothing where it allows all.
    ///
    /// As [`difference`](ScopeSet::difference), but for what a resource server would allow: `rpc:*` is then the token
    /// that names no method, which `transition:generic` permits although it does not cover private messages.
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let granted = ScopeSet::parse("atproto transition:generic")?;
    /// let wanted = ScopeSet::parse("rpc:*?aud=did:web:h%23svc")?;
    /// assert!(wanted.missing_from(&granted).is_empty());
    /// assert!(!granted.covers(&wanted));
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn missing_from(&self, granted: &Self) -> Vec<Scope> {
        let is_methodless = |piece| matches!(piece, Piece::Rpc(None, _)) && granted.has(Transition::Generic);
        each_once(self.iter().flat_map(|scope| {
            let pieces = scope.meaning().pieces();
            assemble(pieces.filter(|piece| !is_methodless(*piece) && !granted.covers_piece(*piece)))
        }))
    }

    /// All of both in normal form, sorted, without the values that another one covers.
    ///
    /// Does not depend on the order, nor on which of the two a value came from. Values keep what they grant but not
    /// their texts: of `account:email` and `transition:email`, which grant the same, the first in order remains.
    ///
    /// ```
    /// use entryway_scope::ScopeSet;
    ///
    /// let one = ScopeSet::parse("atproto repo:a.b.c?action=create blob:*/*")?;
    /// let other = ScopeSet::parse("atproto repo?collection=a.b.c blob:image/png")?;
    /// assert_eq!(one.union(&other)?.to_string(), "atproto blob:*/* repo:a.b.c");
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `TooLong`, `TooManyValues` and `ValueTooLong` where the result would not be a wire string (R-387).
    pub fn union(&self, other: &Self) -> Result<Self, InvalidScope> {
        let both = self.iter().chain(other.iter());
        let mut values: Vec<_> = both.map(|scope| Scope::from(scope.meaning().clone())).collect();
        values.sort();
        values.dedup();
        let is_covered = |index: usize| {
            let mut others = values.iter().enumerate().filter(|(other, _)| *other != index);
            others.any(|(other, scope)| {
                scope.covers(&values[index]) && (other < index || !values[index].covers(scope))
            })
        };
        let kept = (0..values.len()).filter(|index| !is_covered(*index));
        Self::bounded(kept.map(|index| values[index].clone()).collect())
    }

    fn covers_piece(&self, piece: Piece<'_>) -> bool {
        self.iter().any(|scope| scope.meaning().covers_piece(piece))
            || matches!(piece, Piece::Rpc(..))
                && self.has(Transition::Generic)
                && self.has(Transition::ChatBsky)
    }
}

impl Meaning {
    pub(crate) fn covers_piece(&self, piece: Piece<'_>) -> bool {
        match (self, piece) {
            (Self::Repo(repo), Piece::Repo(collection, action)) => {
                repo.actions().contains(&action) && repo.collections().contain_any_or(collection)
            }
            (Self::Rpc(rpc), Piece::Rpc(method, audience)) => {
                let there = *rpc.audience() == Audience::Any || rpc.audience() == audience;
                there && rpc.methods().contain_any_or(method)
            }
            (Self::Blob(blob), Piece::Blob(range)) => blob.accept().iter().any(|own| own.includes(range)),
            (Self::Transition(Transition::Generic), Piece::Repo(..) | Piece::Blob(_)) => true,
            // all methods are more than those that are not about messages
            (Self::Transition(Transition::Generic), Piece::Rpc(method, _)) => {
                method.is_some_and(|method| !is_about_messages(method))
            }
            (_, Piece::Whole(other)) => self.covers_whole(other),
            _ => false,
        }
    }

    fn covers_whole(&self, other: &Self) -> bool {
        use AccountAttribute::Email;
        use Transition::Email as SeeEmail;
        match (self, other) {
            (Self::Account(own), Self::Account(other)) => own.permits(other.attribute(), other.action()),
            (Self::Account(own), Self::Transition(SeeEmail)) => own.permits(Email, AccountAction::Read),
            (Self::Transition(SeeEmail), Self::Account(other)) => {
                (other.attribute(), other.action()) == (Email, AccountAction::Read)
            }
            (Self::Identity(own), Self::Identity(other)) => own.permits(*other),
            (Self::Include(own), Self::Include(other)) => own.covers(other),
            _ => self == other,
        }
    }
}

fn each_once(scopes: impl Iterator<Item = Scope>) -> Vec<Scope> {
    let mut seen = BTreeSet::new();
    scopes.filter(|scope| seen.insert(scope.clone())).collect()
}
