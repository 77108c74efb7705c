//! A connection to the program, kept for as many requests as one likes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use http::header::HOST;
use http::{HeaderValue, Request};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::reply::Reply;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Body>,
    host: HeaderValue,
}

impl Connection {
    /// Opens one; `None` if nobody listens.
    pub async fn open(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).unwrap();
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(async move { drop(driver.await) });
        let host = HeaderValue::from_str(&format!("localhost:{}", address.port())).unwrap();
        Some(Self { sender, host })
    }

    /// Whether the other side has not ended it, as far as is known here.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Asks; `None` if the other side went away before it had answered.
    pub async fn ask(&mut self, mut request: Request<Body>) -> Option<Reply> {
        request.headers_mut().insert(HOST, self.host.clone());
        let answered = async {
            let (parts, body) = self.sender.send_request(request).await.ok()?.into_parts();
            let body = body.collect().await.ok()?.to_bytes();
            Some(Reply {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        tokio::time::timeout(ANSWER_WAIT_MAX, answered)
            .await
            .expect("an answer comes in time")
    }
}

/// Longer than the service itself waits for anything.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(30);
