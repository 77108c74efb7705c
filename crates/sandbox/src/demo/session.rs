//! A signed-in person's session: what the app does on their behalf at the authorization server and the PDS.

use std::sync::Arc;

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use oauth2::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::Demo;
use super::authorization::{PendingSignIn, UnverifiedCallback};
use super::channel::{Channel, refuses_token};
use super::discovery::{Account, asked, read_as};
use super::permissions::{Ability, Asked, SEARCH_METHOD, SEARCH_SERVICE};
use super::problem::{Problem, Refusal};
use super::proof::ProofKey;
use super::tokens::{self, Tokens};
use super::trace::{Step, Trace};

/// Collection of this app's records. `jotter.test` is this app's domain in the sandbox.
pub(super) const COLLECTION: &str = "test.jotter.note";

/// Records that keep the note of the same key at the top.
const PINS: &str = "test.jotter.pin";

/// Posts of another app, which a note can be shared as.
const POSTS: &str = "app.bsky.feed.post";

/// Notes shown on the page.
const NOTES_MAX: u8 = 50;

/// One sign-in of one person.
#[derive(Debug)]
pub(super) struct Session {
    /// Who is signed in.
    pub(super) account: Account,
    /// The key all tokens of the session are bound to.
    pub(super) key: Arc<ProofKey>,
    /// The latest tokens.
    pub(super) tokens: Tokens,
    /// How often the tokens were refreshed.
    pub(super) refreshes: u32,
    /// What was asked for.
    pub(super) asked: Asked,
    /// Whom the PDS knows as the holder of the access token, or why it did not say.
    pub(super) confirmed: Result<Confirmed, String>,
    /// How the sign-in went.
    pub(super) sign_in: Vec<Step>,
    /// The latest action and how it went.
    pub(super) latest: Option<(&'static str, Vec<Step>)>,
}

/// Whose access token it is, in the words of the PDS.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Confirmed {
    /// The handle.
    pub(super) handle: String,
    /// The address, for apps that may see it.
    pub(super) email: Option<String>,
}

/// A record of the collection, as the page shows it.
#[derive(Debug, Clone)]
pub(super) struct Note {
    /// Last part of its URI, which names it for deletion.
    pub(super) key: String,
    /// Full `at://` URI.
    pub(super) uri: String,
    /// The text.
    pub(super) text: String,
    /// When it says it was written.
    pub(super) created_at: String,
    /// Whether it is kept at the top.
    pub(super) is_pinned: bool,
}

impl Session {
    /// Completes a sign-in with the answer the browser brought back.
    pub(super) async fn open(
        demo: &Arc<Demo>,
        pending: PendingSignIn,
        callback: UnverifiedCallback,
    ) -> Result<Self, (Problem, Trace)> {
        let code = match callback.code_for(&pending) {
            Ok(code) => code,
            Err(problem) => return Err((problem, pending.trace)),
        };
        let PendingSignIn {
            verifier,
            key,
            account,
            asked,
            trace,
            ..
        } = pending;
        let channel = Channel::new(demo, &key, &trace);
        let tokens =
            tokens::exchange_code(channel, &account.server, &account.did, code, verifier, &asked).await;
        let tokens = match tokens {
            Ok(tokens) => tokens,
            Err(problem) => return Err((problem, trace)),
        };
        let mut session = Self {
            account,
            key,
            tokens,
            asked,
            refreshes: 0,
            confirmed: Err(String::new()),
            sign_in: Vec::new(),
            latest: None,
        };
        // a PDS that fails here fails again at the first record, with a page of its own
        session.confirmed = session
            .who_am_i(demo, &trace)
            .await
            .map_err(|problem| problem.to_string());
        session.sign_in = trace.steps();
        Ok(session)
    }

    /// Asks the PDS whose access token this is.
    async fn who_am_i(&mut self, demo: &Arc<Demo>, trace: &Trace) -> Result<Confirmed, Problem> {
        const TITLE: &str = "Ask the PDS who we are";
        let url = format!("{}/xrpc/com.atproto.server.getSession", self.account.pds);
        let request = http::Request::get(&url)
            .header(ACCEPT, "application/json")
            .body(Vec::new());
        let request = request.map_err(|_| Problem::Stumbled)?;
        self.call(demo, trace, TITLE, request).await
    }

