//! Why a request is refused, and the response that says so.

use bytes::Bytes;
use entryway_oauth::denial::Denial;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::InvalidToken;
use crate::answer::{Challenge, Fault};

/// Why a request is refused. [`crate::Verifier::refuse`] makes it a response.
///
/// ```
/// use entryway_resource::Refusal;
/// let refusal = Refusal::scope_missing("repo:app.bsky.feed.post?action=create");
/// assert_eq!((refusal.status().as_u16(), refusal.code()), (403, "ScopeMissingError"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No `Authorization` header (R-324).
    #[error("authentication is required: a dpop-bound access token and its proof")]
    CredentialsMissing,
    /// Headers that cannot be read one way only (R-340, R-341).
    #[error("{expected}")]
    CredentialsMalformed {
        /// What was expected.
        expected: &'static str,
    },
    /// `Bearer`, `Basic` or another scheme than `DPoP` (R-325).
    #[error("authorization must use the dpop scheme")]
    SchemeUnsupported,
    /// The access token is not believed.
    #[error(transparent)]
    TokenInvalid(InvalidToken),
    /// The proof is missing, wrong, used before, or lacks a nonce of this server.
    #[error(transparent)]
    ProofInvalid(Denial),
    /// The token is fine and permits less than the method needs (R-337).
    #[error("the access token lacks a scope this method needs")]
    ScopeMissing {
        /// The scope value the method needs.
        scope: String,
    },
    /// There is no room to remember another proof: ours, not the caller's, and over within minutes.
    #[error("too many requests are being verified, try again later")]
    ReplayMarksFull,
}

impl Refusal {
    /// What a handler answers when [`crate::Verified::scope`] does not permit what was asked.
    pub fn scope_missing(scope: &str) -> Self {
        Self::ScopeMissing {
            scope: scope.to_owned(),
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::CredentialsMalformed { .. } => StatusCode::BAD_REQUEST,
            Self::CredentialsMissing
            | Self::SchemeUnsupported
            | Self::TokenInvalid(_)
            | Self::ProofInvalid(_) => StatusCode::UNAUTHORIZED,
            Self::ScopeMissing { .. } => StatusCode::FORBIDDEN,
            Self::ReplayMarksFull => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The `error` of the XRPC body, named as stock clients know it from the reference PDS.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CredentialsMissing => "AuthMissing",
            Self::CredentialsMalformed { .. } => "invalid_request",
            Self::SchemeUnsupported | Self::TokenInvalid(_) => "invalid_token",
            Self::ProofInvalid(denial) => denial.code(),
            Self::ScopeMissing { .. } => "ScopeMissingError",
            Self::ReplayMarksFull => "NotEnoughResources",
        }
    }

    pub(crate) fn response(&self, challenge: &Challenge) -> Response<Bytes> {
        let sentence = self.to_string();
        let message = match self {
            Self::ScopeMissing { scope } => format!("Missing required scope \"{scope}\""),
            _ => sentence.clone(),
        };
        let body = Body {
            error: self.code(),
            message: &message,
        };
        // two strings always serialise
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let fault = |error, scope| Fault {
            error,
            description: &sentence,
            scope,
        };
        let fault = match self {
            Self::CredentialsMissing => None,
            Self::ScopeMissing { scope } => Some(fault("insufficient_scope", Some(scope))),
            Self::ReplayMarksFull => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("30"));
                return response;
            }
            _ => Some(fault(self.code(), None)),
        };
        headers.insert(WWW_AUTHENTICATE, challenge.value(fault.as_ref()));
        response
    }
}

impl From<InvalidToken> for Refusal {
    fn from(reason: InvalidToken) -> Self {
        Self::TokenInvalid(reason)
    }
}

/// The shape of every XRPC error (R-360).
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use entryway_oauth::issuer::Issuer;

    use super::*;

    /// One of each kind of answer.
    fn samples() -> Vec<Refusal> {
        vec![
            Refusal::CredentialsMissing,
            Refusal::CredentialsMalformed {
                expected: "authorization must be a scheme, one space and a token",
            },
            Refusal::SchemeUnsupported,
            Refusal::TokenInvalid(InvalidToken::Malformed),
            Refusal::TokenInvalid(InvalidToken::IssuerUnknown),
            Refusal::TokenInvalid(InvalidToken::Signature),
            Refusal::TokenInvalid(InvalidToken::AudienceMismatch),
            Refusal::TokenInvalid(InvalidToken::Expired),
            Refusal::TokenInvalid(InvalidToken::Misdated),
            Refusal::TokenInvalid(InvalidToken::AtprotoMissing),
            Refusal::TokenInvalid(InvalidToken::KeyMismatch),
            Refusal::ProofInvalid(Denial::ProofMissing),
            Refusal::ProofInvalid(Denial::ProofInvalid {
                expected: "typ must be dpop+jwt",
            }),
            Refusal::ProofInvalid(Denial::ProofClock {
                off_seconds: 900,
                direction: "behind",
            }),
            Refusal::ProofInvalid(Denial::ProofReplayed),
            Refusal::ProofInvalid(Denial::NonceRequired),
            Refusal::scope_missing("repo:a.b.c?action=create"),
            Refusal::ReplayMarksFull,
        ]
    }

    /// Status, challenge and body on three lines each.
    fn rendered() -> String {
        let challenge = Challenge::new(&Issuer::parse("https://pds.example").unwrap());
        let mut text = String::new();
        for refusal in samples() {
            let response = refusal.response(&challenge);
            let header = |name| response.headers().get(name).map_or("-", |v| v.to_str().unwrap());
            text.push_str(&format!(
                "{}\n  {}\n  {}\n",
                response.status(),
                header(WWW_AUTHENTICATE)
                    .replace(ENDS, "")
                    .replace(BEGINS, "DPoP .."),
                std::str::from_utf8(response.body()).unwrap(),
            ));
        }
        text
    }

    const BEGINS: &str = r#"DPoP algs="ES256 ES256K ES384 EdDSA PS256 RS256""#;
    const ENDS: &str = r#", resource_metadata="https://pds.example/.well-known/oauth-protected-resource""#;

    // R-324 to R-341, R-360, contract section 3.2
    #[test]
    fn every_refusal_has_the_status_challenge_and_body_stock_clients_know() {
        let expected = "\
401 Unauthorized
  DPoP ..
  {\"error\":\"AuthMissing\",\"message\":\"authentication is required: a dpop-bound access token and its proof\"}
";
        assert_eq!(rendered(), expected);
    }

    #[test]
    fn every_challenge_begins_with_its_scheme_and_names_the_metadata() {
        let challenge = Challenge::new(&Issuer::parse("https://pds.example").unwrap());
        for refusal in samples()
            .iter()
            .filter(|refusal| refusal.status().is_client_error())
        {
            let response = refusal.response(&challenge);
            let value = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(value.starts_with(BEGINS) && value.ends_with(ENDS), "{value}");
        }
    }

    #[test]
    fn every_sentence_keeps_to_the_characters_of_rfc_6749() {
        for refusal in samples() {
            let text = refusal.to_string();
            let plain = text
                .bytes()
                .all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\'));
            assert!(
                plain && !text.ends_with('.') && !text.starts_with(char::is_uppercase),
                "{text}"
            );
        }
    }

    // R-356
    #[test]
    fn a_scope_of_any_characters_is_still_one_json_string() {
        let challenge = Challenge::new(&Issuer::parse("https://pds.example").unwrap());
        let response = Refusal::scope_missing("a\", \"b\u{0}\n").response(&challenge);
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["message"], "Missing required scope \"a\", \"b\u{0}\n\"");
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2));
    }
}
