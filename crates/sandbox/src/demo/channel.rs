//! Requests that carry a DPoP proof, sent once more when the server first wants its nonce in it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use oauth2::{AccessToken, HttpRequest, HttpResponse};
use serde::Deserialize;
use url::Url;

use super::Demo;
use super::outbound::Undelivered;
use super::proof::{ProofClaims, ProofKey};
use super::trace::{Step, Trace};

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// Sends requests with proofs of one session's key. Owns its parts, because `oauth2` wants a client that does.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    /// The app: its HTTP client, nonces, clock and randomness.
    pub(super) demo: Arc<Demo>,
    key: Arc<ProofKey>,
    trace: Trace,
}

impl Channel {
    /// A channel whose proofs `key` signs and whose requests `trace` notes.
    pub(super) fn new(demo: &Arc<Demo>, key: &Arc<ProofKey>, trace: &Trace) -> Self {
        Self {
            demo: Arc::clone(demo),
            key: Arc::clone(key),
            trace: trace.clone(),
        }
    }

    /// Sends a request without an access token: to the authorization server.
    pub(super) async fn send(
        &self,
        title: &'static str,
        request: HttpRequest,
    ) -> Result<HttpResponse, Undelivered> {
        self.deliver(title, request, None).await
    }

    /// Sends a request with an access token: to the PDS.
    pub(super) async fn send_authorized(
        &self,
        title: &'static str,
        request: HttpRequest,
        token: &AccessToken,
    ) -> Result<HttpResponse, Undelivered> {
        self.deliver(title, request, Some(token)).await
    }

    async fn deliver(
        &self,
        title: &'static str,
        request: HttpRequest,
        token: Option<&AccessToken>,
    ) -> Result<HttpResponse, Undelivered> {
        let answer = self.attempt(title, request.clone(), token).await?;
        // once: a server that is not content with the nonce it has just given will not be content ever
        if wants_nonce(&answer) {
            self.attempt(title, request, token).await
        } else {
            Ok(answer)
        }
    }

    async fn attempt(
        &self,
        title: &'static str,
        mut request: HttpRequest,
        token: Option<&AccessToken>,
    ) -> Result<HttpResponse, Undelivered> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| Undelivered::NotPermitted)?;
        let nonce = self.demo.nonces.latest(&url);
        let proof = self.key.proof(ProofClaims {
            method: request.method().as_str(),
            url: &url,
            nonce: nonce.as_deref(),
            access_token: token.map(|token| token.secret().as_str()),
            id: URL_SAFE_NO_PAD.encode(self.demo.random::<16>()),
            issued_at: self.demo.now(),
        })?;
        let step = Step::of_request(title, &request).noting(proof_note(nonce.is_some(), token.is_some()));

        request.headers_mut().insert(DPOP, header_value(&proof)?);
        if let Some(token) = token {
            request
                .headers_mut()
                .insert(AUTHORIZATION, header_value(&format!("DPoP {}", token.secret()))?);
        }
        let answer = self.demo.outbound.send(request).await;
        match &answer {
            Ok(answer) => {
                self.demo.nonces.learn(&url, answer);
                self.trace.note(step.answered(answer));
            }
            Err(reason) => self.trace.note(step.failed(reason)),
        }
        answer
    }
}

/// A header that a log never prints. A token that does not fit a header cannot be sent at all.
fn header_value(text: &str) -> Result<HeaderValue, Undelivered> {
    let mut value = HeaderValue::from_str(text).map_err(|_| Undelivered::NotPermitted)?;
    value.set_sensitive(true);
    Ok(value)
}

fn proof_note(with_nonce: bool, with_token: bool) -> &'static str {
    match (with_nonce, with_token) {
        (false, false) => "DPoP proof without a nonce: this server has not given one yet",
        (true, false) => "DPoP proof with the server's latest nonce",
        (false, true) => {
            "Authorization: DPoP, and a proof with the token's hash (ath); no nonce from this server yet"
        }
        (true, true) => {
            "Authorization: DPoP, and a proof with the token's hash (ath) and the server's latest nonce"
        }
    }
}

/// The `error` member of a JSON error answer.
#[derive(Deserialize)]
struct ErrorCode {
    error: String,
}

/// Says whether the answer asks for a proof with a nonce: RFC 9449 section 8 (authorization server, 400 and a
/// JSON error) and section 9 (resource server, 401 and a challenge).
fn wants_nonce(answer: &HttpResponse) -> bool {
    match answer.status() {
        StatusCode::BAD_REQUEST => serde_json::from_slice::<ErrorCode>(answer.body())
            .is_ok_and(|refusal| refusal.error == "use_dpop_nonce"),
        StatusCode::UNAUTHORIZED => challenge_error(answer).is_some_and(|error| error == "use_dpop_nonce"),
        _ => false,
    }
}

/// Says whether a resource server refused the access token itself, so that refreshing may help.
pub(super) fn refuses_token(answer: &HttpResponse) -> bool {
    answer.status() == StatusCode::UNAUTHORIZED
        && challenge_error(answer).is_some_and(|error| error == "invalid_token")
}

/// The `error` of a `WWW-Authenticate: DPoP` challenge.
fn challenge_error(answer: &HttpResponse) -> Option<&str> {
    let challenge = answer.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let (scheme, parameters) = challenge.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("DPoP") {
        return None;
    }
    let (_, rest) = parameters.split_once("error=\"")?;
    rest.split_once('"').map(|(error, _)| error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, challenge: &str, body: &str) -> HttpResponse {
        http::Response::builder()
            .status(status)
            .header("www-authenticate", challenge)
            .body(body.as_bytes().to_vec())
            .unwrap()
    }

    // R-307, R-327
    #[test]
    fn a_nonce_is_wanted_by_400_and_json_or_by_401_and_a_challenge() {
        let (json, challenge) = (r#"{"error":"use_dpop_nonce"}"#, r#"DPoP error="use_dpop_nonce""#);
        let cases = [
            (400, "", json, true),
            (400, "", r#"{"error":"invalid_request"}"#, false),
            (400, "", "use_dpop_nonce", false),
            (401, challenge, "", true),
            (401, r#"dpop algs="ES256", error="use_dpop_nonce""#, "", true),
            (
                401,
                r#"DPoP error="invalid_token", error_description="use_dpop_nonce""#,
                "",
                false,
            ),
            (401, r#"Bearer error="use_dpop_nonce""#, "", false),
            (401, "DPoP", json, false),
            (400, challenge, "", false),
            (200, challenge, json, false),
        ];
        for (status, challenge, body, expected) in cases {
            assert_eq!(
                wants_nonce(&answer(status, challenge, body)),
                expected,
                "{status} {challenge} {body}"
            );
        }
    }

    #[test]
    fn a_token_is_refused_by_401_and_a_challenge_only() {
        let challenge = r#"DPoP error="invalid_token", error_description="expired""#;
        assert!(refuses_token(&answer(401, challenge, "")));
        assert!(!refuses_token(&answer(403, challenge, "")));
        assert!(!refuses_token(&answer(401, r#"DPoP error="use_dpop_nonce""#, "")));
    }
}
