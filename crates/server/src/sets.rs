//! The permission sets of this instance: proven once, kept in the store, asked for again when they age.
//!
//! What a set says is read where it is used: when a request is admitted, and whenever a token is made. A
//! publisher whose host is gone keeps new sets from being asked for, and breaks nothing that runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use moka::sync::Cache;
use tokio::sync::Mutex;

use entryway_core::permission_set::{SetAge, SetLifetimes};
use entryway_identity::lexicon::{LexiconResolver, ResolvedLexicon, Seen};
use entryway_oauth::denial::Denial;
use entryway_oauth::time::Timestamp;
use entryway_scope::{ExpansionFault, Meaning, Nsid, PermissionSet, Scope, ScopeSet};
use entryway_store::{Keeping, Store, StoredSet};

use crate::failure::{Failure, Fault};

/// Finds permission sets. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct PermissionSets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    lexicons: LexiconResolver,
    lifetimes: SetLifetimes,
    known: Cache<Nsid, Arc<Known>>,
    asking: Cache<Nsid, Arc<Mutex<Option<Failed>>>>,
}

/// A set as it was last proven.
#[derive(Debug)]
struct Known {
    set: PermissionSet,
    seen: Seen,
    read_at: Timestamp,
}

/// A set, or why it is not to be had.
type Answer = Result<Arc<Known>, String>;

/// The last try that failed.
#[derive(Clone, Debug)]
struct Failed {
    at: Timestamp,
    reason: String,
}

/// The sets a scope asks for, by name.
#[derive(Debug, Default)]
pub(crate) struct Sets(BTreeMap<Nsid, Arc<Known>>);

impl Sets {
    /// The set of that name.
    pub(crate) fn get(&self, name: &Nsid) -> Option<&PermissionSet> {
        self.0.get(name).map(|known| &known.set)
    }

    /// Takes these in too.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The permissions themselves. What a set that is not at hand would grant is not granted.
    pub(crate) fn expand(&self, scope: &ScopeSet) -> ScopeSet {
        let mut scope = scope.clone();
        scope.retain(|value| included(value).is_none_or(|name| self.0.contains_key(name)));
        scope.expand(|name| self.get(name)).unwrap_or_else(|fault| {
            tracing::warn!(fault = %fault, "a grant is without its permission sets, which became too large");
            scope.retain(|value| included(value).is_none());
            scope
        })
    }
}

/// The permission set that a value asks for.
pub(crate) fn included(value: &Scope) -> Option<&Nsid> {
    match value.meaning() {
        Meaning::Include(include) => Some(include.set()),
        _ => None,
    }
}

/// What a set is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// A new request, which is refused without it.
    Request,
    /// What was granted, which goes on with what is known.
    Grant,
}

/// Sets kept in memory.
const KNOWN_MAX: u64 = 10_000;

impl PermissionSets {
    pub(crate) fn new(store: Store, lexicons: LexiconResolver, lifetimes: SetLifetimes) -> Self {
        Self(Arc::new(Inner {
            store,
            lexicons,
            lifetimes,
            known: Cache::new(KNOWN_MAX),
            asking: Cache::new(KNOWN_MAX),
        }))
    }

    /// The sets that a request asks for, and that what it asks for fits a token with them.
    ///
    /// # Errors
    /// [`Denial::PermissionSetUnresolved`], and [`Denial::ScopeInvalid`] when they are too much together.
    pub(crate) async fn of_request(&self, scope: &ScopeSet, now: Timestamp) -> Result<Sets, Failure> {
        let sets = self.of(scope, For::Request, now).await?;
        match scope.expand(|name| sets.get(name)) {
            Ok(_) => Ok(sets),
            Err(ExpansionFault::Scope(reason)) => Err(Denial::ScopeInvalid {
                expected: format!("with its permission sets {reason}"),
            }
            .into()),
            Err(ExpansionFault::Unresolved(_)) => Err(Fault::new("a permission set vanished").into()),
        }
    }

    /// The sets of a grant, as far as they are known.
    pub(crate) async fn of_grant(&self, scope: &ScopeSet, now: Timestamp) -> Result<Sets, Failure> {
        self.of(scope, For::Grant, now).await
    }

