use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use entryway_oauth::time::Timestamp;
use futures_util::future::join_all;

use super::*;

/// What an issuer says.
#[derive(Clone, Copy, Debug, Default)]
enum Saying {
    #[default]
    Nothing,
    Missing,
    Scope(&'static str),
}

/// Says what a test wants of every reference, and counts who asks.
#[derive(Debug, Default)]
struct Issuer {
    answer: Mutex<Saying>,
    asked: AtomicUsize,
}

#[async_trait]
impl ScopeSource for Issuer {
    async fn scope(&self, _: &ScopeReference) -> Result<Option<String>, IssuerSilent> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let answer = *self.answer.lock().unwrap();
        match answer {
            Saying::Nothing => Err(IssuerSilent::because("down")),
            Saying::Missing => Ok(None),
            Saying::Scope(text) => Ok(Some(text.to_owned())),
        }
    }
}

fn scene(answer: Saying) -> (Arc<Issuer>, IssuerScopes) {
    let issuer = Arc::new(Issuer::default());
    say(&issuer, answer);
    let scopes = IssuerScopes::dereferenced(Arc::clone(&issuer) as Arc<dyn ScopeSource>);
    (issuer, scopes)
}

fn say(issuer: &Issuer, answer: Saying) {
    *issuer.answer.lock().unwrap() = answer;
}

fn at(seconds: u64) -> Moment {
    Moment {
        wall: Timestamp::from_seconds(0),
        steady: Duration::from_secs(seconds),
    }
}

/// As a request with a token of this scope does.
async fn need(scopes: &IssuerScopes, reference: &ScopeReference, seconds: u64) -> &'static str {
    if let ScopeKnown::Asking(asked) = scopes.at(reference, at(seconds)) {
        asked.answered(&(Arc::new(move || at(seconds)) as Clock)).await;
    }
    match scopes.at(reference, at(seconds)) {
        ScopeKnown::Known(scope, _) if scope.contains_str("atproto") => "known",
        ScopeKnown::Known(..) => "another",
        ScopeKnown::Missing => "missing",
        ScopeKnown::Unknown => "unknown",
        ScopeKnown::Asking(_) => "asked twice",
    }
}

fn reference(cid: &str) -> ScopeReference {
    ScopeReference::parse(&format!("ref:{cid}")).unwrap()
}

const SCOPE: &str = "atproto repo:a.b.c";
/// SHA-256 of the text itself, and of it as a string of DAG-CBOR, by another implementation.
const RAW_CID: &str = "bafkreiepaf2up2cybqeaa7fgr7gdqiig5irfjsv725tisrpd3gwb6kxdjm";
const DAG_CBOR_CID: &str = "bafyreiauw6e2izevn5rvan7nyngrptdu657bianr6jf3kk2vmcoxq32z44";

#[tokio::test]
async fn a_scope_is_asked_for_once() {
    for cid in [RAW_CID, DAG_CBOR_CID] {
        let (issuer, scopes) = scene(Saying::Scope(SCOPE));
        let reference = reference(cid);
        for seconds in [0, 1, 86_400, 864_000] {
            assert_eq!(need(&scopes, &reference, seconds).await, "known", "{cid}");
        }
        assert_eq!(issuer.asked.load(Ordering::Relaxed), 1);
    }
}

// nobody may put other permissions in the place of those that were granted
#[tokio::test]
async fn an_answer_of_another_hash_is_no_answer() {
    for text in ["atproto repo:*", "atproto repo:a.b.c ", "", "atproto"] {
        for cid in [RAW_CID, DAG_CBOR_CID] {
            let (_, scopes) = scene(Saying::Scope(text));
            assert_eq!(need(&scopes, &reference(cid), 0).await, "unknown", "{text}");
        }
    }
}

#[tokio::test]
async fn an_issuer_without_an_answer_is_asked_again_after_ten_seconds() {
    for (answer, outcome) in [(Saying::Nothing, "unknown"), (Saying::Missing, "missing")] {
        let (issuer, scopes) = scene(answer);
        let reference = reference(RAW_CID);
        for (seconds, asked) in [(0, 1), (1, 1), (9, 1), (10, 2), (19, 2)] {
            assert_eq!(need(&scopes, &reference, seconds).await, outcome, "{seconds}");
            assert_eq!(issuer.asked.load(Ordering::Relaxed), asked, "{seconds}");
        }
        say(&issuer, Saying::Scope(SCOPE));
        assert_eq!(need(&scopes, &reference, 20).await, "known");
    }
}

#[tokio::test]
async fn whoever_needs_a_scope_at_once_waits_for_one_answer() {
    let (issuer, scopes) = scene(Saying::Scope(SCOPE));
    let reference = reference(RAW_CID);
    let outcomes = join_all((0..64).map(|_| need(&scopes, &reference, 0))).await;
    assert_eq!(outcomes, ["known"; 64]);
    assert_eq!(issuer.asked.load(Ordering::Relaxed), 1);
}

// RFC 8949 section 3: the length in as few bytes as will do
#[test]
fn a_text_of_dag_cbor_begins_with_its_length() {
    for (length, head) in [
        (0, &[0x60][..]),
        (23, &[0x77]),
        (24, &[0x78, 24]),
        (255, &[0x78, 255]),
        (256, &[0x79, 1, 0]),
        (65_535, &[0x79, 255, 255]),
        (65_536, &[0x7a, 0, 1, 0, 0]),
    ] {
        let text = "a".repeat(length);
        assert_eq!(dag_cbor(&text), [head, text.as_bytes()].concat(), "{length}");
    }
}
