//! A PDS that is away, slow, broken, or something else altogether.

use std::future::pending;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::stage::{Stage, secret};
use super::upstream::TestUpstream;
use crate::client::{ClientSettings, HttpClient};
use crate::proxy::{GateSettings, UpstreamCredentials};

const TIMELINE: &str = "app.bsky.feed.getTimeline";
const SCOPE: &str = "rpc:app.bsky.feed.getTimeline?aud=did:web:api.example%23bsky_appview";

const SOON: Duration = Duration::from_millis(50);

fn waiting(settings: &mut GateSettings, change: impl FnOnce(&mut ClientSettings)) {
    let mut client = ClientSettings::default();
    change(&mut client);
    settings.client = HttpClient::new(client).unwrap();
}

/// A server that answers the first bytes of every connection with these, and hangs up.
async fn raw(answer: &'static str) -> TestUpstream {
    let mut upstream = TestUpstream::echo().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    upstream.address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    upstream
}

#[tokio::test]
async fn a_pds_that_is_away_is_a_502_that_says_so() {
    let mut upstream = TestUpstream::echo().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    upstream.address = nobody.local_addr().unwrap();
    drop(nobody);
    let stage = Stage::before(upstream).await;
    for asking in [
        stage.open("GET", "/xrpc/a.b.c"),
        stage.call("GET", TIMELINE, SCOPE),
        stage.open("GET", "/"),
    ] {
        let got = asking.send().await;
        assert_eq!(got.error(), (502, "UpstreamFailure".to_owned()));
        assert!(
            got.json()["message"]
                .as_str()
                .unwrap()
                .contains("cannot be reached")
        );
        assert_eq!(got.header("access-control-allow-origin"), Some("*"));
    }
    // the token is good, so its next proof needs a nonce
    let got = stage.call("GET", TIMELINE, SCOPE).send().await;
    assert!(got.header("dpop-nonce").is_some());
}

#[tokio::test]
async fn a_pds_that_says_nothing_is_a_504() {
    let upstream = TestUpstream::answering(|_| Box::pin(pending())).await;
    let stage = Stage::with(upstream, |_, settings| {
        waiting(settings, |client| client.answer_wait = SOON);
    })
    .await;
    let got = stage.open("GET", "/xrpc/a.b.c").send().await;
    assert_eq!(got.error(), (504, "UpstreamTimeout".to_owned()));
}

#[tokio::test]
async fn a_request_may_take_so_long_and_no_longer() {
    let upstream = TestUpstream::answering(|_| Box::pin(pending())).await;
    let stage = Stage::with(upstream, |_, settings| {
        settings.limits.exchange_wait = Duration::from_millis(50);
    })
    .await;
    let got = stage.open("GET", "/xrpc/a.b.c").send().await;
    assert_eq!(got.error(), (504, "UpstreamTimeout".to_owned()));
}

#[tokio::test]
async fn what_is_no_http_is_a_502() {
    static LONG: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(300_000)));
    for answer in [
        "",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5",
        "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        &LONG,
    ] {
        let stage = Stage::before(raw(answer).await).await;
        let got = stage.open("GET", "/xrpc/a.b.c").send().await;
        assert_eq!(got.error(), (502, "UpstreamFailure".to_owned()), "{answer:.80}");
    }
}

// a client must not take half of a file for all of it
#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off() {
    for begun in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
    ] {
        let stage = Stage::before(raw(begun).await).await;
        let answer = stage.open("GET", "/xrpc/a.b.c").begin().await;
        assert_eq!(answer.status(), 200);
        assert!(answer.into_body().collect().await.is_err(), "{begun:?}");
    }
}

#[tokio::test]
async fn an_answer_that_stalls_is_cut_off() {
    let stage = Stage::with(
        raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello").await,
        |_, settings| {
            waiting(settings, |client| client.idle_wait = SOON);
        },
    )
    .await;
    let answer = stage.open("GET", "/xrpc/a.b.c").begin().await;
    assert!(answer.into_body().collect().await.is_err());
}

