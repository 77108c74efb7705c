//! Bodies of any length pass through piece by piece: what is not taken on one side is not read on the other.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use entryway_tests::{Engine, Session, both_engines};
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Scene;
use super::stub::served;

both_engines!(
    fifty_megabytes_go_up_no_faster_than_they_are_taken,
    fifty_megabytes_come_down_no_faster_than_they_are_taken,
    a_client_that_hangs_up_is_felt_by_its_pds,
);

const LENGTH: u64 = 50 * 1024 * 1024;
/// What all buffers between the two ends hold: of the system for four ends of sockets, and a few of ours.
const BUFFERED_MAX: u64 = 24 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// A PDS that takes and gives at the pace of a test.
#[derive(Clone)]
struct Paced {
    /// Whether it takes, or gives.
    going: watch::Sender<bool>,
    moved: Arc<AtomicU64>,
    /// How an upload ended: whether it was whole.
    ended: watch::Sender<Option<bool>>,
}

impl Paced {
    fn new(going: bool) -> Self {
        Self {
            going: watch::Sender::new(going),
            moved: Arc::default(),
            ended: watch::Sender::new(None),
        }
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/xrpc/com.atproto.repo.uploadBlob", post(taken))
            .route("/xrpc/com.atproto.sync.getBlob", get(given))
            .with_state(self.clone())
    }

    fn moved(&self) -> u64 {
        self.moved.load(Ordering::SeqCst)
    }

    /// Waits until nothing moves any more, as far as that can be seen.
    async fn settled(&self) -> u64 {
        let mut last = u64::MAX;
        while last != self.moved() {
            last = self.moved();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        last
    }
}

async fn taken(State(paced): State<Paced>, body: Body) -> Response {
    let mut pieces = body.into_data_stream();
    let mut whole = true;
    loop {
        paced.going.subscribe().wait_for(|going| *going).await.unwrap();
        match pieces.next().await {
            Some(Ok(piece)) => paced.moved.fetch_add(piece.len() as u64, Ordering::SeqCst),
            Some(Err(_)) => {
                whole = false;
                break;
            }
            None => break,
        };
    }
    paced.ended.send_replace(Some(whole));
    ([("content-type", "application/json")], "{\"blob\":{}}").into_response()
}

async fn given(State(paced): State<Paced>) -> Response {
    let piece = Bytes::from(vec![7; PIECE]);
    let pieces = stream::iter(0..LENGTH / PIECE as u64).map(move |_| {
        paced.moved.fetch_add(PIECE as u64, Ordering::SeqCst);
        Ok::<_, Infallible>(piece.clone())
    });
    let headers = [
        ("content-type", "video/mp4".to_owned()),
        ("content-length", LENGTH.to_string()),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

async fn connected(scene: &Scene) -> TcpStream {
    TcpStream::connect(scene.world.address().await).await.unwrap()
}

fn upload(session: &Session) -> String {
    format!(
        "POST /xrpc/com.atproto.repo.uploadBlob HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: video/mp4\r\ncontent-length: {LENGTH}\r\nconnection: close\r\n\r\n",
        session.access
    )
}

fn download(session: &Session) -> String {
    format!(
        "GET /xrpc/com.atproto.sync.getBlob?did=x HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         connection: close\r\n\r\n",
        session.access
    )
}

async fn fifty_megabytes_go_up_no_faster_than_they_are_taken(engine: Engine) {
    let paced = Paced::new(false);
    let (url, _stop, _tasks) = served(&paced.router()).await;
    let scene = Scene::at(engine, &url).await;
    let (mut answer, mut sending) = connected(&scene).await.into_split();
    sending
        .write_all(upload(&scene.session).as_bytes())
        .await
        .unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let counted = sent.clone();
    let sender = tokio::spawn(async move {
        let piece = vec![7; PIECE];
        for _ in 0..LENGTH / PIECE as u64 {
            sending.write_all(&piece).await.unwrap();
            counted.fetch_add(PIECE as u64, Ordering::SeqCst);
        }
        sending
    });
    let mut last = u64::MAX;
    while last != sent.load(Ordering::SeqCst) {
        last = sent.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(
        last < BUFFERED_MAX,
        "{last} bytes are held while the PDS takes none"
    );
    assert_eq!(paced.moved(), 0);
    paced.going.send_replace(true);
    let _sending = sender.await.unwrap();
    let mut text = String::new();
    answer.read_to_string(&mut text).await.unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("{\"blob\":{}}"),
        "{text}"
    );
    assert_eq!((paced.moved(), *paced.ended.borrow()), (LENGTH, Some(true)));
}

async fn fifty_megabytes_come_down_no_faster_than_they_are_taken(engine: Engine) {
    let paced = Paced::new(true);
    let (url, _stop, _tasks) = served(&paced.router()).await;
    let scene = Scene::at(engine, &url).await;
    let mut stream = connected(&scene).await;
    stream
        .write_all(download(&scene.session).as_bytes())
        .await
        .unwrap();
    // nobody reads
    while paced.moved() == 0 {
        tokio::task::yield_now().await;
    }
    let buffered = paced.settled().await;
    assert!(
        buffered < BUFFERED_MAX,
        "{buffered} bytes are held while the client takes none"
    );
    let (mut head, mut read, mut buffer) = (Vec::new(), 0, vec![0; PIECE]);
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-type: video/mp4"),
        "{head}"
    );
    // what somebody uploaded must not run on our origin
    assert!(
        head.contains("content-security-policy: default-src 'none'; sandbox"),
        "{head}"
    );
    assert!(head.contains(&format!("content-length: {LENGTH}")), "{head}");
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            length => {
                assert!(buffer[..length].iter().all(|byte| *byte == 7));
                read += length as u64;
            }
        }
    }
    assert_eq!(read, LENGTH);
}

async fn a_client_that_hangs_up_is_felt_by_its_pds(engine: Engine) {
    let paced = Paced::new(true);
    let (url, _stop, _tasks) = served(&paced.router()).await;
    let scene = Scene::at(engine, &url).await;
    let mut stream = connected(&scene).await;
    stream.write_all(upload(&scene.session).as_bytes()).await.unwrap();
    stream.write_all(&vec![7; PIECE]).await.unwrap();
    while paced.moved() == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let mut ended = paced.ended.subscribe();
    let ended = ended.wait_for(Option::is_some).await.unwrap();
    assert_eq!(*ended, Some(false), "half a body is not taken for a whole one");

    let before = paced.moved();
    let mut stream = connected(&scene).await;
    stream
        .write_all(download(&scene.session).as_bytes())
        .await
        .unwrap();
    while paced.moved() == before {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let given = paced.settled().await - before;
    assert!(given < BUFFERED_MAX, "{given} bytes were made for nobody");
    scene.world.server.assert_well().await;
    let request = scene
        .query("com.atproto.sync.getBlob")
        .method("HEAD")
        .body(Body::empty())
        .unwrap();
    assert_eq!(scene.world.ask(request).await.code(), 200);
}
