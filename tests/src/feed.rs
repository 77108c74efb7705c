//! A resource that reads the revocation feed.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use entryway_oauth::jwk::PublicKey;
use entryway_oauth::revocation::{FeedHead, FeedPage, RevocationEvent, Statement, verify};
use entryway_oauth::secret::FeedToken;
use entryway_server::{Chance, FeedReader};
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, HOST};
use http::request::Builder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::raw::Listening;
use crate::reply::Reply;
use crate::secrets;
use crate::server::{Endpoint, TestServer};
use crate::service::Service;

/// A reader with a token of its own.
#[derive(Clone, Debug)]
pub struct FeedClient {
    name: String,
    token: FeedToken,
}

/// What a reader is told at once: events in order, and how far the feed has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The events.
    pub events: Vec<RevocationEvent>,
    /// The statement after them.
    pub head: FeedHead,
}

impl FeedClient {
    /// One that nobody knows yet.
    pub fn named(name: &str) -> Self {
        let token = FeedToken::from_entropy(Chance::system().bytes().unwrap());
        secrets::record(token.expose());
        Self {
            name: name.to_owned(),
            token,
        }
    }

    /// Its token.
    pub const fn token(&self) -> &FeedToken {
        &self.token
    }

    /// What an operator configures to let it read.
    pub fn reader(&self) -> FeedReader {
        FeedReader {
            name: self.name.clone(),
            token: self.token.digest(),
        }
    }

    /// The header that it shows.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.token.expose())
    }

    /// A request for a page.
    pub fn request(&self, query: &str) -> Builder {
        Request::get(format!("{}?{query}", Endpoint::Revocations.under("/oauth")))
            .header(AUTHORIZATION, self.authorization())
    }

    /// Asks for a page.
    pub async fn ask(&self, server: &impl Service, query: &str) -> Reply {
        let asked = server.ask(self.request(query).body(Body::empty()).unwrap());
        asked.await.expect("the service is there")
    }

    /// Reads a page; fails if it is refused, or if anything in it is not what it must be.
    pub async fn page(&self, server: &impl Service, query: &str) -> Told {
        let reply = self.ask(server, query).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
        let page: FeedPage = serde_json::from_value(reply.json()).unwrap();
        let keys = keys(server).await;
        let statements = page.statements.iter().map(|text| verify(text, &keys).unwrap());
        let mut statements: Vec<Statement> = statements.collect();
        let Some(Statement::Head(head)) = statements.pop() else {
            panic!("a page ends with a head");
        };
        let events = statements.into_iter().map(|statement| match statement {
            Statement::Event(event) => event,
            Statement::Head(head) => panic!("a head in the middle: {head:?}"),
        });
        Told {
            events: events.collect(),
            head,
        }
    }

    /// Opens a stream over a connection of its own; fails if it is refused.
    pub async fn stream(&self, server: &TestServer, at: &Listening, query: &str) -> FeedStream {
        let keys = keys(server).await;
        let stream = TcpStream::connect(at.address).await.unwrap();
        let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(async move { drop(driver.await) });
        let request = self
            .request(query)
            .header(ACCEPT, "text/event-stream")
            .header(HOST, host(at.address))
            .body(Body::empty());
        let answered = sender.send_request(request.unwrap());
        let response = tokio::time::timeout(PATIENCE, answered).await;
        let response = response.expect("an answer comes in time").unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, 200);
        assert_eq!(parts.headers["content-type"], "text/event-stream");
        assert_eq!(parts.headers["cache-control"], "no-store");
        FeedStream {
            body,
            keys,
            unread: String::new(),
            _sender: sender,
        }
    }
}

fn host(address: SocketAddr) -> String {
    format!("localhost:{}", address.port())
}

/// The keys that the service publishes, whatever they are for.
async fn keys(server: &impl Service) -> Vec<PublicKey> {
    let asked = Request::get(server.path(Endpoint::Jwks)).body(Body::empty());
    let set = server
        .ask(asked.unwrap())
        .await
        .expect("the service is there")
        .json();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| PublicKey::from_json(&key.to_string()).unwrap())
        .collect()
}

/// An open stream.
#[derive(Debug)]
pub struct FeedStream {
    body: Incoming,
    keys: Vec<PublicKey>,
    unread: String,
    /// The connection stays while this does.
    _sender: http1::SendRequest<Body>,
}

/// A message of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, if it has one.
    pub id: Option<String>,
    /// What it says.
    pub statement: Statement,
    /// As it was signed.
    pub jws: String,
}

impl FeedStream {
    /// The next message; `None` once the stream is over. Fails if nothing comes.
    pub async fn next(&mut self) -> Option<Message> {
        tokio::time::timeout(PATIENCE, self.read())
            .await
            .expect("a message comes in time")
    }

    async fn read(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.unread.find("\n\n") {
                let message: String = self.unread.drain(..end + 2).collect();
                return Some(self.message(&message));
            }
            let frame = self.body.frame().await?.ok()?;
            let data = frame.into_data().unwrap();
            self.unread.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    fn message(&self, text: &str) -> Message {
        let field = |name: &str| {
            let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
            let value = values.next().map(str::to_owned);
            assert_eq!(values.next(), None, "{text}");
            value
        };
        let jws = field("data: ").unwrap();
        let statement = verify(&jws, &self.keys).unwrap();
        let expected = match statement {
            Statement::Event(_) => "revocation",
            Statement::Head(_) => "head",
        };
        assert_eq!(field("event: ").as_deref(), Some(expected));
        Message {
            id: field("id: "),
            statement,
            jws,
        }
    }

    /// The next head, whatever events come before it.
    pub async fn head(&mut self) -> FeedHead {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if let Statement::Head(head) = message.statement {
                return head;
            }
        }
    }

    /// The next event, whatever heads come before it.
    pub async fn event(&mut self) -> RevocationEvent {
        loop {
            let message = self.next().await.expect("the stream goes on");
            if let Statement::Event(event) = message.statement {
                assert_eq!(message.id, Some(event.seq.to_string()));
                return event;
            }
        }
    }

    /// Waits for the end, whatever comes before it.
    pub async fn end(&mut self) {
        while self.next().await.is_some() {}
    }
}

/// Longer than a stream is ever silent, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(20);
