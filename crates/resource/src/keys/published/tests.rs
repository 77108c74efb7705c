use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::time::Timestamp;
use futures_util::future::{join_all, poll_immediate};
use tokio::sync::Semaphore;

use super::*;
use crate::Moment;

/// Publishes what a test says, and counts who asks.
#[derive(Debug)]
struct Issuer {
    published: Mutex<Option<Vec<u8>>>,
    asked: AtomicUsize,
    /// An answer takes one of these.
    answers: Semaphore,
}

#[async_trait]
impl KeySource for Issuer {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answers.acquire().await.unwrap().forget();
        let published = self.published.lock().unwrap();
        let keys = published.as_ref().ok_or_else(|| IssuerSilent::because("down"))?;
        let keys: Vec<_> = keys.iter().map(|key| public(*key).canonical_json()).collect();
        Ok(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into())
    }
}

struct Scene {
    issuer: Arc<Issuer>,
    keys: Arc<PublishedKeys>,
}

impl Scene {
    /// An issuer that publishes these, or is down, and answers at once.
    fn new(keys: Option<&[u8]>) -> Self {
        let issuer = Arc::new(Issuer {
            published: Mutex::default(),
            asked: AtomicUsize::new(0),
            answers: Semaphore::new(1_000),
        });
        let scene = Self {
            keys: Arc::new(PublishedKeys::new(Arc::clone(&issuer) as Arc<dyn KeySource>)),
            issuer,
        };
        scene.publish(keys);
        scene
    }

    fn publish(&self, keys: Option<&[u8]>) {
        *self.issuer.published.lock().unwrap() = keys.map(<[u8]>::to_vec);
    }

    fn asked(&self) -> usize {
        self.issuer.asked.load(Ordering::Relaxed)
    }

    /// As a request that needs the keys does: how many there are in the end.
    async fn need(&self, seconds: u64) -> Option<usize> {
        match PublishedKeys::at(&self.keys, steady(seconds)) {
            KeysKnown::Known(ring) => Some(ring.keys().count()),
            KeysKnown::Unknown => None,
            KeysKnown::Asking(asked) => {
                asked.answered(&clock(seconds)).await;
                match PublishedKeys::at(&self.keys, steady(seconds)) {
                    KeysKnown::Known(ring) => Some(ring.keys().count()),
                    KeysKnown::Unknown => None,
                    KeysKnown::Asking(_) => panic!("asked twice"),
                }
            }
        }
    }

    /// As a request with a token of an unknown signer does: whether that signer may be a key of the issuer.
    async fn meet_a_stranger(&self, seconds: u64) -> &'static str {
        if let UnknownSigner::Asking(asked) = PublishedKeys::unknown_signer(&self.keys, steady(seconds)) {
            asked.answered(&clock(seconds)).await;
        }
        match PublishedKeys::unknown_signer(&self.keys, steady(seconds)) {
            UnknownSigner::Nobody => "nobody",
            UnknownSigner::Unknown => "unknown",
            UnknownSigner::Asking(_) => "asked twice",
        }
    }
}

fn public(scalar: u8) -> entryway_oauth::jwk::PublicKey {
    AccessTokenKey::from_bytes(&[scalar; 32])
        .unwrap()
        .public()
        .clone()
}

