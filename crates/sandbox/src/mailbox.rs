//! A mailbox page: where the mail of a development machine ends up instead of going out.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entryway_oauth::time::Timestamp;
use entryway_scope::Handle;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::ambient::rfc_3339;
use crate::journal::{Journal, JournalFault};

/// A mail, as plain text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mail {
    /// Sender, as the header has it.
    pub from: String,
    /// Recipient, as the header has it.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
    /// When it was handed in.
    pub at: Timestamp,
}

/// The mailbox; clones are the same mailbox.
#[derive(Clone)]
pub struct Mailbox(Arc<Mutex<Stored>>);

struct Stored {
    journal: Journal<Mail>,
    mails: VecDeque<Mail>,
}

/// The address that a sandbox account has: `alice@mail.test` for `alice.test`.
pub fn address_of(handle: &Handle) -> String {
    let name = handle.as_str();
    format!("{}@mail.test", name.strip_suffix(".test").unwrap_or(name))
}

impl Mailbox {
    /// Opens the mailbox that is stored in `directory`.
    ///
    /// # Errors
    ///
    /// Those of [`Journal::open`].
    pub fn open(directory: &Path) -> Result<Self, JournalFault> {
        let (journal, mails) = Journal::<Mail>::open(directory, "mailbox")?;
        let mut stored = Stored {
            journal,
            mails: mails.into(),
        };
        stored.forget_the_oldest();
        Ok(Self(Arc::new(Mutex::new(stored))))
    }

    /// Puts a mail into the box. Waits for the disk.
    ///
    /// # Errors
    ///
    /// Those of [`Journal::append`].
    pub fn deliver(&self, mail: Mail) -> Result<(), JournalFault> {
        let mut stored = self.stored();
        stored.journal.append(&mail)?;
        stored.mails.push_back(mail);
        stored.forget_the_oldest();
        Ok(())
    }

    /// The newest mails, the newest first.
    pub fn messages(&self) -> Vec<Mail> {
        self.stored().mails.iter().rev().cloned().collect()
    }

    /// A page for people at `/`, and the same as JSON at `/messages`.
    ///
    /// No other site can read it from a page, not even under a name that it points at this machine: one-time
    /// codes are in it.
    pub fn router(&self) -> Router {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let mut router = Router::new()
            .route("/", get(page))
            .route("/messages", get(messages))
            .fallback(not_found)
            .layer(from_fn(under_a_loopback_name))
            .with_state(self.clone());
        let fixed = |value| HeaderValue::from_static(value);
        for (name, value) in [
            // base64 and words: always a header value
            (
                CONTENT_SECURITY_POLICY,
                HeaderValue::try_from(policy).unwrap_or(fixed("default-src 'none'")),
            ),
            (CACHE_CONTROL, fixed("no-store")),
            (REFERRER_POLICY, fixed("no-referrer")),
            (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
            (X_FRAME_OPTIONS, fixed("DENY")),
        ] {
            router = router.layer(SetResponseHeaderLayer::overriding(name, value));
        }
        router
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        // a panic in between leaves the box as it was, or with one mail more
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn forget_the_oldest(&mut self) {
        let surplus = self.mails.len().saturating_sub(MAILS_MAX);
        self.mails.drain(..surplus);
    }
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct Page {
    style: &'static str,
    mails: Vec<Shown>,
}

struct Shown {
    mail: Mail,
    at: String,
}

async fn page(State(mailbox): State<Mailbox>) -> Response {
    let shown = |mail: Mail| Shown {
        at: rfc_3339(mail.at),
        mail,
    };
    let page = Page {
        style: STYLE,
        mails: mailbox.messages().into_iter().map(shown).collect(),
    };
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(fault) => {
            tracing::error!(
                error = &fault as &dyn std::error::Error,
                "the mailbox page did not render"
            );
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn messages(State(mailbox): State<Mailbox>) -> Json<Value> {
    let shown = |mail: Mail| {
        let Mail {
            from,
            to,
            subject,
            text,
            at,
        } = mail;
        json!({ "from": from, "to": to, "subject": subject, "text": text, "at": rfc_3339(at) })
    };
    Json(json!({ "messages": mailbox.messages().into_iter().map(shown).collect::<Vec<_>>() }))
}

/// DNS rebinding: a page of `evil.example`, once that name resolves to this machine, is of the same origin as
/// whatever answers it here. `tests::a_page_of_another_name_is_not_answered`
async fn under_a_loopback_name(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| !port.ends_with(']'))
        .map_or(host, |(name, _)| name);
    if matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return next.run(request).await;
    }
    (
        StatusCode::MISDIRECTED_REQUEST,
        "the mailbox answers to localhost only\n",
    )
        .into_response()
}

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "there is nothing at this path\n")
}

/// In the page itself, and allowed there by its hash.
const STYLE: &str = include_str!("../templates/mailbox.css");

/// What is shown and kept in memory; the file has them all.
const MAILS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::HeaderMap;
    use tower::ServiceExt as _;

