//! A handle resolver, a PLC directory, a PDS and an authorization server, all at one origin and all by script.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded;

use super::super::server::tests::metadata;

pub(super) const DID: &str = "did:plc:alice";
pub(super) const HANDLE: &str = "alice.test";

/// How the servers behave, and what they have seen.
pub(super) struct Script {
    /// Origin of everything.
    pub(super) origin: String,
    /// The nonce both servers insist on.
    pub(super) nonce: &'static str,
    /// Whether no nonce is ever good enough.
    pub(super) insatiable: bool,
    /// What the PDS says of itself.
    pub(super) resource: String,
    /// What the authorization server says of itself.
    pub(super) issuer: String,
    /// What the DID document claims.
    pub(super) also_known_as: String,
    /// Whom the tokens are for.
    pub(super) sub: String,
    /// What the latest request asked for.
    pub(super) asked: String,
    /// What is granted, if it is not all that was asked for.
    pub(super) granted: Option<&'static str>,
    /// The number of the access token that is good now.
    pub(super) generation: u32,
    /// The error of the token endpoint, if it refuses.
    pub(super) token_error: Option<&'static str>,
    /// The records of the repository: key and value.
    pub(super) records: Vec<(String, Value)>,
    /// Method and path of every request, in order.
    pub(super) seen: Vec<String>,
    /// The latest form of the authorization server.
    pub(super) form: Vec<(String, String)>,
}

#[derive(Clone)]
pub(super) struct Stub(Arc<Mutex<Script>>);

impl Stub {
    /// Starts the servers on a port of the system's choice.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let stub = Self(Arc::new(Mutex::new(Script {
            nonce: "nonce-1",
            insatiable: false,
            resource: origin.clone(),
            issuer: origin.clone(),
            also_known_as: format!("at://{HANDLE}"),
            sub: DID.to_owned(),
            asked: String::new(),
            granted: None,
            generation: 0,
            token_error: None,
            records: Vec::new(),
            seen: Vec::new(),
            form: Vec::new(),
            origin,
        })));
        let routes = Router::new()
            .route("/xrpc/com.atproto.identity.resolveHandle", get(resolve))
            .route("/did:plc:alice", get(did_document))
            .route("/.well-known/oauth-protected-resource", get(resource_metadata))
            .route("/.well-known/oauth-authorization-server", get(server_metadata))
            .route("/oauth/par", post(pushed))
            .route("/oauth/token", post(token))
            .route("/oauth/revoke", post(revoked))
            .route("/xrpc/com.atproto.server.getSession", get(session))
            .route("/xrpc/com.atproto.server.getServiceAuth", get(service_token))
            .route("/xrpc/com.atproto.repo.createRecord", post(created))
            .route("/xrpc/com.atproto.repo.deleteRecord", post(deleted))
            .route("/xrpc/com.atproto.repo.listRecords", get(listed))
            .layer(middleware::from_fn_with_state(stub.clone(), watch))
            .with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        stub
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    /// The requests seen since the last call whose line contains `part`.
    pub(super) fn seen(&self, part: &str) -> usize {
        self.script()
            .seen
            .iter()
            .filter(|line| line.contains(part))
            .count()
    }
}

async fn watch(State(stub): State<Stub>, request: Request, next: Next) -> Response {
    stub.script()
        .seen
        .push(format!("{} {}", request.method(), request.uri().path()));
    let mut response = next.run(request).await;
    let nonce = stub.script().nonce.parse().unwrap();
    response.headers_mut().insert("dpop-nonce", nonce);
    response
}

async fn resolve(RawQuery(query): RawQuery) -> Response {
    if query.as_deref() == Some("handle=alice.test") {
        axum::Json(json!({"did": DID})).into_response()
    } else {
        let refusal = json!({"error": "InvalidRequest", "message": "Unable to resolve handle"});
        (StatusCode::BAD_REQUEST, axum::Json(refusal)).into_response()
    }
}

async fn did_document(State(stub): State<Stub>) -> axum::Json<Value> {
    let script = stub.script();
    axum::Json(json!({
        "id": DID,
        "alsoKnownAs": [script.also_known_as],
        "service": [{
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": script.origin,
        }],
    }))
}

async fn resource_metadata(State(stub): State<Stub>) -> axum::Json<Value> {
    let script = stub.script();
    axum::Json(json!({"resource": script.resource, "authorization_servers": [script.origin]}))
}

async fn server_metadata(State(stub): State<Stub>) -> axum::Json<Value> {
    let script = stub.script();
    let mut document = metadata(&script.origin);
    document["issuer"] = json!(script.issuer);
    axum::Json(document)
}

