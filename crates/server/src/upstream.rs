//! One call to a host that the operator named: a PDS, the PLC directory. Bounded in time and size, sent once.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use entryway_resource::client::{AnswerBody, BoxError, ClientFault, HttpClient};

/// How long a look may take: whoever only reads answers soon or not at all.
pub(crate) const LOOK_WAIT: Duration = Duration::from_secs(10);
/// How long something may take that the other end does: a PDS makes a repository, and waits for the directory.
pub(crate) const WORK_WAIT: Duration = Duration::from_secs(30);
/// Bytes of an answer: a DID document with the collections of a repository is the longest there is.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// What came back, with any status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// The body as JSON of this shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Why there is no answer, or not all of it.
#[derive(Debug, Error)]
pub(crate) enum NoAnswer {
    /// Not in time; what it did, or will do, is unknown.
    #[error("no answer came in time")]
    InTime,
    /// It was not reached, or hung up, or says what is no HTTP.
    #[error(transparent)]
    AtAll(ClientFault),
    /// There is nothing to send; nothing was sent.
    #[error("the request could not be written")]
    Unwritten,
}

/// A request that only asks.
pub(crate) fn look(url: &str) -> Result<Request<Full<Bytes>>, NoAnswer> {
    request(Method::GET, url, Bytes::new(), None)
}

/// A request that has something done.
pub(crate) fn work(url: &str, input: &impl Serialize) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let body = serde_json::to_vec(input).map_err(|_| NoAnswer::Unwritten)?;
    let json = HeaderValue::from_static("application/json");
    request(Method::POST, url, body.into(), Some(json))
}

/// Sends it, and waits so long for the whole answer.
pub(crate) async fn ask<B>(http: &HttpClient, request: Request<B>, wait: Duration) -> Result<Answer, NoAnswer>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    in_time(wait, async { whole(http.send(request).await?).await }).await
}

/// Sends it, and waits so long for the head of its answer: a result, whose body is for the caller to read as it
/// comes, or the whole of anything else.
pub(crate) async fn open(
    http: &HttpClient,
    request: Request<Full<Bytes>>,
    wait: Duration,
) -> Result<Result<Response<AnswerBody>, Answer>, NoAnswer> {
    let opened = async {
        let answer = http.send(request).await?;
        if answer.status() == StatusCode::OK {
            return Ok(Ok(answer));
        }
        Ok(Err(whole(answer).await?))
    };
    in_time(wait, opened).await
}

async fn whole(answer: Response<AnswerBody>) -> Result<Answer, ClientFault> {
    let status = answer.status();
    let body = answer.into_body().read_whole(ANSWER_BYTES_MAX).await?;
    Ok(Answer { status, body })
}

async fn in_time<T>(
    wait: Duration,
    answered: impl Future<Output = Result<T, ClientFault>>,
) -> Result<T, NoAnswer> {
    match tokio::time::timeout(wait, answered).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(ClientFault::AnswerTimedOut | ClientFault::AnswerStalled)) | Err(_) => Err(NoAnswer::InTime),
        Ok(Err(fault)) => Err(NoAnswer::AtAll(fault)),
    }
}

fn request(
    method: Method,
    url: &str,
    body: Bytes,
    kind: Option<HeaderValue>,
) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "entryway");
    if let Some(kind) = kind {
        request = request.header(CONTENT_TYPE, kind);
    }
    request.body(Full::new(body)).map_err(|_| NoAnswer::Unwritten)
}

/// What somebody else says, for the log: its beginning, without what could forge a line of it.
pub(crate) fn quoted(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(QUOTED_CHARACTERS_MAX)
        .collect()
}

const QUOTED_CHARACTERS_MAX: usize = 200;

#[cfg(test)]
pub(crate) mod scene;
