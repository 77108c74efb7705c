//! The body of a call on its way to a PDS: bounded in size, and in how long the next piece of it may take.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// What a client sends, piece by piece.
pub(super) struct Upload {
    body: Body,
    left: u64,
    wait: Duration,
    /// Runs while a piece is waited for, so that a slow PDS costs its client nothing.
    waiting: Option<Pin<Box<Sleep>>>,
    end: Ending,
}

/// How a body ended that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UploadEnd {
    #[error("the body is longer than is passed on")]
    TooLarge,
    #[error("the body did not go on in time")]
    TooSlow,
    #[error("the body ended early")]
    Interrupted,
}

/// To be asked once the call has failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending(Arc<OnceLock<UploadEnd>>);

impl Ending {
    pub(super) fn get(&self) -> Option<UploadEnd> {
        self.0.get().copied()
    }
}

impl Upload {
    pub(super) fn new(body: Body, bytes_max: u64, wait: Duration) -> (Self, Ending) {
        let end = Ending::default();
        let upload = Self {
            body,
            left: bytes_max,
            wait,
            waiting: None,
            end: end.clone(),
        };
        (upload, end)
    }

    /// Whether it says of itself that it is longer than is passed on.
    pub(super) fn is_too_large(&self) -> bool {
        self.body.size_hint().lower() > self.left
    }

    fn fail(&self, end: UploadEnd) -> BoxError {
        end.into_error(&self.end)
    }
}

impl UploadEnd {
    fn into_error(self, end: &Ending) -> BoxError {
        // the first fault is the one that counts
        let _ = end.0.set(self);
        self.into()
    }
}

impl hyper::body::Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            let wait = this.wait;
            let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(wait)));
            return waiting
                .as_mut()
                .poll(context)
                .map(|()| Some(Err(this.fail(UploadEnd::TooSlow))));
        };
        this.waiting = None;
        Poll::Ready(match frame {
            None => None,
            Some(Err(_)) => Some(Err(this.fail(UploadEnd::Interrupted))),
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                let left = u64::try_from(length)
                    .ok()
                    .and_then(|length| this.left.checked_sub(length));
                match left {
                    Some(left) => {
                        this.left = left;
                        Some(Ok(frame))
                    }
                    None => Some(Err(this.fail(UploadEnd::TooLarge))),
                }
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    const WAIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_body_passes_up_to_its_limit_and_no_further() {
        for (length, fine) in [(9, true), (10, true), (11, false)] {
            let (upload, end) = Upload::new(Body::from(vec![0; length]), 10, WAIT);
            assert_eq!(upload.is_too_large(), !fine, "{length}");
            assert_eq!(upload.collect().await.is_ok(), fine, "{length}");
            assert_eq!(end.get(), (!fine).then_some(UploadEnd::TooLarge), "{length}");
        }
    }

    /// A client that holds its body back.
    struct Withheld;

    impl hyper::body::Body for Withheld {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_go_on_is_not_waited_for() {
        let (upload, end) = Upload::new(Body::new(Withheld), 10, Duration::from_millis(1));
        assert!(upload.collect().await.is_err());
        assert_eq!(end.get(), Some(UploadEnd::TooSlow));
    }
}
