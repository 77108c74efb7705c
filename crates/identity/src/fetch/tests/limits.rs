//! What a fetch may cost.

use super::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

fn small() -> Wanted {
    Wanted {
        body_bytes_max: 1000,
        ..wanted()
    }
}

/// Asks a plain host on this machine, where time is not spent on TLS.
async fn fetch_plainly(answer: Answer, wanted: &Wanted) -> Result<Fetched, FetchError> {
    let host = Host::http(move |_| answer.clone()).await;
    let fetcher = Fetcher::new(development(&Authority::new(), &[])).unwrap();
    fetcher
        .get(&url(&format!("http://{}/", host.address())), wanted)
        .await
}

//
#[tokio::test]
async fn a_body_fits_to_the_byte_however_it_is_sent() {
    let too_large = Err(FetchError::TooLarge { bytes_max: 1000 });
    for (length, fits) in [(0, true), (999, true), (1000, true), (1001, false), (5000, false)] {
        let body = "x".repeat(length);
        for answer in [
            format!("{HEAD}content-length: {length}\r\n\r\n{body}"),
            format!("{HEAD}\r\n{body}"),
            format!(
                "{HEAD}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
                chunks(&body, 7)
            ),
            format!(
                "{HEAD}transfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
                chunks(&body, 100_000)
            ),
            // a length beside chunks means nothing
            format!(
                "{HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
                chunks(&body, 333)
            ),
        ] {
            let fetched = fetch_plainly(Answer::text(&answer), &small()).await;
            let expected = if fits { Ok(length) } else { too_large.clone() };
            assert_eq!(fetched.map(|fetched| fetched.body.len()), expected);
        }
    }
}

//
#[tokio::test]
async fn a_length_that_is_too_large_is_refused_before_anything_of_it_comes() {
    for length in ["1001", "8388608", "9223372036854775807", "18446744073709551615"] {
        let answer = Answer::text(&format!("{HEAD}content-length: {length}\r\n\r\n")).then_hang();
        let refusal = fetch_plainly(answer, &small()).await.unwrap_err();
        // the largest of them is no length at all to the HTTP parser
        let expected = [FetchError::TooLarge { bytes_max: 1000 }, FetchError::Broken];
        assert!(expected.contains(&refusal), "{length}: {refusal:?}");
    }
}

//
#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    for (head, part) in [
        (format!("{HEAD}\r\n"), "x".repeat(4096)),
        (
            format!("{HEAD}transfer-encoding: chunked\r\n\r\n"),
            chunks(&"x".repeat(4096), 4096),
        ),
    ] {
        let answer = Answer::text(&head).then_pour(part.as_bytes());
        let refusal = fetch_plainly(answer, &wanted()).await;
        assert_eq!(refusal, Err(FetchError::TooLarge { bytes_max: 65536 }));
    }
}

//
#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let line = b"x-padding: 0123456789012345678901234567890123456789\r\n";
    for answer in [
        Answer::text("HTTP/1.1 200 OK\r\n").then_pour(line),
        Answer::text("HTTP/1.1 200 OK\r\nx-padding: ").then_pour(&[b'x'; 1024]),
        Answer::text("HTTP/1.1 200 ").then_pour(&[b'x'; 1024]),
        Answer::text(&format!(
            "{HEAD}content-length: 2\r\n{}\r\n{{}}",
            "x: y\r\n".repeat(63)
        )),
        Answer::text(&format!(
            "{HEAD}x-padding: {}\r\ncontent-length: 2\r\n\r\n{{}}",
            "x".repeat(16 * 1024)
        )),
        // interim answers, one after the other
        Answer::text("").then_pour(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)),
    ] {
        assert_eq!(fetch_plainly(answer, &wanted()).await, Err(FetchError::Broken));
    }
}

//
#[tokio::test]
async fn trailers_and_chunk_extensions_without_end_are_cut_off() {
    let head = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    for (head, part) in [
        (format!("{head}0\r\n"), "x-trailer: y\r\n".repeat(100)),
        (format!("{head}2;x="), "y".repeat(1024)),
        (head.clone(), "1;".to_owned() + &"y".repeat(1024) + "\r\nx\r\n"),
    ] {
        let answer = Answer::text(&head).then_pour(part.as_bytes());
        assert_eq!(fetch_plainly(answer, &wanted()).await, Err(FetchError::Broken));
    }
}

//
#[tokio::test]
async fn whoever_never_answers_is_waited_for_no_longer_than_said() {
    let wanted = Wanted {
        time_max: Duration::from_millis(500),
        ..wanted()
    };
    let drop_of = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n";
    for answer in [
        Answer::silence(),
        Answer::text("HTTP/1.1 200 OK\r\n").then_hang(),
        Answer::text(&format!("{HEAD}content-length: 2\r\n\r\n{{")).then_hang(),
        Answer::text(&format!("{HEAD}\r\n{{}}")).then_hang(),
        Answer::text("").then_drip(drop_of, Duration::from_millis(20)),
        Answer::bytes(drop_of).then_drip(&[b' '; 2000], Duration::from_millis(20)),
    ] {
        let refusal = fetch_plainly(answer, &wanted).await.unwrap_err();
        assert_eq!(refusal.to_string(), "took longer than 500 milliseconds");
    }
}

//
#[tokio::test]
async fn a_host_that_keeps_silent_in_the_handshake_is_as_unreachable_as_one_that_refuses() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (here, nowhere) = (silent.local_addr().unwrap(), closed.local_addr().unwrap());
    drop(closed);
    let plain = Host::http(|_| document("{}")).await;
    let pins = [
        format!("silent.test={here}"),
        format!("closed.test={nowhere}"),
        plain.pin("plain.test"),
    ];
    let fetcher = Fetcher::new(development(&Authority::new(), &pins)).unwrap();
    let wanted = Wanted {
        time_max: Duration::from_millis(500),
        ..wanted()
    };
    for name in ["silent", "closed", "plain"] {
        let refusal = fetcher.get(&url(&format!("https://{name}.test/")), &wanted).await;
        assert_eq!(refusal, Err(FetchError::Unreachable), "{name}");
    }
}

#[tokio::test]
async fn a_limit_without_end_is_no_panic() {
    let patient = Wanted {
        time_max: Duration::MAX,
        body_bytes_max: usize::MAX,
        ..wanted()
    };
    assert_eq!(fetch_plainly(document("{}"), &patient).await.unwrap().body, "{}");
    let nothing = Wanted {
        time_max: Duration::ZERO,
        body_bytes_max: 0,
        ..wanted()
    };
    assert!(fetch_plainly(document("{}"), &nothing).await.is_err());
    let settings = FetchSettings {
        fetches_max: usize::MAX,
        fetches_per_host_max: usize::MAX,
        ..FetchSettings::default()
    };
    assert!(Fetcher::new(settings).is_ok());
}

/// A body in chunks of so many bytes, without the last one.
fn chunks(body: &str, bytes: usize) -> String {
    let chunk = |part: &[u8]| format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part));
    body.as_bytes().chunks(bytes).map(chunk).collect()
}
