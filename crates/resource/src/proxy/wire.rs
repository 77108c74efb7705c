//! What arrives on a connection, read strictly before the HTTP library reads it.
//!
//! The library repairs what it can: a lone line feed, a length beside an encoding, two equal lengths,
//! extensions of chunks. A gate must not: whatever stands before or behind it may repair in another way,
//! and between two readings a request can hide (R-455, R-470). So every head is held back until it was
//! read whole, and the frames of bodies are watched as they pass. After the first fault nothing more is
//! read; the service is told which it was, by way of [`Line`].

mod chunks;
mod fault;
mod head;
mod linger;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

pub(super) use fault::{Line, WireFault};
pub(super) use head::HEADERS_MAX;

use chunks::Chunks;
use head::Framing;
use linger::Linger;

/// Bytes of one request's head (R-456); a token and a proof need about three thousand.
pub(super) const HEAD_BYTES_MAX: usize = 32 * 1024;

/// How long a connection waits for its peer, but for heads, which the HTTP library times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    /// For more of a body.
    pub(super) body: Duration,
    /// For the peer to take more of an answer.
    pub(super) answer: Duration,
}

/// A connection whose bytes are read strictly.
pub(super) struct Wire<S> {
    stream: S,
    line: Arc<Line>,
    waits: Waits,
    place: Place,
    /// What came from the stream and was not handed on.
    held: BytesMut,
    /// How much of what is held may be handed on.
    cleared: usize,
    /// Runs while the peer is waited for.
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
    linger: Linger,
}

/// What the next byte belongs to.
enum Place {
    /// A head, so many bytes of which were looked at.
    Head { looked_at: usize },
    /// A body with so many bytes to come.
    Body { left: u64 },
    /// A body in chunks.
    Chunked(Chunks),
    /// Nothing: it is not read.
    Refused,
}

const NEXT_HEAD: Place = Place::Head { looked_at: 0 };

impl<S> Wire<S> {
    pub(super) fn new(stream: S, line: Arc<Line>, waits: Waits) -> Self {
        Self {
            stream,
            line,
            waits,
            place: NEXT_HEAD,
            held: BytesMut::new(),
            cleared: 0,
            reading: None,
            writing: None,
            linger: Linger::default(),
        }
    }

    /// Clears what is held: a whole head, or as much of a body as belongs to it. A head and its body are
    /// not cleared at once, so that a fault in the body finds a service that can answer.
    fn clear(&mut self) -> Result<(), WireFault> {
        match &mut self.place {
            Place::Head { looked_at } => {
                if *looked_at == 0 && self.held.starts_with(b"\r") {
                    // RFC 9112 section 2.2: an empty line after a body is forgiven
                    if self.held.len() == 1 {
                        return Ok(());
                    }
                    if self.held.starts_with(b"\r\n") {
                        self.held.advance(2);
                    }
                }
                let end = head::end_of_head(&self.held, *looked_at)?;
                *looked_at = self.held.len();
                if end.unwrap_or(self.held.len()) > HEAD_BYTES_MAX {
                    return Err(WireFault::HeadTooLong);
                }
                if let Some(end) = end {
                    let framing = head::framing(&self.held[..end])?;
                    self.cleared = end;
                    self.place = match framing {
                        Framing::Length(left) => Place::Body { left },
                        Framing::Chunked => Place::Chunked(Chunks::START),
                    };
                }
            }
            Place::Body { left } => {
                let here = usize::try_from(*left).map_or(self.held.len(), |left| left.min(self.held.len()));
                self.cleared = here;
                *left -= u64::try_from(here).unwrap_or(*left);
            }
            Place::Chunked(chunks) => self.cleared = chunks.pass(&self.held)?,
            Place::Refused => {}
        }
        if matches!(self.place, Place::Body { left: 0 } | Place::Chunked(Chunks::Done)) {
            self.place = NEXT_HEAD;
        }
        Ok(())
    }

    /// Hands on what is cleared.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.cleared.min(buffer.remaining());
        buffer.put_slice(&self.held[..length]);
        self.held.advance(length);
        self.cleared -= length;
    }

    /// Gives up on what comes. Where a head was to come the service is asked for `/` instead, so that it
    /// answers; it looks at the fault first.
    fn refuse(&mut self, fault: WireFault) -> io::Result<()> {
        self.line.report(fault);
        let before_head = matches!(self.place, Place::Head { .. });
        self.place = Place::Refused;
        self.held.clear();
        self.cleared = 0;
        if !before_head {
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
        }
        self.held.extend_from_slice(STAND_IN);
        self.cleared = STAND_IN.len();
        Ok(())
    }

    /// Whether the peer has been waited for too long.
    fn is_late(timer: &mut Option<Pin<Box<Sleep>>>, wait: Duration, context: &mut Context<'_>) -> bool {
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(wait)));
        timer.as_mut().poll(context).is_ready()
    }

    fn written<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
        } else if !self.line.is_tunnel() && Self::is_late(&mut self.writing, self.waits.answer, context) {
            self.line.report(WireFault::AnswerTooSlow);
            let late = io::Error::new(io::ErrorKind::TimedOut, WireFault::AnswerTooSlow);
            return Poll::Ready(Err(late));
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if this.line.is_tunnel() {
                this.cleared = this.held.len();
            }
            if this.cleared > 0 {
                this.hand_on(buffer);
                return Poll::Ready(Ok(()));
            }
            if this.line.is_tunnel() {
                return Pin::new(&mut this.stream).poll_read(context, buffer);
            }
            if matches!(this.place, Place::Refused) {
                // no end either: that would tell the HTTP library that nobody waits for an answer
                return Poll::Pending;
            }
            if let Err(fault) = this.clear() {
                this.refuse(fault)?;
            }
            if this.cleared > 0 {
                continue;
            }
            let mut chunk = [0; READ_BYTES];
            let mut chunk = ReadBuf::new(&mut chunk);
            match Pin::new(&mut this.stream).poll_read(context, &mut chunk) {
                Poll::Ready(read) => read?,
                Poll::Pending => {
                    let in_body = !matches!(this.place, Place::Head { .. });
                    if in_body && Self::is_late(&mut this.reading, this.waits.body, context) {
                        this.refuse(WireFault::BodyTooSlow)?;
                    }
                    return Poll::Pending;
                }
            }
            this.reading = None;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.held.extend_from_slice(chunk.filled());
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.written(flushed, context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.line.is_tunnel() {
            return Pin::new(&mut this.stream).poll_shutdown(context);
        }
        ready!(this.linger.poll(&mut this.stream, context));
        Poll::Ready(Ok(()))
    }
}

/// What the service is asked in place of a head that was refused.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;
