//! The routes: each reads its form, does one thing at the servers, and leads back to the page.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Form, Query, RawQuery, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use super::Demo;
use super::authorization::{self, UnverifiedCallback};
use super::discovery;
use super::guard::guard;
use super::pages::{Failure, HomePage, NOTE_CHARS_MAX, SignedInPage};
use super::problem::Problem;
use super::session::{self, Session};
use super::trace::Trace;
use super::visitors::{SharedSession, VisitorId};

/// Largest form, in bytes: a note of the longest text in the widest encoding, percent-encoded.
const FORM_BYTES_MAX: usize = 8 * 1024;

/// Longest record key (the specification's own limit), in bytes.
const RECORD_KEY_BYTES_MAX: usize = 512;

const STYLE: &str = include_str!("../../assets/demo.css");

pub(super) fn router(demo: Arc<Demo>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/login", post(log_in))
        .route("/callback", get(callback))
        .route("/notes", post(write_note))
        .route("/notes/delete", post(delete_note))
        .route("/refresh", post(refresh))
        .route("/sign-out", post(sign_out))
        .route("/demo.css", get(style))
        .fallback(no_such_page)
        .method_not_allowed_fallback(no_such_page)
        .layer(from_fn_with_state(Arc::clone(&demo), guard))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(demo)
}

#[derive(Deserialize)]
struct HomeQuery {
    handle: Option<String>,
}

async fn home(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    query: Result<Query<HomeQuery>, QueryRejection>,
) -> Response {
    let visitor = visitor(&demo, &headers);
    let notice = visitor.as_ref().and_then(|id| demo.visitors.take_notice(id));
    let Some(session) = visitor.and_then(|id| demo.visitors.session(&id, demo.now())) else {
        let handle = query
            .ok()
            .and_then(|Query(query)| query.handle)
            .unwrap_or_default();
        return HomePage {
            accounts_hint: &demo.accounts_hint,
            handle: &handle,
            notice,
        }
        .into_response();
    };
    let (page, account) = {
        let session = session.lock().await;
        (SignedInPage::of(&session, &demo, notice), session.account.clone())
    };
    let trace = Trace::default();
    let notes = session::notes(&demo, &trace, &account).await;
    page.with_notes(notes, trace.steps()).into_response()
}

#[derive(Deserialize)]
struct LogInForm {
    handle: String,
}

async fn log_in(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: Result<Form<LogInForm>, FormRejection>,
) -> Result<Response, Failure> {
    let form = read_form(form)?;
    let trace = Trace::default();
    let account = match discovery::find(&demo, &trace, &form.handle).await {
        Ok(account) => account,
        Err(problem) => {
            return Err(Failure {
                problem,
                steps: trace.steps(),
            });
        }
    };
    let (pending, target) =
        authorization::push(&demo, account, trace)
            .await
            .map_err(|(problem, trace)| Failure {
                problem,
                steps: trace.steps(),
            })?; // an identifier this app did not give out may be somebody else's choice (session fixation)
    let id = visitor(&demo, &headers).filter(|id| demo.visitors.knows(id));
    let id = id.unwrap_or_else(|| VisitorId::new(demo.random()));
    demo.visitors.begin_sign_in(&id, pending, demo.now());
    Ok((cookie(&demo, &id)?, Redirect::to(target.as_str())).into_response())
}

async fn callback(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let callback = UnverifiedCallback::parse(query.as_deref().unwrap_or_default())?;
    let old = visitor(&demo, &headers).ok_or(Problem::StateUnknown)?;
    let pending = demo
        .visitors
        .take_sign_in(&old, &callback.state, demo.now())
        .ok_or(Problem::StateUnknown)?;
    to_the_end(async move {
        let session = Session::open(&demo, pending, callback)
            .await
            .map_err(|(problem, trace)| Failure {
                problem,
                steps: trace.steps(),
            })?;
        let new = VisitorId::new(demo.random());
        demo.visitors.sign_in(&old, &new, session, demo.now());
        demo.visitors.leave_notice(&new, "You are signed in.");
        Ok((cookie(&demo, &new)?, Redirect::to("/")).into_response())
    })
    .await
}

#[derive(Deserialize)]
struct NoteForm {
    text: String,
}

async fn write_note(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: Result<Form<NoteForm>, FormRejection>,
) -> Result<Response, Failure> {
    let text = read_form(form)?.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        let words = format!("a note has between 1 and {NOTE_CHARS_MAX} characters");
        return Err(Problem::FormUnreadable(words).into());
    }
    act(demo, &headers, Action::Write(text)).await
}

#[derive(Deserialize)]
struct DeleteForm {
    rkey: String,
}

async fn delete_note(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: Result<Form<DeleteForm>, FormRejection>,
) -> Result<Response, Failure> {
    let key = read_form(form)?.rkey;
    if key.is_empty() || key.len() > RECORD_KEY_BYTES_MAX {
        return Err(Problem::FormUnreadable("rkey must name a record".to_owned()).into());
    }
    act(demo, &headers, Action::Delete(key)).await
}

