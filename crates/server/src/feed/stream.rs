//! The feed as a stream of server-sent events (HTML standard, section 9.2).

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use hyper::body::Frame;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use entryway_oauth::revocation::{Challenge, EVENT_HEAD, EVENT_REVOCATION, HEAD_EVERY, STREAM_TYPE};

use super::Question;
use super::hub::{Hub, Known};
use crate::failure::Fault;
use crate::serve::Closing;

/// How long a message may wait for a reader that does not read. It then comes again, by its cursor.
const READ_WAIT_MAX: Duration = Duration::from_secs(5);
/// Messages on their way to one reader, besides what its connection has taken.
const MESSAGES_MAX: usize = 16;

/// Answers with a head, every event after the cursor, and then what happens, until the reader leaves, does
/// not keep up, or the service stops.
pub(super) fn answer(question: Question) -> Response {
    let (messages, receiver) = mpsc::channel(MESSAGES_MAX);
    tokio::spawn(write(question, messages));
    let headers = [
        (CONTENT_TYPE, STREAM_TYPE),
        // a proxy that gathers an answer before it passes it on would hold the stream for ever
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::new(Messages(receiver))).into_response()
}

/// Why a stream is over.
#[derive(Debug)]
enum End {
    /// The reader went away.
    Left,
    /// It did not read.
    Slow,
    /// A newer connection of the same reader has its place.
    Replaced,
    /// The service stops.
    Closing,
    /// What comes next is not kept any more, or never was in this database.
    CursorGone,
    /// We failed it.
    Fault(Fault),
}

async fn write(question: Question, messages: mpsc::Sender<Bytes>) {
    let Question {
        hub,
        mut place,
        closing,
        cursor,
        challenge,
        known,
        news,
    } = question;
    tracing::debug!(
        feed.reader = place.reader,
        feed.after = cursor,
        feed.head = known.head,
        "stream begun"
    );
    let mut stream = Stream {
        hub,
        messages,
        cursor,
        challenge,
        news,
    };
    let end = tokio::select! {
        Err(end) = stream.run(known) => end,
        () = place.taken() => End::Replaced,
        () = Closing::begun(closing) => End::Closing,
    };
    let (reader, at) = (&place.reader, stream.cursor);
    match end {
        End::Left | End::Closing => {
            tracing::debug!(feed.reader = reader, feed.after = at, ?end, "stream ended");
        }
        End::Slow | End::Replaced | End::CursorGone => {
            tracing::warn!(feed.reader = reader, feed.after = at, ?end, "stream ended");
        }
        End::Fault(fault) => {
            tracing::error!(feed.reader = reader, fault = format!("{fault:#}"), "stream ended");
        }
    }
}

/// One reader's.
struct Stream {
    hub: Hub,
    messages: mpsc::Sender<Bytes>,
    cursor: u64,
    challenge: Option<Challenge>,
    news: watch::Receiver<Known>,
}

impl Stream {
    async fn run(&mut self, known: Known) -> Result<Infallible, End> {
        let mut heads = interval_at(known.looked + HEAD_EVERY, HEAD_EVERY);
        heads.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.say_head(known).await?;
        let mut head = known.head;
        loop {
            self.say_events(head).await?;
            let cursor = self.cursor;
            tokio::select! {
                moved = self.news.wait_for(|known| known.head != cursor) => {
                    // cannot fail: the hub is here
                    head = moved.map_or(cursor, |known| known.head);
                    continue;
                }
                _ = heads.tick() => {}
                () = self.messages.closed() => return Err(End::Left),
            }
            let known = self.hub.recent().await.map_err(End::Fault)?;
            head = known.head;
            // a head comes after what it tells of, so that it is never behind
            self.say_events(head).await?;
            self.say_head(known).await?;
        }
    }

    async fn say_head(&self, known: Known) -> Result<(), End> {
        let jws = self.hub.head(known, self.challenge).map_err(End::Fault)?;
        // without an id: who connects again goes on after the last event, not after the last head
        let message = format!("event: {EVENT_HEAD}\ndata: {jws}\n\n");
        say(message, &self.messages).await
    }

    async fn say_events(&mut self, head: u64) -> Result<(), End> {
        if head < self.cursor {
            return Err(End::CursorGone);
        }
        while self.cursor < head {
            let events = self.hub.after(self.cursor, head).await.map_err(End::Fault)?;
            if events.is_empty() {
                return Err(End::CursorGone);
            }
            for event in events {
                let (seq, jws) = (event.seq, event.jws);
                let message = format!("id: {seq}\nevent: {EVENT_REVOCATION}\ndata: {jws}\n\n");
                say(message, &self.messages).await?;
                self.cursor = seq;
            }
        }
        Ok(())
    }
}

async fn say(message: String, messages: &mpsc::Sender<Bytes>) -> Result<(), End> {
    match timeout(READ_WAIT_MAX, messages.send(message.into())).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Left),
        Err(_) => Err(End::Slow),
    }
}

/// The body: what is said, as it is said.
struct Messages(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Messages {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(context)
            .map(|message| message.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // a reader that stops to read holds neither its place nor any memory for long
    #[tokio::test]
    async fn a_reader_that_does_not_read_is_left_and_one_that_went_away_at_once() {
        let (messages, receiver) = mpsc::channel(1);
        say("1".to_owned(), &messages).await.unwrap();
        let slow = say("2".to_owned(), &messages).await;
        assert!(matches!(slow, Err(End::Slow)));
        drop(receiver);
        let left = say("3".to_owned(), &messages).await;
        assert!(matches!(left, Err(End::Left)));
    }
}
