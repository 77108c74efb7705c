//! The feed over HTTP.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use entryway_oauth::jws::JWS_BYTES_MAX;
use entryway_oauth::revocation::{
    FeedPage, FeedRequest, HEAD_EVERY, PAGE_STATEMENTS_MAX, PAGE_TYPE, STREAM_TYPE,
};
use entryway_oauth::secret::FeedToken;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};

use super::sse::Messages;
use super::{FeedFault, FeedSource, FeedStream};
use crate::client::{AnswerBody, ClientFault, HttpClient};

/// The endpoint of an authorization server's feed.
///
/// ```
/// use entryway_oauth::{issuer::Issuer, revocation, secret::FeedToken};
/// use entryway_resource::client::{ClientSettings, HttpClient};
/// use entryway_resource::feed::HttpFeed;
/// let issuer = Issuer::parse("https://entryway.example").unwrap();
/// let endpoint = issuer.url(&format!("/oauth{}", revocation::PATH));
/// let token = FeedToken::from_entropy([7; 32]); // given by the issuer's operator
/// let client = HttpClient::new(ClientSettings::default()).unwrap();
/// let feed = HttpFeed::new(client, endpoint, token);
/// assert_eq!(format!("{feed:?}"), r#"HttpFeed("https://entryway.example/oauth/revocations")"#);
/// ```
#[derive(Clone)]
pub struct HttpFeed {
    client: HttpClient,
    endpoint: String,
    token: FeedToken,
    quiet_max: Duration,
}

impl HttpFeed {
    /// Reads the feed at this URL, which has no query, with the token of one of its readers.
    pub const fn new(client: HttpClient, endpoint: String, token: FeedToken) -> Self {
        Self {
            client,
            endpoint,
            token,
            quiet_max: QUIET_MAX,
        }
    }

    async fn ask(
        &self,
        request: FeedRequest,
        media_type: &'static str,
    ) -> Result<Response<AnswerBody>, FeedFault> {
        let bearer = format!("Bearer {}", self.token.expose());
        let mut bearer =
            HeaderValue::try_from(bearer).map_err(|error| FeedFault::Unreachable(error.into()))?;
        bearer.set_sensitive(true);
        let question = Request::get(format!("{}?{}", self.endpoint, request.query()))
            .header(ACCEPT, media_type)
            .header(CACHE_CONTROL, "no-cache")
            .header(AUTHORIZATION, bearer)
            .body(Empty::<Bytes>::new())
            .map_err(|error| FeedFault::Unreachable(error.into()))?;
        let answer = self.client.send(question).await?;
        match answer.status() {
            StatusCode::OK if is_of_type(answer.headers(), media_type) => Ok(answer),
            StatusCode::OK => Err(FeedFault::Malformed { expected: media_type }),
            StatusCode::UNAUTHORIZED => Err(FeedFault::TokenRefused),
            // a cursor beyond the latest event is a bad request to some, and gone to others
            StatusCode::GONE | StatusCode::BAD_REQUEST if request.after.is_some() => {
                Err(FeedFault::CursorRefused)
            }
            status => Err(FeedFault::Refused {
                status: status.as_u16(),
            }),
        }
    }
}

impl FeedSource for HttpFeed {
    type Stream = HttpFeedStream;

    async fn open(&self, request: FeedRequest) -> Result<HttpFeedStream, FeedFault> {
        let answer = within(self.quiet_max, self.ask(request, STREAM_TYPE)).await?;
        Ok(HttpFeedStream {
            body: answer.into_body(),
            messages: Messages::default(),
            quiet_max: self.quiet_max,
        })
    }

    async fn page(&self, request: FeedRequest) -> Result<Vec<String>, FeedFault> {
        let wait = self.quiet_max + Duration::from_secs(request.wait.into());
        let body = within(wait, async {
            let answer = self.ask(request, PAGE_TYPE).await?;
            Ok(answer.into_body().read_whole(PAGE_BYTES_MAX).await?)
        });
        let page: FeedPage = serde_json::from_slice(&body.await?).map_err(|_| FeedFault::Malformed {
            expected: "a JSON object with a list of statements",
        })?;
        // and a head
        if page.statements.len() > PAGE_STATEMENTS_MAX + 1 {
            return Err(FeedFault::TooLong);
        }
        Ok(page.statements)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl fmt::Debug for HttpFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpFeed").field(&self.endpoint).finish()
    }
}

/// An open stream of [`HttpFeed`].
#[derive(Debug)]
pub struct HttpFeedStream {
    body: AnswerBody,
    messages: Messages,
    quiet_max: Duration,
}

impl FeedStream for HttpFeedStream {
    async fn next(&mut self) -> Result<String, FeedFault> {
        within(self.quiet_max, async {
            loop {
                if let Some(text) = self.messages.next()? {
                    return Ok(text);
                }
                let frame = self.body.frame().await.ok_or(FeedFault::Ended)??;
                if let Ok(bytes) = frame.into_data() {
                    self.messages.push(&bytes);
                }
            }
        })
        .await
    }
}

impl From<ClientFault> for FeedFault {
    fn from(fault: ClientFault) -> Self {
        match fault {
            ClientFault::AnswerTooLong { .. } => Self::TooLong,
            ClientFault::AnswerTimedOut | ClientFault::AnswerStalled => Self::Silent,
            other => Self::Unreachable(other.into()),
        }
    }
}

/// All that is waited for at once, however it trickles in.
async fn within<T>(
    wait: Duration,
    reading: impl Future<Output = Result<T, FeedFault>>,
) -> Result<T, FeedFault> {
    match tokio::time::timeout(wait, reading).await {
        Ok(read) => read,
        Err(_) => Err(FeedFault::Silent),
    }
}

fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let stated = headers.get(CONTENT_TYPE).and_then(|stated| stated.to_str().ok());
    let essence = stated.and_then(|stated| stated.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// How long no statement may come, or no answer begin: a stream has a head every [`HEAD_EVERY`].
const QUIET_MAX: Duration = HEAD_EVERY.saturating_mul(2);
const PAGE_BYTES_MAX: usize = (PAGE_STATEMENTS_MAX + 1) * JWS_BYTES_MAX;

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
