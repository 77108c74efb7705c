//! The follower that resources run, beside the real server.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use entryway_core::session::EndReason;
use entryway_oauth::issuer::Issuer;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_resource::feed::{FeedKeys, FeedLimits, Follower, HttpFeed, Revocations, Standing};
use entryway_resource::{Clock, steadied};
use entryway_server::Chance;
use entryway_tests::{Client, Engine, Listening, Tokens, alice, both_engines, login};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Scene, session};

/// What a resource knows of revocations.
struct Resource {
    revocations: Arc<Revocations>,
    clock: Clock,
    following: JoinHandle<()>,
}

impl Resource {
    /// Follows the feed at this address.
    fn follow(scene: &Scene) -> Self {
        let issuer = Issuer::parse(scene.server.issuer()).unwrap();
        let key = scene.server.app().keys().feed.public().clone();
        let follower = Follower::new(
            issuer,
            FeedKeys::pinned(vec![key]).unwrap(),
            Arc::new(|| Chance::system().bytes().unwrap()),
        );
        let client = HttpClient::new(ClientSettings::default()).unwrap();
        let endpoint = format!("http://{}/oauth/revocations", scene.listening.address);
        let feed = HttpFeed::new(client, endpoint, scene.gate.token().clone());
        let revocations = Revocations::new(FeedLimits::default());
        let wall = scene.server.clock().clone();
        let clock = steadied(move || wall.now());
        let (told, by) = (revocations.clone(), clock.clone());
        Self {
            following: tokio::spawn(follower.follow(feed, told, by, pending())),
            revocations,
            clock,
        }
    }

    fn standing(&self, scene: &Scene, tokens: &Tokens) -> Standing {
        let key = scene.server.app().keys().public()[0].thumbprint();
        self.revocations
            .standing(Some(session(tokens)), &key, (self.clock)())
    }

    /// Waits until a session stands so, and says how long it took.
    async fn until(&self, expected: Standing, scene: &Scene, tokens: &Tokens) -> Duration {
        let begun = Instant::now();
        while self.standing(scene, tokens) != expected {
            assert!(
                begun.elapsed() < PATIENCE,
                "{:?}",
                self.revocations.health((self.clock)())
            );
            tokio::task::yield_now().await;
        }
        begun.elapsed()
    }
}

impl Drop for Resource {
    fn drop(&mut self) {
        self.following.abort();
    }
}

// D8: the best of a few tries, since the machine that tests has other things to do
async fn a_resource_knows_of_a_revocation_within_a_second(engine: Engine) {
    let (scene, client) = (Scene::begin(engine).await, Client::new());
    let before = login(&scene.server, &client, alice()).await;
    scene.end(&before).await;
    let resource = Resource::follow(&scene);
    // what happened before it came, too
    resource.until(Standing::Revoked, &scene, &before).await;
    let other = login(&scene.server, &client, alice()).await;
    resource.until(Standing::Good, &scene, &other).await;
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let tokens = login(&scene.server, &client, alice()).await;
        assert_eq!(resource.standing(&scene, &tokens), Standing::Good);
        let reply = client.revoke(&tokens.access_token).send(&scene.server).await;
        assert_eq!(reply.code(), 200);
        best = best.min(resource.until(Standing::Revoked, &scene, &tokens).await);
    }
    assert!(best < Duration::from_secs(1), "{best:?}");
    assert_eq!(resource.standing(&scene, &other), Standing::Good);
}

async fn a_resource_goes_on_when_the_service_is_back(engine: Engine) {
    let (scene, client) = (Scene::begin(engine).await, Client::new());
    let resource = Resource::follow(&scene);
    let [lost, later, kept] = [
        login(&scene.server, &client, alice()).await,
        login(&scene.server, &client, alice()).await,
        login(&scene.server, &client, alice()).await,
    ];
    resource.until(Standing::Good, &scene, &kept).await;
    let Scene {
        server,
        listening,
        gate,
    } = scene;
    let address = listening.address;
    listening.stop().await;
    // nobody listens: it happens by another way into the same database
    let (store, now) = (server.app().store(), server.clock().now());
    let end = store.end_session(session(&lost), EndReason::Revoked, now);
    end.await.unwrap();
    let server = server.restarted().await;
    let scene = Scene {
        listening: Listening::at(address, &server).await,
        server,
        gate,
    };
    resource.until(Standing::Revoked, &scene, &lost).await;
    let reply = client.revoke(&later.access_token).send(&scene.server).await;
    assert_eq!(reply.code(), 200);
    resource.until(Standing::Revoked, &scene, &later).await;
    assert_eq!(resource.standing(&scene, &kept), Standing::Good);
}

both_engines! {
    a_resource_knows_of_a_revocation_within_a_second,
    a_resource_goes_on_when_the_service_is_back,
}

/// Longer than a follower waits before it connects again, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(40);
