//! Where answers wait until a test lets them pass.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

/// A gate, closed at first. Clones are the same gate.
#[derive(Clone)]
pub(super) struct Gate {
    passes: Arc<Semaphore>,
    crowd: Arc<watch::Sender<Crowd>>,
}

#[derive(Clone, Copy, Default)]
struct Crowd {
    waiting: usize,
    most: usize,
}

impl Gate {
    pub(super) fn closed() -> Self {
        Self {
            passes: Arc::new(Semaphore::new(0)),
            crowd: Arc::new(watch::Sender::default()),
        }
    }

    /// Waits to be let through.
    pub(super) async fn pass(&self) {
        self.crowd.send_modify(|crowd| {
            crowd.waiting += 1;
            crowd.most = crowd.most.max(crowd.waiting);
        });
        let permit = self.passes.acquire().await.unwrap();
        permit.forget();
        self.crowd.send_modify(|crowd| crowd.waiting -= 1);
    }

    /// Lets so many through, now or when they come.
    pub(super) fn admit(&self, count: usize) {
        self.passes.add_permits(count);
    }

    /// Waits until so many wait.
    pub(super) async fn crowded(&self, count: usize) {
        let mut crowd = self.crowd.subscribe();
        crowd.wait_for(|crowd| crowd.waiting >= count).await.unwrap();
    }

    /// The most that ever waited at one moment.
    pub(super) fn most(&self) -> usize {
        self.crowd.borrow().most
    }
}
