//! Every refusal this service gives a caller: its code, its status and one sentence.
//!
//! A [`Denial`] is the caller's fault and says what was expected. Our own faults are another type
//! (`server::fault`), and neither is ever turned into the other. Sentences are lower case, end
//! without a full stop, name the parameter, never echo a secret or a whole input, and keep to the
//! characters RFC 6749 section 5.2 allows. A table beside `server::failure` lists every one in every
//! rendering.

use thiserror::Error;

/// What the caller got wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Denial {
    // --- the shape of the message -------------------------------------------------------------
    /// The body is longer than the endpoint takes.
    #[error("the request body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The endpoint's limit in bytes.
        limit_bytes: usize,
    },
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    BodyTooSlow,
    /// The body is of a type the endpoint does not read.
    #[error("content-type must be application/x-www-form-urlencoded or application/json")]
    ContentTypeUnsupported,
    /// The body is compressed, which this service does not undo.
    #[error("content-encoding is not supported, send the body uncompressed")]
    ContentEncodingUnsupported,
    /// The body does not parse.
    #[error("the request body is not well-formed: {expected}")]
    BodyMalformed {
        /// What was expected.
        expected: &'static str,
    },
    /// Parameters came in the query of an endpoint that reads its body only.
    #[error("parameters belong in the request body, not in the query")]
    QueryNotAllowed,
    /// A parameter came twice (RFC 6749 section 3.2).
    #[error("{name} is given more than once")]
    ParameterRepeated {
        /// The parameter, or "a parameter" when it is not one of ours.
        name: &'static str,
    },
    /// A required parameter is absent or empty.
    #[error("{name} is required")]
    ParameterMissing {
        /// The parameter.
        name: &'static str,
    },
    /// A parameter is present and wrong.
    #[error("{name} {expected}")]
    ParameterInvalid {
        /// The parameter.
        name: &'static str,
        /// The rest of the sentence: what it must be.
        expected: &'static str,
    },
    /// The method is not one of the resource.
    #[error("this endpoint takes {allowed} only")]
    MethodNotAllowed {
        /// The methods it takes.
        allowed: &'static str,
    },

    // --- the client ---------------------------------------------------------------------------
    /// The `client_id` is not one this service can accept.
    #[error("client_id {expected}")]
    ClientIdInvalid {
        /// What it must be.
        expected: &'static str,
    },
    /// The client's document has a fault; `entryway client lint` says the same sentence.
    #[error("client metadata: {finding}")]
    ClientMetadataInvalid {
        /// The first finding: a member's name and what was expected.
        finding: String,
    },
    /// The client's document, or its key set, could not be fetched.
    #[error("client metadata: {document} {reason}")]
    ClientDocumentUnavailable {
        /// `the document` or `jwks_uri`.
        document: &'static str,
        /// The rest of the sentence, which tells nothing about what was reached.
        reason: String,
    },
    /// Too much is being fetched for the client's document to be asked for now: our shortage, and the one
    /// denial that is not the caller's doing.
    #[error("the client metadata cannot be fetched for the moment, try again in 5 seconds")]
    FetchesBusy,
    /// A confidential client sent no assertion.
    #[error("client_assertion is required: the client metadata says private_key_jwt")]
    AssertionMissing,
    /// The client assertion fails a check (RFC 7523 section 3).
    #[error("client_assertion: {expected}")]
    AssertionInvalid {
        /// What was expected.
        expected: &'static str,
    },
    /// The client assertion's clock is too far from ours; says by how much (demand 16).
    #[error("client_assertion: iat is {off_seconds} seconds {direction} this server's clock")]
    AssertionClock {
        /// How far off, in seconds.
        off_seconds: u64,
        /// `behind` or `ahead of`.
        direction: &'static str,
    },
    /// The client assertion was presented before.
    #[error("client_assertion: jti was used before, make a new assertion for every request")]
    AssertionReplayed,
    /// The client tried a secret or HTTP Basic.
    #[error("client secrets are not supported, use token_endpoint_auth_method none or private_key_jwt")]
    ClientSecretUnsupported,

    // --- the authorization request ------------------------------------------------------------
    /// `response_type` is not `code`.
    #[error("response_type must be code")]
    ResponseTypeUnsupported,
    /// A request object (RFC 9101) was sent; this service takes none and advertises none.
    #[error("request objects are not supported, send the parameters themselves")]
    RequestObjectUnsupported,
    /// `redirect_uri` is not registered.
    #[error("redirect_uri is not one the client registered")]
    RedirectMismatch,
    /// A scope value is malformed, unknown or may not stand alone.
    #[error("scope {expected}")]
    ScopeInvalid {
        /// The rest of the sentence.
        expected: String,
    },
    /// A permission set that is asked for could not be had.
    #[error("scope asks for the permission set {name}, which could not be resolved: {reason}")]
    PermissionSetUnresolved {
        /// Its name, an NSID.
        name: String,
        /// At which step it failed.
        reason: String,
    },
    /// A scope value is not in the client's metadata.
    #[error("scope asks for {value}, which the client metadata does not declare")]
    ScopeUndeclared {
        /// The value, of RFC 6749 scope characters and shortened.
        value: String,
    },
    /// `prompt=none`, and nobody is signed in who could answer.
    #[error("nobody is signed in, and prompt none forbids asking")]
    LoginRequired,
    /// `prompt=none`, and several accounts could answer.
    #[error("several accounts are signed in, and prompt none forbids asking which")]
    AccountSelectionRequired,
    /// `prompt=none`, and consent must be asked for.
    #[error("this request needs consent, and prompt none forbids asking")]
    ConsentRequired,
    /// The challenge was used before.
    #[error("code_challenge was used before, make a new one for every request")]
    ChallengeReused,
    /// `dpop_jkt` and the proof name different keys.
    #[error("dpop_jkt is not the thumbprint of the key that signed the dpop proof")]
    KeyThumbprintMismatch,

    // --- the page -----------------------------------------------------------------------------
    /// No pushed request was named.
    #[error("this server takes pushed authorization requests only: request_uri is required")]
    PushedRequestRequired,
    /// The `request_uri` is unknown, expired, already decided, or another client's.
    #[error("this sign-in request is unknown, has expired or was already answered")]
    RequestUnknown,
    /// Another browser opened the request first.
    #[error("this sign-in request was opened in another browser")]
    RequestOpenedElsewhere,
    /// A form came without the token of the page it should come from.
    #[error("this form does not come from a page of this browser, or that page is too old")]
    FormTokenInvalid,
    /// The browser says the request comes from another site, or from inside a frame.
    #[error("this page must be opened by itself, and its forms sent from this site")]
    CrossSite,
    /// The account or the password is wrong; which one is never said.
    #[error("wrong handle or password")]
    CredentialsWrong,
    /// The account named by the form is not signed in here, or may not answer this request.
    #[error("that account is not signed in in this browser")]
    AccountNotSignedIn,
    /// Too many attempts (R-499 .. R-503).
    #[error("too many attempts, try again in {retry_after_seconds} seconds")]
    TooManyAttempts {
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },
    /// More is asked of this server at this moment than it can do: our shortage. Nothing was done.
    #[error("this server has more to do than it can at this moment, try again in a few seconds")]
    Overloaded,
    /// The person said no.
    #[error("the account's owner denied the request")]
    AccessDenied,

    // --- the token endpoint -------------------------------------------------------------------
    /// `grant_type` is not one this service knows.
    #[error("grant_type must be authorization_code or refresh_token")]
    GrantTypeUnsupported,
    /// The code is malformed, unknown, expired, spent, or bound to another client.
    #[error("code is unknown, has expired or was used before")]
    CodeUnknown,
    /// `redirect_uri` differs from the pushed one.
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectChanged,
    /// The verifier does not open the code; the code is spent by the attempt.
    #[error("code_verifier does not match the code_challenge")]
    VerifierMismatch,
    /// The proof's key is not the one the code or session is bound to.
    #[error("the dpop proof is signed by another key than the one this grant is bound to")]
    KeyMismatch,
    /// The client authenticates with another key than the one this grant began with.
    #[error("client_assertion is signed by another key than the one this grant is bound to")]
    ClientKeyChanged,
    /// The client no longer publishes the key this session is bound to: the session is over.
    #[error("the client no longer publishes the key of this session, which has been ended")]
    ClientKeyRemoved,
    /// The client's metadata no longer lists the grant type.
    #[error("the client metadata does not list refresh_token in grant_types")]
    RefreshUndeclared,
    /// The refresh token is malformed, unknown, expired or its session has ended.
    #[error("refresh_token is unknown or expired, or its session has ended")]
    RefreshTokenUnknown,
    /// The refresh token was rotated away and came back: its session is now over.
    #[error("refresh_token was used before, its session has been ended")]
    RefreshTokenReplayed,
    /// The account is deactivated, taken down or gone.
    #[error("the account is not active")]
    AccountInactive,
    /// A refresh asks for more than was granted.
    #[error("scope asks for more than was granted")]
    ScopeExceedsGrant,

    // --- the revocation feed ------------------------------------------------------------------
    /// The reader shows no token of a reader, or one that is unknown or was taken back.
    #[error("authorization must be Bearer with the token of a reader of the revocation feed")]
    FeedTokenUnknown,
    /// The cursor is so old that events after it are not kept any more.
    #[error("after names an event that is no longer kept, leave it out to begin with the oldest")]
    CursorGone,
    /// The cursor is beyond the newest event, as it is when an older database was restored.
    #[error("after is beyond the newest event, leave it out to begin with the oldest")]
    CursorAhead,
    /// Every place for readers is taken: our shortage.
    #[error("too many readers of the revocation feed are connected, try again in 5 seconds")]
    FeedFull,

    // --- proof of possession ------------------------------------------------------------------
    /// No `DPoP` header where one is required.
    #[error("a dpop header with a proof is required")]
    ProofMissing,
    /// The proof fails a check of RFC 9449 section 4.3.
    #[error("dpop proof: {expected}")]
    ProofInvalid {
        /// What was expected.
        expected: &'static str,
    },
    /// The proof's clock is too far from ours; says by how much (demand: clock skew is reported).
    #[error("dpop proof: iat is {off_seconds} seconds {direction} this server's clock")]
    ProofClock {
        /// How far off, in seconds.
        off_seconds: u64,
        /// `behind` or `ahead of`.
        direction: &'static str,
    },
    /// The proof was presented before.
    #[error("dpop proof: jti was used before")]
    ProofReplayed,
    /// The proof lacks a nonce of this server, or carries a stale one (RFC 9449 section 8).
    #[error("a nonce from this server's dpop-nonce header is required in the dpop proof")]
    NonceRequired,
}