    /// Whether the person let the app do this.
    pub(super) fn may(&self, ability: Ability) -> bool {
        ability.is_granted(&self.tokens.scope)
    }

    /// Asks the PDS for a token with which to call the search service as the account. It is not used: the service
    /// is none.
    pub(super) async fn search_token(&mut self, demo: &Arc<Demo>, trace: &Trace) -> Result<(), Problem> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("aud", SEARCH_SERVICE)
            .append_pair("lxm", SEARCH_METHOD)
            .finish();
        let url = format!(
            "{}/xrpc/com.atproto.server.getServiceAuth?{query}",
            self.account.pds
        );
        let request = http::Request::get(&url)
            .header(ACCEPT, "application/json")
            .body(Vec::new());
        let request = request.map_err(|_| Problem::Stumbled)?;
        let _: Value = self.call(demo, trace, "Ask for a service token", request).await?;
        Ok(())
    }

    /// Writes a note; the answer is its URI.
    pub(super) async fn write_note(
        &mut self,
        demo: &Arc<Demo>,
        trace: &Trace,
        text: &str,
    ) -> Result<String, Problem> {
        let record = json!({"$type": COLLECTION, "text": text, "createdAt": demo.timestamp()});
        let body = json!({"repo": self.account.did, "collection": COLLECTION, "record": record});
        self.create(demo, trace, "Write a record", &body).await
    }

    /// Shares the text of a note as a post; the answer is its URI.
    pub(super) async fn share(
        &mut self,
        demo: &Arc<Demo>,
        trace: &Trace,
        text: &str,
    ) -> Result<String, Problem> {
        let record = json!({"$type": POSTS, "text": text, "createdAt": demo.timestamp()});
        let body = json!({"repo": self.account.did, "collection": POSTS, "record": record});
        self.create(demo, trace, "Write a post", &body).await
    }

    /// Keeps a note at the top.
    pub(super) async fn pin(&mut self, demo: &Arc<Demo>, trace: &Trace, key: &str) -> Result<(), Problem> {
        let record = json!({"$type": PINS, "createdAt": demo.timestamp()});
        let body = json!({"repo": self.account.did, "collection": PINS, "rkey": key, "record": record});
        self.create(demo, trace, "Write a record", &body).await.map(drop)
    }

    async fn create(
        &mut self,
        demo: &Arc<Demo>,
        trace: &Trace,
        title: &'static str,
        body: &Value,
    ) -> Result<String, Problem> {
        #[derive(Deserialize)]
        struct Answer {
            uri: String,
        }
        let request = self.procedure("com.atproto.repo.createRecord", body)?;
        let answer: Answer = self.call(demo, trace, title, request).await?;
        Ok(answer.uri)
    }

    /// Deletes a note.
    pub(super) async fn delete_note(
        &mut self,
        demo: &Arc<Demo>,
        trace: &Trace,
        key: &str,
    ) -> Result<(), Problem> {
        self.delete(demo, trace, COLLECTION, key).await
    }

    /// Keeps a note at the top no more.
    pub(super) async fn unpin(&mut self, demo: &Arc<Demo>, trace: &Trace, key: &str) -> Result<(), Problem> {
        self.delete(demo, trace, PINS, key).await
    }

    async fn delete(
        &mut self,
        demo: &Arc<Demo>,
        trace: &Trace,
        collection: &str,
        key: &str,
    ) -> Result<(), Problem> {
        let body = json!({"repo": self.account.did, "collection": collection, "rkey": key});
        let request = self.procedure("com.atproto.repo.deleteRecord", &body)?;
        let _: Value = self.call(demo, trace, "Delete a record", request).await?;
        Ok(())
    }

    /// Replaces the tokens by new ones.
    pub(super) async fn refresh(&mut self, demo: &Arc<Demo>, trace: &Trace) -> Result<(), Problem> {
        let channel = Channel::new(demo, &self.key, trace);
        self.tokens = tokens::refresh(channel, &self.account.server, &self.account.did, &self.tokens).await?;
        self.refreshes = self.refreshes.saturating_add(1);
        Ok(())
    }

    /// Tells the authorization server that the session is over.
    pub(super) async fn revoke(&self, demo: &Arc<Demo>, trace: &Trace) -> Result<(), Problem> {
        let channel = Channel::new(demo, &self.key, trace);
        tokens::revoke(channel, &self.account.server, &self.tokens).await
    }

    /// Sends an authorized request; if the PDS finds the access token too old, refreshes and sends it again.
    async fn call<T: serde::de::DeserializeOwned>(
        &mut self,
        demo: &Arc<Demo>,
        trace: &Trace,
        title: &'static str,
        request: HttpRequest,
    ) -> Result<T, Problem> {
        let url = request.uri().to_string();
        let mut answer = self.attempt(demo, trace, title, request.clone()).await?;
        if refuses_token(&answer) {
            self.refresh(demo, trace).await?;
            // once: a token that is refused as soon as it is made will be refused again
            answer = self.attempt(demo, trace, title, request).await?;
        }
        match xrpc_refusal(&answer) {
            Some(refusal) => Err(Problem::Refused { step: title, refusal }),
            None => read_as(StatusCode::OK, title, &url, &answer),
        }
    }

    async fn attempt(
        &self,
        demo: &Arc<Demo>,
        trace: &Trace,
        title: &'static str,
        request: HttpRequest,
    ) -> Result<HttpResponse, Problem> {
        let url = request.uri().to_string();
        let channel = Channel::new(demo, &self.key, trace);
        channel
            .send_authorized(title, request, &self.tokens.access)
            .await
            .map_err(|reason| Problem::Unanswered {
                step: title,
                url,
                reason,
            })
    }

    fn procedure(&self, method: &str, body: &Value) -> Result<HttpRequest, Problem> {
        let url =
            Url::parse(&format!("{}/xrpc/{method}", self.account.pds)).map_err(|_| Problem::Stumbled)?;
        http::Request::post(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string().into_bytes())
            .map_err(|_| Problem::Stumbled)
    }
}

