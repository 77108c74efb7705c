//! The revocation feed: what ends before its time reaches every resource that reads it (D8).

mod access;
mod followers;
mod instances;
mod paths;
mod reading;

use entryway_core::session::EndReason;
use entryway_oauth::revocation::{RevocationEvent, Revoked};
use entryway_oauth::secret::SessionId;
use entryway_tests::{Engine, FeedClient, FeedStream, Listening, TestServer, Tokens};

/// A service that one resource may follow.
struct Scene {
    server: TestServer,
    listening: Listening,
    gate: FeedClient,
}

impl Scene {
    async fn begin(engine: Engine) -> Self {
        let gate = FeedClient::named("gate");
        let readers = vec![gate.reader()];
        Self::on(
            TestServer::start_with(engine, |config| config.feed_readers = readers).await,
            gate,
        )
        .await
    }

    async fn on(server: TestServer, gate: FeedClient) -> Self {
        Self {
            listening: Listening::on(&server).await,
            server,
            gate,
        }
    }

    async fn stream(&self, query: &str) -> FeedStream {
        self.gate.stream(&self.server, &self.listening, query).await
    }

    /// Revokes so many keys, which is an event each and needs no session.
    async fn tell(&self, times: usize) {
        for _ in 0..times {
            let (store, now) = (self.server.app().store(), self.server.clock().now());
            let jkt = self.server.app().keys().public()[0].thumbprint();
            store.tell_key_revoked(jkt, now).await.unwrap();
        }
    }

    /// Ends the session of these tokens behind every endpoint's back.
    async fn end(&self, tokens: &Tokens) {
        let (store, now) = (self.server.app().store(), self.server.clock().now());
        let end = store.end_session(session(tokens), EndReason::Revoked, now);
        end.await.unwrap();
    }
}

/// The session that these tokens belong to.
fn session(tokens: &Tokens) -> SessionId {
    SessionId::parse(tokens.unverified().1["sid"].as_str().unwrap()).unwrap()
}

/// What an event says that is about this session alone.
fn of_session(tokens: &Tokens) -> Revoked {
    Revoked::Session {
        sessions: vec![session(tokens)],
    }
}

fn numbers(events: &[RevocationEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}
