//! Bytes on a real connection that no HTTP library would send.

use entryway_tests::{Engine, Listening, TestServer};

const METADATA: &str = "/.well-known/oauth-authorization-server";

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
        let head = headers.join("\r\n");
        let request =
            format!("POST /oauth/par HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{before}{hidden}");
        let answer = listening.say(request.as_bytes()).await;
        assert!(!answer.contains("authorization_endpoint"), "{name}: {answer}");
        assert!(
            matches!(status(&answer), None | Some(400..=499)),
            "{name}: {answer}"
        );
    }
    server.assert_well().await;
    listening.stop().await;
}

//
#[tokio::test]
async fn strange_request_lines_reach_nothing() {
    let server = TestServer::start(Engine::Sqlite).await;
    let listening = Listening::on(&server).await;
    for line in [
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
    ] {
        let answer = listening
            .say(format!("{line}\r\nHost: localhost\r\n\r\n").as_bytes())
            .await;
        assert!(
            matches!(status(&answer), None | Some(400..=499)),
            "{line:?}: {answer}"
        );
        assert!(
            !answer.to_ascii_lowercase().contains("\r\nlocation:"),
            "{line:?}: {answer}"
        );
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
    let one = format!(
        "GET {METADATA} HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(128 * 1024)
    );
    let many = format!(
        "GET {METADATA} HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: y\r\n".repeat(2000)
    );
    let target = format!(
        "GET {METADATA}?{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(128 * 1024)
    );
    for request in [one, many, target] {
        let answer = listening.say(request.as_bytes()).await;
        assert!(
            matches!(status(&answer), None | Some(400 | 414 | 431)),
            "{answer:.200}"
        );
    }
    let head =
        "POST /oauth/par HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let announced = format!("{head}Content-Length: 8388608\r\n\r\nstate=x");
    assert_eq!(status(&listening.say(announced.as_bytes()).await), Some(413));
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let unannounced = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(3));
    assert_eq!(status(&listening.say(unannounced.as_bytes()).await), Some(413));
    server.assert_well().await;
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
    assert!(tokio::net::TcpStream::connect(port).await.is_err());
    assert_eq!(server.issuer(), "http://localhost:2583");
}
