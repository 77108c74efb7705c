//! Bytes on a real connection that no HTTP library would send.

use std::time::Duration;

use entryway_tests::{Engine, Listening, TestServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const METADATA: &str = "/.well-known/oauth-authorization-server";
const POST: &str =
    "POST /oauth/par HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";

fn status(answer: &str) -> Option<u16> {
    answer
        .strip_prefix("HTTP/1.1 ")
        .or(answer.strip_prefix("HTTP/1.0 "))?
        .get(..3)?
        .parse()
        .ok()
}

// the second request of a smuggler is never answered
#[tokio::test]
async fn ambiguous_framing_is_refused() {
    let server = TestServer::start(Engine::Sqlite).await;
    let listening = Listening::on(&server).await;
    let hidden = format!("GET {METADATA} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let length = hidden.len();
    let (one_length, list_of_lengths) = (
        format!("Content-Length: {length}"),
        format!("Content-Length: 0, {length}"),
    );
    let (mut names, mut messages) = (Vec::new(), Vec::new());
    for (name, headers, before) in [
        (
            "length and chunked",
            &["Content-Length: 5", "Transfer-Encoding: chunked"][..],
            "0\r\n\r\n",
        ),
        (
            "chunked and length",
            &["Transfer-Encoding: chunked", "Content-Length: 5"],
            "0\r\n\r\n",
        ),
        ("two lengths", &["Content-Length: 0", &one_length], ""),
        ("a list of lengths", &[&list_of_lengths], ""),
        ("a signed length", &["Content-Length: +0"], ""),
        ("a length of letters", &["Content-Length: 0x0"], ""),
        ("a negative length", &["Content-Length: -1"], ""),
        (
            "an unknown encoding",
            &["Transfer-Encoding: xchunked"],
            "0\r\n\r\n",
        ),
        (
            "chunked, and then not",
            &["Transfer-Encoding: chunked, identity"],
            "0\r\n\r\n",
        ),
        (
            "a folded header",
            &["X: y\r\n Transfer-Encoding: chunked", "Content-Length: 0"],
            "",
        ),
        ("a space before the colon", &["Content-Length : 0"], ""),
        ("a space in a name", &["Content Length: 0"], ""),
        ("a NUL in a value", &["X: a\0b", "Content-Length: 0"], ""),
        ("a bad chunk size", &["Transfer-Encoding: chunked"], "z\r\n\r\n"),
        (
            "a chunk beyond numbers",
            &["Transfer-Encoding: chunked"],
            "ffffffffffffffffff\r\n",
        ),
    ] {
        let headers = headers.join("\r\n");
        names.push(name);
        messages.push(format!("{POST}{headers}\r\n\r\n{before}{hidden}"));
    }
    for (name, answer) in names.iter().zip(listening.say_each(messages).await) {
        assert!(!answer.contains("authorization_endpoint"), "{name}: {answer}");
        let status = status(&answer);
        assert!(matches!(status, None | Some(400..=499)), "{name}: {answer}");
    }
    server.assert_well().await;
    listening.stop().await;
}

//
#[tokio::test]
async fn strange_request_lines_reach_nothing() {
    let server = TestServer::start(Engine::Sqlite).await;
    let listening = Listening::on(&server).await;
    let lines = [
        "GET /oauth/authorize",
        "GET /oauth/authorize HTTP/1.1 HTTP/1.1",
        "GET /oauth/authorize HTTP/9.9",
        "GET  /oauth/authorize  HTTP/1.1",
        "GET /oauth/\0authorize HTTP/1.1",
        "GET //evil.example/oauth/par HTTP/1.1",
        "GET oauth/par HTTP/1.1",
        "GET * HTTP/1.1",
        "CONNECT evil.example:443 HTTP/1.1",
        "CONNECT localhost:2583 HTTP/1.1",
        "TRACE / HTTP/1.1",
        "GE\u{7f}T / HTTP/1.1",
        "\u{16}\u{3}\u{1}\0\u{a5}\u{1}",
        "PRI * HTTP/2.0",
    ];
    let messages = lines.map(|line| format!("{line}\r\nHost: localhost\r\n\r\n"));
    for (line, answer) in lines.iter().zip(listening.say_each(messages).await) {
        let status = status(&answer);
        assert!(matches!(status, None | Some(400..=499)), "{line:?}: {answer}");
        let redirects = answer.to_ascii_lowercase().contains("\r\nlocation:");
        assert!(!redirects, "{line:?}: {answer}");
    }
    // absolute form is allowed, and whom it names does not matter
    let absolute = format!("GET http://evil.example{METADATA} HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    let answer = listening.say(absolute.as_bytes()).await;
    assert_eq!(status(&answer), Some(200));
    assert!(answer.contains("\"issuer\":\"http://localhost:2583\"") && !answer.contains("evil"));
    listening.stop().await;
}

//
#[tokio::test]
async fn heads_and_bodies_have_their_limits_on_the_wire() {
    let server = TestServer::start(Engine::Sqlite).await;
    let listening = Listening::on(&server).await;
    let long = "x".repeat(128 * 1024);
    let many = "X: y\r\n".repeat(2000);
    let heads = [
        format!("GET {METADATA} HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"),
        format!("GET {METADATA} HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
        format!("GET {METADATA}?{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ];
    for answer in listening.say_each(heads).await {
        let status = status(&answer);
        assert!(matches!(status, None | Some(400 | 414 | 431)), "{answer:.200}");
    }
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let bodies = [
        format!("{POST}Content-Length: 8388608\r\n\r\nstate=x"),
        format!("{POST}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(3)),
    ];
    for answer in listening.say_each(bodies).await {
        assert_eq!(status(&answer), Some(413), "{answer}");
    }
    server.assert_well().await;
    listening.stop().await;
}

//
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = TestServer::start(Engine::Sqlite).await;
    let listening = Listening::on(&server).await;
    let mut stream = TcpStream::connect(listening.address).await.unwrap();
    let head = format!("{POST}Content-Length: 9\r\n\r\nstate");
    stream.write_all(head.as_bytes()).await.unwrap();
    // the service's patience ends after ten seconds, ours a good while later
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_mins(1), stream.read(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer[..read.unwrap().unwrap()]).into_owned();
    assert_eq!(status(&answer), Some(408), "{answer}");
    listening.stop().await;
}

// A stock client keeps its connection.
#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = TestServer::start(Engine::Sqlite).await;
    let listening = Listening::on(&server).await;
    let ask = |end: &str| format!("GET {METADATA} HTTP/1.1\r\nHost: localhost\r\n{end}\r\n");
    let pipelined = format!("{}{}", ask(""), ask("Connection: close\r\n"));
    let answer = listening.say(pipelined.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("\r\nserver:"), "R-451");
    let port = listening.address;
    listening.stop().await;
    assert!(TcpStream::connect(port).await.is_err());
    assert_eq!(server.issuer(), "http://localhost:2583");
}
