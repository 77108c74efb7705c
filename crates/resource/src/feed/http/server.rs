//! For the tests: an issuer's feed on loopback, with manners.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use entryway_oauth::revocation::{FeedPage, FeedRequest, PATH, RevocationEvent, STREAM_TYPE, Statement};
use entryway_oauth::secret::FeedToken;
use futures_util::stream;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::feed::scene::{event, head, signed};

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// How it answers.
#[derive(Clone, Debug)]
pub(super) enum Manner {
    Proper,
    /// No streams: they are answered with a page's media type.
    PagesOnly,
    Status(u16),
    /// Cursors are gone.
    Gone,
    /// The connection ends after this many statements of each answer.
    EndsAfter(usize),
    /// A stream of a byte at a time.
    Drips,
    /// This, whatever was asked, as what was asked for.
    Says(Bytes),
}

/// A server that can be stopped and started again on its port.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    manner: Mutex<Manner>,
    events: watch::Sender<Vec<RevocationEvent>>,
    asked: Mutex<Vec<FeedRequest>>,
    /// Ends the connections there are when it changes.
    restarted: watch::Sender<u64>,
}

impl Server {
    pub(super) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            manner: Mutex::new(manner),
            events: watch::Sender::new(Vec::new()),
            asked: Mutex::new(Vec::new()),
            restarted: watch::Sender::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            accepting,
        }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}/oauth{PATH}", self.address)
    }

    pub(super) fn token() -> FeedToken {
        FeedToken::from_entropy([5; 32])
    }

    /// Ends one more session.
    pub(super) fn revoke(&self) {
        self.shared.events.send_modify(|events| {
            let next = u64::try_from(events.len()).unwrap() + 1;
            events.push(event(next, 0));
        });
    }

    /// As after restoring a backup.
    pub(super) fn forget_all(&self) {
        self.shared.events.send_modify(Vec::clear);
    }

    pub(super) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// What readers asked for so far.
    pub(super) fn asked(&self) -> Vec<FeedRequest> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Ends every connection and takes no more.
    pub(super) async fn stop(&mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
        self.shared.restarted.send_modify(|times| *times += 1);
    }

    pub(super) async fn start_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.accepting = tokio::spawn(accept(listener, Arc::clone(&self.shared)));
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut restarted = shared.restarted.subscribe();
            restarted.mark_unchanged();
            let service = service_fn(|request| {
                let shared = Arc::clone(&shared);
                async move { Ok::<_, Infallible>(shared.answer(&request).await) }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = connection => {}
                _ = restarted.changed() => {}
            }
        });
    }
}

impl Shared {
    async fn answer(self: Arc<Self>, request: &Request<Incoming>) -> Answer {
        let bearer = request
            .headers()
            .get(AUTHORIZATION)
            .map(|value| value.as_bytes().to_vec());
        if bearer != Some(format!("Bearer {}", Server::token().expose()).into_bytes()) {
            return status(401);
        }
        assert_eq!(request.uri().path(), format!("/oauth{PATH}"));
        let asked = FeedRequest::parse(request.uri().query().unwrap()).unwrap();
        self.asked.lock().unwrap().push(asked);
        let streaming = request.headers()[ACCEPT] == STREAM_TYPE;
        let manner = self.manner.lock().unwrap().clone();
        match manner {
            Manner::Status(code) => status(code),
            Manner::Gone if asked.after.is_some() => status(410),
            Manner::Says(bytes) => {
                let body = Full::new(bytes).boxed_unsync();
                Response::builder()
                    .header(CONTENT_TYPE, request.headers()[ACCEPT].clone())
                    .body(body)
                    .unwrap()
            }
            Manner::PagesOnly if streaming => self.page(asked).await,
            _ if streaming => self.stream(asked, manner),
            _ => self.page(asked).await,
        }
    }

    async fn page(&self, asked: FeedRequest) -> Answer {
        let mut events = self.events.subscribe();
        let after = usize::try_from(asked.after.unwrap_or_default()).unwrap();
        let wait = Duration::from_secs(asked.wait.into());
        let _ = tokio::time::timeout(wait, events.wait_for(|events| events.len() > after)).await;
        let events = self.events.borrow().clone();
        let latest = u64::try_from(events.len()).unwrap();
        let new = events.into_iter().skip(after).map(signed);
        let statements = new.chain([said(asked, latest)]).collect();
        let body = serde_json::to_vec(&FeedPage { statements }).unwrap();
        Response::builder()
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::from(body).boxed_unsync())
            .unwrap()
    }

    fn stream(self: Arc<Self>, asked: FeedRequest, manner: Manner) -> Answer {
        let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
        tokio::spawn(self.write(asked, manner, sender));
        let frames = stream::poll_fn(move |context| receiver.poll_recv(context));
        let frames = futures_util::StreamExt::map(frames, |bytes| Ok(Frame::data(bytes)));
        Response::builder()
            .header(CONTENT_TYPE, STREAM_TYPE)
            .body(StreamBody::new(frames).boxed_unsync())
            .unwrap()
    }

    /// A head, what there is, and a head with each event that happens.
    async fn write(self: Arc<Self>, asked: FeedRequest, manner: Manner, sender: mpsc::Sender<Bytes>) {
        let mut events = self.events.subscribe();
        let mut sent = usize::try_from(asked.after.unwrap_or_default()).unwrap();
        let mut written = 0;
        loop {
            let now = events.borrow_and_update().clone();
            let latest = u64::try_from(now.len()).unwrap();
            let new = now.iter().skip(sent).cloned().map(signed);
            for text in [said(asked, latest)].into_iter().chain(new) {
                let message = format!(": beat\n\nid: 1\nevent: revocation\ndata: {text}\n\n");
                let pieces = match manner {
                    Manner::Drips => 1,
                    _ => message.len(),
                };
                for piece in message.as_bytes().chunks(pieces) {
                    if sender.send(Bytes::copy_from_slice(piece)).await.is_err() {
                        return;
                    }
                    if let Manner::Drips = manner {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
                written += 1;
                if matches!(manner, Manner::EndsAfter(count) if count == written) {
                    return;
                }
            }
            sent = sent.max(now.len());
            if events.changed().await.is_err() {
                return;
            }
        }
    }
}

fn said(asked: FeedRequest, latest: u64) -> String {
    let head = head(latest, 1, 0);
    signed(Statement::Head(entryway_oauth::revocation::FeedHead {
        challenge: asked.challenge,
        ..head
    }))
}

fn status(code: u16) -> Answer {
    Response::builder()
        .status(code)
        .header(LOCATION, "/elsewhere")
        .body(Full::default().boxed_unsync())
        .unwrap()
}
