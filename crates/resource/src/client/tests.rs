use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::{Empty, Full, StreamBody};
use hyper::body::Frame;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const SWITCHING: &str = "HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

fn client() -> HttpClient {
    HttpClient::new(ClientSettings::default()).unwrap()
}

fn waiting(change: impl FnOnce(&mut ClientSettings)) -> HttpClient {
    let mut settings = ClientSettings::default();
    change(&mut settings);
    HttpClient::new(settings).unwrap()
}

fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).unwrap()
}

fn post(url: &str, body: &'static str) -> Request<Full<Bytes>> {
    Request::post(url).body(Full::from(body)).unwrap()
}

async fn bound() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a?b=c", listener.local_addr().unwrap());
    (listener, url)
}

/// Reads until a request with this end has arrived.
async fn read_request(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        let byte = stream.read_u8().await.unwrap();
        read.push(byte);
    }
    String::from_utf8(read).unwrap()
}

/// A server of one connection that answers each request with the next of these, then hangs up.
async fn serving(answers: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
    let (listener, url) = bound().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, answers).await
    });
    (url, served)
}

async fn answer(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    answers: &'static [&'static str],
) -> Vec<String> {
    let mut requests = Vec::new();
    for answer in answers {
        requests.push(read_request(stream, "\r\n\r\n").await);
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    requests
}

#[tokio::test]
async fn a_request_says_no_more_than_it_was_given() {
    let (url, served) = serving(&[OK]).await;
    let answer = client().send(get(&url)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.into_body().read_whole(2).await.unwrap(), "ok");
    let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    assert_eq!(
        served.await.unwrap(),
        [format!("GET /a?b=c HTTP/1.1\r\nhost: {host}\r\n\r\n")]
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (url, served) = serving(&[OK, OK]).await;
    let client = client();
    for _ in 0..2 {
        let answer = client.send(get(&url)).await.unwrap();
        assert_eq!(answer.into_body().read_whole(2).await.unwrap(), "ok");
    }
    assert_eq!(served.await.unwrap().len(), 2);
}

//
#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (url, _served) = serving(&["HTTP/1.1 307 T\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n"]).await;
    let answer = client().send(get(&url)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
}

#[tokio::test]
async fn a_post_that_was_sent_is_never_sent_again() {
    let (listener, url) = bound().await;
    let served = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        read_request(&mut first, "\r\n\r\none").await;
        first.write_all(OK.as_bytes()).await.unwrap();
        read_request(&mut first, "\r\n\r\ntwo").await;
        drop(first);
        listener
    });
    let client = client();
    let answer = client.send(post(&url, "one")).await.unwrap();
    answer.into_body().read_whole(2).await.unwrap();
    let fault = client.send(post(&url, "two")).await.unwrap_err();
    assert!(matches!(fault, ClientFault::Interrupted(_)), "{fault:?}");
    let listener = served.await.unwrap();
    let again = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(again.is_err(), "the client came again");
}

#[tokio::test]
async fn a_connection_that_ended_while_unused_costs_no_request() {
    let (listener, url) = bound().await;
    let served = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            answer(&mut stream, &[OK]).await;
        }
    });
    let client = client();
    for _ in 0..2 {
        let answer = client.send(get(&url)).await.unwrap();
        assert_eq!(answer.into_body().read_whole(2).await.unwrap(), "ok");
        // lets the end of the connection be seen
        tokio::task::yield_now().await;
    }
    served.await.unwrap();
}

//
#[tokio::test]
async fn silence_is_a_fault_of_its_own() {
    let (listener, url) = bound().await;
    let silent = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        let (mut second, _) = listener.accept().await.unwrap();
        read_request(&mut second, "\r\n\r\n").await;
        let begun = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
        second.write_all(begun.as_bytes()).await.unwrap();
        // until the client goes away
        let _ = first.read_to_end(&mut Vec::new()).await;
        let _ = second.read_to_end(&mut Vec::new()).await;
    });
    let soon = Duration::from_millis(50);
    let client = waiting(|settings| settings.answer_wait = soon);
    let fault = client.send(get(&url)).await.unwrap_err();
    assert!(matches!(fault, ClientFault::AnswerTimedOut), "{fault:?}");
    let client = waiting(|settings| settings.idle_wait = soon);
    let answer = client.send(get(&url)).await.unwrap();
    let fault = answer.into_body().read_whole(100).await.unwrap_err();
    assert!(matches!(fault, ClientFault::AnswerStalled), "{fault:?}");
    silent.await.unwrap();
}

#[tokio::test]
async fn an_upload_may_take_longer_than_an_answer_while_it_moves() {
    let (url, served) = serving(&[OK]).await;
    let pieces = trickle(6, Duration::from_millis(100));
    let request = Request::post(&url).body(pieces).unwrap();
    let client = waiting(|settings| settings.answer_wait = Duration::from_millis(400));
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    drop(served);
}

