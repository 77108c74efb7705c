//! Questions to a PDS, and whatever it answers.

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderValue, Method, Request};
use serde_json::Value;

use entryway_oauth::issuer::Issuer;
use entryway_resource::client::HttpClient;

/// Asks one PDS.
pub(super) struct Asker {
    client: HttpClient,
    url: Issuer,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// `Date`, as it was written.
    pub(super) date: Option<String>,
    /// Nothing where it is no JSON.
    pub(super) body: Value,
}

/// How long an answer may take: a PDS that passes a call on waits for somebody else.
const WAIT: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

impl Asker {
    pub(super) const fn new(client: HttpClient, url: Issuer) -> Self {
        Self { client, url }
    }

    pub(super) const fn url(&self) -> &Issuer {
        &self.url
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn get(&self, path: &str, authorization: Option<HeaderValue>) -> Result<Answer, String> {
        self.ask(Method::GET, path, authorization, None).await
    }

    /// Sends to a path.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn post(
        &self,
        path: &str,
        authorization: Option<HeaderValue>,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        self.ask(Method::POST, path, authorization, body).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        authorization: Option<HeaderValue>,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.url.url(path))
            .header(ACCEPT, "application/json");
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(text).map_err(|error| error.to_string())?;
        let answered = async {
            let answer = self.client.send(request).await?;
            let status = answer.status().as_u16();
            let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
            let date = date.map(str::to_owned);
            let body = answer.into_body().read_whole(ANSWER_BYTES_MAX).await?;
            Ok(Answer {
                status,
                date,
                body: serde_json::from_slice(&body).unwrap_or_default(),
            })
        };
        match tokio::time::timeout(WAIT, answered).await {
            Ok(answered) => answered.map_err(|fault: entryway_resource::client::ClientFault| {
                let cause = std::error::Error::source(&fault).map(|cause| format!(", {cause}"));
                format!("{fault}{}", cause.unwrap_or_default())
            }),
            Err(_) => Err("no answer came in time".to_owned()),
        }
    }
}

impl Answer {
    /// The `error` of a refusal.
    pub(super) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// Whether it refuses the credential itself, and not what was asked with it.
    pub(super) fn refuses_the_token(&self) -> bool {
        const ERRORS: [&str; 7] = [
            "InvalidToken",
            "ExpiredToken",
            "MissingTokenId",
            "AuthMissing",
            "AuthenticationRequired",
            "BadJwt",
            "BadJwtSignature",
        ];
        self.status == 401 || ERRORS.contains(&self.error())
    }
}
