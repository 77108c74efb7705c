//! Connections: HTTP/1.1 and nothing else, so many at once, and an end to each.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Gate;
use super::figures::Open;
use super::walk::Arrival;
use super::wire::{HEAD_BYTES_MAX, HEADERS_MAX, Line, Waits, Wire};

/// How long to wait after the system could give no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves until `stop` resolves, then lets requests under way finish for a while.
pub(super) async fn serve(
    gate: Arc<Gate>,
    closing: watch::Sender<()>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept(), if connections.len() < gate.limits.connections_max => {
                match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(connection(gate.clone(), stream, peer));
                    }
                    Err(error) => after_failed_accept(&error).await,
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, closing));
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(gate.limits.drain_wait, drained)
        .await
        .is_err()
    {
        connections.shutdown().await;
    }
}

/// A peer that is gone again is nothing; a shortage of descriptors passes, and trying at once only keeps a
/// core busy with failing.
async fn after_failed_accept(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    ) {
        tracing::warn!(error = %error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn connection(gate: Arc<Gate>, stream: TcpStream, peer: SocketAddr) {
    let _open = Open::connection();
    // what passes was put together by the upstream already
    let _ = stream.set_nodelay(true);
    let line = Arc::new(Line::default());
    let waits = Waits {
        body: gate.limits.body_wait,
        answer: gate.limits.answer_wait,
    };
    let wire = Wire::new(stream, line.clone(), waits);
    let (head_wait, mut closed) = (gate.limits.head_wait, gate.closed.clone());
    let arrival = Arrival {
        peer: peer.ip(),
        line,
    };
    let service = service_fn(move |request| {
        let (gate, arrival) = (gate.clone(), arrival.clone());
        async move { Ok::<_, Infallible>(gate.answer(request, &arrival).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_wait)
        .max_buf_size(2 * HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(wire), service)
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
