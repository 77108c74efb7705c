//! Reading on after the last answer.
//!
//! A socket that is closed with unread bytes is reset, and the reset destroys the answer on its way: a
//! client that sends eight megabytes would see a broken connection and not the refusal that explains it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Bytes thrown away on one connection; whoever sends more is cut off.
const DISCARDED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long to wait for more of them.
const DISCARD_IDLE_MAX: Duration = Duration::from_millis(250);
/// How long all of that may take.
const DISCARD_WAIT_MAX: Duration = Duration::from_secs(10);

/// The end of a connection: nothing more is said, and what still comes is thrown away for a while.
#[derive(Default)]
pub(super) struct Linger {
    discarding: Option<Discarding>,
}

struct Discarding {
    bytes: usize,
    until: Instant,
    idle: Pin<Box<Sleep>>,
}

impl Linger {
    /// Ready when the stream may be closed.
    pub(super) fn poll<S>(&mut self, stream: &mut S, context: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.discarding.is_none() {
            if ready!(Pin::new(&mut *stream).poll_shutdown(context)).is_err() {
                return Poll::Ready(());
            }
            self.discarding = Some(Discarding {
                bytes: 0,
                until: Instant::now() + DISCARD_WAIT_MAX,
                idle: Box::pin(tokio::time::sleep(DISCARD_IDLE_MAX)),
            });
        }
        match &mut self.discarding {
            Some(discarding) => discarding.poll(stream, context),
            None => Poll::Ready(()),
        }
    }
}

impl Discarding {
    fn poll<S: AsyncRead + Unpin>(&mut self, stream: &mut S, context: &mut Context<'_>) -> Poll<()> {
        let mut chunk = [0; 8 * 1024];
        loop {
            let mut chunk = ReadBuf::new(&mut chunk);
            let read = Pin::new(&mut *stream).poll_read(context, &mut chunk);
            if read.is_pending() {
                return self.idle.as_mut().poll(context);
            }
            let now = Instant::now();
            let length = chunk.filled().len();
            self.bytes += length;
            // the end or an error both end it
            if length == 0 || self.bytes > DISCARDED_BYTES_MAX || now > self.until {
                return Poll::Ready(());
            }
            self.idle.as_mut().reset(now + DISCARD_IDLE_MAX);
        }
    }
}
