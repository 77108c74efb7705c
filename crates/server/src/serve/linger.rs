//! Reading on after the answer is known.
//!
//! A socket that is closed with unread bytes is reset, and the reset destroys the answer on its way: a
//! client that sends eight megabytes would see a broken connection and not the 413 that explains it.
//! So what a handler left of a body is read and thrown away, up to a limit in size and time.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// Bytes thrown away for one request; whoever sends more is cut off.
const DISCARDED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long to wait for more of it.
const DISCARD_IDLE_MAX: Duration = Duration::from_millis(250);
/// How long all of that may take.
const DISCARD_WAIT_MAX: Duration = Duration::from_secs(10);

/// A request's body, and after the handler what it left of it.
#[derive(Clone)]
pub(super) struct Lingering(Arc<Mutex<Incoming>>);

impl Lingering {
    pub(super) fn new(body: Incoming) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    /// Throws away what is left.
    pub(super) async fn discard(mut self) {
        let discarding = async {
            let mut discarded = 0;
            // a client that sends nothing for a while is waiting for the answer
            while let Ok(Some(Ok(frame))) = tokio::time::timeout(DISCARD_IDLE_MAX, self.frame()).await {
                discarded += frame.data_ref().map_or(0, Bytes::len);
                if discarded > DISCARDED_BYTES_MAX {
                    break;
                }
            }
        };
        // out of time: the connection is closed with what it has
        let _ = tokio::time::timeout(DISCARD_WAIT_MAX, discarding).await;
    }

    /// Whether the handler read to the end, as it does for every good request.
    pub(super) fn is_read(&self) -> bool {
        self.is_end_stream()
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
