//! The pages, and the way a failure becomes one.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use super::Demo;
use super::permissions::{Ability, CHOICES, Choice, Extra, extras};
use super::problem::{Problem, Refusal};
use super::session::{COLLECTION, Confirmed, Note, Session};
use super::trace::Step;

/// Longest text of a note, in characters.
pub(super) const NOTE_CHARS_MAX: usize = 300;

/// No script, no frame, nothing from elsewhere; forms to this app.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// As [`POLICY`], for the pages whose forms end at an authorization server: browsers hold `form-action` against
/// redirects too, and which server it will be depends on the handle that is typed.
const SIGN_IN_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; \
     form-action 'self' https: http://localhost:* http://127.0.0.1:*; \
     base-uri 'none'; frame-ancestors 'none'";

/// Steps of the protocol under a heading.
pub(super) type Chapter = (&'static str, Vec<Step>);

/// The first page: what this is, and the form that begins a sign-in.
#[derive(Template)]
#[template(path = "demo/home.html")]
pub(super) struct HomePage<'a> {
    /// Handles a newcomer may use.
    pub(super) accounts_hint: &'a [String],
    /// What the field is filled with.
    pub(super) handle: &'a str,
    /// The name of the choice that is ticked.
    pub(super) choice: &'a str,
    /// A sentence about what has just happened.
    pub(super) notice: Option<String>,
}

impl HomePage<'_> {
    /// Every choice, and whether it is ticked: the first where none is named.
    fn choices(&self) -> impl Iterator<Item = (&'static Choice, bool)> {
        let ticked = CHOICES.iter().position(|choice| choice.name == self.choice);
        let ticked = ticked.unwrap_or_default();
        CHOICES
            .iter()
            .enumerate()
            .map(move |(place, choice)| (choice, place == ticked))
    }
}

impl IntoResponse for HomePage<'_> {
    fn into_response(self) -> Response {
        page(StatusCode::OK, &self, SIGN_IN_POLICY)
    }
}

/// The page of a person who is signed in.
#[derive(Template)]
#[template(path = "demo/signed_in.html")]
pub(super) struct SignedInPage {
    notice: Option<String>,
    handle: String,
    did: String,
    pds: String,
    issuer: String,
    scope: Vec<String>,
    not_granted: Vec<&'static str>,
    abilities: Vec<Ability>,
    extras: Vec<Extra>,
    confirmed: Result<Confirmed, String>,
    expiry: String,
    fingerprint: String,
    thumbprint: String,
    refreshes: u32,
    notes: Result<Vec<Note>, String>,
    chapters: Vec<Chapter>,
    collection: &'static str,
    note_chars_max: usize,
}

impl SignedInPage {
    /// Everything of a session that may be seen. The notes are added by [`SignedInPage::with_notes`].
    pub(super) fn of(session: &Session, demo: &Demo, notice: Option<String>) -> Self {
        let granted: Vec<String> = session.tokens.scope.split(' ').map(str::to_owned).collect();
        let mut chapters = Vec::new();
        chapters.extend(session.latest.clone());
        chapters.push(("How you signed in", session.sign_in.clone()));
        Self {
            notice,
            handle: session.account.handle.clone(),
            did: session.account.did.clone(),
            pds: session.account.pds.clone(),
            issuer: session.account.server.issuer.clone(),
            not_granted: session
                .asked
                .values()
                .iter()
                .copied()
                .filter(|scope| !granted.iter().any(|have| have == scope))
                .collect(),
            abilities: Ability::ALL
                .into_iter()
                .filter(|ability| session.may(*ability))
                .collect(),
            extras: extras(&session.tokens.scope),
            scope: granted,
            confirmed: session.confirmed.clone(),
            expiry: expiry(session.tokens.expires_at, demo.now()),
            fingerprint: session.tokens.fingerprint(),
            thumbprint: session.key.thumbprint(),
            refreshes: session.refreshes,
            notes: Ok(Vec::new()),
            chapters,
            collection: COLLECTION,
            note_chars_max: NOTE_CHARS_MAX,
        }
    }

    fn may_write(&self) -> bool {
        self.abilities.contains(&Ability::Notes)
    }

    fn may_pin(&self) -> bool {
        self.abilities.contains(&Ability::Pins)
    }

