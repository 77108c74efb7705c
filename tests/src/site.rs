//! A host of client documents, key sets and logos, whose answers a test changes while it runs.
//!
//! It writes its answers itself, byte by byte, so that it can break every rule of HTTP.

mod answer;
mod authority;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use entryway_identity::fetch::{Development, Pin};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::client::Client;
use crate::document::{CALLBACK, Document, SCOPE};
use crate::key::NamedKey;

pub use answer::Answer;
use authority::authority;

/// A host on loopback; gone when it is dropped.
#[derive(Debug)]
pub struct ClientSite {
    origin: String,
    address: SocketAddr,
    /// Where https leads to it.
    name: Option<String>,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<BTreeMap<String, Answer>>,
    requests: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

impl ClientSite {
    /// At `http://127.0.0.1:PORT`, as a developer has it.
    pub async fn http() -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), None).await
    }

    /// At `http://[::1]:PORT`.
    pub async fn http_v6() -> Self {
        Self::at(Ipv6Addr::LOCALHOST.into(), None).await
    }

    /// At `https://NAME`, for a server that was started [beside](crate::TestServer::start_beside) it.
    pub async fn https(name: &str) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), Some(name)).await
    }

    async fn at(address: IpAddr, name: Option<&str>) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let tls = name.map(|name| authority().acceptor(name));
        let listening = tokio::spawn(listen(listener, tls, shared.clone()));
        Self {
            origin: name.map_or_else(|| format!("http://{address}"), |name| format!("https://{name}")),
            address,
            name: name.map(str::to_owned),
            shared,
            listening,
        }
    }

    /// Its origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers so at this path from now on; elsewhere it answers with 404.
    pub fn serve(&self, path: &str, answer: impl Into<Answer>) {
        let mut answers = self.shared.answers.lock().unwrap();
        answers.insert(path.to_owned(), answer.into());
    }

    /// Every request for this path, as it was sent.
    pub fn requests(&self, path: &str) -> Vec<String> {
        let requests = self.shared.requests.lock().unwrap();
        requests
            .iter()
            .filter(|head| path_of(head) == path)
            .cloned()
            .collect()
    }

    /// How often this path was asked for.
    pub fn hits(&self, path: &str) -> usize {
        self.requests(path).len()
    }

    /// How often anybody connected, whether or not a request came.
    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    /// A public client whose document is at this path.
    pub fn public_client(&self, path: &str) -> Client {
        self.publish(path, Document::public(&self.url(path)))
    }

    /// A confidential client whose document is at this path and holds this key, with which it asserts.
    pub fn confidential_client(&self, path: &str, key: &NamedKey) -> Client {
        let document = Document::confidential(&self.url(path), &[key]);
        self.publish(path, document).asserting_with(key)
    }

    /// Publishes a document at the path of its identifier, and gives its client, without a key for assertions.
    pub fn publish(&self, path: &str, document: Document) -> Client {
        let client = Client::with(&self.url(path), CALLBACK, SCOPE);
        self.serve(path, document);
        client
    }

    /// Publishes a key set.
    pub fn publish_keys(&self, path: &str, keys: &[&NamedKey]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        self.serve(path, Answer::json(&json!({ "keys": keys })));
    }

    /// What a server needs to find it.
    pub(crate) fn reached_by(&self, development: &mut Development) {
        if let Some(name) = &self.name {
            development
                .resolve
                .push(Pin::parse(&format!("{name}={}", self.address)).unwrap());
            development.extra_ca = vec![authority().pem().to_vec()];
        }
    }
}

impl Drop for ClientSite {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        *shared.connections.lock().unwrap() += 1;
        tokio::spawn(serve(stream, tls.clone(), shared.clone()));
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    match tls {
        None => answer(stream, &shared).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                answer(stream, &shared).await;
            }
        }
    }
}

/// One request for each connection.
async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send>(mut stream: S, shared: &Shared) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let found = shared.answers.lock().unwrap().get(path_of(&head)).cloned();
    shared.requests.lock().unwrap().push(head);
    let answer = found.unwrap_or_else(|| Answer::status(404));
    // whoever asked may have gone away
    let _ = answer.write_to(&mut stream).await;
}

/// Path and query of a request.
fn path_of(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}
