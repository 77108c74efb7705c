//! HTTP/1.1 to hosts that an operator named: an issuer, a PDS behind a gate. Never to a host that a
//! stranger named: nothing here guards against addresses that are not public.
//!
//! No proxy from the environment, no redirect followed, no cookie, no decompression, no HTTP/2. Bodies
//! stream both ways. Connections are kept and used again; a request is sent a second time only where not
//! one byte of it was sent the first time.

mod body;
mod connect;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Body;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use thiserror::Error;
use tokio::sync::Notify;

pub use body::AnswerBody;

use body::Watched;
use connect::Connector;

/// Any error, as bodies have them.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What an operator decides about the requests we make. The default is right for production.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Certificate authorities believed beside Mozilla's list, each a PEM text with at least one.
    pub extra_authorities: Vec<Vec<u8>>,
    /// Names that are not looked up, with their address. The port of the URL is used where it has one,
    /// else the address's own. `localhost` is loopback without being named here.
    pub resolve: Vec<(String, SocketAddr)>,
    /// How long a connection may take with name, TCP and TLS. Default 5 seconds.
    pub connect_wait: Duration,
    /// How long the head of an answer may take after the last piece of the request was sent. Default 60
    /// seconds.
    pub answer_wait: Duration,
    /// How long the next piece of an answer's body may take. Default 60 seconds; whoever follows a stream
    /// sets it above the stream's own heartbeat.
    pub idle_wait: Duration,
    /// How long an unused connection is kept. Default 4 seconds: Node ends one after five, and a request
    /// that meets the end of its connection is lost.
    pub keep_wait: Duration,
    /// Unused connections kept to one host. Default 64.
    pub kept_per_host_max: usize,
    /// Bytes of an answer's head, beyond which it is refused; up to twice of them may be read. Default 64 KiB.
    pub head_bytes_max: usize,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            extra_authorities: Vec::new(),
            resolve: Vec::new(),
            connect_wait: Duration::from_secs(5),
            answer_wait: Duration::from_mins(1),
            idle_wait: Duration::from_mins(1),
            keep_wait: Duration::from_secs(4),
            kept_per_host_max: 64,
            head_bytes_max: 64 * 1024,
        }
    }
}

/// Sends requests. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: legacy::Client<Connector, Watched<UnsyncBoxBody<Bytes, BoxError>>>,
    answer_wait: Duration,
    idle_wait: Duration,
}

impl HttpClient {
    /// Makes a client without connections.
    ///
    /// # Errors
    /// [`ClientUnavailable`] where a setting cannot be used.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientUnavailable> {
        let connector = Connector::new(
            &settings.extra_authorities,
            settings.resolve,
            settings.connect_wait,
        )?;
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.keep_wait)
            .pool_max_idle_per_host(settings.kept_per_host_max)
            // below its own least the parser would panic
            .http1_max_buf_size(settings.head_bytes_max.max(HEAD_BYTES_MIN))
            .http1_max_headers(HEADERS_MAX)
            .build(connector);
        Ok(Self {
            inner,
            answer_wait: settings.answer_wait,
            idle_wait: settings.idle_wait,
        })
    }

    /// Sends a request to the absolute http or https URL it names, and waits for the head of the answer.
    /// Any status is an answer, a redirect too. `Host` is the URL's where the request names none.
    ///
    /// To be dropped at any time: the connection is then closed, and what was sent is sent. An answer
    /// with status 101 can be turned into a stream with [`hyper::upgrade::on`].
    ///
    /// # Errors
    /// A [`ClientFault`]; all but [`ClientFault::Unreachable`] and [`ClientFault::UnsupportedUrl`] may
    /// have been sent and acted on.
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<AnswerBody>, ClientFault>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let uri = request.uri();
        if !matches!(uri.scheme_str(), Some("http" | "https"))
            || uri.authority().is_none_or(|name| name.as_str().contains('@'))
        {
            return Err(ClientFault::UnsupportedUrl);
        }
        let sent = Arc::new(Notify::new());
        let request = request.map(|body| Watched::new(body.map_err(Into::into).boxed_unsync(), sent.clone()));
        let mut answer = pin!(self.inner.request(request));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => {
                    return match answer {
                        Ok(answer) => Ok(answer.map(|body| AnswerBody::new(body, self.idle_wait))),
                        Err(error) => Err(ClientFault::of(error)),
                    };
                }
                () = sent.notified() => {}
                () = tokio::time::sleep(self.answer_wait) => return Err(ClientFault::AnswerTimedOut),
            }
        }
    }
}

/// Why no client could be made; all of it is the operator's to mend.
#[derive(Debug, Error)]
pub enum ClientUnavailable {
    /// One of `extra_authorities` is no certificate authority in PEM.
    #[error("extra certificate authority {number} is not a certificate in PEM")]
    Authority {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it, where it is more than that there is none.
        #[source]
        source: Option<BoxError>,
    },
    /// The cryptography refuses to speak TLS 1.2 and 1.3.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// Why there is no answer, or not all of it.
#[derive(Debug, Error)]
pub enum ClientFault {
    /// Not a URL to send to; nothing was sent.
    #[error("the URL must be http or https, with a host and without credentials")]
    UnsupportedUrl,
    /// No name, no connection, no TLS, or none in time; nothing was sent.
    #[error("no connection could be made")]
    Unreachable(#[source] BoxError),
    /// The request is sent and nothing comes back.
    #[error("no answer came in time")]
    AnswerTimedOut,
    /// The body began and does not go on.
    #[error("the answer stopped before its end")]
    AnswerStalled,
    /// What came back is no HTTP/1.1, or its head is too long.
    #[error("the answer is not HTTP/1.1 within its limits")]
    AnswerMalformed(#[source] BoxError),
    /// The connection ended too early.
    #[error("the connection ended before the answer did")]
    Interrupted(#[source] BoxError),
    /// What we were to send failed; its own error is in the chain of sources.
    #[error("the body to send could not be read")]
    RequestBody(#[source] BoxError),
    /// The body is longer than the caller reads.
    #[error("the answer is longer than {bytes_max} bytes")]
    AnswerTooLong {
        /// What the caller reads at most.
        bytes_max: usize,
    },
}

impl ClientFault {
    fn of(error: legacy::Error) -> Self {
        use std::error::Error as _;
        if error.is_connect() {
            return Self::Unreachable(error.into());
        }
        match error
            .source()
            .and_then(|source| source.downcast_ref::<hyper::Error>())
        {
            Some(source) => Self::by(source)(error.into()),
            None => Self::Interrupted(error.into()),
        }
    }

    fn of_body(error: hyper::Error) -> Self {
        Self::by(&error)(error.into())
    }

    fn by(error: &hyper::Error) -> fn(BoxError) -> Self {
        if error.is_user() {
            Self::RequestBody
        } else if error.is_parse() {
            Self::AnswerMalformed
        } else {
            Self::Interrupted
        }
    }
}

/// The least that hyper's parser works with.
const HEAD_BYTES_MIN: usize = 8 * 1024;
/// Fields in the head of an answer; a large site sends some thirty.
const HEADERS_MAX: usize = 128;

#[cfg(test)]
mod tests;