fn steady(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A calendar that says nothing: keys are timed by the steady clock alone.
fn clock(seconds: u64) -> Clock {
    Arc::new(move || Moment {
        wall: Timestamp::from_seconds(0),
        steady: steady(seconds),
    })
}

// R-346
#[tokio::test]
async fn keys_are_asked_for_once_and_again_after_five_minutes() {
    let scene = Scene::new(Some(&[7]));
    for (seconds, asked) in [(0, 1), (1, 1), (299, 1), (300, 2), (301, 2), (599, 2), (600, 3)] {
        assert_eq!(scene.need(seconds).await, Some(1), "{seconds}");
        assert_eq!(scene.asked(), asked, "{seconds}");
    }
}

// R-346: rotation, as it should go and as it should not
#[tokio::test]
async fn a_new_key_is_believed_at_once_and_a_withdrawn_one_no_longer_than_five_minutes() {
    let scene = Scene::new(Some(&[7]));
    assert_eq!(scene.need(0).await, Some(1));
    scene.publish(Some(&[7, 8]));
    assert_eq!(scene.meet_a_stranger(100).await, "nobody");
    assert_eq!(scene.need(100).await, Some(2));
    scene.publish(Some(&[8]));
    let holds = |seconds| match PublishedKeys::at(&scene.keys, steady(seconds)) {
        KeysKnown::Known(ring) => ring.holds(&public(7).thumbprint()),
        _ => panic!("{seconds}"),
    };
    assert!(holds(100) && holds(399));
    assert_eq!(scene.need(400).await, Some(1));
    assert!(!holds(400));
}

// R-346: a forged token costs the issuer nothing
#[tokio::test]
async fn strangers_make_us_ask_once_in_ten_seconds() {
    let scene = Scene::new(Some(&[7]));
    scene.need(0).await;
    for (seconds, asked) in [(0, 1), (9, 1), (10, 2), (11, 2), (19, 2), (20, 3)] {
        for _ in 0..50 {
            assert_eq!(scene.meet_a_stranger(seconds).await, "nobody", "{seconds}");
        }
        assert_eq!(scene.asked(), asked, "{seconds}");
    }
}

// R-346
#[tokio::test]
async fn known_keys_outlive_their_issuers_silence_by_a_day() {
    let scene = Scene::new(Some(&[7]));
    assert_eq!(scene.need(0).await, Some(1));
    scene.publish(None);
    for (seconds, known) in [
        (300, Some(1)),
        (3_600, Some(1)),
        (86_399, Some(1)),
        (86_400, Some(1)),
        (86_401, None),
        (100_000, None),
    ] {
        assert_eq!(scene.need(seconds).await, known, "{seconds}");
        assert_eq!(scene.meet_a_stranger(seconds).await, "unknown");
    }
    scene.publish(Some(&[7, 8]));
    assert_eq!(scene.need(100_005).await, None);
    assert_eq!(scene.need(100_010).await, Some(2));
    assert_eq!(scene.meet_a_stranger(100_011).await, "nobody");
}

#[tokio::test]
async fn without_any_keys_a_silent_issuer_is_asked_once_in_ten_seconds() {
    let scene = Scene::new(None);
    for (seconds, asked) in [(0, 1), (1, 1), (9, 1), (10, 2), (19, 2), (20, 3)] {
        assert_eq!(scene.need(seconds).await, None);
        assert_eq!(scene.asked(), asked, "{seconds}");
    }
}

#[tokio::test]
async fn a_set_of_no_use_is_as_none() {
    let scene = Scene::new(Some(&[]));
    assert_eq!(scene.need(0).await, None);
    scene.publish(Some(&[7]));
    assert_eq!(scene.need(10).await, Some(1));
    scene.publish(Some(&[]));
    assert_eq!(scene.need(310).await, Some(1));
}

#[tokio::test]
async fn whoever_needs_the_first_keys_waits_for_one_answer() {
    let scene = Scene::new(Some(&[7]));
    scene.issuer.answers.forget_permits(1_000);
    let requests = join_all((0..64).map(|_| scene.need(0)));
    let answer = async {
        tokio::task::yield_now().await;
        scene.issuer.answers.add_permits(1);
    };
    let (known, ()) = futures_util::future::join(requests, answer).await;
    assert_eq!(known, [Some(1); 64]);
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn one_request_waits_for_keys_that_are_due_and_the_others_go_on() {
    let scene = Scene::new(Some(&[7]));
    scene.need(0).await;
    scene.issuer.answers.forget_permits(1_000);
    let mut first = Box::pin(scene.need(300));
    assert_eq!(poll_immediate(&mut first).await, None);
    for _ in 0..10 {
        assert_eq!(poll_immediate(scene.need(300)).await, Some(Some(1)));
    }
    scene.issuer.answers.add_permits(1);
    assert_eq!(first.await, Some(1));
    assert_eq!(scene.asked(), 2);
}

// an attacker who hangs up at once, again and again
#[tokio::test]
async fn a_question_whose_asker_went_away_is_answered_to_the_next() {
    let scene = Scene::new(Some(&[7]));
    scene.issuer.answers.forget_permits(1_000);
    assert_eq!(poll_immediate(scene.need(0)).await, None);
    assert_eq!(poll_immediate(scene.need(0)).await, None);
    scene.issuer.answers.add_permits(1);
    assert_eq!(scene.need(1).await, Some(1));
    assert_eq!(scene.asked(), 1);
    // and when they are due
    assert_eq!(poll_immediate(scene.need(301)).await, None);
    scene.publish(Some(&[8]));
    scene.issuer.answers.add_permits(1);
    assert_eq!(scene.need(302).await, Some(1));
    let KeysKnown::Known(ring) = PublishedKeys::at(&scene.keys, steady(302)) else {
        panic!("not known")
    };
    assert!(ring.holds(&public(8).thumbprint()));
    assert_eq!(scene.asked(), 2);
}
