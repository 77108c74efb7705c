//! Bodies of any size, in either direction, that nobody holds whole (R-469, R-474).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::stage::{Stage, secret};
use super::upstream::{TestUpstream, json_answer};
use crate::client::BoxError;
use crate::proxy::UpstreamCredentials;
use crate::proxy::answer::boxed;

const UPLOAD: &str = "com.atproto.repo.uploadBlob";
const BLOB: &str = "com.atproto.sync.getBlob";
const MEGABYTE: usize = 1024 * 1024;
const SIZE: usize = 50 * MEGABYTE;

/// A PDS that takes what it is sent, and says how much that was.
async fn taking() -> TestUpstream {
    TestUpstream::answering(|request| {
        Box::pin(async move {
            let length = request.headers().get("content-length").cloned();
            let (mut body, mut bytes) = (request.into_body(), 0);
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
            }
            let length = length.map(|length| length.to_str().unwrap().to_owned());
            json_answer(&json!({"bytes": bytes, "length": length}))
        })
    })
    .await
}

#[tokio::test]
async fn fifty_megabytes_go_up() {
    let stage = Stage::signing(taking().await, UpstreamCredentials::Session(secret())).await;
    let got = stage
        .call("POST", UPLOAD, "blob:video/*")
        .header("content-type", "video/mp4")
        .body(vec![7; SIZE])
        .send()
        .await;
    assert_eq!(got.seen(), json!({"bytes": SIZE, "length": SIZE.to_string()}));
}

