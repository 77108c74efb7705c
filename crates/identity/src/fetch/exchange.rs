//! One request and one answer over a connection.
//!
//! hyper's connection is used as it is, below every client that could follow, repeat, pool, decompress or
//! find a proxy: what is not in this file does not happen. No connection is kept, since the next fetch of a
//! name has to ask where it leads now, and to be checked anew; documents are cached, so it costs little.

use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use super::answer;
use super::destination::Destination;
use super::error::{Failed, FetchError};
use super::turns::{StepTooSlow, Turn};
use super::wanted::{Fetched, Wanted};

/// Sends the request over a connection and reads the whole answer.
///
/// The head of it has to come soon where the document is new: who sends it late, or a byte at a time, would
/// hold the turn for as long as a whole answer may take.
pub(super) async fn ask<S>(
    stream: S,
    destination: &Destination,
    wanted: &Wanted,
    turn: &Turn,
) -> Result<Fetched, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let too_slow = |late: &StepTooSlow| FetchError::TooSlow {
        time_max: late.time_max,
    };
    let broken = |cause: hyper::Error| Failed::with(FetchError::Broken, cause);
    let (reading, writing) = tokio::io::split(stream);
    let stream = tokio::io::join(reading.take(answer_bytes_max(wanted)), writing);
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let request = request(destination, wanted)?;
    let answer = pin!(async {
        let response = turn.step(sender.send_request(request)).await;
        let response = response.map_err(|late| Failed::with(too_slow(&late), late))?;
        answer::read(response.map_err(broken)?, wanted).await
    });
    // the connection moves its bytes only while it is polled, and may be done before the body is read
    match select(answer, pin!(connection)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((_, answer)) => answer.await,
    }
}

/// The whole request: nothing of our caller, no cookie, no credentials, no referrer.
fn request(destination: &Destination, wanted: &Wanted) -> Result<Request<Empty<Bytes>>, Failed> {
    Request::get(destination.target.clone())
        .header(header::HOST, &destination.authority)
        .header(header::ACCEPT, wanted.content_types.join(", "))
        // so that nothing has to be decompressed, and nothing can be a bomb
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|cause| Failed::with(FetchError::Broken, cause))
}

/// Bytes read of a connection at most, whatever they are: interim answers, chunks of a byte with long
/// extensions, trailers. Four times what the head and the body may have is more than any honest framing takes.
fn answer_bytes_max(wanted: &Wanted) -> u64 {
    let most = HEAD_BYTES_MAX.saturating_add(wanted.body_bytes_max);
    u64::try_from(most.saturating_mul(4)).unwrap_or(u64::MAX)
}

const USER_AGENT: &str = concat!("entryway/", env!("CARGO_PKG_VERSION"));

/// Fields in the head of an answer; a large site sends some thirty.
const HEADERS_MAX: usize = 64;

/// Bytes of the head of an answer, and of what is read ahead of its body.
const HEAD_BYTES_MAX: usize = 16 * 1024;
