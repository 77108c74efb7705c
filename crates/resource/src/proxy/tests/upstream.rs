//! A PDS for tests, on loopback, that remembers every byte it was sent.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::proxy::answer::{GateBody, boxed};

pub(super) type Answered = Pin<Box<dyn Future<Output = Response<GateBody>> + Send>>;
type Handler = Arc<dyn Fn(Request<Incoming>) -> Answered + Send + Sync>;

#[derive(Clone)]
pub(super) struct TestUpstream {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
}

impl TestUpstream {
    /// Answers each request with what it saw of it, as JSON.
    pub(super) async fn echo() -> Self {
        Self::answering(|request| Box::pin(echoed(request))).await
    }

    /// Answers every request with this.
    pub(super) async fn saying(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &'static str,
    ) -> Self {
        let headers = headers.to_vec();
        Self::answering(move |_| {
            let mut answer = Response::builder().status(status);
            for (name, value) in &headers {
                answer = answer.header(*name, *value);
            }
            let answer = answer.body(boxed(Full::from(body))).unwrap();
            Box::pin(async move { answer })
        })
        .await
    }

    pub(super) async fn answering(
        handler: impl Fn(Request<Incoming>) -> Answered + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (handler, recording): (Handler, _) = (Arc::new(handler), received.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let stream = Recorded {
                    stream,
                    received: recording.clone(),
                };
                let handler = handler.clone();
                let service = service_fn(move |request| {
                    let answered = handler(request);
                    async move { Ok::<_, Infallible>(answered.await) }
                });
                let served = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                tokio::spawn(served);
            }
        });
        Self { address, received }
    }

    /// Every byte that ever came.
    pub(super) fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }
}

/// `{"method", "target", "headers": {name: value}, "body"}`; a header that came twice is a list.
async fn echoed(request: Request<Incoming>) -> Response<GateBody> {
    let (parts, body) = request.into_parts();
    let mut headers = Map::new();
    for name in parts.headers.keys() {
        let values: Vec<_> = parts.headers.get_all(name).iter().collect();
        let values: Vec<Value> = values
            .iter()
            .map(|value| value.to_str().unwrap().into())
            .collect();
        let value = match <[Value; 1]>::try_from(values) {
            Ok([one]) => one,
            Err(several) => several.into(),
        };
        headers.insert(name.to_string(), value);
    }
    let body = match body.collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(error) => format!("broken: {error}"),
    };
    let seen = json!({"method": parts.method.as_str(), "target": parts.uri.to_string(),
        "headers": headers, "body": body});
    json_answer(&seen)
}

pub(super) fn json_answer(json: &Value) -> Response<GateBody> {
    let mut answer = Response::new(boxed(Full::from(Bytes::from(json.to_string()))));
    answer
        .headers_mut()
        .insert("content-type", "application/json; charset=utf-8".parse().unwrap());
    answer
}

struct Recorded {
    stream: TcpStream,
    received: Arc<Mutex<Vec<u8>>>,
}

/// More than that of an upload is not worth keeping.
const KEPT_MAX: usize = 1024 * 1024;

impl AsyncRead for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let mut received = self.received.lock().unwrap();
        if received.len() < KEPT_MAX {
            received.extend_from_slice(&buffer.filled()[before..]);
        }
        read
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
