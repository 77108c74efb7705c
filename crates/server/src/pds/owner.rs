//! What an account may ask of its own PDS: its repository, files and preferences, to carry them to another.
//!
//! Repository and files are passed from one host to the other as they come, never kept here.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use serde::Deserialize;
use serde_json::{Value, json};

use entryway_oauth::session_token::SessionToken;
use entryway_resource::client::{AnswerBody, BoxError};
use entryway_scope::Did;

use super::{PdsClient, PdsFault, query_value, understood};
use crate::upstream::{self, Answer, LOOK_WAIT, NoAnswer, WORK_WAIT};

/// A PDS host with the session of one of its accounts. `Debug` shows nothing of that.
pub struct PdsOwner<'a> {
    pds: &'a PdsClient,
    did: Did,
    authorization: Option<HeaderValue>,
}

impl<'a> PdsOwner<'a> {
    pub(super) fn new(pds: &'a PdsClient, did: &Did, token: &SessionToken) -> Self {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.expose())).ok();
        if let Some(authorization) = &mut authorization {
            authorization.set_sensitive(true);
        }
        let did = did.clone();
        Self {
            pds,
            did,
            authorization,
        }
    }

    /// `com.atproto.sync.getRepo`: the whole repository as an archive, also of an account that rests.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn repository(&self) -> Result<AnswerBody, PdsFault> {
        let asked = format!("?did={}", query_value(self.did.as_str()));
        let opened = self.open("com.atproto.sync.getRepo", &asked).await?;
        Ok(opened.into_body())
    }

    /// `com.atproto.repo.importRepo`: the same archive again changes nothing.
    ///
    /// # Errors
    /// A [`PdsFault`]; after anything but a refusal it may have been imported.
    pub async fn import_repository<B>(&self, archive: B) -> Result<(), PdsFault>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let method = "com.atproto.repo.importRepo";
        let kind = HeaderValue::from_static("application/vnd.ipld.car");
        let answer = self.send(method, archive, kind).await?;
        if answer.status == StatusCode::OK {
            return Ok(());
        }
        Err(PdsFault::of_status(method, &answer))
    }

    /// `com.atproto.repo.listMissingBlobs`: some of the files that its records name and it does not have.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn missing_blobs(&self, after: Option<&str>) -> Result<MissingBlobs, PdsFault> {
        let method = "com.atproto.repo.listMissingBlobs";
        let mut asked = format!("?limit={MISSING_MAX}");
        if let Some(after) = after {
            asked.push_str("&cursor=");
            asked.push_str(&query_value(after));
        }
        let answer = self.ask(
            self.request(Method::GET, method, &asked, Bytes::new())?,
            method,
            LOOK_WAIT,
        );
        understood(method, &answer.await?)
    }

    /// `com.atproto.sync.getBlob`: a file, and what kind it is; none where it is lost.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn blob(&self, cid: &str) -> Result<Option<(HeaderValue, AnswerBody)>, PdsFault> {
        let asked = format!("?did={}&cid={}", query_value(self.did.as_str()), query_value(cid));
        let opened = match self.open("com.atproto.sync.getBlob", &asked).await {
            Err(PdsFault::Refused {
                status: 400 | 404, ..
            }) => return Ok(None),
            opened => opened?,
        };
        let kind = opened.headers().get(CONTENT_TYPE).cloned();
        let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        Ok(Some((kind, opened.into_body())))
    }

    /// `com.atproto.repo.uploadBlob`.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn upload_blob(&self, kind: HeaderValue, blob: AnswerBody) -> Result<(), PdsFault> {
        let method = "com.atproto.repo.uploadBlob";
        let answer = self.send(method, blob, kind).await?;
        if answer.status == StatusCode::OK {
            return Ok(());
        }
        Err(PdsFault::of_status(method, &answer))
    }

    /// `app.bsky.actor.getPreferences`; none where the PDS keeps none.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn preferences(&self) -> Result<Option<Value>, PdsFault> {
        #[derive(Deserialize)]
        struct Preferences {
            preferences: Value,
        }
        let method = "app.bsky.actor.getPreferences";
        let request = self.request(Method::GET, method, "", Bytes::new())?;
        let answer = self.ask(request, method, LOOK_WAIT).await?;
        if is_not_served(&answer) {
            return Ok(None);
        }
        understood::<Preferences>(method, &answer).map(|it| Some(it.preferences))
    }

    /// `app.bsky.actor.putPreferences`; nothing where the PDS keeps none.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn put_preferences(&self, preferences: &Value) -> Result<(), PdsFault> {
        let method = "app.bsky.actor.putPreferences";
        let input = json!({ "preferences": preferences }).to_string();
        let mut request = self.request(Method::POST, method, "", Bytes::from(input))?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let answer = self.ask(request, method, WORK_WAIT).await?;
        if answer.status == StatusCode::OK || is_not_served(&answer) {
            return Ok(());
        }
        Err(PdsFault::of_status(method, &answer))
    }

    async fn open(&self, method: &'static str, query: &str) -> Result<Response<AnswerBody>, PdsFault> {
        let request = self.request(Method::GET, method, query, Bytes::new())?;
        let opened = upstream::open(&self.pds.http, request, WORK_WAIT).await;
        opened
            .map_err(|fault| PdsFault::without_answer(method, fault))?
            .map_err(|answer| PdsFault::of_status(method, &answer))
    }

    async fn send<B>(&self, method: &'static str, body: B, kind: HeaderValue) -> Result<Answer, PdsFault>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let request = self.request(Method::POST, method, "", Bytes::new())?;
        let mut request = request.map(|_| body);
        request.headers_mut().insert(CONTENT_TYPE, kind);
        let answer = upstream::ask(&self.pds.http, request, CARRYING_WAIT).await;
        answer.map_err(|fault| PdsFault::without_answer(method, fault))
    }

    async fn ask(
        &self,
        request: Request<http_body_util::Full<Bytes>>,
        method: &'static str,
        wait: Duration,
    ) -> Result<Answer, PdsFault> {
        let answer = upstream::ask(&self.pds.http, request, wait).await;
        answer.map_err(|fault| PdsFault::without_answer(method, fault))
    }

    fn request(
        &self,
        verb: Method,
        method: &'static str,
        query: &str,
        body: Bytes,
    ) -> Result<Request<http_body_util::Full<Bytes>>, PdsFault> {
        let unwritten = |_| PdsFault::without_answer(method, NoAnswer::Unwritten);
        let url = self.pds.method(method, query);
        let mut request = upstream::look(&url).map_err(unwritten)?.map(|_| body.into());
        *request.method_mut() = verb;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }
}

impl fmt::Debug for PdsOwner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PdsOwner({}, {})", self.pds.url, self.did)
    }
}

/// A page of files that are missing.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct MissingBlobs {
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// What is missing.
    pub blobs: Vec<MissingBlob>,
}

/// A file that a record names.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct MissingBlob {
    /// Its CID, as text.
    pub cid: String,
}

/// Not every PDS keeps preferences, and the reference keeps none where it names no AppView.
fn is_not_served(answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        #[serde(default)]
        message: String,
    }
    let says_so = |refusal: Refusal| {
        refusal.error == "MethodNotImplemented" || refusal.message.starts_with("No service configured")
    };
    matches!(answer.status.as_u16(), 404 | 501) || answer.json::<Refusal>().is_some_and(says_so)
}

/// Files of one page: what the method's lexicon takes at most is a thousand.
const MISSING_MAX: u32 = 500;
/// How long one archive or file may take from host to host; a stall ends it sooner.
const CARRYING_WAIT: Duration = Duration::from_mins(30);