    /// The sets of what was granted that we have kept. No publisher is asked: nobody waits for this, and nothing is
    /// granted by it.
    pub(crate) async fn at_hand<'a>(
        &self,
        scopes: impl Iterator<Item = &'a Scope>,
        now: Timestamp,
    ) -> Result<Sets, Failure> {
        let mut sets = Sets::default();
        for name in scopes.filter_map(included) {
            if !sets.0.contains_key(name)
                && let Some(known) = self.known(name, now).await?
            {
                sets.0.insert(name.clone(), known);
            }
        }
        Ok(sets)
    }

    async fn of(&self, scope: &ScopeSet, need: For, now: Timestamp) -> Result<Sets, Failure> {
        let mut sets = Sets::default();
        for name in scope.permission_sets() {
            match (self.set(name, need, now).await?, need) {
                (Ok(known), _) => drop(sets.0.insert(name.clone(), known)),
                (Err(reason), For::Request) => {
                    return Err(Denial::PermissionSetUnresolved {
                        name: shortened(name),
                        reason,
                    }
                    .into());
                }
                (Err(reason), For::Grant) => {
                    tracing::warn!(set = %name, reason, "a granted permission set is not to be had");
                }
            }
        }
        Ok(sets)
    }

    /// A set, or why it is not to be had.
    async fn set(&self, name: &Nsid, need: For, now: Timestamp) -> Result<Answer, Failure> {
        let known = self.known(name, now).await?;
        let age = known.as_ref().map(|known| self.age(known, now));
        match (known, age) {
            (Some(known), Some(SetAge::Fresh)) => Ok(Ok(known)),
            (Some(known), Some(SetAge::Ageing)) => {
                let (sets, name) = (self.clone(), name.clone());
                tokio::spawn(async move { drop(sets.ask(&name, now).await) });
                Ok(Ok(known))
            }
            (known, age) => {
                // boxed: what is rare would make the future of every request as large
                let asked = Box::pin(self.ask(name, now)).await?;
                let serves = need == For::Grant || age != Some(SetAge::Expired);
                Ok(match (asked, known) {
                    (Err(_), Some(known)) if serves => Ok(known),
                    (asked, _) => asked,
                })
            }
        }
    }

    fn age(&self, known: &Known, now: Timestamp) -> SetAge {
        self.0.lifetimes.age(known.read_at, now)
    }

    /// What is known, by this instance or, once that is not fresh, by any of them.
    async fn known(&self, name: &Nsid, now: Timestamp) -> Result<Option<Arc<Known>>, Failure> {
        match self.0.known.get(name) {
            Some(known) if self.age(&known, now) == SetAge::Fresh => Ok(Some(known)),
            _ => {
                let kept = self.kept(name).await?;
                Ok(kept.map(|known| self.remember_unless_older(name, known)))
            }
        }
    }

    /// What the store has.
    async fn kept(&self, name: &Nsid) -> Result<Option<Known>, Failure> {
        let stored = self.0.store.permission_set(name).await?;
        Ok(stored.map(Known::of_stored).transpose()?)
    }

    /// What was read from the store may have been replaced there since, by this very instance.
    fn remember_unless_older(&self, name: &Nsid, known: Known) -> Arc<Known> {
        let entry = self.0.known.entry_by_ref(name).and_upsert_with(|present| {
            match present.map(moka::Entry::into_value) {
                Some(present) if present.read_at > known.read_at => present,
                _ => Arc::new(known),
            }
        });
        entry.into_value()
    }

    fn remember(&self, name: &Nsid, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        self.0.known.insert(name.clone(), known.clone());
        known
    }

    /// Asks the publisher. Of many who want the same set at once, one asks.
    async fn ask(&self, name: &Nsid, now: Timestamp) -> Result<Answer, Failure> {
        let turn = self.0.asking.get_with(name.clone(), Arc::default);
        let mut last_failure = turn.lock().await;
        let known = self.0.known.get(name);
        // somebody else asked while this one waited
        if let Some(known) = &known
            && known.read_at >= now
        {
            return Ok(Ok(known.clone()));
        }
        let pause = self.0.lifetimes.asked_again_after;
        let recently = |failed: &&Failed| failed.at <= now && now < failed.at + pause;
        if let Some(failed) = last_failure.as_ref().filter(recently) {
            return Ok(Err(failed.reason.clone()));
        }
        let seen = known.as_ref().map(|known| &known.seen);
        let proven = match self.0.lexicons.resolve(name, seen, now).await {
            Ok(lexicon) => Known::of(&lexicon).map(|known| (lexicon, known)),
            Err(unresolved) => Err(unresolved.to_string()),
        };
        match proven {
            Ok((lexicon, known)) => {
                *last_failure = None;
                let kept = self.0.store.keep_permission_set(&stored(lexicon)).await?;
                Ok(Ok(match kept {
                    Keeping::Kept => self.remember(name, known),
                    // another instance has seen more of this repository
                    Keeping::Older => {
                        let seen_elsewhere = self.kept(name).await?.unwrap_or(known);
                        self.remember(name, seen_elsewhere)
                    }
                }))
            }
            Err(reason) => {
                tracing::info!(set = %name, reason, "permission set not resolved");
                *last_failure = Some(Failed {
                    at: now,
                    reason: reason.clone(),
                });
                Ok(Err(reason))
            }
        }
    }
}

/// A name short enough for an error's description.
fn shortened(name: &Nsid) -> String {
    match name.as_str().get(..NAME_SHOWN_BYTES_MAX) {
        Some(start) if name.as_str().len() > NAME_SHOWN_BYTES_MAX => format!("{start}..."),
        _ => name.to_string(),
    }
}

/// More than any name that somebody uses.
const NAME_SHOWN_BYTES_MAX: usize = 96;

impl Known {
    fn of(lexicon: &ResolvedLexicon) -> Result<Self, String> {
        let set = PermissionSet::read(&lexicon.nsid, &lexicon.record);
        Ok(Self {
            set: set.map_err(|reason| reason.to_string())?,
            seen: lexicon.seen(),
            read_at: lexicon.resolved_at,
        })
    }

    fn of_stored(stored: StoredSet) -> Result<Self, Fault> {
        let impossible = || Fault::new("reading a stored permission set");
        let record = serde_json::from_str(&stored.record).map_err(|_| impossible())?;
        Ok(Self {
            set: PermissionSet::read(&stored.name, &record).map_err(|_| impossible())?,
            seen: Seen {
                did: stored.did,
                rev: stored.rev.parse().map_err(|_| impossible())?,
            },
            read_at: stored.read_at,
        })
    }
}

fn stored(lexicon: ResolvedLexicon) -> StoredSet {
    StoredSet {
        name: lexicon.nsid,
        did: lexicon.did,
        rev: lexicon.rev.to_string(),
        cid: lexicon.cid.to_string(),
        record: lexicon.record.to_string(),
        read_at: lexicon.resolved_at,
    }
}
