//! Keys as an issuer publishes them: kept for a while, asked for again at a bounded rate.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;
use entryway_oauth::access_token::read_key_set;
use futures_util::FutureExt as _;

use super::{KeyRing, KeysKnown, UnknownSigner};
use crate::Clock;
use crate::source::{IssuerSilent, KeySource};
use crate::under_way::Question;

/// The keys of one issuer, as it told them last.
pub(super) struct PublishedKeys {
    source: Arc<dyn KeySource>,
    told: RwLock<Option<Told>>,
    asking: Mutex<Asking>,
}

/// What the issuer said when it was asked last and answered.
struct Told {
    ring: Arc<KeyRing>,
    /// When it was asked: what changed while the answer was under way is not in it.
    at: Duration,
}

#[derive(Default)]
struct Asking {
    /// When the last question began, or ended.
    at: Option<Duration>,
    /// The last question. Kept until the next, so that one whose askers all went away goes on with the
    /// next asker: whoever hangs up at once must not keep the keys from everybody.
    question: Option<Question>,
    /// Whether the last question was not answered.
    is_silent: bool,
}

/// A question to an issuer about its keys: to be waited for, and then to look again.
pub(crate) struct KeysAsked {
    keys: Arc<PublishedKeys>,
    question: Question,
}

impl KeysAsked {
    /// Waits for the answer, or for the lack of one.
    pub(crate) async fn answered(self, clock: &Clock) {
        self.question.await;
        let mut asking = self.keys.asking();
        asking.at = asking.at.max(Some(clock().steady));
    }
}

/// Who waits for a question that is under way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joins {
    /// Whoever cannot go on without.
    All,
    /// Nobody beside whoever waits already, if anybody does.
    One,
}

impl PublishedKeys {
    pub(super) fn new(source: Arc<dyn KeySource>) -> Self {
        Self {
            source,
            told: RwLock::default(),
            asking: Mutex::default(),
        }
    }

    pub(super) fn at(this: &Arc<Self>, now: Duration) -> KeysKnown {
        let told = this.told(now);
        match told {
            Some((ring, age)) if age < ASKED_AGAIN_AFTER => KeysKnown::Known(ring),
            // one request asks, and the others go on with what there is
            Some((ring, _)) => this
                .ask(now, Joins::One)
                .map_or(KeysKnown::Known(ring), KeysKnown::Asking),
            None => this
                .ask(now, Joins::All)
                .map_or(KeysKnown::Unknown, KeysKnown::Asking),
        }
    }

    pub(super) fn unknown_signer(this: &Arc<Self>, now: Duration) -> UnknownSigner {
        match this.ask(now, Joins::All) {
            Some(asked) => UnknownSigner::Asking(asked),
            None if this.asking().is_silent => UnknownSigner::Unknown,
            None => UnknownSigner::Nobody,
        }
    }

    /// The question under way, or another one unless the last was a moment ago.
    fn ask(self: &Arc<Self>, now: Duration, joins: Joins) -> Option<KeysAsked> {
        let mut asking = self.asking();
        let question = if let Some(question) = asking.under_way() {
            // this handle and the one that is kept
            let is_waited_for = question.strong_count().is_none_or(|handles| handles > 2);
            (joins == Joins::All || !is_waited_for).then_some(question)?
        } else {
            let is_too_early = |at: Duration| now.saturating_sub(at) < ASKED_AT_MOST_EVERY;
            if asking.at.is_some_and(is_too_early) {
                return None;
            }
            let (source, keys) = (Arc::clone(&self.source), Arc::downgrade(self));
            let question = async move {
                let answer = source.key_set().await;
                if let Some(keys) = keys.upgrade() {
                    keys.hear(answer, now);
                }
            };
            let question = question.boxed().shared();
            asking.at = Some(now);
            asking.question.insert(question).clone()
        };
        Some(KeysAsked {
            keys: Arc::clone(self),
            question,
        })
    }

    fn hear(&self, answer: Result<Bytes, IssuerSilent>, at: Duration) {
        match answer.and_then(|body| read_key_set(&body).map_err(IssuerSilent::because)) {
            Ok(keys) => {
                let ring = Arc::new(KeyRing::new(keys));
                *self.write() = Some(Told { ring, at });
                self.asking().is_silent = false;
            }
            Err(silent) => {
                self.asking().is_silent = true;
                let (fault, source) = (silent.in_full(), &self.source);
                tracing::warn!(fault, ?source, "an issuer's keys are not to be had");
            }
        }
    }

    pub(super) fn are_known(&self, now: Duration) -> bool {
        self.told(now).is_some()
    }

    /// The keys, and how long ago they were asked for; none that are too old.
    fn told(&self, now: Duration) -> Option<(Arc<KeyRing>, Duration)> {
        let told = self.read();
        let told = told.as_ref()?;
        let age = now.saturating_sub(told.at);
        (age <= BELIEVED_IN_SILENCE_FOR).then(|| (Arc::clone(&told.ring), age))
    }

    // the locks guard plain values, which are whole after every step

    fn read(&self) -> RwLockReadGuard<'_, Option<Told>> {
        self.told.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Told>> {
        self.told.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking {
    fn under_way(&self) -> Option<Question> {
        let question = self.question.as_ref();
        question.filter(|question| question.peek().is_none()).cloned()
    }
}

impl fmt::Debug for PublishedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublishedKeys").field(&self.source).finish()
    }
}

/// How long a key that its issuer withdraws may still be believed while the issuer answers; as long as our
/// own server lets its key set be cached.
const ASKED_AGAIN_AFTER: Duration = Duration::from_mins(5);
/// Whoever sends forged tokens makes us ask; six times a minute is nothing to an issuer.
const ASKED_AT_MOST_EVERY: Duration = Duration::from_secs(10);
/// Longer than any token of an issuer that is down; short enough that silencing it does not keep a stolen
/// key alive.
const BELIEVED_IN_SILENCE_FOR: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests;