#[tokio::test]
async fn a_length_is_not_made_up() {
    let stage = Stage::before(taking().await).await;
    let head = format!("POST /xrpc/{UPLOAD} HTTP/1.1\r\nHost: pds.example\r\nConnection: close\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let answer = stage.say(format!("{head}{chunked}")).await;
    assert!(answer.ends_with(r#"{"bytes":5,"length":null}"#), "{answer}");
    let answer = stage.say(format!("{head}Content-Length: 5\r\n\r\nhello")).await;
    assert!(answer.ends_with(r#"{"bytes":5,"length":"5"}"#), "{answer}");
    let answer = stage.say(format!("{head}\r\n")).await;
    assert!(answer.ends_with(r#"{"bytes":0,"length":"0"}"#), "{answer}");
}

/// A PDS that sends pieces of a megabyte as fast as they are taken, and counts them.
async fn sending(pieces: usize) -> (TestUpstream, Arc<AtomicU64>) {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let upstream = TestUpstream::answering(move |_| {
        let (counter, piece) = (counter.clone(), Bytes::from(vec![7; MEGABYTE]));
        Box::pin(async move {
            let pieces = (0..pieces).map(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                Ok::<_, BoxError>(Frame::data(piece.clone()))
            });
            http::Response::new(boxed(StreamBody::new(futures_util::stream::iter(pieces))))
        })
    })
    .await;
    (upstream, sent)
}

#[tokio::test]
async fn fifty_megabytes_come_down() {
    let (upstream, _) = sending(50).await;
    let stage = Stage::before(upstream).await;
    let answer = stage
        .open("GET", &format!("/xrpc/{BLOB}?did=a&cid=b"))
        .begin()
        .await;
    let (mut body, mut bytes) = (answer.into_body(), 0);
    while let Some(frame) = body.frame().await {
        bytes += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(bytes, SIZE);
}

// a gate that read ahead of its client would hold a gigabyte for each of them
#[tokio::test]
async fn a_client_that_does_not_read_stops_the_pds() {
    let (upstream, sent) = sending(1024).await;
    let stage = Stage::before(upstream).await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let ask = format!("GET /xrpc/{BLOB} HTTP/1.1\r\nHost: pds.example\r\n\r\n");
    client.write_all(ask.as_bytes()).await.unwrap();
    // the buffers of three connections fill up, and then nothing moves
    let (mut before, mut pause) = (u64::MAX, tokio::time::interval(Duration::from_millis(200)));
    while before != sent.load(Ordering::Relaxed) || before == 0 {
        before = sent.load(Ordering::Relaxed);
        pause.tick().await;
    }
    assert!(
        before < 64,
        "{before} MB are under way to a client that reads nothing"
    );
    // and goes on when it reads
    let mut read = vec![0; MEGABYTE];
    for _ in 0..2 * before {
        client.read_exact(&mut read).await.unwrap();
    }
    assert!(sent.load(Ordering::Relaxed) > before);
}

#[tokio::test]
async fn a_pds_that_does_not_read_stops_the_client() {
    let upstream = TestUpstream::answering(|request| {
        Box::pin(async move {
            let _held = request;
            std::future::pending().await
        })
    })
    .await;
    let stage = Stage::before(upstream).await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let head = format!(
        "POST /xrpc/{UPLOAD} HTTP/1.1\r\nHost: pds.example\r\nContent-Length: {}\r\n\r\n",
        1024 * MEGABYTE
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let (piece, mut megabytes) = (vec![7; MEGABYTE], 0);
    let soon = Duration::from_millis(400);
    while let Ok(written) = tokio::time::timeout(soon, client.write_all(&piece)).await {
        written.unwrap();
        megabytes += 1;
        assert!(megabytes < 64, "{megabytes} MB went to a PDS that reads nothing");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_sent_or_cut_off() {
    let stage = Stage::with(taking().await, |_, settings| {
        settings.limits.body_bytes_max = 1000;
    })
    .await;
    let open = || stage.open("POST", &format!("/xrpc/{UPLOAD}"));
    assert_eq!(open().body(vec![7; 1000]).send().await.json()["bytes"], 1000);
    let before = stage.upstream.received().len();
    assert_eq!(
        open().body(vec![7; 1001]).send().await.error(),
        (413, "PayloadTooLarge".to_owned())
    );
    assert_eq!(stage.upstream.received().len(), before);
    let head = format!(
        "POST /xrpc/{UPLOAD} HTTP/1.1\r\nHost: pds.example\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = format!("200\r\n{}\r\n", "x".repeat(0x200));
    let answer = stage.say(format!("{head}{}0\r\n\r\n", chunk.repeat(2))).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

// what says which permission it needs is held, so it has a limit of its own
#[tokio::test]
async fn a_body_that_is_read_here_has_its_own_limit() {
    let stage = Stage::signing(taking().await, UpstreamCredentials::Session(secret())).await;
    let record = |length| {
        let text = "x".repeat(length);
        let body =
            format!(r#"{{"repo":"a","collection":"app.bsky.feed.post","record":{{"text":"{text}"}}}}"#);
        let asking = stage.call("POST", "com.atproto.repo.createRecord", "repo:app.bsky.feed.post");
        asking
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    assert_eq!(record(900_000).await.status, 200);
    let before = stage.upstream.received().len();
    assert_eq!(
        record(MEGABYTE).await.error(),
        (413, "PayloadTooLarge".to_owned())
    );
    assert_eq!(stage.upstream.received().len(), before);
}

// R-506
#[tokio::test]
async fn a_client_that_stops_sending_is_told_and_the_pds_sees_no_end() {
    let stage = Stage::with(taking().await, |_, settings| {
        settings.limits.body_wait = Duration::from_millis(50);
    })
    .await;
    let head = format!("POST /xrpc/{UPLOAD} HTTP/1.1\r\nHost: pds.example\r\nContent-Length: 10\r\n\r\n");
    for (sent, reached) in [("", false), ("hello", true)] {
        let answer = stage.say(format!("{head}{sent}")).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert_eq!(!stage.upstream.received().is_empty(), reached);
    }
}

#[tokio::test]
async fn a_client_that_waits_for_leave_gets_it_only_when_it_is_admitted() {
    let stage = Stage::before(taking().await).await;
    let waiting = |credentials: &str| {
        format!(
            "POST /xrpc/{UPLOAD} HTTP/1.1\r\nHost: pds.example\r\nContent-Length: 5\r\n\
             Expect: 100-continue\r\nConnection: close\r\n{credentials}\r\n"
        )
    };
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    client.write_all(waiting("").as_bytes()).await.unwrap();
    let mut leave = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    client.read_exact(&mut leave).await.unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"hello").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with(r#"{"bytes":5,"length":"5"}"#), "{answer}");
    let answer = stage.say(waiting("Authorization: DPoP x\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

// a refusal explains nothing to a client that never sees it
#[tokio::test]
async fn an_answer_that_comes_before_the_end_of_its_request_arrives() {
    let early = TestUpstream::answering(|request| {
        Box::pin(async move {
            let mut body = request.into_body();
            let _some = body.frame().await;
            let mut answer = json_answer(&json!({"error": "BlobTooLarge", "message": "x"}));
            *answer.status_mut() = http::StatusCode::BAD_REQUEST;
            // reads on, as a server does that means its answer to be seen
            tokio::spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
            answer
        })
    })
    .await;
    let stage = Stage::before(early).await;
    for _ in 0..5 {
        let asking = stage
            .open("POST", &format!("/xrpc/{UPLOAD}"))
            .body(vec![7; 8 * MEGABYTE]);
        assert_eq!(asking.send().await.error(), (400, "BlobTooLarge".to_owned()));
    }
}

#[tokio::test]
async fn a_client_that_is_refused_in_the_middle_of_an_upload_is_told_why() {
    let stage = Stage::before(taking().await).await;
    for _ in 0..5 {
        let asking = stage
            .open("POST", &format!("/xrpc/{UPLOAD}"))
            .header("authorization", "DPoP x");
        let got = asking.body(vec![7; 8 * MEGABYTE]).send().await;
        assert_eq!(got.error(), (401, "invalid_dpop_proof".to_owned()));
    }
    assert_eq!(stage.upstream.received(), "");
}
