//! The authorization servers of a gate: their keys, their scopes, and what they revoked.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use entryway_oauth::issuer::Issuer;
use entryway_resource::client::HttpClient;
use entryway_resource::feed::{FeedKeys, Follower, HttpFeed, Revocations};
use entryway_resource::proxy::{FeedHealth, HealthSource, IssuerHealth};
use entryway_resource::{Clock, IssuerKeys, IssuerOverHttp, IssuerScopes, TrustedIssuer};
use entryway_server::Chance;

use super::settings::{FeedFile, IssuerFile};

/// All of them.
pub(super) struct Issuers(Vec<Known>);

struct Known {
    trusted: TrustedIssuer,
    source: Arc<IssuerOverHttp>,
    feed: Option<FeedFile>,
}

impl Issuers {
    /// Knows nothing of them yet.
    pub(super) fn of(files: Vec<IssuerFile>, client: &HttpClient) -> Self {
        let known = files.into_iter().map(|file| {
            let source = IssuerOverHttp::new(file.url.clone(), client.clone());
            let source = Arc::new(match file.key_set_url {
                Some(url) => source.with_key_set_at(url),
                None => source,
            });
            let keys = file.keys.unwrap_or_else(|| IssuerKeys::published(source.clone()));
            let mut trusted =
                TrustedIssuer::new(file.url, keys).with_scopes(IssuerScopes::dereferenced(source.clone()));
            if let Some(feed) = &file.feed {
                trusted = trusted.with_revocations(Revocations::new(feed.limits));
            }
            Known {
                trusted,
                source,
                feed: file.feed,
            }
        });
        Self(known.collect())
    }

    /// The issuer of this name, to verify its tokens.
    pub(super) fn trusted(&self, issuer: &Issuer) -> Option<TrustedIssuer> {
        let known = self.0.iter().map(|known| &known.trusted);
        known.clone().find(|known| known.issuer == *issuer).cloned()
    }

    /// Tells how it stands with them, whenever it is asked.
    pub(super) fn health(&self, clock: &Clock) -> HealthSource {
        let (trusted, clock): (Vec<_>, _) = (
            self.0.iter().map(|known| known.trusted.clone()).collect(),
            clock.clone(),
        );
        Arc::new(move || trusted.iter().map(|issuer| health(issuer, &clock)).collect())
    }

    /// Learns the keys of each and follows the feed of each that has one, until `stopped` says so.
    pub(super) fn follow(
        self,
        client: &HttpClient,
        clock: &Clock,
        chance: &Chance,
        stopped: &watch::Receiver<bool>,
        tasks: &mut JoinSet<()>,
    ) {
        for known in self.0 {
            let (keys, at) = (known.trusted.keys.clone(), clock.clone());
            tasks.spawn(async move { keys.learn(&at).await });
            let (Some(feed), Some(revocations)) = (known.feed, known.trusted.revocations) else {
                continue;
            };
            let keys = FeedKeys::published(known.source);
            let follower = Follower::new(known.trusted.issuer, keys, challenges(chance));
            let source = HttpFeed::new(client.clone(), feed.url, feed.token);
            let (clock, mut stopped) = (clock.clone(), stopped.clone());
            tasks.spawn(async move {
                let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
                follower.follow(source, revocations, clock, stop).await;
            });
        }
    }
}

fn health(issuer: &TrustedIssuer, clock: &Clock) -> IssuerHealth {
    let now = clock();
    let feed = issuer.revocations.as_ref().map(|revocations| {
        let health = revocations.health(now);
        FeedHealth {
            age_seconds: health.age.map(|age| age.as_secs()),
            fresh: !health.stale,
        }
    });
    IssuerHealth {
        issuer: issuer.issuer.clone(),
        keys_known: issuer.keys.are_known(now),
        feed,
    }
}

/// A challenge nobody foresees proves that an answer is new; without randomness there is no such proof.
fn challenges(chance: &Chance) -> entryway_resource::feed::Chance {
    let chance = chance.clone();
    Arc::new(move || {
        let mut bytes = [0; 16];
        if !chance.fill(&mut bytes) {
            tracing::error!("the random source failed");
            std::process::abort();
        }
        bytes
    })
}
