//! The steps of the protocol as they happened, for an app developer to read. Secrets never enter it.

use std::sync::{Arc, Mutex, PoisonError};

use oauth2::{HttpRequest, HttpResponse};
use serde_json::Value;
use url::form_urlencoded;

/// Steps kept of one sign-in or action; a sign-in takes about ten.
const STEPS_MAX: usize = 32;

/// Fields shown of one request or answer.
const FIELDS_MAX: usize = 24;

/// Longest value shown, in characters.
const VALUE_CHARS_MAX: usize = 240;

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// Names whose values may be seen. Everything that is in neither list stays out of the trace.
const SHOWN: [&str; 33] = [
    "alsoKnownAs",
    "authorization_endpoint",
    "authorization_servers",
    "cid",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "collection",
    "did",
    "dpop_signing_alg_values_supported",
    "error",
    "error_description",
    "expires_in",
    "grant_type",
    "handle",
    "id",
    "issuer",
    "login_hint",
    "message",
    "pushed_authorization_request_endpoint",
    "redirect_uri",
    "repo",
    "resource",
    "response_type",
    "revocation_endpoint",
    "rkey",
    "scope",
    "scopes_supported",
    "sub",
    "token_endpoint",
    "token_type",
    "token_type_hint",
    "uri",
];

/// Names worth mentioning whose values are secrets, or keys to one.
const SECRET: [&str; 8] = [
    "access_token",
    "code",
    "code_verifier",
    "refresh_token",
    "request_uri",
    "state",
    "token",
    "assertion",
];

/// One request of the protocol and its answer.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What the step is for.
    pub(super) title: &'static str,
    /// Method and URL, secrets redacted.
    pub(super) request: String,
    /// Status of the answer, or why there was none.
    pub(super) outcome: String,
    /// What a reader should notice; may be empty.
    pub(super) note: String,
    /// What was sent, secrets redacted.
    pub(super) sent: Vec<(String, String)>,
    /// What came back, secrets redacted.
    pub(super) received: Vec<(String, String)>,
}

/// Steps in the order they happened. A clone is the same trace.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    steps: Arc<Mutex<Vec<Step>>>,
}

impl Trace {
    /// Notes one request and its answer.
    pub(super) fn note(&self, step: Step) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.len() < STEPS_MAX {
            steps.push(step);
        }
    }
    /// The steps so far.
    pub(super) fn steps(&self) -> Vec<Step> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Step {
    /// A step of the browser, which this app only sees begin or end.
    pub(super) fn of_browser(title: &'static str, request: String, note: &str) -> Self {
        Self {
            title,
            request,
            outcome: "in your browser".to_owned(),
            note: note.to_owned(),
            sent: Vec::new(),
            received: Vec::new(),
        }
    }

    /// The sending half of a step; [`Step::answered`] or [`Step::failed`] completes it.
    pub(super) fn of_request(title: &'static str, request: &HttpRequest) -> Self {
        Self {
            title,
            request: format!("{} {}", request.method(), request.uri()),
            outcome: String::new(),
            note: String::new(),
            sent: sent_fields(request),
            received: Vec::new(),
        }
    }

    /// Completes the step with the answer.
    pub(super) fn answered(mut self, answer: &HttpResponse) -> Self {
        self.outcome = answer.status().to_string();
        self.received = match serde_json::from_slice::<Value>(answer.body()) {
            Ok(document) => fields(&document),
            Err(_) => Vec::new(),
        };
        self
    }

    /// Completes the step with the reason there is no answer.
    pub(super) fn failed(mut self, reason: &impl ToString) -> Self {
        self.outcome = reason.to_string();
        self
    }

    /// Adds what a reader should notice.
    pub(super) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

fn sent_fields(request: &HttpRequest) -> Vec<(String, String)> {
    let kind = request
        .headers()
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        form_urlencoded::parse(request.body())
            .filter_map(|(name, value)| shown(&name, &value))
            .take(FIELDS_MAX)
            .collect()
    } else {
        serde_json::from_slice::<Value>(request.body())
            .map(|body| fields(&body))
            .unwrap_or_default()
    }
}

/// The top-level members that may be seen, and the endpoints of a DID document's services.
fn fields(document: &Value) -> Vec<(String, String)> {
    let Value::Object(members) = document else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    for (name, value) in members {
        match value {
            Value::String(text) => fields.extend(shown(name, text)),
            Value::Number(number) => fields.extend(shown(name, &number.to_string())),
            Value::Array(items) if name == "service" => fields.extend(items.iter().filter_map(service)),
            Value::Array(items) => {
                let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                fields.extend(shown(name, &words.join(", ")));
            }
            _ => {}
        }
    }
    fields.truncate(FIELDS_MAX);
    fields
}

fn service(service: &Value) -> Option<(String, String)> {
    let id = service.get("id")?.as_str()?;
    let endpoint = service.get("serviceEndpoint")?.as_str()?;
    Some((format!("service {}", shortened(id)), shortened(endpoint)))
}

fn shown(name: &str, value: &str) -> Option<(String, String)> {
    if SECRET.contains(&name) {
        Some((name.to_owned(), HIDDEN.to_owned()))
    } else if SHOWN.contains(&name) {
        Some((name.to_owned(), shortened(value)))
    } else {
        None
    }
}

/// Cuts a foreign value to a length that fits a page.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn secrets_of_a_token_request_and_its_answer_are_hidden() {
        let request = http::Request::post("http://localhost/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(b"grant_type=authorization_code&code=s1&code_verifier=s2&unknown=s3".to_vec())
            .unwrap();
        let answer = HttpResponse::new(
            br#"{"access_token":"s4","refresh_token":"s5","expires_in":900,"scope":"atproto","id_token":"s6"}"#
                .to_vec(),
        );
        let step = Step::of_request("exchange", &request).answered(&answer);
        assert_eq!(
            step.sent,
            [
                pair("grant_type", "authorization_code"),
                pair("code", HIDDEN),
                pair("code_verifier", HIDDEN)
            ]
        );
        assert_eq!(
            step.received,
            [
                pair("access_token", HIDDEN),
                pair("refresh_token", HIDDEN),
                pair("expires_in", "900"),
                pair("scope", "atproto")
            ]
        );
        for secret in ["s1", "s2", "s3", "s4", "s5", "s6"] {
            assert!(!format!("{step:?}").contains(secret), "{secret}");
        }
    }

    #[test]
    fn the_number_of_steps_and_the_length_of_a_value_are_bounded() {
        let trace = Trace::default();
        for _ in 0..100 {
            trace.note(Step::of_browser("x", String::new(), ""));
        }
        assert_eq!(trace.steps().len(), STEPS_MAX);
        assert_eq!(shortened(&"ä".repeat(1000)).chars().count(), VALUE_CHARS_MAX + 1);
    }
}
