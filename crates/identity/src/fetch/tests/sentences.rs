//! What a developer reads.

use http::StatusCode;

use super::*;

#[test]
fn every_refusal_is_one_plain_sentence_and_says_whether_to_come_again() {
    let status = |code| FetchError::Status {
        status: StatusCode::from_u16(code).unwrap(),
    };
    let slow = |milliseconds| FetchError::TooSlow {
        time_max: Duration::from_millis(milliseconds),
    };
    let typed = |expected| FetchError::ContentType { expected };
    let bytes_max = 65536;
    let (later, never) = (true, false);
    let table = [
        (FetchError::SchemeRefused, never, "is not at an https URL"),
        (
            FetchError::UrlRefused { bytes_max: 4096 },
            never,
            "is at a URL that cannot be requested, it may have at most 4096 characters",
        ),
        (
            FetchError::UserinfoRefused,
            never,
            "is at a URL with a user name or a password, leave them out",
        ),
        (
            FetchError::LiteralRefused,
            never,
            "is at a URL whose host is an address, serve it at a public name",
        ),
        (
            FetchError::NameRefused,
            never,
            "is at a host name that is local or reserved, serve it at a public one",
        ),
        (
            FetchError::PortRefused,
            never,
            "is at a URL with a port other than 443, serve it on that one",
        ),
        (
            FetchError::Unresolved,
            later,
            "is at a host that does not resolve to public addresses only",
        ),
        (
            FetchError::Unreachable,
            later,
            "could not be reached, its host must answer with a certificate valid for its name",
        ),
        (slow(5000), later, "took longer than 5 seconds"),
        (slow(1000), later, "took longer than 1 second"),
        (slow(1500), later, "took longer than 1500 milliseconds"),
        (slow(0), later, "took longer than 0 seconds"),
        (
            FetchError::Busy,
            later,
            "could not be fetched now, too much is being fetched; try again",
        ),
        (
            FetchError::Broken,
            later,
            "did not come in one complete HTTP answer",
        ),
        (
            FetchError::Redirected,
            never,
            "answered with a redirect, which is not followed; serve it at this URL itself",
        ),
        (status(404), never, "answered with status 404 instead of 200"),
        (status(410), never, "answered with status 410 instead of 200"),
        (status(401), never, "answered with status 401 instead of 200"),
        (status(204), never, "answered with status 204 instead of 200"),
        (status(408), later, "answered with status 408 instead of 200"),
        (status(429), later, "answered with status 429 instead of 200"),
        (status(500), later, "answered with status 500 instead of 200"),
        (status(503), later, "answered with status 503 instead of 200"),
        (FetchError::Compressed, never, "is compressed, send it as it is"),
        (
            typed(&["application/json"]),
            never,
            "must have the content-type application/json",
        ),
        (
            typed(&["a/b", "c/d", "e/f"]),
            never,
            "must have the content-type a/b or c/d or e/f",
        ),
        (
            FetchError::TooLarge { bytes_max },
            never,
            "is larger than 65536 bytes",
        ),
    ];
    for (error, temporary, sentence) in table {
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.is_temporary(), temporary, "{sentence}");
        // RFC 6749 section 5.2
        assert!(
            sentence
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte))
        );
        assert!(!sentence.ends_with('.') && sentence.starts_with(|first: char| first.is_ascii_lowercase()));
    }
}

// what may have been withdrawn is not served on because strangers keep us busy
#[test]
fn only_the_want_of_a_turn_is_a_shortage_of_ours() {
    let time_max = Duration::from_secs(5);
    assert!(FetchError::Busy.is_ours() && FetchError::Busy.is_temporary());
    for theirs in [
        FetchError::Unresolved,
        FetchError::Unreachable,
        FetchError::TooSlow { time_max },
        FetchError::Broken,
    ] {
        assert!(theirs.is_temporary() && !theirs.is_ours(), "{theirs:?}");
    }
}

// an oracle would need words of the other side, or of the network, in what its user can see
#[tokio::test]
async fn nothing_of_what_came_is_in_a_refusal() {
    let marker = "SECRETMARKER";
    for (index, answer) in [
        format!("HTTP/1.1 404 {marker}\r\nx-a: {marker}\r\ncontent-length: 12\r\n\r\n{marker}"),
        format!("HTTP/1.1 302 {marker}\r\nlocation: https://{marker}.com/\r\ncontent-length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 {marker}\r\ncontent-type: text/{marker}\r\ncontent-length: 12\r\n\r\n{marker}"),
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: {marker}\r\ncontent-length: 12\r\n\r\n{marker}"),
        format!("HTTP/1.1 200 OK\r\n{marker}: {marker}\r\n{marker} {marker}\r\n\r\n{marker}"),
        format!("{marker} {marker} {marker}\r\n\r\n"),
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{marker}"
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let refusal = fetch(Answer::text(&answer)).await.unwrap_err();
        let said = format!("{refusal} {refusal:?}");
        assert!(!said.to_uppercase().contains(marker), "{index}: {said}");
    }
}

// Settings come from an operator, errors go to a log: neither is where a key or a token would be.
#[test]
fn a_fetcher_shows_its_settings() {
    let fetcher = Fetcher::new(development(
        &Authority::new(),
        &["app.test=127.0.0.1:8443".to_owned()],
    ));
    let shown = format!("{:?}", fetcher.unwrap());
    assert!(
        shown.contains("app.test") && shown.contains("fetches_per_host_max"),
        "{shown}"
    );
}
