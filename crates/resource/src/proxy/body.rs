//! The body of a request on its way up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::fault::{BodyEnd, BodyFault, GateFault};
use super::wire::Line;

/// What a client sends, piece by piece, up to a limit.
pub(super) struct Inbound {
    incoming: Incoming,
    line: Arc<Line>,
    /// The first piece, once it was waited for.
    first: Option<Bytes>,
    left: u64,
}

impl Inbound {
    pub(super) fn new(incoming: Incoming, line: Arc<Line>, bytes_max: u64) -> Self {
        Self {
            incoming,
            line,
            first: None,
            left: bytes_max,
        }
    }

    /// Waits for the first piece, so that nothing goes upstream for a body that is wrong from its start.
    ///
    /// # Errors
    /// What is wrong with the body.
    pub(super) async fn begun(mut self) -> Result<Self, GateFault> {
        if self.size_hint().lower() > self.left {
            return Err(GateFault::BodyTooLarge);
        }
        while self.first.is_none() && !self.is_end_stream() {
            match self.frame().await {
                Some(Ok(frame)) => self.first = frame.into_data().ok().filter(|data| !data.is_empty()),
                Some(Err(BodyFault(end))) => return Err(end.into()),
                None => break,
            }
        }
        // counted when it was read, and counted again when it is passed on
        let length = self.first.as_ref().map_or(0, Bytes::len);
        self.left = self
            .left
            .saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        Ok(self)
    }

    /// The whole of it.
    ///
    /// # Errors
    /// [`GateFault::BodyTooLarge`] over so many bytes; what is wrong with the body.
    pub(super) async fn whole(mut self, bytes_max: usize) -> Result<Bytes, GateFault> {
        let bytes_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        self.left = self.left.min(bytes_max);
        if self.size_hint().lower() > self.left {
            return Err(GateFault::BodyTooLarge);
        }
        let mut whole = BytesMut::new();
        while let Some(frame) = self.frame().await {
            let frame = frame.map_err(|BodyFault(end)| GateFault::from(end))?;
            if let Ok(data) = frame.into_data() {
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole.freeze())
    }

    fn count(&mut self, frame: &Frame<Bytes>) -> Result<(), BodyFault> {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or(BodyFault(BodyEnd::TooLarge))?;
        Ok(())
    }
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let this = &mut *self;
        let frame = match this.first.take() {
            Some(first) => Some(Ok(Frame::data(first))),
            None => std::task::ready!(Pin::new(&mut this.incoming).poll_frame(context)),
        };
        Poll::Ready(match frame {
            Some(Ok(frame)) => Some(this.count(&frame).map(|()| frame)),
            Some(Err(_)) => {
                let end = this.line.fault().map_or(BodyEnd::Interrupted, BodyEnd::Wire);
                Some(Err(BodyFault(end)))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().map_or(0, Bytes::len);
        let first = u64::try_from(first).unwrap_or(u64::MAX);
        let rest = self.incoming.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(first));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint
    }
}