/// Lists an account's notes, those that are pinned first. Repositories are public, so this needs no token and
/// no session.
pub(super) async fn notes(demo: &Demo, trace: &Trace, account: &Account) -> Result<Vec<Note>, Problem> {
    let pins = listed(demo, trace, "List the pins", account, PINS).await?;
    let pins: Vec<_> = pins.iter().map(Record::key).collect();
    let member = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let records = listed(demo, trace, "List the records", account, COLLECTION).await?;
    let note = |record: Record| Note {
        key: record.key().to_owned(),
        text: member(&record.value, "text"),
        created_at: member(&record.value, "createdAt"),
        is_pinned: pins.contains(&record.key()),
        uri: record.uri,
    };
    let mut notes: Vec<_> = records.into_iter().take(NOTES_MAX.into()).map(note).collect();
    notes.sort_by_key(|note| !note.is_pinned);
    Ok(notes)
}

#[derive(Deserialize)]
struct Record {
    uri: String,
    value: Value,
}

impl Record {
    /// The last part of the URI.
    fn key(&self) -> &str {
        self.uri.rsplit('/').next().unwrap_or_default()
    }
}

async fn listed(
    demo: &Demo,
    trace: &Trace,
    title: &'static str,
    account: &Account,
    collection: &str,
) -> Result<Vec<Record>, Problem> {
    #[derive(Deserialize)]
    struct Answer {
        records: Vec<Record>,
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("repo", &account.did)
        .append_pair("collection", collection)
        .append_pair("limit", &NOTES_MAX.to_string())
        .finish();
    let url = format!("{}/xrpc/com.atproto.repo.listRecords?{query}", account.pds);
    let answer = asked(demo, trace, title, &url).await?;
    let answer: Answer = read_as(StatusCode::OK, title, &url, &answer)?;
    Ok(answer.records)
}

/// The error of an XRPC answer that is not a success.
fn xrpc_refusal(answer: &HttpResponse) -> Option<Refusal> {
    #[derive(Deserialize)]
    struct Body {
        error: String,
        message: Option<String>,
        // what the verifier in front of a PDS says follows OAuth
        error_description: Option<String>,
    }
    if answer.status().is_success() {
        return None;
    }
    let body: Body = serde_json::from_slice(answer.body()).ok()?;
    let description = body.message.or(body.error_description);
    Some(Refusal::new(&body.error, description.as_deref()))
}