impl Denial {
    /// The OAuth error code, as RFC 6749, 7009, 9126 and 9449 name it.
    pub const fn code(&self) -> &'static str {
        use Denial as D;
        match self {
            D::ClientIdInvalid { .. }
            | D::ClientMetadataInvalid { .. }
            | D::ClientDocumentUnavailable { .. } => "invalid_client_metadata",
            D::ClientSecretUnsupported
            | D::AssertionMissing
            | D::AssertionInvalid { .. }
            | D::AssertionClock { .. }
            | D::AssertionReplayed => "invalid_client",
            D::ResponseTypeUnsupported => "unsupported_response_type",
            D::RequestObjectUnsupported => "request_not_supported",
            D::ScopeInvalid { .. }
            | D::PermissionSetUnresolved { .. }
            | D::ScopeUndeclared { .. }
            | D::ScopeExceedsGrant => "invalid_scope",
            D::FetchesBusy | D::FeedFull | D::Overloaded => "temporarily_unavailable",
            D::LoginRequired => "login_required",
            D::AccountSelectionRequired => "account_selection_required",
            D::ConsentRequired => "consent_required",
            D::AccessDenied => "access_denied",
            D::GrantTypeUnsupported => "unsupported_grant_type",
            D::RefreshUndeclared => "unauthorized_client",
            D::CodeUnknown
            | D::RedirectChanged
            | D::VerifierMismatch
            | D::KeyMismatch
            | D::ClientKeyChanged
            | D::ClientKeyRemoved
            | D::RefreshTokenUnknown
            | D::RefreshTokenReplayed
            | D::AccountInactive => "invalid_grant",
            D::ProofMissing | D::ProofInvalid { .. } | D::ProofClock { .. } | D::ProofReplayed => {
                "invalid_dpop_proof"
            }
            D::NonceRequired => "use_dpop_nonce",
            // RFC 6750 section 3.1
            D::FeedTokenUnknown => "invalid_token",
            D::CursorGone | D::CursorAhead => "cursor_gone",
            _ => "invalid_request",
        }
    }

    /// The HTTP status of the JSON and page renderings.
    pub const fn status(&self) -> u16 {
        use Denial as D;
        match self {
            D::CredentialsWrong | D::ClientSecretUnsupported | D::FeedTokenUnknown => 401,
            D::CrossSite | D::FormTokenInvalid | D::AccountNotSignedIn | D::RequestOpenedElsewhere => 403,
            D::MethodNotAllowed { .. } => 405,
            D::BodyTooSlow => 408,
            D::CursorGone | D::CursorAhead => 410,
            D::BodyTooLarge { .. } => 413,
            D::ContentTypeUnsupported | D::ContentEncodingUnsupported => 415,
            D::TooManyAttempts { .. } => 429,
            D::FetchesBusy | D::FeedFull | D::Overloaded => 503,
            _ => 400,
        }
    }

    /// How many seconds to wait, where waiting helps (`Retry-After`, R-501).
    pub const fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::TooManyAttempts { retry_after_seconds } => Some(*retry_after_seconds),
            Self::FetchesBusy | Self::FeedFull => Some(5),
            Self::Overloaded => Some(2),
            _ => None,
        }
    }
}

mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_keeps_to_the_characters_of_rfc_6749() {
        for denial in Denial::samples() {
            let text = denial.to_string();
            assert!(
                text.bytes()
                    .all(|b| matches!(b, 0x20..=0x7e) && b != b'"' && b != b'\\'),
                "{text}"
            );
            assert!(
                !text.ends_with('.') && !text.starts_with(char::is_uppercase),
                "{text}"
            );
        }
    }

    #[test]
    fn every_denial_is_a_client_error_but_for_our_own_shortage() {
        for denial in Denial::samples() {
            let ours = [Denial::FetchesBusy, Denial::FeedFull, Denial::Overloaded].contains(&denial);
            assert!(ours || (400..500).contains(&denial.status()), "{denial:?}");
        }
    }
}
