//! What a follower is given of the world.

use super::*;

pub(super) struct Feed(pub(super) Arc<World>);

impl FeedSource for Feed {
    type Stream = Stream;

    async fn open(&self, request: FeedRequest) -> Result<Stream, FeedFault> {
        self.0.tick().await;
        let mut state = self.0.state();
        assert!(state.connection.is_none(), "two connections");
        state.reachable()?;
        let sent = state.begin(request)?;
        state.connections += 1;
        state.connection = Some(Connection {
            id: state.connections,
            challenge: request.challenge,
            sent,
            next_head: state.steady,
            queue: VecDeque::new(),
        });
        drop(state);
        Ok(Stream(Arc::clone(&self.0)))
    }

    async fn page(&self, request: FeedRequest) -> Result<Vec<String>, FeedFault> {
        let until = self.0.now().steady + Duration::from_secs(request.wait.into());
        loop {
            self.0.tick().await;
            let page = self.0.state().page(request, until)?;
            let Some((late, texts)) = page else { continue };
            self.pause(late.min(QUIET_MAX)).await;
            return if late > QUIET_MAX {
                Err(FeedFault::Silent)
            } else {
                Ok(texts)
            };
        }
    }

    async fn pause(&self, duration: Duration) {
        let until = self.0.now().steady + duration;
        while self.0.now().steady < until {
            self.0.tick().await;
        }
    }
}

pub(super) struct Published(pub(super) Arc<World>);

#[async_trait::async_trait]
impl KeySource for Published {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        self.0.tick().await;
        let state = self.0.state();
        assert!(state.connection.is_none(), "two connections");
        state.reachable().map_err(IssuerSilent::because)?;
        Ok(state.published().into())
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Published")
    }
}

/// As long as a follower over HTTP waits.
pub(super) const QUIET_MAX: Duration = Duration::from_secs(10);

pub(super) struct Stream(Arc<World>);

impl FeedStream for Stream {
    async fn next(&mut self) -> Result<String, FeedFault> {
        let silent = self.0.now().steady + QUIET_MAX;
        loop {
            {
                let mut state = self.0.state();
                let now = state.steady;
                let connection = state.connection.as_mut().unwrap();
                if connection.queue.front().is_some_and(|(at, _)| *at <= now) {
                    return Ok(connection.queue.pop_front().unwrap().1);
                }
                if connection.id == 0 {
                    return Err(FeedFault::Ended);
                }
                if now >= silent {
                    return Err(FeedFault::Silent);
                }
            }
            self.0.tick().await;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.state().connection = None;
    }
}