/// A body of so many pieces, each after a while.
fn trickle(count: usize, pause: Duration) -> impl Body<Data = Bytes, Error = BoxError> + Send + 'static {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, BoxError>>(1);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(pause);
        for _ in 0..count {
            ticks.tick().await;
            if sender
                .send(Ok(Frame::data(Bytes::from_static(b"x"))))
                .await
                .is_err()
            {
                return;
            }
        }
        let _ = sender
            .send(Ok(Frame::data(Bytes::from_static(b"\r\n\r\n"))))
            .await;
    });
    StreamBody::new(Receiving(receiver))
}

struct Receiving<T>(tokio::sync::mpsc::Receiver<T>);

impl<T> futures_util::Stream for Receiving<T> {
    type Item = T;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<T>> {
        self.0.poll_recv(context)
    }
}

#[tokio::test]
async fn what_is_no_http_or_too_long_is_malformed() {
    static LONG: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(200_000)));
    for bad in ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\na : b\r\n\r\n", &*LONG] {
        let (listener, url) = bound().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream, "\r\n\r\n").await;
            let _ = stream.write_all(bad.as_bytes()).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let fault = client().send(get(&url)).await.unwrap_err();
        assert!(matches!(fault, ClientFault::AnswerMalformed(_)), "{fault}");
    }
}

#[tokio::test]
async fn a_body_longer_than_the_reader_wants_is_not_read() {
    let (url, _served) = serving(&[OK]).await;
    let answer = client().send(get(&url)).await.unwrap();
    let fault = answer.into_body().read_whole(1).await.unwrap_err();
    assert!(
        matches!(fault, ClientFault::AnswerTooLong { bytes_max: 1 }),
        "{fault:?}"
    );
}

#[tokio::test]
async fn nothing_is_sent_where_the_url_is_no_place_to_send_to() {
    for url in ["/path", "ftp://host.example/", "http://user:pass@127.0.0.1/"] {
        let fault = client().send(get(url)).await.unwrap_err();
        assert!(matches!(fault, ClientFault::UnsupportedUrl), "{url}: {fault:?}");
    }
    let (listener, url) = bound().await;
    drop(listener);
    let fault = client().send(get(&url)).await.unwrap_err();
    assert!(matches!(fault, ClientFault::Unreachable(_)), "{fault:?}");
}

#[tokio::test]
async fn names_may_be_given_and_localhost_is_loopback() {
    let (url, served) = serving(&[OK, OK]).await;
    let port = url.split(':').nth(2).unwrap();
    let pinned = HttpClient::new(ClientSettings {
        resolve: vec![("pds.example".to_owned(), ([127, 0, 0, 1], 0).into())],
        ..ClientSettings::default()
    })
    .unwrap();
    let answer = pinned
        .send(get(&format!("http://pds.example:{port}")))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    drop((answer, served));
    let (url, _served) = serving(&[OK]).await;
    let local = url.replace("127.0.0.1", "localhost");
    assert_eq!(client().send(get(&local)).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn tls_is_believed_for_its_name_and_authority_only() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["pds.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let pem = certificate.pem().into_bytes();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let (listener, _) = bound().await;
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                answer(&mut stream, &[OK]).await;
            }
        }
    });
    let client = |extra_authorities: Vec<Vec<u8>>| {
        HttpClient::new(ClientSettings {
            extra_authorities,
            resolve: ["pds.example", "other.example"]
                .map(|name| (name.to_owned(), address))
                .to_vec(),
            ..ClientSettings::default()
        })
        .unwrap()
    };
    let fault = client(vec![])
        .send(get("https://pds.example/"))
        .await
        .unwrap_err();
    assert!(matches!(fault, ClientFault::Unreachable(_)), "{fault:?}");
    let believing = client(vec![pem]);
    let fault = believing.send(get("https://other.example/")).await.unwrap_err();
    assert!(matches!(fault, ClientFault::Unreachable(_)), "{fault:?}");
    let answer = believing.send(get("https://pds.example/")).await.unwrap();
    assert_eq!(answer.into_body().read_whole(2).await.unwrap(), "ok");
}

#[test]
fn an_authority_that_is_none_is_named_by_its_number() {
    let unusable = HttpClient::new(ClientSettings {
        extra_authorities: vec![b"no pem".to_vec()],
        ..ClientSettings::default()
    });
    assert_eq!(
        unusable.unwrap_err().to_string(),
        "extra certificate authority 1 is not a certificate in PEM"
    );
}

#[tokio::test]
async fn an_upgraded_connection_is_a_stream() {
    let (listener, url) = bound().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, &[SWITCHING]).await;
        let byte = stream.read_u8().await.unwrap();
        stream.write_all(&[byte + 1]).await.unwrap();
    });
    let mut request = get(&url);
    *request.method_mut() = Method::GET;
    request
        .headers_mut()
        .insert("connection", "upgrade".parse().unwrap());
    request
        .headers_mut()
        .insert("upgrade", "websocket".parse().unwrap());
    let mut answer = client().send(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    let upgraded = hyper::upgrade::on(&mut answer).await.unwrap();
    let mut stream = hyper_util::rt::TokioIo::new(upgraded);
    stream.write_all(&[7]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 8);
}
