//! Which operations the directory takes; how it answers is in `tests/answers.rs`.

mod answers;

use axum::body::{Body, to_bytes};
use entryway_identity::did::SigningKey;
use entryway_identity::plc::{PlcData, UnsignedOperation};
use entryway_scope::Handle;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;

struct Fixture {
    stored: TempDir,
    directory: Directory,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }
}

impl Fixture {
    fn new() -> Self {
        let stored = tempfile::tempdir().unwrap();
        let directory = open(stored.path());
        Self { stored, directory }
    }

    fn restart(self) -> Self {
        let Self { stored, directory } = self;
        drop(directory);
        let directory = open(stored.path());
        Self { stored, directory }
    }

    async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", "http://app.example");
        let request = request
            .header("content-type", "application/json")
            .body(body.into())
            .unwrap();
        let response = self.directory.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    async fn post(&self, did: &Did, operation: &Operation) -> Answer {
        self.send("POST", &format!("/{did}"), serde_json::to_vec(operation).unwrap())
            .await
    }

    /// A DID that the directory knows, with its first operation.
    async fn alice(&self) -> (Did, Operation) {
        let genesis = genesis();
        assert_eq!(self.post(&genesis.did(), &genesis).await.status, 200);
        (genesis.did(), genesis)
    }
}

fn open(stored: &Path) -> Directory {
    Directory::open(stored, Arc::new(|| Timestamp::from_seconds(1_782_000_000))).unwrap()
}

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32]).unwrap()
}

fn rotation_key() -> SigningKey {
    key(1)
}

fn alice_data() -> PlcData {
    let rotation_keys = vec![rotation_key().public_key().to_did_key()];
    PlcData::account(
        &Handle::parse("alice.test").unwrap(),
        &key(2).public_key(),
        "http://localhost:2584",
        rotation_keys,
    )
}

fn genesis() -> Operation {
    UnsignedOperation::genesis(alice_data()).sign(&rotation_key())
}

