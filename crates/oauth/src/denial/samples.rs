//! One of each denial.

use super::Denial;

impl Denial {
    /// One of each, for the table of denials and for tests that look at all of them.
    pub fn samples() -> Vec<Self> {
        vec![
            Self::BodyTooLarge { limit_bytes: 102_400 },
            Self::BodyTooSlow,
            Self::ContentTypeUnsupported,
            Self::ContentEncodingUnsupported,
            Self::BodyMalformed {
                expected: "a percent sign must be followed by two hexadecimal digits",
            },
            Self::QueryNotAllowed,
            Self::ParameterRepeated { name: "state" },
            Self::ParameterMissing { name: "state" },
            Self::ParameterInvalid {
                name: "prompt",
                expected: "must be none, login, consent, select_account or create",
            },
            Self::MethodNotAllowed { allowed: "POST" },
            Self::ClientIdInvalid {
                expected: "must be http://localhost or an https URL",
            },
            Self::ClientMetadataInvalid {
                finding: "scope must include atproto".to_owned(),
            },
            Self::ClientDocumentUnavailable {
                document: "the document",
                reason: "answered with status 404 instead of 200".to_owned(),
            },
            Self::FetchesBusy,
            Self::AssertionMissing,
            Self::AssertionInvalid {
                expected: "aud must be this server's issuer",
            },
            Self::AssertionClock {
                off_seconds: 900,
                direction: "behind",
            },
            Self::AssertionReplayed,
            Self::ClientSecretUnsupported,
            Self::ResponseTypeUnsupported,
            Self::RequestObjectUnsupported,
            Self::RedirectMismatch,
            Self::ScopeInvalid {
                expected: "must include atproto".to_owned(),
            },
            Self::PermissionSetUnresolved {
                name: "com.example.authBasic".to_owned(),
                reason: "the lexicon authority has no record of this name in com.atproto.lexicon.schema"
                    .to_owned(),
            },
            Self::ScopeUndeclared {
                value: "transition:email".to_owned(),
            },
            Self::LoginRequired,
            Self::AccountSelectionRequired,
            Self::ConsentRequired,
            Self::ChallengeReused,
            Self::KeyThumbprintMismatch,
            Self::PushedRequestRequired,
            Self::RequestUnknown,
            Self::RequestOpenedElsewhere,
            Self::FormTokenInvalid,
            Self::CrossSite,
            Self::CredentialsWrong,
            Self::AccountNotSignedIn,
            Self::TooManyAttempts {
                retry_after_seconds: 60,
            },
            Self::Overloaded,
            Self::AccessDenied,
            Self::GrantTypeUnsupported,
            Self::CodeUnknown,
            Self::RedirectChanged,
            Self::VerifierMismatch,
            Self::KeyMismatch,
            Self::ClientKeyChanged,
            Self::ClientKeyRemoved,
            Self::RefreshUndeclared,
            Self::RefreshTokenUnknown,
            Self::RefreshTokenReplayed,
            Self::AccountInactive,
            Self::ScopeExceedsGrant,
            Self::FeedTokenUnknown,
            Self::CursorGone,
            Self::CursorAhead,
            Self::FeedFull,
            Self::ProofMissing,
            Self::ProofInvalid {
                expected: "typ must be dpop+jwt",
            },
            Self::ProofClock {
                off_seconds: 900,
                direction: "behind",
            },
            Self::ProofReplayed,
            Self::NonceRequired,
        ]
    }
}