#[tokio::test]
async fn errors_in_words_for_people_become_errors_for_clients() {
    let html = [("content-type", "text/html"), ("retry-after", "7")];
    for (status, headers) in [(502, &html[..]), (503, &html), (404, &html), (500, &[])] {
        let stage = Stage::before(TestUpstream::saying(status, headers, "<h1>Bad Gateway</h1>").await).await;
        let got = stage.open("GET", "/xrpc/a.b.c").send().await;
        assert_eq!(got.error(), (status, "UpstreamFailure".to_owned()));
        assert_eq!(got.header("content-type"), Some("application/json"));
    }
    // what a client understands is passed on, and so is a page that is a file
    let json = [("content-type", "application/json")];
    let stage =
        Stage::before(TestUpstream::saying(400, &json, "{\"error\":\"X\",\"message\":\"y\"}").await).await;
    assert_eq!(
        stage.open("GET", "/xrpc/a.b.c").send().await.error(),
        (400, "X".to_owned())
    );
    let stage = Stage::before(TestUpstream::saying(200, &html, "<script>").await).await;
    let got = stage.open("GET", "/xrpc/com.atproto.sync.getBlob").send().await;
    assert_eq!(
        (got.status.as_u16(), got.header("content-type")),
        (200, Some("text/html"))
    );
    // but it does nothing on this origin
    assert_eq!(
        got.header("content-security-policy"),
        Some("default-src 'none'; sandbox")
    );
    assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
}

//
#[tokio::test]
async fn a_redirect_is_passed_on_and_not_followed() {
    let elsewhere = [("location", "https://elsewhere.example/a")];
    let stage = Stage::before(TestUpstream::saying(302, &elsewhere, "").await).await;
    let got = stage.open("GET", "/xrpc/com.atproto.sync.getBlob").send().await;
    assert_eq!(got.status, 302);
    assert_eq!(got.header("location"), Some("https://elsewhere.example/a"));
    assert_eq!(stage.upstream.received().matches("GET ").count(), 1);
}

//
#[tokio::test]
async fn what_is_compressed_stays_compressed() {
    let zipped = [("content-encoding", "gzip"), ("content-type", "application/json")];
    let stage = Stage::before(TestUpstream::saying(200, &zipped, "not really zipped").await).await;
    let got = stage
        .open("GET", "/xrpc/a.b.c")
        .header("accept-encoding", "gzip")
        .send()
        .await;
    assert_eq!(got.header("content-encoding"), Some("gzip"));
    assert_eq!(&got.body[..], b"not really zipped");
    assert!(stage.upstream.received().contains("accept-encoding: gzip\r\n"));
}

#[tokio::test]
async fn a_session_view_that_cannot_be_read_is_not_shown() {
    for (headers, body) in [
        (&[("content-type", "application/json")][..], "[\"a@b.example\"]"),
        (&[("content-type", "text/html")], "a@b.example"),
        (&[("content-encoding", "gzip")], "{\"email\":\"a@b.example\"}"),
    ] {
        let upstream = TestUpstream::saying(200, headers, body).await;
        let stage = Stage::signing(upstream, UpstreamCredentials::Session(secret())).await;
        let got = stage
            .call("GET", "com.atproto.server.getSession", "")
            .send()
            .await;
        assert_eq!(got.error(), (502, "UpstreamFailure".to_owned()));
        assert!(!got.body.windows(2).any(|two| two == b"a@"));
    }
}

#[tokio::test]
async fn a_head_says_what_a_get_would() {
    let stage =
        Stage::before(TestUpstream::saying(200, &[("content-type", "image/png")], "hello").await).await;
    let got = stage.open("HEAD", "/xrpc/com.atproto.sync.getBlob").send().await;
    assert_eq!((got.status.as_u16(), got.body.len()), (200, 0));
    assert_eq!(got.header("content-length"), Some("5"));
    assert_eq!(got.header("content-type"), Some("image/png"));
}
