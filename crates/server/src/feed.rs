//! `GET {prefix}/revocations`: the feed of what ended before its time, for resources that verify tokens
//! offline (D8).
//!
//! A reader shows a token of its own. It gets a stream of server-sent events, or a page at a time after
//! a wait. Either way it says after which event it goes on, and whoever is told of an event is told of
//! every earlier one that is kept.

mod hub;
mod page;
mod readers;
mod stream;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::ACCEPT;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Request};
use tokio::sync::watch;

use entryway_oauth::denial::Denial;
use entryway_oauth::revocation::{Challenge, FeedRequest, STREAM_TYPE};

use crate::app::App;
use crate::failure::Failure;
use crate::serve::{Closing, Peer};
pub(crate) use hub::Hub;
use hub::Known;
use readers::Place;
pub(crate) use readers::Readers;

pub(crate) async fn get(State(app): State<App>, request: Request<Body>) -> Response {
    let (parts, _) = request.into_parts();
    read(&app, &parts).await.unwrap_or_else(Failure::into_json)
}

async fn read(app: &App, parts: &Parts) -> Result<Response, Failure> {
    let (readers, hub) = (app.feed_readers(), app.feed());
    let reader = readers.authorise(&parts.headers, Peer::address(&parts.extensions))?;
    let asked = FeedRequest::parse(parts.uri.query().unwrap_or_default())?;
    let resumed = last_event_id(&parts.headers)?;
    let place = readers.take_place(reader)?;
    // before the position is read, so that nothing comes between the two unnoticed
    let news = hub.subscribe();
    let known = hub.look().await?;
    let question = Question {
        hub: hub.clone(),
        place,
        closing: parts.extensions.get::<Closing>().cloned(),
        cursor: cursor(resumed.or(asked.after), known)?,
        challenge: asked.challenge,
        known,
        news,
    };
    if accepts_stream(&parts.headers) {
        Ok(stream::answer(question))
    } else {
        page::answer(question, asked.wait).await
    }
}

/// What a reader that may read wants to know.
struct Question {
    hub: Hub,
    place: Place,
    closing: Option<Closing>,
    /// The number of the last event it has.
    cursor: u64,
    /// Repeated in every head.
    challenge: Option<Challenge>,
    /// How far the feed had come when it asked.
    known: Known,
    /// Changes when it has come further.
    news: watch::Receiver<Known>,
}

/// The event to go on after: the one before the oldest, unless the reader has one.
fn cursor(after: Option<u64>, known: Known) -> Result<u64, Denial> {
    let first = known.oldest.saturating_sub(1);
    match after {
        None => Ok(first),
        Some(after) if after < first => Err(Denial::CursorGone),
        Some(after) if after > known.head => Err(Denial::CursorAhead),
        Some(after) => Ok(after),
    }
}

/// What a client of server-sent events adds when it connects again, and then is later than its query.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Denial> {
    let mut values = headers.get_all(LAST_EVENT_ID).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let malformed = Denial::ParameterInvalid {
        name: "last-event-id",
        expected: "must be the number of an event",
    };
    let number = value.to_str().ok().filter(|_| values.next().is_none());
    let request = number.and_then(|number| FeedRequest::parse(&format!("after={number}")).ok());
    match request {
        Some(FeedRequest {
            after: Some(after),
            wait: 0,
            challenge: None,
        }) => Ok(Some(after)),
        _ => Err(malformed),
    }
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Whether a stream is named among what the reader accepts; weights are not compared.
fn accepts_stream(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|essence| essence.trim().eq_ignore_ascii_case(STREAM_TYPE))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tokio::time::Instant;

    use entryway_oauth::time::Timestamp;

    use super::*;

    fn known(head: u64, oldest: u64) -> Known {
        Known {
            head,
            oldest,
            at: Timestamp::from_seconds(0),
            looked: Instant::now(),
        }
    }

    #[test]
    fn a_reader_goes_on_from_the_oldest_kept_to_the_newest() {
        let (gone, ahead) = (Err(Denial::CursorGone), Err(Denial::CursorAhead));
        for (after, head, oldest, expected) in [
            (None, 0, 1, Ok(0)),
            (Some(0), 0, 1, Ok(0)),
            (Some(1), 0, 1, ahead.clone()),
            (None, 9, 4, Ok(3)),
            (Some(2), 9, 4, gone.clone()),
            (Some(3), 9, 4, Ok(3)),
            (Some(9), 9, 4, Ok(9)),
            (Some(10), 9, 4, ahead),
            // nothing is kept
            (None, 9, 10, Ok(9)),
            (Some(8), 9, 10, gone),
            (Some(9), 9, 10, Ok(9)),
        ] {
            assert_eq!(
                cursor(after, known(head, oldest)),
                expected,
                "{after:?} {head} {oldest}"
            );
        }
    }

    #[test]
    fn a_stream_is_given_to_who_names_it() {
        for (accept, expected) in [
            (None, false),
            (Some("application/json"), false),
            (Some("*/*"), false),
            (Some("text/event-stream"), true),
            (Some("Text/Event-Stream; charset=utf-8"), true),
            (Some("application/json;q=0.5, text/event-stream"), true),
            (Some("text/event-streams"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(accepts_stream(&headers), expected, "{accept:?}");
        }
    }

    #[test]
    fn the_id_of_the_last_message_is_a_number_and_nothing_else() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(LAST_EVENT_ID, HeaderValue::from_static(value));
            }
            last_event_id(&headers).map_err(|_| ())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["7"]), Ok(Some(7)));
        for bad in [
            "",
            "-1",
            "+1",
            "x",
            "1&wait=3",
            "1&challenge=x",
            "99999999999999999999",
        ] {
            assert_eq!(read(&[bad]), Err(()), "{bad}");
        }
        assert_eq!(read(&["7", "7"]), Err(()));
    }
}
