//! The PDS, seen over HTTP, by apps that really sign.

mod admin;
mod app;
mod creation;
mod lexicons;
mod methods;
mod proofs;
mod service_auth;
mod writing;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use entryway_identity::did::SigningKey;
use entryway_identity::plc::{Operation, PlcData, UnsignedOperation};
use entryway_oauth::time::Timestamp;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::*;
use crate::plc::Directory;

struct Fixture {
    stored: TempDir,
    plc_url: String,
    directory: Directory,
    names: Names,
    pds: Pds,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn error(&self) -> (u16, String) {
        let json = self.json();
        assert!(!json["message"].as_str().unwrap().is_empty());
        (self.status, json["error"].as_str().unwrap().to_owned())
    }
}

impl Fixture {
    async fn new() -> Self {
        let stored = tempfile::tempdir().unwrap();
        let directory = Directory::open(stored.path(), clock()).unwrap();
        let plc_url = serve(directory.router()).await;
        let (names, pds) = open(&stored, &plc_url);
        Self {
            stored,
            plc_url,
            directory,
            names,
            pds,
        }
    }

    /// With the account `alice.test`.
    async fn with_alice() -> (Self, Did) {
        let fixture = Self::new().await;
        let operation = fixture.genesis("alice.test").await;
        let answer = fixture.create_account("alice.test", &operation).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        (fixture, operation.did())
    }

    fn restart(self) -> Self {
        let Self {
            stored,
            plc_url,
            directory,
            names,
            pds,
        } = self;
        drop((pds, names));
        let (names, pds) = open(&stored, &plc_url);
        Self {
            stored,
            plc_url,
            directory,
            names,
            pds,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.pds.router().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap().to_vec();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    async fn query(&self, method: &str, parameters: &[(&str, &str)]) -> Answer {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        self.send(
            Request::get(format!("/xrpc/{method}?{query}"))
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    async fn procedure(&self, method: &str, input: Value) -> Answer {
        self.send(procedure(method, &input)).await
    }

    async fn reserve_key(&self) -> PublicKey {
        let answer = self
            .procedure("com.atproto.server.reserveSigningKey", json!({}))
            .await;
        PublicKey::from_did_key(answer.json()["signingKey"].as_str().unwrap()).unwrap()
    }

    /// The first operation of an account, over a key that is reserved.
    async fn genesis(&self, handle: &str) -> Operation {
        let key = self.reserve_key().await;
        UnsignedOperation::genesis(account_data(handle, &key)).sign(&entryway_key())
    }

    async fn create_account(&self, handle: &str, operation: &Operation) -> Answer {
        let input = json!({ "did": operation.did(), "handle": handle, "plcOp": operation });
        self.procedure("com.atproto.server.createAccount", input).await
    }
}

fn procedure(method: &str, input: &Value) -> Request<Body> {
    let request = Request::post(format!("/xrpc/{method}")).header("content-type", "application/json");
    request.body(input.to_string().into()).unwrap()
}

fn account_data(handle: &str, key: &PublicKey) -> PlcData {
    let rotation_keys = vec![entryway_key().public_key().to_did_key()];
    PlcData::account(&Handle::parse(handle).unwrap(), key, ORIGIN, rotation_keys)
}

fn entryway_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32]).unwrap()
}

fn clock() -> Clock {
    Arc::new(|| NOW)
}

/// Different bytes every time, and the same in every run.
fn entropy() -> Entropy {
    let drawn = AtomicU64::new(1);
    Arc::new(move |buffer| {
        for byte in buffer {
            *byte = u8::try_from(drawn.fetch_add(1, Ordering::Relaxed) * 31 % 251).unwrap();
        }
    })
}

fn open(stored: &TempDir, plc_url: &str) -> (Names, Pds) {
    let names = Names::default();
    let settings = PdsSettings {
        origin: ORIGIN.to_owned(),
        did: Did::parse(DID).unwrap(),
        issuer: ISSUER.to_owned(),
        plc: plc_url.to_owned(),
        http: crate::outbound::client().unwrap(),
        entryway_rotation_key: entryway_key().public_key(),
        admin_password: AdminPassword::new(ADMIN_PASSWORD.to_owned()),
        verifier: app::verifier(),
    };
    let pds = Pds::open(stored.path(), settings, names.clone(), clock(), entropy()).unwrap();
    (names, pds)
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://localhost:{port}")
}

const ADMIN_PASSWORD: &str = "an-admin-password";
const ORIGIN: &str = "http://localhost:2584";
const DID: &str = "did:web:localhost%3A2584";
const ISSUER: &str = "http://localhost:2583";
const NOW: Timestamp = Timestamp::from_seconds(1_782_000_000);