// C26
#[tokio::test]
async fn genesis_is_posted_to_the_did_path() {
    let fixture = Fixture::new();
    let genesis = genesis();
    let answer = fixture.post(&genesis.did(), &genesis).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

// C26
#[tokio::test]
async fn post_to_root_is_404() {
    let fixture = Fixture::new();
    let genesis = genesis();
    let answer = fixture
        .send("POST", "/", serde_json::to_vec(&genesis).unwrap())
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(fixture.directory.last(&genesis.did()), None);
    assert_eq!(fixture.get("/").await.status, 200);
}

// C27
#[tokio::test]
async fn a_did_is_the_hash_of_the_signed_operation() {
    let fixture = Fixture::new();
    let genesis = genesis();
    let other = Did::parse("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa").unwrap();
    let answer = fixture.post(&other, &genesis).await;
    assert_eq!(
        (answer.status, answer.message()),
        (400, Refusal::OtherDid(genesis.did()).to_string())
    );
    assert_eq!(fixture.directory.last(&other), None);
}

#[tokio::test]
async fn an_update_follows_the_newest_operation() {
    let fixture = Fixture::new();
    let (did, genesis) = fixture.alice().await;
    let moved = |port: u16| alice_data().on_pds(&format!("http://localhost:{port}"));
    let first = UnsignedOperation::update(&genesis, moved(1)).sign(&rotation_key());
    assert_eq!(fixture.post(&did, &first).await.status, 200);

    // the branch of a fork, and what was accepted already
    let late = UnsignedOperation::update(&genesis, moved(2)).sign(&rotation_key());
    for operation in [&late, &first, &genesis] {
        let answer = fixture.post(&did, operation).await;
        assert_eq!(
            (answer.status, answer.message()),
            (400, Refusal::Misordered.to_string())
        );
    }
    let document = fixture.get(&format!("/{did}")).await.json();
    assert_eq!(document["service"][0]["serviceEndpoint"], "http://localhost:1");
}

#[tokio::test]
async fn only_a_current_rotation_key_may_sign() {
    let fixture = Fixture::new();
    let foreign = UnsignedOperation::genesis(alice_data()).sign(&key(9));
    assert_eq!(fixture.post(&foreign.did(), &foreign).await.status, 400);

    let (did, genesis) = fixture.alice().await;
    let handed_over = PlcData {
        rotation_keys: vec![key(3).public_key().to_did_key()],
        ..alice_data()
    };
    let update = UnsignedOperation::update(&genesis, handed_over.clone());
    assert_eq!(
        fixture.post(&did, &update.clone().sign(&key(3))).await.status,
        400
    );
    let update = update.sign(&rotation_key());
    assert_eq!(fixture.post(&did, &update).await.status, 200);

    let next = UnsignedOperation::update(&update, handed_over);
    let refusal = Refusal::Signature(RejectedSignature::Mismatch).to_string();
    assert_eq!(
        fixture
            .post(&did, &next.clone().sign(&rotation_key()))
            .await
            .message(),
        refusal
    );
    assert_eq!(fixture.post(&did, &next.sign(&key(3))).await.status, 200);
}

#[tokio::test]
async fn a_tombstone_ends_a_did() {
    let fixture = Fixture::new();
    let (did, genesis) = fixture.alice().await;
    let tombstone = UnsignedOperation::tombstone(&genesis).sign(&rotation_key());
    assert_eq!(fixture.post(&did, &tombstone).await.status, 200);
    for path in [format!("/{did}"), format!("/{did}/data")] {
        let answer = fixture.get(&path).await;
        assert_eq!(
            (answer.status, answer.message()),
            (410, format!("DID not available: {did}"))
        );
    }
    assert_eq!(
        fixture.get(&format!("/{did}/log/last")).await.json()["type"],
        "plc_tombstone"
    );
    let after = UnsignedOperation::update(&tombstone, alice_data()).sign(&rotation_key());
    assert_eq!(
        fixture.post(&did, &after).await.message(),
        Refusal::Ended.to_string()
    );
}

#[tokio::test]
async fn a_did_does_not_begin_with_an_update_or_a_tombstone() {
    let fixture = Fixture::new();
    let genesis = genesis();
    let update = UnsignedOperation::update(&genesis, alice_data()).sign(&rotation_key());
    let tombstone = UnsignedOperation::tombstone(&genesis).sign(&rotation_key());
    for operation in [update, tombstone] {
        let answer = fixture.post(&operation.did(), &operation).await;
        assert_eq!(
            (answer.status, answer.message()),
            (400, Refusal::PrevOfGenesis.to_string())
        );
    }
}

#[tokio::test]
async fn data_survives_a_restart() {
    let fixture = Fixture::new();
    let (did, genesis) = fixture.alice().await;
    let fixture = fixture.restart();
    assert_eq!(fixture.directory.last(&did), Some(genesis.clone()));
    let tombstone = UnsignedOperation::tombstone(&genesis).sign(&rotation_key());
    assert_eq!(fixture.post(&did, &tombstone).await.status, 200);
    assert_eq!(fixture.restart().directory.last(&did), Some(tombstone));
}

#[tokio::test]
async fn of_many_operations_at_once_one_follows() {
    let fixture = Fixture::new();
    let (did, genesis) = fixture.alice().await;
    let tasks = (0..64u16).map(|port| {
        let data = alice_data().on_pds(&format!("http://localhost:{port}"));
        let operation = UnsignedOperation::update(&genesis, data).sign(&rotation_key());
        let (directory, did) = (fixture.directory.clone(), did.clone());
        tokio::task::spawn_blocking(move || directory.submit(&did, operation).unwrap())
    });
    let mut accepted = 0;
    for task in tasks.collect::<Vec<_>>() {
        accepted += usize::from(task.await.unwrap() == Submission::Accepted);
    }
    assert_eq!(accepted, 1);
    assert_eq!(fixture.directory.log(&did).len(), 2);
}

#[tokio::test]
async fn what_says_too_much_is_refused() {
    let fixture = Fixture::new();
    let many = |n: usize| (0..n).map(|n| format!("at://{n}.test")).collect::<Vec<_>>();
    let service = |endpoint: String| {
        let mut data = alice_data();
        data.services.get_mut("atproto_pds").unwrap().endpoint = endpoint;
        data
    };
    for data in [
        PlcData {
            also_known_as: many(11),
            ..alice_data()
        },
        PlcData {
            also_known_as: vec!["x".repeat(259)],
            ..alice_data()
        },
        PlcData {
            also_known_as: vec!["at://a.test".to_owned(); 2],
            ..alice_data()
        },
        PlcData {
            rotation_keys: vec![rotation_key().public_key().to_did_key(); 11],
            ..alice_data()
        },
        PlcData {
            verification_methods: [("k".repeat(33), alice_data().rotation_keys[0].clone())].into(),
            ..alice_data()
        },
        PlcData {
            verification_methods: [("atproto".to_owned(), "zQ3sh".to_owned())].into(),
            ..alice_data()
        },
        service("x".repeat(513)),
        service("x".repeat(5000)),
    ] {
        let operation = UnsignedOperation::genesis(data).sign(&rotation_key());
        let answer = fixture.post(&operation.did(), &operation).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
}
