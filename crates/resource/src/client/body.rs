//! Bodies on their way: what we send tells that it moves, what we receive has to move.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::time::Sleep;

use super::ClientFault;

pin_project! {
    /// A body that tells each time a piece of it was taken.
    pub(super) struct Watched<B> {
        #[pin]
        inner: B,
        sent: Arc<Notify>,
    }
}

impl<B> Watched<B> {
    pub(super) fn new(inner: B, sent: Arc<Notify>) -> Self {
        Self { inner, sent }
    }
}

impl<B: Body> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(context));
        this.sent.notify_one();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of an answer, piece by piece as it comes; a wait for the next piece ends in
/// [`ClientFault::AnswerStalled`].
#[derive(Debug)]
pub struct AnswerBody {
    inner: Incoming,
    idle_wait: Duration,
    /// Runs while a piece is waited for, so that a slow reader costs its sender nothing.
    idle: Option<Pin<Box<Sleep>>>,
}

impl AnswerBody {
    pub(super) fn new(inner: Incoming, idle_wait: Duration) -> Self {
        Self {
            inner,
            idle_wait,
            idle: None,
        }
    }

    /// The whole body, where it is no longer than this.
    ///
    /// # Errors
    /// [`ClientFault::AnswerTooLong`], and those of the body.
    pub async fn read_whole(mut self, bytes_max: usize) -> Result<Bytes, ClientFault> {
        let mut whole = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if data.len() > bytes_max - whole.len() {
                return Err(ClientFault::AnswerTooLong { bytes_max });
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ClientFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ClientFault>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) {
            this.idle = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(ClientFault::of_body)));
        }
        let idle_wait = this.idle_wait;
        let idle = this
            .idle
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(idle_wait)));
        ready!(idle.as_mut().poll(context));
        Poll::Ready(Some(Err(ClientFault::AnswerStalled)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