/// The claims of the request's proof. Signatures are checked where proofs are made: `proof::tests`.
fn proof(headers: &HeaderMap) -> Value {
    let proof = headers["dpop"].to_str().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

impl Script {
    fn server_challenge(&mut self, headers: &HeaderMap, body: &Bytes) -> Option<Response> {
        self.form = form_urlencoded::parse(body).into_owned().collect();
        if !self.insatiable && proof(headers)["nonce"] == self.nonce {
            return None;
        }
        let refusal = json!({"error": "use_dpop_nonce", "error_description": "a nonce is wanted"});
        Some((StatusCode::BAD_REQUEST, axum::Json(refusal)).into_response())
    }

    fn resource_challenge(&self, headers: &HeaderMap) -> Option<Response> {
        let proof = proof(headers);
        let token = headers["authorization"].to_str().unwrap();
        let error = if proof["nonce"] != self.nonce {
            "use_dpop_nonce"
        } else if token != format!("DPoP access-secret-{}", self.generation) || proof["ath"].is_null() {
            "invalid_token"
        } else {
            return None;
        };
        let challenge = format!(r#"DPoP algs="ES256", error="{error}""#);
        let body = axum::Json(json!({"error": error, "message": "no"}));
        Some((StatusCode::UNAUTHORIZED, [("www-authenticate", challenge)], body).into_response())
    }
}

async fn pushed(State(stub): State<Stub>, headers: HeaderMap, body: Bytes) -> Response {
    let mut script = stub.script();
    if let Some(challenge) = script.server_challenge(&headers, &body) {
        return challenge;
    }
    let scope = script.form.iter().find(|(name, _)| name == "scope");
    script.asked = scope.unwrap().1.clone();
    let pushed = json!({"request_uri": "urn:ietf:params:oauth:request_uri:secret-uri", "expires_in": 60});
    (StatusCode::CREATED, axum::Json(pushed)).into_response()
}

async fn token(State(stub): State<Stub>, headers: HeaderMap, body: Bytes) -> Response {
    let mut script = stub.script();
    if let Some(challenge) = script.server_challenge(&headers, &body) {
        return challenge;
    }
    if let Some(error) = script.token_error {
        let refusal = json!({"error": error, "error_description": "the session is over"});
        return (StatusCode::BAD_REQUEST, axum::Json(refusal)).into_response();
    }
    script.generation += 1;
    axum::Json(json!({
        "access_token": format!("access-secret-{}", script.generation),
        "refresh_token": format!("refresh-secret-{}", script.generation),
        "token_type": "DPoP",
        "expires_in": 900,
        "scope": script.granted.unwrap_or(&script.asked),
        "sub": script.sub,
    }))
    .into_response()
}

async fn revoked(State(stub): State<Stub>, headers: HeaderMap, body: Bytes) -> Response {
    let challenge = stub.script().server_challenge(&headers, &body);
    challenge.unwrap_or_else(|| axum::Json(json!({})).into_response())
}

async fn session(State(stub): State<Stub>, headers: HeaderMap) -> Response {
    let script = stub.script();
    if let Some(challenge) = script.resource_challenge(&headers) {
        return challenge;
    }
    let mut session = json!({"did": DID, "handle": HANDLE});
    if script.asked.contains("account:email") {
        session["email"] = json!("alice@mail.test");
    }
    axum::Json(session).into_response()
}

async fn service_token(State(stub): State<Stub>, headers: HeaderMap) -> Response {
    let challenge = stub.script().resource_challenge(&headers);
    challenge.unwrap_or_else(|| axum::Json(json!({"token": "service-secret"})).into_response())
}

async fn created(State(stub): State<Stub>, headers: HeaderMap, body: Bytes) -> Response {
    let mut script = stub.script();
    if let Some(challenge) = script.resource_challenge(&headers) {
        return challenge;
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let next = format!("key{}", script.records.len());
    let key = body["rkey"].as_str().unwrap_or(&next).to_owned();
    let uri = uri(&key, &body["collection"]);
    script.records.push((key, body["record"].clone()));
    axum::Json(json!({"uri": uri, "cid": "bafy"})).into_response()
}

async fn deleted(State(stub): State<Stub>, headers: HeaderMap, body: Bytes) -> Response {
    let mut script = stub.script();
    if let Some(challenge) = script.resource_challenge(&headers) {
        return challenge;
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    script
        .records
        .retain(|(key, record)| body["rkey"] != *key || body["collection"] != record["$type"]);
    axum::Json(json!({})).into_response()
}

async fn listed(State(stub): State<Stub>, RawQuery(query): RawQuery) -> axum::Json<Value> {
    let script = stub.script();
    let query = query.unwrap_or_default();
    let (_, collection) = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "collection")
        .unwrap();
    let records = script
        .records
        .iter()
        .filter(|(_, record)| record["$type"] == *collection)
        .map(|(key, value)| json!({"uri": uri(key, &value["$type"]), "cid": "bafy", "value": value}));
    axum::Json(json!({"records": records.collect::<Vec<_>>()}))
}

fn uri(key: &str, collection: &Value) -> String {
    format!("at://{DID}/{}/{key}", collection.as_str().unwrap())
}
