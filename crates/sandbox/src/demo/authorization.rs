//! Asking for authorization: the pushed request, and the answer that comes back through the browser.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use oauth2::basic::BasicErrorResponse;
use oauth2::{AuthorizationCode, CsrfToken, HttpRequest, PkceCodeChallenge, PkceCodeVerifier, Scope};
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::Demo;
use super::channel::Channel;
use super::discovery::{Account, read_as, same};
use super::permissions::Asked;
use super::problem::{Problem, Refusal};
use super::proof::ProofKey;
use super::tokens::client;
use super::trace::{Step, Trace};

/// Longest query of a callback that is read, in bytes.
const CALLBACK_BYTES_MAX: usize = 8 * 1024;

/// A sign-in on its way: the browser is at the authorization server.
#[derive(Debug)]
pub(super) struct PendingSignIn {
    /// The value only the answer to this request carries.
    pub(super) state: CsrfToken,
    /// What proves at the token endpoint that the code was asked for here.
    pub(super) verifier: PkceCodeVerifier,
    /// The key every proof of this session is signed with.
    pub(super) key: Arc<ProofKey>,
    /// Who is signing in, and where.
    pub(super) account: Account,
    /// What is asked for.
    pub(super) asked: Asked,
    /// What has happened so far.
    pub(super) trace: Trace,
    /// Seconds since the epoch.
    pub(super) begun_at: i64,
}

/// The answer to a pushed authorization request. RFC 9126 section 2.2.
#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

/// Pushes the authorization request and says where to send the browser.
pub(super) async fn push(
    demo: &Arc<Demo>,
    account: Account,
    asked: Asked,
    trace: Trace,
) -> Result<(PendingSignIn, Url), (Problem, Trace)> {
    match pushed(demo, &account, &asked, &trace).await {
        Ok((state, verifier, key, target)) => {
            let begun_at = demo.now();
            Ok((
                PendingSignIn {
                    state,
                    verifier,
                    key,
                    account,
                    asked,
                    trace,
                    begun_at,
                },
                target,
            ))
        }
        Err(problem) => Err((problem, trace)),
    }
}

async fn pushed(
    demo: &Arc<Demo>,
    account: &Account,
    asked: &Asked,
    trace: &Trace,
) -> Result<(CsrfToken, PkceCodeVerifier, Arc<ProofKey>, Url), Problem> {
    const TITLE: &str = "Push the authorization request";
    let key = Arc::new(ProofKey::generate()?);
    // 32 bytes are 43 characters, the least `from_code_verifier_sha256` takes
    let verifier = PkceCodeVerifier::new(URL_SAFE_NO_PAD.encode(demo.random::<32>()));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let state = CsrfToken::new(URL_SAFE_NO_PAD.encode(demo.random::<32>()));

    let client = client(demo, &account.server);
    let (request, state) = client
        .authorize_url(|| state)
        .add_scopes(asked.values().iter().map(|&value| Scope::new(value.to_owned())))
        .set_pkce_challenge(challenge)
        .add_extra_param("login_hint", Cow::from(account.handle.as_str()))
        .url();
    let endpoint = &account.server.pushed_authorization_request_endpoint;
    // RFC 9126 section 2.1: the parameters of an authorization request, in the body instead of the URL
    let form = form_post(endpoint, request.query().unwrap_or_default())?;
    let channel = Channel::new(demo, &key, trace);
    let answer = channel
        .send(TITLE, form)
        .await
        .map_err(|reason| Problem::Unanswered {
            step: TITLE,
            url: endpoint.to_string(),
            reason,
        })?;
    if answer.status() != StatusCode::CREATED
        && let Ok(refusal) = serde_json::from_slice::<BasicErrorResponse>(answer.body())
    {
        return Err(Problem::Refused {
            step: TITLE,
            refusal: Refusal::from(&refusal),
        });
    }
    let pushed: Pushed = read_as(StatusCode::CREATED, TITLE, endpoint.as_str(), &answer)?;

    let mut target = account.server.authorization_endpoint.url().clone();
    trace.note(Step::of_browser(
        "Send the browser to the authorization server",
        format!(
            "GET {target}?client_id={}&request_uri=(hidden)",
            encoded(&demo.client_id)
        ),
        "the URL carries only the name of the pushed request; you sign in and decide there, not here",
    ));
    target
        .query_pairs_mut()
        .append_pair("client_id", &demo.client_id)
        .append_pair("request_uri", &pushed.request_uri);
    Ok((state, verifier, key, target))
}

