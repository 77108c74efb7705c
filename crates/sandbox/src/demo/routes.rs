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
use url::Url;

use super::Demo;
use super::actions::Action;
use super::authorization::{self, UnverifiedCallback};
use super::discovery::{self, Account};
use super::guard::guard;
use super::pages::{Failure, HomePage, NOTE_CHARS_MAX, SignedInPage};
use super::permissions::Asked;
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
        .route("/upgrade", post(upgrade))
        .route("/callback", get(callback))
        .route("/notes", post(write_note))
        .route("/notes/delete", post(delete_note))
        .route("/pins", post(pin))
        .route("/pins/delete", post(unpin))
        .route("/search", post(search))
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
    choice: Option<String>,
}

async fn home(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    query: Result<Query<HomeQuery>, QueryRejection>,
) -> Response {
    let visitor = visitor(&demo, &headers);
    let notice = visitor.as_ref().and_then(|id| demo.visitors.take_notice(id));
    let Some(session) = visitor.and_then(|id| demo.visitors.session(&id, demo.now())) else {
        let (handle, choice) = query
            .map(|Query(query)| (query.handle, query.choice))
            .unwrap_or_default();
        return HomePage {
            accounts_hint: &demo.accounts_hint,
            handle: &handle.unwrap_or_default(),
            choice: &choice.unwrap_or_default(),
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
    choice: Option<String>,
}

async fn log_in(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: Result<Form<LogInForm>, FormRejection>,
) -> Result<Response, Failure> {
    let form = read_form(form)?;
    let asked = Asked::of_choice(form.choice.as_deref())?;
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
    let target = begin(&demo, &headers, account, asked, trace);
    let (id, target) = target.await?;
    Ok((cookie(&demo, &id)?, Redirect::to(target.as_str())).into_response())
}

/// Asks a person who is signed in for more than they granted.
async fn upgrade(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Result<Response, Failure> {
    let fields = read_form(form)?.into_iter();
    let extras: Vec<_> = fields
        .filter(|(name, _)| name == "extra")
        .map(|(_, value)| value)
        .collect();
    if extras.is_empty() {
        let words = "tick at least one thing to ask for".to_owned();
        return Err(Problem::FormUnreadable(words).into());
    }
    let (_, session) = signed_in(&demo, &headers)?;
    let (account, asked) = {
        let session = session.lock().await;
        let asked = Asked::more(&session.tokens.scope, &extras)?;
        (session.account.clone(), asked)
    };
    let begun = begin(&demo, &headers, account, asked, Trace::default());
    let (id, target) = begun.await?;
    Ok((cookie(&demo, &id)?, Redirect::to(target.as_str())).into_response())
}

/// Pushes a request, and remembers whose browser is to come back with the answer.
async fn begin(
    demo: &Arc<Demo>,
    headers: &HeaderMap,
    account: Account,
    asked: Asked,
    trace: Trace,
) -> Result<(VisitorId, Url), Failure> {
    let pushed = authorization::push(demo, account, asked, trace).await;
    let (pending, target) = pushed.map_err(|(problem, trace)| Failure {
        problem,
        steps: trace.steps(),
    })?;
    // an identifier this app did not give out may be somebody else's choice (session fixation)
    let id = visitor(demo, headers).filter(|id| demo.visitors.knows(id));
    let id = id.unwrap_or_else(|| VisitorId::new(demo.random()));
    demo.visitors.begin_sign_in(&id, pending, demo.now());
    Ok((id, target))
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
        let replaced = demo.visitors.session(&old, demo.now());
        let session = Session::open(&demo, pending, callback)
            .await
            .map_err(|(problem, trace)| Failure {
                problem,
                steps: trace.steps(),
            })?;
        let new = VisitorId::new(demo.random());
        demo.visitors.sign_in(&old, &new, session, demo.now());
        if let Some(replaced) = replaced {
            // tokens that nobody uses are better ended; if the server cannot be told, they expire
            let told = replaced.lock_owned().await.revoke(&demo, &Trace::default()).await;
            drop(told);
        }
        demo.visitors.leave_notice(&new, "You are signed in.");
        Ok((cookie(&demo, &new)?, Redirect::to("/")).into_response())
    })
    .await
}

#[derive(Deserialize)]
struct NoteForm {
    text: String,
    share: Option<String>,
}

async fn write_note(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: Result<Form<NoteForm>, FormRejection>,
) -> Result<Response, Failure> {
    let form = read_form(form)?;
    let text = form.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        let words = format!("a note has between 1 and {NOTE_CHARS_MAX} characters");
        return Err(Problem::FormUnreadable(words).into());
    }
    let action = match form.share {
        Some(_) => Action::WriteAndShare(text),
        None => Action::Write(text),
    };
    act(demo, &headers, action).await
}

#[derive(Deserialize)]
struct KeyForm {
    rkey: String,
}

type KeyFormRead = Result<Form<KeyForm>, FormRejection>;

async fn delete_note(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: KeyFormRead,
) -> Result<Response, Failure> {
    act(demo, &headers, Action::Delete(key(form)?)).await
}

async fn pin(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: KeyFormRead,
) -> Result<Response, Failure> {
    act(demo, &headers, Action::Pin(key(form)?)).await
}

async fn unpin(
    State(demo): State<Arc<Demo>>,
    headers: HeaderMap,
    form: KeyFormRead,
) -> Result<Response, Failure> {
    act(demo, &headers, Action::Unpin(key(form)?)).await
}

/// The record a form is about.
fn key(form: KeyFormRead) -> Result<String, Problem> {
    let key = read_form(form)?.rkey;
    if key.is_empty() || key.len() > RECORD_KEY_BYTES_MAX {
        return Err(Problem::FormUnreadable("rkey must name a record".to_owned()));
    }
    Ok(key)
}

async fn search(State(demo): State<Arc<Demo>>, headers: HeaderMap) -> Result<Response, Failure> {
    act(demo, &headers, Action::Search).await
}

async fn refresh(State(demo): State<Arc<Demo>>, headers: HeaderMap) -> Result<Response, Failure> {
    act(demo, &headers, Action::Refresh).await
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