async fn refresh(State(demo): State<Arc<Demo>>, headers: HeaderMap) -> Result<Response, Failure> {
    act(demo, &headers, Action::Refresh).await
}

/// Something a signed-in person asked for.
enum Action {
    Write(String),
    Delete(String),
    Refresh,
}

impl Action {
    fn title(&self) -> &'static str {
        match self {
            Self::Write(_) => "How your note was saved",
            Self::Delete(_) => "How your note was deleted",
            Self::Refresh => "How the tokens were refreshed",
        }
    }

    /// Does it; the answer is a sentence for the next page.
    async fn perform(
        self,
        demo: &Arc<Demo>,
        session: &mut Session,
        trace: &Trace,
    ) -> Result<String, Problem> {
        match self {
            Self::Write(text) => {
                let uri = session.write_note(demo, trace, &text).await?;
                Ok(format!("Saved as {uri}."))
            }
            Self::Delete(key) => {
                session.delete_note(demo, trace, &key).await?;
                Ok("The note is deleted.".to_owned())
            }
            Self::Refresh => {
                let before = session.tokens.fingerprint();
                session.refresh(demo, trace).await?;
                let after = session.tokens.fingerprint();
                Ok(format!(
                    "The access token changed: its fingerprint was {before} and is {after}."
                ))
            }
        }
    }
}

async fn act(demo: Arc<Demo>, headers: &HeaderMap, action: Action) -> Result<Response, Failure> {
    let (id, session) = signed_in(&demo, headers)?;
    to_the_end(async move {
        let mut session = session.lock_owned().await;
        let trace = Trace::default();
        let title = action.title();
        let outcome = action.perform(&demo, &mut session, &trace).await;
        session.latest = Some((title, trace.steps()));
        match outcome {
            Ok(notice) => {
                demo.visitors.leave_notice(&id, notice);
                Ok(Redirect::to("/").into_response())
            }
            Err(problem) => {
                if matches!(problem, Problem::SessionEnded(_)) {
                    demo.visitors.sign_out(&id);
                }
                Err(Failure {
                    problem,
                    steps: trace.steps(),
                })
            }
        }
    })
    .await
}

async fn sign_out(State(demo): State<Arc<Demo>>, headers: HeaderMap) -> Result<Response, Failure> {
    let (id, session) = signed_in(&demo, &headers)?;
    to_the_end(async move {
        let session = session.lock_owned().await;
        let trace = Trace::default();
        let outcome = session.revoke(&demo, &trace).await;
        // the app forgets its tokens even if the server could not be told; the page then says so
        demo.visitors.sign_out(&id);
        outcome.map_err(|problem| Failure {
            problem,
            steps: trace.steps(),
        })?;
        let issuer = &session.account.server.issuer;
        demo.visitors.leave_notice(
            &id,
            format!("You are signed out, and {issuer} has ended the session."),
        );
        Ok(Redirect::to("/").into_response())
    })
    .await
}

async fn style() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        STYLE,
    )
}

async fn no_such_page() -> Failure {
    Problem::NoSuchPage.into()
}

/// Runs work to its end even if the browser goes away, because a half-done refresh would lose the tokens.
async fn to_the_end<F>(work: F) -> Result<Response, Failure>
where
    F: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    tokio::spawn(work)
        .await
        .unwrap_or_else(|_| Err(Problem::Stumbled.into()))
}

fn read_form<T>(form: Result<Form<T>, FormRejection>) -> Result<T, Problem> {
    match form {
        Ok(Form(form)) => Ok(form),
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Problem::FormUnreadable("it is too long".to_owned()))
        }
        Err(_) => Err(Problem::FormUnreadable(
            "a field is missing, repeated or of the wrong kind".to_owned(),
        )),
    }
}

fn signed_in(demo: &Demo, headers: &HeaderMap) -> Result<(VisitorId, SharedSession), Problem> {
    let id = visitor(demo, headers).ok_or(Problem::SignedOut)?;
    let session = demo.visitors.session(&id, demo.now()).ok_or(Problem::SignedOut)?;
    Ok((id, session))
}

/// The identifier in this app's cookie.
fn visitor(demo: &Demo, headers: &HeaderMap) -> Option<VisitorId> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == demo.cookie_name)
        .map(|(_, value)| VisitorId::presented(value))
}

fn cookie(demo: &Demo, id: &VisitorId) -> Result<[(http::HeaderName, HeaderValue); 1], Problem> {
    let text = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax",
        demo.cookie_name,
        id.secret()
    );
    let mut value = HeaderValue::from_str(&text).map_err(|_| Problem::Stumbled)?;
    value.set_sensitive(true);
    Ok([(SET_COOKIE, value)])
}
