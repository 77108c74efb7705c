//! How a gate stops, and whom it holds out against.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::stage::Stage;
use super::upstream::{TestUpstream, json_answer};

const ASK: &str = "GET /xrpc/a.b.c HTTP/1.1\r\nHost: pds.example\r\n\r\n";

/// A PDS that tells when it was asked, and answers when it is told to.
async fn held() -> (TestUpstream, Arc<Notify>, Arc<Notify>) {
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (asked.clone(), answer.clone());
    let upstream = TestUpstream::answering(move |_| {
        tell.notify_one();
        let wait = wait.clone();
        Box::pin(async move {
            wait.notified().await;
            json_answer(&json!({"late": true}))
        })
    })
    .await;
    (upstream, asked, answer)
}

async fn read_all(mut stream: TcpStream) -> String {
    let mut read = String::new();
    let _ = stream.read_to_string(&mut read).await;
    read
}

#[tokio::test]
async fn a_stop_lets_requests_under_way_finish_and_takes_no_more() {
    let (upstream, asked, answer) = held().await;
    let mut stage = Stage::before(upstream).await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let idle = TcpStream::connect(stage.address).await.unwrap();
    client.write_all(ASK.as_bytes()).await.unwrap();
    asked.notified().await;
    stage.stop();
    // a connection without a request ends, and no other is taken
    assert_eq!(read_all(idle).await, "");
    let address = stage.address;
    assert!(TcpStream::connect(address).await.is_err());
    answer.notify_one();
    let read = read_all(client).await;
    assert!(
        read.starts_with("HTTP/1.1 200") && read.ends_with(r#"{"late":true}"#),
        "{read}"
    );
    stage.stopped().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (upstream, asked, _never) = held().await;
    let stage = Stage::with(upstream, |_, settings| {
        settings.limits.drain_wait = Duration::from_millis(50);
    })
    .await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    client.write_all(ASK.as_bytes()).await.unwrap();
    asked.notified().await;
    stage.stopped().await;
    assert_eq!(read_all(client).await, "");
}

#[tokio::test]
async fn there_are_so_many_connections_and_the_next_waits() {
    let stage = Stage::with(TestUpstream::echo().await, |_, settings| {
        settings.limits.connections_max = 1;
    })
    .await;
    let mut first = TcpStream::connect(stage.address).await.unwrap();
    first.write_all(ASK.as_bytes()).await.unwrap();
    let _served = first.read_u8().await.unwrap();
    let mut second = TcpStream::connect(stage.address).await.unwrap();
    second.write_all(ASK.as_bytes()).await.unwrap();
    let soon = Duration::from_millis(100);
    assert!(tokio::time::timeout(soon, second.read_u8()).await.is_err());
    drop(first);
    assert_eq!(second.read_u8().await.unwrap(), b'H');
}

// R-506
#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let stage = Stage::with(TestUpstream::echo().await, |_, settings| {
        settings.limits.head_wait = Duration::from_millis(50);
    })
    .await;
    for bytes in ["", "GET /xrpc/a.b.c HTTP/1.1\r\nHost: pds", ASK] {
        let mut client = TcpStream::connect(stage.address).await.unwrap();
        client.write_all(bytes.as_bytes()).await.unwrap();
        let read = read_all(client).await;
        assert_eq!(read.starts_with("HTTP/1.1 200"), bytes == ASK, "{read}");
    }
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_request_along() {
    let (upstream, asked, _never) = held().await;
    let stage = Stage::before(upstream).await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    client.write_all(ASK.as_bytes()).await.unwrap();
    asked.notified().await;
    drop(client);
    // no more than the drain would be needed otherwise
    tokio::time::timeout(Duration::from_secs(5), stage.stopped())
        .await
        .unwrap();
}
