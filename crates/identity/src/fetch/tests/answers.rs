//! What is accepted of an answer, and what is refused for what it is.

use http::StatusCode;

use super::super::CacheControl;
use super::*;

#[tokio::test]
async fn a_document_comes_with_its_type_and_what_is_said_of_keeping_it() {
    let fetched = fetch(Answer::text(
        "HTTP/1.1 200 OK\r\ncontent-type: Application/JSON ; charset=utf-8\r\ncache-control: max-age=60\r\n\
         content-length: 2\r\n\r\n{}",
    ))
    .await;
    let expected = Fetched {
        body: "{}".into(),
        content_type: "application/json",
        cache: CacheControl {
            max_age_seconds: Some(60),
            ..CacheControl::default()
        },
    };
    assert_eq!(fetched, Ok(expected));
}

// R-049
#[tokio::test]
async fn only_the_status_200_is_success() {
    for status in [
        201, 202, 203, 204, 205, 206, 304, 400, 401, 403, 404, 405, 408, 410, 418, 429, 451, 500, 501, 502,
        503, 504, 599, 999,
    ] {
        let answer = format!(
            "HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let status = StatusCode::from_u16(status).unwrap();
        let refusal = fetch(Answer::text(&answer)).await.unwrap_err();
        assert_eq!(refusal, FetchError::Status { status });
    }
}

// R-049
#[tokio::test]
async fn an_interim_answer_is_waited_out() {
    let early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let fetched = fetch(
        Answer::text(early)
            .then_bytes(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"),
    );
    assert_eq!(fetched.await.unwrap().body, "{}");
}

// R-050
#[tokio::test]
async fn a_redirect_is_refused_and_its_target_sees_nobody() {
    let canary = Host::http(|_| document("{}")).await;
    for status in [300, 301, 302, 303, 305, 306, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: http://{}/\r\ncontent-type: application/json\r\n\
             content-length: 2\r\n\r\n{{}}",
            canary.address()
        );
        assert_eq!(
            fetch(Answer::text(&answer)).await,
            Err(FetchError::Redirected),
            "{status}"
        );
    }
    assert_eq!(canary.heads(), Vec::<String>::new());
}

// R-051
#[tokio::test]
async fn any_other_content_type_is_refused() {
    for lines in [
        "",
        "content-type: \r\n",
        "content-type: text/html\r\n",
        "content-type: text/plain; charset=utf-8\r\n",
        "content-type: application/ld+json\r\n",
        "content-type: application/jsonp\r\n",
        "content-type: application\r\n",
        "content-type: json\r\n",
        "content-type: */*\r\n",
        "content-type: text/html; application/json\r\n",
        "content-type: text/html, application/json\r\n",
        "content-type: application/json, text/html\r\n",
        "content-type: application/json\r\ncontent-type: application/json\r\n",
        "content-type: application/json\r\ncontent-type: text/html\r\n",
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}content-length: 2\r\n\r\n{{}}");
        let expected = FetchError::ContentType {
            expected: &["application/json"],
        };
        assert_eq!(fetch(Answer::text(&answer)).await, Err(expected), "{lines}");
    }
}

#[tokio::test]
async fn an_answer_has_one_of_the_wanted_types_and_says_which() {
    let host = Host::http(|_| {
        Answer::text("HTTP/1.1 200 OK\r\ncontent-type: image/webp\r\ncontent-length: 4\r\n\r\nRIFF")
    })
    .await;
    let fetcher = Fetcher::new(development(&Authority::new(), &[])).unwrap();
    let logo = url(&format!("http://{}/logo", host.address()));
    assert_eq!(
        fetcher.get(&logo, &Wanted::image()).await.unwrap().content_type,
        "image/webp"
    );
    let refusal = fetcher.get(&logo, &wanted()).await.unwrap_err();
    assert_eq!(refusal.to_string(), "must have the content-type application/json");
}

// R-055
#[tokio::test]
async fn every_compression_is_refused_unread() {
    // the first bytes of ten megabytes of zeros
    let bomb = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe,
    ];
    for line in [
        "content-encoding: gzip",
        "content-encoding: x-gzip",
        "content-encoding: GZIP",
        "content-encoding: br",
        "content-encoding: deflate",
        "content-encoding: compress",
        "content-encoding: zstd",
        "content-encoding: dcb",
        "content-encoding: identity, gzip",
        "content-encoding: gzip, gzip, gzip",
        "content-encoding: identity\r\ncontent-encoding: br",
        "content-encoding: something",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked",
    ] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{line}\r\n\r\n");
        let refusal = fetch(Answer::text(&head).then_bytes(&bomb)).await;
        assert_eq!(refusal, Err(FetchError::Compressed), "{line}");
    }
}

// R-055
#[tokio::test]
async fn a_body_that_says_it_is_not_compressed_is_taken_as_it_is() {
    let plain = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: identity\r\n\
                 content-length: 2\r\n\r\n{}";
    assert_eq!(fetch(Answer::text(plain)).await.unwrap().body, "{}");
    // whoever compresses without saying so has served something that is not the document
    let silent =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n\x1f\x8b\x08";
    assert_eq!(
        fetch(Answer::bytes(silent)).await.unwrap().body,
        &b"\x1f\x8b\x08"[..]
    );
}

#[tokio::test]
async fn what_is_not_one_complete_answer_is_refused() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for answer in [
        Answer::text(""),
        Answer::text("{}"),
        Answer::text("SSH-2.0-OpenSSH_9.2\r\n"),
        Answer::text("HTTP/1.1"),
        Answer::text(head),
        Answer::text("HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        Answer::text("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        // says more than it sends (R-053)
        Answer::text(&format!("{head}content-length: 3\r\n\r\n{{}}")),
        Answer::text(&format!(
            "{head}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}"
        )),
        Answer::text(&format!("{head}content-length: -2\r\n\r\n{{}}")),
        Answer::text(&format!("{head}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n")),
        Answer::text(&format!(
            "{head}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n"
        )),
        Answer::text(&format!(
            "{head}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{{}}"
        )),
        // no length, and no farewell: it may have been cut anywhere
        Answer::text(&format!("{head}\r\n{{}}")).then_cut(),
    ] {
        assert_eq!(fetch(answer).await, Err(FetchError::Broken));
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks_or_end_with_the_connection() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for rest in [
        "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nx-trailer: z\r\n\r\n",
        "transfer-encoding: Chunked\r\ncontent-length: 9\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "\r\n{}",
        // says less than it sends: what was said counts
        "content-length: 2\r\n\r\n{} and more",
    ] {
        let fetched = fetch(Answer::text(&format!("{head}{rest}"))).await;
        assert_eq!(fetched.unwrap().body, "{}", "{rest}");
    }
}
