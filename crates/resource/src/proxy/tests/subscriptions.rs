//! WebSockets pass where there are subscriptions, and nowhere else (R-473).

use std::time::Duration;

use http::{Response, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::stage::Stage;
use super::upstream::TestUpstream;
use crate::proxy::GateSettings;
use crate::proxy::answer::boxed;

const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const UPGRADE: &str =
    "connection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n";
const REPOS: &str = "GET /xrpc/com.atproto.sync.subscribeRepos?cursor=7 HTTP/1.1\r\nhost: pds.example\r\n";

/// A PDS that says back what it hears, with one added to each byte.
async fn adding() -> TestUpstream {
    TestUpstream::answering(|mut request| {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            stream.write_all(b"\0").await.unwrap();
            while let Ok(byte) = stream.read_u8().await {
                if stream.write_all(&[byte + 1]).await.is_err() {
                    return;
                }
            }
        });
        let mut answer = Response::new(boxed(Empty::new()));
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("set-cookie", "theirs"),
        ] {
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        Box::pin(async { answer })
    })
    .await
}

async fn stage(change: impl FnOnce(&mut GateSettings)) -> Stage {
    Stage::with(adding().await, |_, settings| change(settings)).await
}

/// Opens a subscription; the answer's head and the stream after it.
async fn opened(stage: &Stage) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    stream
        .write_all(format!("{REPOS}{UPGRADE}{KEY}\r\n").as_bytes())
        .await
        .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (String::from_utf8(head).unwrap(), stream)
}

#[tokio::test]
async fn a_subscription_passes_both_ways_whatever_it_is() {
    let stage = stage(|_| {}).await;
    let (head, mut stream) = opened(&stage).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(
        head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{head}"
    );
    assert!(!head.contains("theirs"), "{head}");
    assert_eq!(stream.read_u8().await.unwrap(), 0);
    // no HTTP, and nothing of it is looked at
    for byte in [b'\n', 0, 0x80, b'G'] {
        stream.write_all(&[byte]).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), byte + 1);
    }
    let received = stage.upstream.received();
    assert!(received.starts_with("GET /xrpc/com.atproto.sync.subscribeRepos?cursor=7 HTTP/1.1\r\n"));
    assert!(
        received.contains(KEY) && received.contains("upgrade: websocket\r\n"),
        "{received}"
    );
}

#[tokio::test]
async fn an_upgrade_elsewhere_or_to_something_else_is_refused() {
    let stage = stage(|_| {}).await;
    let labels = REPOS.replace("sync.subscribeRepos", "label.subscribeLabels");
    for (head, granted) in [
        (format!("{REPOS}{UPGRADE}{KEY}"), true),
        (format!("{labels}{UPGRADE}{KEY}"), true),
        (
            format!("{}{UPGRADE}{KEY}", REPOS.replace("subscribeRepos", "getRepo")),
            false,
        ),
        (
            format!(
                "{}{UPGRADE}{KEY}",
                REPOS.replace("/xrpc/com.atproto.sync.subscribeRepos", "/")
            ),
            false,
        ),
        (
            format!(
                "{}{UPGRADE}{KEY}content-length: 0\r\n",
                REPOS.replace("GET", "POST")
            ),
            false,
        ),
        (
            format!("{REPOS}{}{KEY}", UPGRADE.replace("websocket", "h2c")),
            false,
        ),
        (format!("{REPOS}{}{KEY}", UPGRADE.replace("13", "8")), false),
        (format!("{REPOS}{}{KEY}", UPGRADE.replace(", Upgrade", "")), false),
        (format!("{REPOS}{UPGRADE}"), false),
        (format!("{REPOS}{UPGRADE}{KEY}{KEY}"), false),
        (format!("{REPOS}{UPGRADE}{}", KEY.replace("==", "")), false),
        (format!("{REPOS}{UPGRADE}upgrade: h2c\r\n{KEY}"), false),
    ] {
        let before = stage.upstream.received().len();
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut status = [0; "HTTP/1.1 101".len()];
        stream.read_exact(&mut status).await.unwrap();
        let expected = if granted { b"HTTP/1.1 101" } else { b"HTTP/1.1 400" };
        assert_eq!(&status, expected, "{head}");
        assert_eq!(stage.upstream.received().len() > before, granted, "{head}");
    }
}

#[tokio::test]
async fn there_are_so_many_subscriptions_and_no_more() {
    let stage = stage(|settings| settings.limits.tunnels_max = 1).await;
    let (_, mut first) = opened(&stage).await;
    assert_eq!(first.read_u8().await.unwrap(), 0);
    assert!(opened(&stage).await.0.starts_with("HTTP/1.1 503 "));
    drop(first);
    // its place is free when both sides have seen its end
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    while !opened(&stage).await.0.starts_with("HTTP/1.1 101 ") {
        pause.tick().await;
    }
}

#[tokio::test]
async fn a_silent_subscription_ends_and_a_talking_one_does_not() {
    let idle = Duration::from_secs(1);
    let stage = stage(|settings| settings.limits.tunnel_idle = idle).await;
    let (_, mut stream) = opened(&stage).await;
    assert_eq!(stream.read_u8().await.unwrap(), 0);
    let (start, mut pause) = (tokio::time::Instant::now(), tokio::time::interval(idle / 10));
    while start.elapsed() < idle + idle / 2 {
        pause.tick().await;
        stream.write_all(&[1]).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 2);
    }
    assert!(stream.read_u8().await.is_err());
}

#[tokio::test]
async fn a_subscription_that_the_pds_refuses_is_an_answer() {
    let json = [("content-type", "application/json")];
    let body = r#"{"error":"FutureCursor","message":"x"}"#;
    let stage = Stage::before(TestUpstream::saying(400, &json, body).await).await;
    let (head, _stream) = opened(&stage).await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}

#[tokio::test]
async fn a_stop_ends_subscriptions_at_once() {
    let mut stage = stage(|_| {}).await;
    let (_, mut stream) = opened(&stage).await;
    assert_eq!(stream.read_u8().await.unwrap(), 0);
    stage.stop();
    assert!(stream.read_u8().await.is_err());
    stage.stopped().await;
}