    use super::*;

    fn mail(subject: &str) -> Mail {
        Mail {
            from: "entryway@mail.test".to_owned(),
            to: "alice@mail.test".to_owned(),
            subject: subject.to_owned(),
            text: "Your code is <b>ABCDE-FGHIJ</b> & no other".to_owned(),
            at: Timestamp::from_seconds(1_782_000_000),
        }
    }

    async fn get(mailbox: &Mailbox, path: &str) -> (u16, HeaderMap, String) {
        get_at(mailbox, "localhost:2586", path).await
    }

    async fn get_at(mailbox: &Mailbox, host: &str, path: &str) -> (u16, HeaderMap, String) {
        let request = http::Request::get(path)
            .header("host", host)
            .body(Body::empty())
            .unwrap();
        let (parts, body) = mailbox.router().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (
            parts.status.as_u16(),
            parts.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn an_empty_mailbox_explains_itself() {
        let directory = tempfile::tempdir().unwrap();
        let (status, _, html) = get(&Mailbox::open(directory.path()).unwrap(), "/").await;
        assert_eq!(status, 200);
        assert!(html.contains("No mail yet"), "{html}");
    }

    #[tokio::test]
    async fn mails_are_listed_the_newest_first_and_escaped() {
        let directory = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::open(directory.path()).unwrap();
        mailbox.deliver(mail("First <script>alert(1)</script>")).unwrap();
        mailbox.deliver(mail("Second")).unwrap();
        let (_, _, html) = get(&mailbox, "/").await;
        assert!(html.find("Second").unwrap() < html.find("First").unwrap());
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("2026-06-21T00:00:00Z"));

        let (_, headers, body) = get(&mailbox, "/messages").await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["messages"][0]["subject"], "Second");
        assert_eq!(body["messages"][1]["text"], mail("").text.as_str());
        assert_eq!(headers.get("access-control-allow-origin"), None);
    }

    #[tokio::test]
    async fn the_page_runs_nothing_and_its_style_is_the_one_allowed() {
        let directory = tempfile::tempdir().unwrap();
        let (_, headers, html) = get(&Mailbox::open(directory.path()).unwrap(), "/").await;
        let inside = html
            .split_once("<style>")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        let hash = STANDARD.encode(Sha256::digest(inside));
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with(&format!("default-src 'none'; style-src 'sha256-{hash}';")),
            "{policy}"
        );
        assert_eq!(headers["cache-control"], "no-store");
    }

    #[tokio::test]
    async fn a_page_of_another_name_is_not_answered() {
        let directory = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::open(directory.path()).unwrap();
        for host in ["localhost", "localhost:1", "127.0.0.1:1", "[::1]", "[::1]:1"] {
            assert_eq!(get_at(&mailbox, host, "/messages").await.0, 200, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:1",
            "localhost.evil.example",
            "alice.test",
            "[::2]:1",
            "",
        ] {
            assert_eq!(get_at(&mailbox, host, "/messages").await.0, 421, "{host}");
        }
    }

    #[tokio::test]
    async fn mail_survives_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        Mailbox::open(directory.path())
            .unwrap()
            .deliver(mail("Kept"))
            .unwrap();
        assert_eq!(
            Mailbox::open(directory.path()).unwrap().messages(),
            [mail("Kept")]
        );
    }

    #[test]
    fn an_account_has_an_address_of_its_own() {
        let address = |handle| address_of(&Handle::parse(handle).unwrap());
        assert_eq!(address("alice.test"), "alice@mail.test");
        assert_eq!(address("alice.team.test"), "alice.team@mail.test");
    }
}