    fn may_share(&self) -> bool {
        self.abilities.contains(&Ability::Posts)
    }

    fn may_search(&self) -> bool {
        self.abilities.contains(&Ability::Search)
    }

    /// Adds the notes, or why there are none to show, and how they were asked for.
    pub(super) fn with_notes(mut self, notes: Result<Vec<Note>, Problem>, steps: Vec<Step>) -> Self {
        self.notes = notes.map_err(|problem| problem.to_string());
        self.chapters.insert(
            self.chapters.len().saturating_sub(1),
            ("How your notes were listed", steps),
        );
        self
    }
}

impl IntoResponse for SignedInPage {
    fn into_response(self) -> Response {
        page(StatusCode::OK, &self, SIGN_IN_POLICY)
    }
}

#[derive(Template)]
#[template(path = "demo/problem.html")]
struct ProblemPage<'a> {
    title: &'static str,
    sentence: String,
    expected: Option<String>,
    refusal: Option<&'a Refusal>,
    chapters: Vec<Chapter>,
}

/// A problem, and the steps that led to it.
#[derive(Debug)]
pub(super) struct Failure {
    /// What went wrong.
    pub(super) problem: Problem,
    /// What had happened until then.
    pub(super) steps: Vec<Step>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            steps: Vec::new(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { problem, steps } = self;
        // `problem` has no secrets; the server's own description stays on the page, where it was asked for
        tracing::info!(status = problem.status().as_u16(), %problem, "the demo app shows a problem");
        let chapters = if steps.is_empty() {
            Vec::new()
        } else {
            vec![("How far it got", steps)]
        };
        let body = ProblemPage {
            title: problem.title(),
            sentence: sentence(&problem.to_string()),
            expected: problem.expected(),
            refusal: problem.refusal(),
            chapters,
        };
        page(problem.status(), &body, POLICY)
    }
}

fn page(status: StatusCode, template: &impl Template, policy: &'static str) -> Response {
    match template.render() {
        Ok(body) => {
            let policy = (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            (status, [policy], Html(body)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page of the demo app cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Makes a sentence of an error's words.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters
        .next()
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Says when the access token expires, for a page that does not move.
fn expiry(expires_at: Option<i64>, now: i64) -> String {
    let Some(expires_at) = expires_at else {
        return "the server did not say when".to_owned();
    };
    let left = expires_at.saturating_sub(now);
    let clock = |seconds: i64| {
        let day = seconds.rem_euclid(86_400);
        format!("{:02}:{:02}:{:02} UTC", day / 3600, day / 60 % 60, day % 60)
    };
    if left <= 0 {
        return format!("expired at {}; the next call refreshes it", clock(expires_at));
    }
    let span = match (left / 60, left % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    };
    format!("expires in {span}, at {}", clock(expires_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_is_told_in_words() {
        let cases = [
            (None, "the server did not say when"),
            (Some(1_000_900), "expires in 15 min, at 14:01:40 UTC"),
            (Some(1_000_061), "expires in 1 min 1 s, at 13:47:41 UTC"),
            (Some(1_000_001), "expires in 1 s, at 13:46:41 UTC"),
            (
                Some(1_000_000),
                "expired at 13:46:40 UTC; the next call refreshes it",
            ),
        ];
        for (expires_at, expected) in cases {
            assert_eq!(expiry(expires_at, 1_000_000), expected);
        }
    }

    #[test]
    fn foreign_text_is_escaped() {
        let markup = "<script>alert(1)</script>\"'";
        let page = ProblemPage {
            title: "x",
            sentence: markup.to_owned(),
            expected: Some(markup.to_owned()),
            refusal: Some(&Refusal::new(markup, Some(markup))),
            chapters: vec![("x", vec![Step::of_browser("x", markup.to_owned(), markup)])],
        }
        .render()
        .unwrap();
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&#60;script&#62;").count(), 6);

        let hints = [markup.to_owned()];
        let home = HomePage {
            accounts_hint: &hints,
            handle: markup,
            choice: markup,
            notice: Some(markup.to_owned()),
        };
        let home = home.render().unwrap();
        assert!(!home.contains("<script") && !home.contains("\"'"), "{home}");
    }
}
