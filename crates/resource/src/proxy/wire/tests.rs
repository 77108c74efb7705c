use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

const WAITS: Waits = Waits {
    body: Duration::from_millis(40),
    answer: Duration::from_millis(40),
};

fn pair() -> (DuplexStream, Wire<DuplexStream>, Arc<Line>) {
    let (peer, ours) = duplex(1024);
    let line = Arc::new(Line::default());
    (peer, Wire::new(ours, line.clone(), WAITS), line)
}

/// What a server reads of these bytes, written in pieces of this length, and what it is told of them.
async fn read(bytes: &[u8], piece: usize) -> (Vec<u8>, Option<WireFault>) {
    let (mut peer, mut wire, line) = pair();
    let mut read = Vec::new();
    for piece in bytes.chunks(piece) {
        peer.write_all(piece).await.unwrap();
        let mut buffer = [0; 4096];
        // what is there already, without waiting for more
        while let Ok(Ok(length @ 1..)) = tokio::time::timeout(Duration::ZERO, wire.read(&mut buffer)).await {
            read.extend_from_slice(&buffer[..length]);
        }
    }
    (read, line.fault())
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &[u8] = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
const CHUNKED: &[u8] = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn well_formed_messages_pass_unchanged_one_after_the_other() {
    let messages = [GET, POST, b"hello", GET, CHUNKED, b"3\r\nabc\r\n0\r\n\r\n", GET].concat();
    for piece in [1, 2, 3, 7, 20, messages.len()] {
        assert_eq!(read(&messages, piece).await, (messages.clone(), None), "{piece}");
    }
}

#[tokio::test]
async fn an_empty_line_before_a_request_is_swallowed() {
    let messages = [POST, b"hello", b"\r\n", GET].concat();
    let passed = [POST, b"hello", GET].concat();
    for piece in [1, 2, messages.len()] {
        assert_eq!(read(&messages, piece).await, (passed.clone(), None), "{piece}");
    }
}

//
#[tokio::test]
async fn a_head_with_two_readings_is_not_seen_and_nothing_after_it() {
    let bad =
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    for piece in [1, 10, 1000] {
        let messages = [GET, bad, GET].concat();
        let seen = [GET, STAND_IN].concat();
        let fault = Some(WireFault::LengthAndEncoding);
        assert_eq!(read(&messages, piece).await, (seen, fault), "{piece}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_refused_at_its_limit() {
    let long = [b"GET /a HTTP/1.1\r\nX: ".as_slice(), &vec![b'y'; HEAD_BYTES_MAX]].concat();
    assert_eq!(
        read(&long, 1000).await,
        (STAND_IN.to_vec(), Some(WireFault::HeadTooLong))
    );
    let fits = HEAD_BYTES_MAX - "GET /a HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    for (length, fault) in [(fits, None), (fits + 1, Some(WireFault::HeadTooLong))] {
        let head = format!("GET /a HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(length));
        assert_eq!(read(head.as_bytes(), 1000).await.1, fault, "{length}");
    }
}

//
#[tokio::test]
async fn a_bad_chunk_breaks_its_body_and_what_follows_is_no_request() {
    let (mut peer, mut wire, line) = pair();
    let messages = [CHUNKED, b"1;a=b\r\nc\r\n0\r\n\r\n", GET].concat();
    peer.write_all(&messages).await.unwrap();
    let mut head = vec![0; CHUNKED.len()];
    wire.read_exact(&mut head).await.unwrap();
    assert_eq!(head, CHUNKED);
    let broken = wire.read_u8().await.unwrap_err();
    assert_eq!(broken.kind(), io::ErrorKind::InvalidData);
    assert_eq!(line.fault(), Some(WireFault::Chunk));
}

//
#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let (mut peer, mut wire, line) = pair();
    peer.write_all(&[POST, b"hel"].concat()).await.unwrap();
    let mut read = Vec::new();
    let late = wire.read_to_end(&mut read).await.unwrap_err();
    assert_eq!(
        (read, late.kind()),
        ([POST, b"hel"].concat(), io::ErrorKind::InvalidData)
    );
    assert_eq!(line.fault(), Some(WireFault::BodyTooSlow));
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let (_peer, mut wire, line) = pair();
    let late = wire.write_all(&[0; 4096]).await.unwrap_err();
    assert_eq!(late.kind(), io::ErrorKind::TimedOut);
    assert_eq!(line.fault(), Some(WireFault::AnswerTooSlow));
}

#[tokio::test]
async fn a_tunnel_passes_anything() {
    let (mut peer, mut wire, line) = pair();
    peer.write_all(&[GET, b"\n\0early"].concat()).await.unwrap();
    let mut head = vec![0; GET.len()];
    wire.read_exact(&mut head).await.unwrap();
    line.become_tunnel();
    peer.write_all(b"late").await.unwrap();
    drop(peer);
    let mut rest = Vec::new();
    wire.read_to_end(&mut rest).await.unwrap();
    assert_eq!((rest.as_slice(), line.fault()), (&b"\n\0earlylate"[..], None));
}

#[tokio::test]
async fn what_still_comes_at_the_end_is_thrown_away_for_a_while() {
    let (mut peer, mut wire, _) = pair();
    let sending = tokio::spawn(async move {
        for _ in 0..100 {
            peer.write_all(&[0; 1024]).await.unwrap();
        }
    });
    wire.shutdown().await.unwrap();
    sending.await.unwrap();
}
