//! Connections: HTTP/1.1 with limits on what a peer may send before a handler sees it.

mod doors;
mod linger;
mod patient;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::EXPECT;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

pub use doors::Doors;
use doors::{Entry, Room};
use linger::Lingering;
use patient::Patient;

/// Who is on the other end of the connection; to handlers, who is behind the proxies in between.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// The address a request came from. One without a connection, as tests make them, is this machine's.
    pub(crate) fn address(extensions: &http::Extensions) -> IpAddr {
        extensions
            .get::<Self>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0)
    }
}

/// Says to an answer that takes its time that the service is asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Closing(watch::Receiver<()>);

impl Closing {
    /// Resolves when it is. Never without a connection, as tests ask.
    pub(crate) async fn begun(closing: Option<Self>) {
        match closing {
            // nothing is ever sent: the other half is dropped
            Some(Self(mut closed)) => drop(closed.changed().await),
            None => std::future::pending().await,
        }
    }
}

/// Bytes of a request's head; a token and a proof need about three thousand.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How long a head may take to arrive, and an idle connection to wait for one.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(30);
/// The same of a connection that is only told that there is no place.
const TOLD_WAIT_MAX: Duration = Duration::from_secs(2);
/// How long to wait after the system could give no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long answers under way may take once the service is asked to stop.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(10);

/// Serves the router until `stop` resolves, then lets answers under way finish, for ten seconds at most. Those for
/// whom there is no place at the doors are served by another.
pub async fn serve(listener: TcpListener, router: Router, doors: Doors, stop: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    let (closing, closed) = watch::channel(());
    let mut room: Option<Room> = None;
    loop {
        tokio::select! {
            () = &mut stop => break,
            one_more = doors.room(), if room.is_none() => room = Some(one_more),
            accepted = listener.accept(), if room.is_some() => match accepted {
                Ok((stream, peer)) => {
                    let Some(room) = room.take() else { continue };
                    let (router, closed) = (router.clone(), closed.clone());
                    match doors.enter(peer.ip(), room) {
                        Entry::Served(inside) => connections.spawn(async move {
                            connection(stream, peer, router, Manner::Served, closed).await;
                            drop(inside);
                        }),
                        Entry::Told(crowd, room) => connections.spawn(async move {
                            connection(stream, peer, crowd, Manner::Told, closed).await;
                            drop(room);
                        }),
                    };
                }
                Err(error) => after_failed_accept(&error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(closing);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_WAIT_MAX, drained).await.is_err() {
        connections.shutdown().await;
    }
}

/// A peer that is gone again is nothing; a shortage of descriptors passes, and trying at once only
/// keeps a core busy with failing.
async fn after_failed_accept(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        tracing::warn!(error = %error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// How a connection is treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As many requests as its peer likes.
    Served,
    /// One, and no waiting.
    Told,
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    manner: Manner,
    mut closed: watch::Receiver<()>,
) {
    // answers are small and written at once; waiting for more to send only delays them
    let _ = stream.set_nodelay(true);
    let closing = Closing(closed.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        request.extensions_mut().insert(closing.clone());
        answer(router.clone(), request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(manner == Manner::Served)
        .header_read_timeout(match manner {
            Manner::Served => HEAD_WAIT_MAX,
            Manner::Told => TOLD_WAIT_MAX,
        })
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Patient::new(stream)), service)
        .with_upgrades();
    tokio::pin!(served);
    tokio::select! {
        _ = &mut served => {}
        _ = closed.changed() => {
            served.as_mut().graceful_shutdown();
            let _ = served.await;
        }
    }
}

/// Answers one request in a task of its own, so that a peer that hangs up interrupts nothing: not a
/// browser session between its old id and its new one, not a verb before its answer.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Infallible> {
    let awaits_leave = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let body = Lingering::new(body);
    let request = Request::from_parts(parts, Body::new(body.clone()));
    let answered = tokio::spawn(router.oneshot(request)).await;
    // a client that waits to be told to send has sent nothing
    if !awaits_leave && !body.is_read() {
        body.discard().await;
    }
    Ok(match answered {
        Ok(answered) => answered?,
        // cannot happen: panics are caught inside, and nobody aborts the task
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}

/// One line in the log for each request: method, path without query, status.
pub(crate) struct LogLine(Option<(Method, String)>);

impl LogLine {
    /// What is told of the request, if anybody listens.
    pub(crate) fn of(request: &Request<Body>) -> Self {
        let is_told = tracing::enabled!(tracing::Level::DEBUG);
        Self(is_told.then(|| (request.method().clone(), request.uri().path().to_owned())))
    }

    /// Tells of it and its answer.
    pub(crate) fn write(self, response: &Response) {
        if let Self(Some((method, path))) = self {
            tracing::debug!(http.method = %method, http.path = path, http.status = response.status().as_u16(), "answered");
        }
    }
}
