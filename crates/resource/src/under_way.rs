//! Those who need the same thing of an issuer at the same time wait for one question.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

/// The questions under way, by what they are about. Nothing is kept of one that was answered, or that
/// nobody waits for any more.
pub(crate) struct UnderWay<K>(Mutex<HashMap<K, WeakShared<BoxFuture<'static, ()>>>>);

/// One question, awaited by any number.
pub(crate) type Question = Shared<BoxFuture<'static, ()>>;

impl<K: Eq + Hash> UnderWay<K> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Begins a question unless one is under way; nothing where so many are under way already.
    pub(crate) fn begin(
        &self,
        about: K,
        questions_max: usize,
        question: impl Future<Output = ()> + Send + 'static,
    ) -> Option<Question> {
        let mut questions = self.questions();
        questions.retain(|_, one| one.upgrade().is_some_and(|one| one.peek().is_none()));
        if let Some(joined) = questions.get(&about).and_then(WeakShared::upgrade) {
            return Some(joined);
        }
        if questions.len() >= questions_max {
            return None;
        }
        let question = question.boxed().shared();
        questions.insert(about, question.downgrade()?);
        Some(question)
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<K, WeakShared<BoxFuture<'static, ()>>>> {
        // the lock guards a plain collection, which is whole after every step
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> fmt::Debug for UnderWay<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnderWay")
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn so_many_questions_are_under_way_and_no_more() {
        let under_way = UnderWay::new();
        let begin = |about, question: BoxFuture<'static, ()>| under_way.begin(about, 2, question);
        let (one, two) = (begin(1, pending().boxed()), begin(2, pending().boxed()));
        assert!(one.is_some() && two.is_some());
        assert!(begin(3, pending().boxed()).is_none());
        assert!(begin(2, pending().boxed()).is_some(), "joined");
        // nobody waits for the first any more
        drop(one);
        let three = begin(3, async {}.boxed()).unwrap();
        assert!(begin(4, pending().boxed()).is_none());
        // the third is answered
        assert_eq!(three.clone().now_or_never(), Some(()));
        assert!(begin(4, pending().boxed()).is_some());
    }
}
