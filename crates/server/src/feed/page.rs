//! The feed for a reader that asks again and again: a page of events, or after a wait just a head.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};

use entryway_oauth::denial::Denial;
use entryway_oauth::revocation::FeedPage;

use super::Question;
use crate::failure::Failure;
use crate::serve::Closing;

/// Answers at once if there is something after the reader's cursor, else when there is, or when it has
/// waited for so many seconds in vain, or has to leave.
pub(super) async fn answer(mut question: Question, wait_seconds: u8) -> Result<Response, Failure> {
    let (cursor, mut known) = (question.cursor, question.known);
    if known.head == cursor && wait_seconds > 0 {
        tracing::debug!(
            feed.reader = question.place.reader,
            feed.after = cursor,
            "page awaited"
        );
        let wait = Duration::from_secs(wait_seconds.into());
        tokio::select! {
            // cannot fail: the hub is here
            _ = question.news.wait_for(|known| known.head != cursor) => {}
            () = tokio::time::sleep(wait) => {}
            () = question.place.taken() => {}
            () = Closing::begun(question.closing) => {}
        }
        known = question.hub.recent().await?;
    }
    if known.head < cursor {
        return Err(Denial::CursorAhead.into());
    }
    let events = question.hub.after(cursor, known.head).await?;
    if events.is_empty() && known.head > cursor {
        return Err(Denial::CursorGone.into());
    }
    let mut statements: Vec<String> = events.into_iter().map(|event| event.jws.to_string()).collect();
    statements.push(question.hub.head(known, question.challenge)?);
    tracing::debug!(
        feed.reader = question.place.reader,
        feed.after = cursor,
        feed.head = known.head,
        "page read"
    );
    Ok(Json(FeedPage { statements }).into_response())
}
