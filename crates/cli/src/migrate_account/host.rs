//! One host, asked one thing at a time over XRPC. Sent once, never after a redirect, and no more of an answer is read
//! than it should be long.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use entryway_oauth::issuer::Issuer;
use entryway_resource::client::{AnswerBody, ClientFault, HttpClient};
use entryway_scope::Did;

use super::fault::{CallFault, chain, plain, shown};
use super::session::Token;

/// A host at its URL.
pub(super) struct Host<'a> {
    http: &'a HttpClient,
    url: Issuer,
}

/// One call before it is sent.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    query: String,
    bearer: Option<&'a Token>,
}

impl<'a> Call<'a> {
    /// Of a method, by nobody.
    pub(super) const fn to(method: &'a str) -> Self {
        Self {
            method,
            query: String::new(),
            bearer: None,
        }
    }

    /// With parameters.
    pub(super) fn asking<'p>(mut self, parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        let mut query = Serializer::new(String::from("?"));
        query.extend_pairs(parameters);
        self.query = query.finish();
        self
    }

    /// By whoever has this token.
    pub(super) const fn by(mut self, bearer: &'a Token) -> Self {
        self.bearer = Some(bearer);
        self
    }
}

impl<'a> Host<'a> {
    /// The host at this URL; it is not asked anything yet.
    pub(super) const fn new(http: &'a HttpClient, url: Issuer) -> Self {
        Self { http, url }
    }

    /// Where it is.
    pub(super) const fn url(&self) -> &Issuer {
        &self.url
    }

    /// What sends to it.
    pub(super) const fn http(&self) -> &HttpClient {
        self.http
    }

    /// Its own DID.
    ///
    /// # Errors
    /// A [`CallFault`].
    pub(super) async fn did(&self) -> Result<Did, CallFault> {
        let call = Call::to("com.atproto.server.describeServer");
        let described = self.query(&call).await?;
        let did = described.get("did").and_then(Value::as_str);
        did.and_then(|did| Did::parse(did).ok())
            .ok_or_else(|| CallFault::Here(format!("{} does not say which DID it has", self.url)))
    }

    /// Asks.
    ///
    /// # Errors
    /// A [`CallFault`].
    pub(super) async fn query(&self, call: &Call<'_>) -> Result<Value, CallFault> {
        let request = self
            .request(Method::GET, call, None)
            .body(Full::<Bytes>::default());
        self.json(call, request, &[]).await
    }

    /// Has something done. `secrets` are what the input has of them.
    ///
    /// # Errors
    /// A [`CallFault`].
    pub(super) async fn have_done(
        &self,
        call: &Call<'_>,
        input: Option<&Value>,
        secrets: &[&str],
    ) -> Result<Value, CallFault> {
        let kind = input.map(|_| JSON);
        let body = input.map(Value::to_string).unwrap_or_default();
        let request = self.request(Method::POST, call, kind).body(Full::from(body));
        self.json(call, request, secrets).await
    }

    /// The head of a request.
    pub(super) fn request(
        &self,
        method: Method,
        call: &Call<'_>,
        kind: Option<&str>,
    ) -> http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(self.url.url(&format!("/xrpc/{}{}", call.method, call.query)))
            .header(ACCEPT, "*/*")
            .header(USER_AGENT, "entryway migrate-account");
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        if let Some(bearer) = call.bearer {
            let value = HeaderValue::try_from(format!("Bearer {}", bearer.expose()));
            request = match value {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    request.header(AUTHORIZATION, value)
                }
                // no token: the host will say that there is none
                Err(_) => request,
            };
        }
        request
    }

    async fn json(
        &self,
        call: &Call<'_>,
        request: Result<Request<Full<Bytes>>, http::Error>,
        secrets: &[&str],
    ) -> Result<Value, CallFault> {
        let request = request.map_err(|_| CallFault::Here(format!("{} cannot be asked that", self.url)))?;
        let answered = async {
            let answer = self
                .http
                .send(request)
                .await
                .map_err(|fault| self.silent(call, &fault))?;
            self.understood(call, answer, secrets).await
        };
        match tokio::time::timeout(ANSWER_WAIT, answered).await {
            Ok(answered) => answered,
            Err(_) => Err(self.silent(call, &ClientFault::AnswerTimedOut)),
        }
    }

    /// The result in an answer.
    ///
    /// # Errors
    /// A [`CallFault`].
    pub(super) async fn understood(
        &self,
        call: &Call<'_>,
        answer: Response<AnswerBody>,
        secrets: &[&str],
    ) -> Result<Value, CallFault> {
        let status = answer.status();
        self.stays(call, &answer)?;
        let kind = kind_of(&answer);
        let body = answer.into_body().read_whole(ANSWER_BYTES_MAX).await;
        let body = body.map_err(|fault| self.silent(call, &fault))?;
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        if status == StatusCode::OK {
            // a method without a result answers with nothing at all
            let nothing = body.is_empty().then_some(Value::Null);
            return said.or(nothing).ok_or_else(|| self.no_xrpc(call, status, &kind));
        }
        Err(self
            .refused(call, status, said.as_ref(), secrets)
            .unwrap_or_else(|| self.no_xrpc(call, status, &kind)))
    }

    /// Whether it answers itself.
    ///
    /// # Errors
    /// [`CallFault::Redirected`].
    pub(super) fn stays(&self, call: &Call<'_>, answer: &Response<AnswerBody>) -> Result<(), CallFault> {
        if !answer.status().is_redirection() {
            return Ok(());
        }
        let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        // its path and query may have what the request had
        let to = to.and_then(|to| self.url.url("/").parse::<url::Url>().ok()?.join(to).ok());
        let to = to.map_or_else(
            || "nowhere".to_owned(),
            |to| plain(&to.origin().ascii_serialization()),
        );
        Err(CallFault::Redirected {
            method: call.method.to_owned(),
            host: self.url.to_string(),
            to,
        })
    }

    fn refused(
        &self,
        call: &Call<'_>,
        status: StatusCode,
        said: Option<&Value>,
        secrets: &[&str],
    ) -> Option<CallFault> {
        let said = said?;
        let error = said.get("error")?.as_str()?;
        let message = said
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("without a word more");
        let bearer = call.bearer.map(Token::expose);
        let secrets: Vec<&str> = secrets.iter().copied().chain(bearer).collect();
        Some(CallFault::Refused {
            method: call.method.to_owned(),
            host: self.url.to_string(),
            status: status.as_u16(),
            error: shown(error, &secrets),
            message: shown(message, &secrets),
        })
    }

    fn no_xrpc(&self, call: &Call<'_>, status: StatusCode, kind: &str) -> CallFault {
        CallFault::NotXrpc {
            method: call.method.to_owned(),
            host: self.url.to_string(),
            status: status.as_u16(),
            kind: plain(kind),
        }
    }

    /// Nothing came, or not enough.
    pub(super) fn silent(&self, call: &Call<'_>, fault: &ClientFault) -> CallFault {
        CallFault::NoAnswer {
            method: call.method.to_owned(),
            host: self.url.to_string(),
            why: chain(fault),
        }
    }
}

/// What an answer says it is.
pub(super) fn kind_of(answer: &Response<AnswerBody>) -> String {
    let kind = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.unwrap_or("no content type").to_owned()
}

const JSON: &str = "application/json";
/// How long a whole answer may take where no repository moves.
const ANSWER_WAIT: Duration = Duration::from_mins(1);
/// Bytes of an answer in JSON: the preferences of somebody who mutes many words are the longest.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
