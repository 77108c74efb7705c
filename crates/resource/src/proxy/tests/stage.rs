//! A gate on loopback with one PDS behind it, and a client that really signs.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use entryway_oauth::shared_secret::SharedSecret;
use entryway_scope::{Did, ServiceId};
use http::header::HeaderMap;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::upstream::TestUpstream;
use crate::client::{AnswerBody, ClientSettings, HttpClient};
use crate::proxy::{
    Gate, GateLimits, GateSettings, HostSettings, IssuerHealth, Legacy, Passwords, UpstreamCredentials,
};
use crate::scene::{AUDIENCE, ISSUER, NOW, PUBLIC_URL, Scene, issuer};
use crate::{Permissions, PermissionsConfig, steadied};

pub(super) const SECRET: &str = "9f2c41d07ab355e8c6d1b09e7f3a2468";

pub(super) struct Stage {
    pub(super) scene: Scene,
    pub(super) upstream: TestUpstream,
    pub(super) address: SocketAddr,
    /// What `/_gate/health` is told.
    pub(super) health: Arc<Mutex<Vec<IssuerHealth>>>,
    client: HttpClient,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Stage {
    /// A gate that passes tokens on, in front of a PDS that answers what it saw.
    pub(super) async fn new() -> Self {
        Self::before(TestUpstream::echo().await).await
    }

    pub(super) async fn before(upstream: TestUpstream) -> Self {
        Self::with(upstream, |_, _| {}).await
    }

    /// With something different about its host or its limits.
    pub(super) async fn with(
        upstream: TestUpstream,
        change: impl FnOnce(&mut HostSettings, &mut GateSettings),
    ) -> Self {
        let scene = Scene::new();
        let mut host = HostSettings {
            public_url: issuer(PUBLIC_URL),
            upstream: format!("http://{}", upstream.address).parse().unwrap(),
            did: Did::parse(AUDIENCE).unwrap(),
            verifier: scene.verifier.clone(),
            issuer: issuer(ISSUER),
            permissions: Permissions::new(PermissionsConfig {
                app_view: Some(ServiceId::parse("did:web:api.example#bsky_appview").unwrap()),
                ..PermissionsConfig::default()
            }),
            credentials: UpstreamCredentials::Pass,
            legacy: Legacy::Passed,
            passwords: Passwords::Refused,
            pages: vec![],
            handle_domains: vec![],
        };
        let health = Arc::new(Mutex::new(vec![]));
        let told = health.clone();
        let mut settings = GateSettings {
            hosts: vec![],
            trusted_proxies: vec![],
            limits: GateLimits::default(),
            client: HttpClient::new(ClientSettings::default()).unwrap(),
            clock: steadied(|| NOW),
            entropy: Arc::new(|bytes| {
                bytes.fill(6);
                true
            }),
            health: Arc::new(move || told.lock().unwrap().clone()),
        };
        change(&mut host, &mut settings);
        settings.hosts.insert(0, host);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let gate = Gate::new(settings).unwrap();
        let serving = tokio::spawn(gate.serve(listener, async { drop(stopped.await) }));
        Self {
            scene,
            upstream,
            address,
            health,
            client: HttpClient::new(ClientSettings::default()).unwrap(),
            stop: Some(stop),
            serving,
        }
    }

    /// With upstream credentials of this kind.
    pub(super) async fn signing(upstream: TestUpstream, credentials: UpstreamCredentials) -> Self {
        Self::with(upstream, |host, _| host.credentials = credentials).await
    }

    /// Asks the gate to stop.
    pub(super) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until the gate has stopped.
    pub(super) async fn stopped(mut self) {
        self.stop();
        self.serving.await.unwrap();
    }

    /// A call with OAuth and this scope beside `atproto`.
    pub(super) fn call(&self, method: &str, nsid: &str, scope: &str) -> Asking<'_> {
        let path = nsid.split('?').next().unwrap();
        let scope = format!("atproto {scope}");
        let token = self
            .scene
            .token_with(&json!({}), &json!({"scope": scope.trim_end()}));
        let claims = json!({"htm": method, "htu": format!("{PUBLIC_URL}/xrpc/{path}")});
        let proof = self.scene.proof_with(&token, &json!({}), &claims);
        self.open(method, &format!("/xrpc/{nsid}"))
            .header("authorization", &format!("DPoP {token}"))
            .header("dpop", &proof)
    }

    /// A request without credentials.
    pub(super) fn open(&self, method: &str, target: &str) -> Asking<'_> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = format!("http://{}{target}", self.address).parse().unwrap();
        let asking = Asking { stage: self, request };
        asking.header("host", PUBLIC_URL.strip_prefix("https://").unwrap())
    }

    /// Writes these bytes on a connection of their own and reads what comes back until its end.
    pub(super) async fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        // a gate that closes with a reset has said what it had to say
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A request to be sent.
pub(super) struct Asking<'a> {
    stage: &'a Stage,
    request: Request<Bytes>,
}

impl Asking<'_> {
    /// Adds a header; `host` replaces what is there.
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        let (headers, value) = (self.request.headers_mut(), value.parse().unwrap());
        if name == "host" {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
        self
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// The answer with its body still to come.
    pub(super) async fn begin(self) -> Response<AnswerBody> {
        self.stage.client.send(self.request.map(Full::new)).await.unwrap()
    }

    /// The whole answer.
    pub(super) async fn send(self) -> Got {
        let answer = self.begin().await;
        let (parts, body) = answer.into_parts();
        let body = body.read_whole(16 * 1024 * 1024).await.unwrap();
        Got {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Got {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no json: {} {:?}", self.status, self.body))
    }

    /// What the echo saw of the request; panics for an answer of the gate's own.
    pub(super) fn seen(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        self.json()
    }

    /// Status and name of an XRPC error.
    pub(super) fn error(&self) -> (u16, String) {
        let json = self.json();
        assert!(json["message"].is_string(), "{json}");
        (
            self.status.as_u16(),
            json["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(super) fn secret() -> SharedSecret {
    SharedSecret::parse(SECRET).unwrap()
}
