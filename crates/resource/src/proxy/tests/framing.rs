//! Bytes that no HTTP library would send: none of them reaches the PDS (R-455, R-456, R-470).

use super::stage::Stage;

const HOST: &str = "Host: pds.example\r\n";
const POST: &str = "POST /xrpc/com.atproto.server.createSession HTTP/1.1\r\nHost: pds.example\r\n\
                    Content-Type: application/json\r\n";

fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// Says each of these to a gate; none may get anywhere but to an explanation.
async fn none_gets_through(messages: &[String]) {
    let stage = Stage::new().await;
    for message in messages {
        let answer = stage.say(message).await;
        assert!(
            matches!(status(&answer), Some(400..=431 | 505)),
            "{message:?}: {answer}"
        );
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{message:?}: {answer}");
        let explained = answer.contains(r#""error":"InvalidRequest""#);
        assert!(
            explained || message.starts_with("GET /xrpc/com.atproto.sync.getBlob?"),
            "{answer}"
        );
        assert_eq!(stage.upstream.received(), "", "{message:?}");
    }
    // and it is well after all of that
    assert_eq!(stage.open("GET", "/xrpc/a.b.c").send().await.status, 200);
}

#[tokio::test]
async fn nothing_ambiguous_reaches_the_pds() {
    let hidden = format!("GET /xrpc/com.atproto.server.getSession HTTP/1.1\r\n{HOST}\r\n");
    let length = format!("Content-Length: {}", hidden.len());
    let messages = [
        (
            &["Content-Length: 5", "Transfer-Encoding: chunked"][..],
            "0\r\n\r\n",
        ),
        (&["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\n"),
        (&["Content-Length: 0", &length], ""),
        (&[&length, &length], ""),
        (&["Content-Length: 0, 0"], ""),
        (&["Content-Length: +0"], ""),
        (&["Content-Length: 0x0"], ""),
        (&["Transfer-Encoding: xchunked"], "0\r\n\r\n"),
        (&["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"),
        (&["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
        (
            &["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
            "0\r\n\r\n",
        ),
        (&["Transfer-Encoding : chunked"], "0\r\n\r\n"),
        (&["X: y\r\n Transfer-Encoding: chunked", "Content-Length: 0"], ""),
        (&["Content-Length : 0"], ""),
        (&["X: a\0b", "Content-Length: 0"], ""),
        (&["X: a\rb", "Content-Length: 0"], ""),
        (&["X: y\nContent-Length: 0"], ""),
        (&["Transfer-Encoding: chunked"], "z\r\n\r\n"),
        (&["Transfer-Encoding: chunked"], "0;a=b\r\n\r\n"),
        (&["Transfer-Encoding: chunked"], "1;a\r\nb\r\n0\r\n\r\n"),
        (&["Transfer-Encoding: chunked"], "1\nb\n0\n\n"),
        (&["Transfer-Encoding: chunked"], "ffffffffffffffffff\r\n"),
        (&["Transfer-Encoding: chunked"], " 1\r\nb\r\n0\r\n\r\n"),
        (&["Expect: more", "Content-Length: 0"], ""),
        (&["Host: other.example", "Content-Length: 0"], ""),
    ]
    .map(|(headers, body)| format!("{POST}{}\r\n\r\n{body}{hidden}", headers.join("\r\n")));
    none_gets_through(&messages).await;
}

#[tokio::test]
async fn no_strange_request_line_reaches_the_pds() {
    let messages = [
        "GET http://pds.example/xrpc/a.b.c HTTP/1.1",
        "GET http://evil.example/xrpc/a.b.c HTTP/1.1",
        "GET xrpc/a.b.c HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "CONNECT pds.example:443 HTTP/1.1",
        "GET /xrpc/a.b.c#d HTTP/1.1",
        "GET /xrpc/a.b.c HTTP/1.0",
        "GET /xrpc/a.b.c HTTP/2.0",
        "GET /xrpc/a.b.c",
        "GET  /xrpc/a.b.c HTTP/1.1",
        "GET /xrpc/a.b.c HTTP/1.1 HTTP/1.1",
        "GET /xrpc/a.b.\0c HTTP/1.1",
        "\u{16}\u{3}\u{1}\0\u{a5}\u{1}",
        "PRI * HTTP/2.0",
    ]
    .map(|line| format!("{line}\r\n{HOST}\r\n"));
    none_gets_through(&messages).await;
}

#[tokio::test]
async fn no_endless_head_reaches_the_pds() {
    let long = "x".repeat(128 * 1024);
    let messages = [
        format!("GET /xrpc/a.b.c HTTP/1.1\r\n{HOST}X: {long}\r\n\r\n"),
        format!("GET /xrpc/a.b.c HTTP/1.1\r\n{HOST}{}\r\n", "X: y\r\n".repeat(200)),
        format!("GET /xrpc/a.b.c?{long} HTTP/1.1\r\n{HOST}\r\n"),
    ];
    none_gets_through(&messages).await;
}

// a body that turns bad on its way: the PDS never sees an end to it, nor what comes after
#[tokio::test]
async fn a_body_that_turns_ambiguous_is_never_finished() {
    let stage = Stage::new().await;
    let hidden = format!("GET /xrpc/a.b.hidden HTTP/1.1\r\n{HOST}\r\n");
    let message = format!("{POST}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0;b=c\r\n\r\n{hidden}");
    let answer = stage.say(&message).await;
    assert_eq!(status(&answer), Some(400), "{answer}");
    assert!(answer.contains("no extensions and no trailers"), "{answer}");
    let received = stage.upstream.received();
    assert!(
        !received.ends_with("0\r\n\r\n") && !received.contains("hidden"),
        "{received}"
    );
}

#[tokio::test]
async fn requests_with_one_reading_pass_one_after_the_other() {
    let stage = Stage::new().await;
    let body = format!("{POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    let sized = format!("{POST}Content-Length: 5\r\n\r\nfghij");
    let last = format!("GET /xrpc/a.b.c HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n");
    let answer = stage.say(format!("{body}{sized}{last}")).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    assert!(
        answer.contains(r#""body":"abcde""#) && answer.contains(r#""body":"fghij""#),
        "{answer}"
    );
    assert!(!answer.to_ascii_lowercase().contains("\r\nserver:"), "R-451");
}