/// A form as the token, revocation and PAR endpoints take it.
pub(super) fn form_post(endpoint: &Url, body: &str) -> Result<HttpRequest, Problem> {
    http::Request::post(endpoint.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.as_bytes().to_vec())
        .map_err(|_| Problem::Stumbled)
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What came back through the browser, not yet compared with any sign-in.
#[derive(Debug)]
pub(super) struct UnverifiedCallback {
    /// Which sign-in it claims to answer.
    pub(super) state: CsrfToken,
    /// Which server it claims to come from (RFC 9207).
    iss: String,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Code(AuthorizationCode),
    Error(Refusal),
}

impl UnverifiedCallback {
    /// Reads the query of the redirect.
    pub(super) fn parse(query: &str) -> Result<Self, Problem> {
        if query.len() > CALLBACK_BYTES_MAX {
            return Err(Problem::CallbackMalformed("it is too long"));
        }
        let (mut state, mut iss, mut code, mut error, mut description) = (None, None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut state,
                "iss" => &mut iss,
                "code" => &mut code,
                "error" => &mut error,
                "error_description" => &mut description,
                // RFC 6749 section 4.1.2: unrecognized parameters are ignored
                _ => continue,
            };
            // RFC 6749 section 3.1: no parameter more than once
            if slot.replace(value.into_owned()).is_some() {
                return Err(Problem::CallbackMalformed("a parameter is there twice"));
            }
        }
        let state = state.ok_or(Problem::CallbackMalformed("state is missing"))?;
        let iss = iss.ok_or(Problem::CallbackMalformed("iss is missing"))?;
        let answer = match (code, error) {
            (Some(code), None) => Answer::Code(AuthorizationCode::new(code)),
            (None, Some(error)) => Answer::Error(Refusal::new(&error, description.as_deref())),
            (Some(_), Some(_)) => return Err(Problem::CallbackMalformed("it has both code and error")),
            (None, None) => return Err(Problem::CallbackMalformed("it has neither code nor error")),
        };
        Ok(Self {
            state: CsrfToken::new(state),
            iss,
            answer,
        })
    }

    /// Gives the code out if the answer comes from the server that was asked.
    ///
    /// `state` has been used to find `pending`, so it is not compared again.
    pub(super) fn code_for(self, pending: &PendingSignIn) -> Result<AuthorizationCode, Problem> {
        const TITLE: &str = "The browser comes back";
        let sent = match &self.answer {
            Answer::Code(_) => "code=(hidden)".to_owned(),
            Answer::Error(refusal) => format!("error={}", encoded(&refusal.error)),
        };
        pending.trace.note(Step::of_browser(
            TITLE,
            format!("GET /callback?{sent}&state=(hidden)&iss={}", encoded(&self.iss)),
            "state is the one of this browser's sign-in; iss must be the issuer that was asked",
        ));
        // RFC 9207 section 2.4: before anything else of the answer is believed, its error included
        same("the answer's iss", &pending.account.server.issuer, &self.iss)?;
        match self.answer {
            Answer::Code(code) => Ok(code),
            Answer::Error(refusal) if refusal.error == "access_denied" => Err(Problem::AccessDenied(refusal)),
            Answer::Error(refusal) => Err(Problem::Refused { step: TITLE, refusal }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn malformed(query: &str) -> &'static str {
        match UnverifiedCallback::parse(query) {
            Err(Problem::CallbackMalformed(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_callback_needs_state_iss_and_one_of_code_and_error() {
        assert_eq!(malformed("iss=i&code=c"), "state is missing");
        assert_eq!(malformed("state=s&code=c"), "iss is missing");
        assert_eq!(malformed("state=s&iss=i"), "it has neither code nor error");
        assert_eq!(
            malformed("state=s&iss=i&code=c&error=e"),
            "it has both code and error"
        );
        assert_eq!(
            malformed("state=s&iss=i&code=c&code=c"),
            "a parameter is there twice"
        );
        assert_eq!(
            malformed(&format!("state={}", "s".repeat(CALLBACK_BYTES_MAX))),
            "it is too long"
        );
        assert!(UnverifiedCallback::parse("state=s&iss=i&code=c&extra=1&extra=2").is_ok());
    }

    #[test]
    fn an_unread_callback_does_not_print_its_secrets() {
        let callback = UnverifiedCallback::parse("state=secret1&iss=i&code=secret2").unwrap();
        assert!(!format!("{callback:?}").contains("secret"));
    }
}
