use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use entryway_oauth::revocation::FeedKey;

use super::*;
use crate::feed::scene::{at, at_jumped};

/// An issuer that publishes the keys it is told to, and counts who asks.
#[derive(Debug, Default)]
struct Issuer {
    published: Mutex<Vec<u8>>,
    asked: AtomicU64,
}

#[async_trait::async_trait]
impl KeySource for Issuer {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let keys = self
            .published
            .lock()
            .unwrap()
            .iter()
            .map(|scalar| jwk(*scalar))
            .collect::<Vec<_>>();
        if keys.is_empty() {
            return Err(IssuerSilent::because("connection refused"));
        }
        Ok(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into())
    }
}

impl Issuer {
    fn publish(&self, scalars: &[u8]) {
        *self.published.lock().unwrap() = scalars.to_vec();
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn key(scalar: u8) -> FeedKey {
    FeedKey::from_bytes(&[scalar; 32]).unwrap()
}

fn jwk(scalar: u8) -> String {
    let mark = format!(r#"{{"kid":"{}","alg":"ES256","#, key(scalar).kid());
    key(scalar).public().canonical_json().replacen('{', &mark, 1)
}

fn known(issuer: &Arc<Issuer>) -> KnownKeys {
    FeedKeys::published(Arc::clone(issuer) as Arc<dyn KeySource>).known()
}

/// The scalars of the keys at this second; none where they are not to be had.
async fn current(keys: &mut KnownKeys, seconds: u64) -> Option<Vec<u8>> {
    let clock: Clock = Arc::new(move || at(seconds));
    let keys = keys.current(&clock).await.ok()?;
    let scalar = |public: &PublicKey| (1..9).find(|scalar| key(*scalar).public() == public).unwrap();
    Some(keys.iter().map(scalar).collect())
}

fn unsigned() -> FeedFault {
    InvalidStatement::Signature.into()
}

#[tokio::test]
async fn keys_are_asked_for_at_first_and_again_after_five_minutes() {
    let issuer = Arc::new(Issuer::default());
    issuer.publish(&[1]);
    let mut keys = known(&issuer);
    for (seconds, asked) in [(0, 1), (1, 1), (299, 1), (300, 2), (599, 2), (600, 3)] {
        assert_eq!(current(&mut keys, seconds).await, Some(vec![1]));
        assert_eq!(issuer.asked(), asked, "{seconds}");
    }
}

#[tokio::test]
async fn a_statement_that_none_of_them_signed_makes_us_ask_but_not_all_the_time() {
    let issuer = Arc::new(Issuer::default());
    issuer.publish(&[1]);
    let mut keys = known(&issuer);
    current(&mut keys, 0).await;
    issuer.publish(&[1, 2]);
    for (seconds, asked, expected) in [
        (1, 1, vec![1]),
        (9, 1, vec![1]),
        (10, 2, vec![1, 2]),
        (19, 2, vec![1, 2]),
        (20, 3, vec![1, 2]),
    ] {
        keys.doubt(&unsigned());
        assert_eq!(current(&mut keys, seconds).await, Some(expected), "{seconds}");
        assert_eq!(issuer.asked(), asked, "{seconds}");
    }
    // anything else is no reason
    keys.doubt(&FeedFault::Silent);
    keys.doubt(&InvalidStatement::Malformed.into());
    current(&mut keys, 40).await;
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_not_believed_any_more() {
    let issuer = Arc::new(Issuer::default());
    issuer.publish(&[1, 2]);
    let mut keys = known(&issuer);
    assert_eq!(current(&mut keys, 0).await, Some(vec![1, 2]));
    issuer.publish(&[2]);
    assert_eq!(current(&mut keys, 300).await, Some(vec![2]));
}

#[tokio::test]
async fn an_issuer_that_is_silent_is_believed_for_a_day_in_what_it_said() {
    let issuer = Arc::new(Issuer::default());
    let mut keys = known(&issuer);
    assert_eq!(current(&mut keys, 0).await, None);
    assert_eq!(current(&mut keys, 9).await, None);
    assert_eq!(issuer.asked(), 1);
    issuer.publish(&[1]);
    assert_eq!(current(&mut keys, 10).await, Some(vec![1]));
    issuer.publish(&[]);
    for (seconds, expected) in [(400, Some(vec![1])), (86_410, Some(vec![1])), (86_411, None)] {
        assert_eq!(current(&mut keys, seconds).await, expected, "{seconds}");
    }
    issuer.publish(&[2]);
    assert_eq!(current(&mut keys, 86_500).await, Some(vec![2]));
}

#[tokio::test]
async fn that_no_keys_are_known_is_said_with_its_reason() {
    let issuer = Arc::new(Issuer::default());
    let mut keys = known(&issuer);
    let clock: Clock = Arc::new(|| at_jumped(0, 5));
    let fault = keys.current(&clock).await.unwrap_err();
    assert_eq!(
        fault.in_full(),
        "the keys of the revocation feed are not to be had: the issuer did not answer as expected: \
         connection refused"
    );
}

#[test]
fn pinned_keys_are_one_to_sixteen_of_p_256() {
    let key = key(1).public().clone();
    for (count, fine) in [(0, false), (1, true), (16, true), (17, false)] {
        assert_eq!(
            FeedKeys::pinned(vec![key.clone(); count]).is_ok(),
            fine,
            "{count}"
        );
    }
    let of_tokens = crate::scene::public([7; 32]);
    assert_eq!(
        FeedKeys::pinned(vec![key, of_tokens]).unwrap_err(),
        InvalidFeedKeys
    );
}
