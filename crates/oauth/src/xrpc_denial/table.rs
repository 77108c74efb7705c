//! The name, the status and the wait of every refusal.

use super::XrpcDenial;
use crate::denial::Denial;
use crate::service_token::InvalidServiceToken;

impl XrpcDenial {
    /// The `error` of the body.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidRequest { .. }
            | Self::ParameterMissing { .. }
            | Self::ParameterInvalid { .. }
            | Self::MethodNotAllowed { .. }
            | Self::BodyTooSlow
            | Self::DpopNotProxied { .. }
            | Self::AudienceIsUrl { .. }
            | Self::AccountGone
            | Self::HandleUnresolved
            | Self::HandleUnknown
            | Self::PdsUnknown
            | Self::EmailUnsupported { .. }
            | Self::EmailTaken
            | Self::EmailMissing
            | Self::PlcTokenRequired => "InvalidRequest",
            Self::BodyTooLarge { .. } => "PayloadTooLarge",
            Self::RateLimitExceeded { .. } | Self::SignUpUnderWay { .. } | Self::ChangeUnderWay { .. } => {
                "RateLimitExceeded"
            }
            // what the clients of XRPC call a 503
            Self::Overloaded => "NotEnoughResources",
            Self::MethodNotImplemented => "MethodNotImplemented",
            Self::AuthMissing => "AuthMissing",
            Self::AdminRequired | Self::CredentialsWrong | Self::DidOrPasswordWrong => {
                "AuthenticationRequired"
            }
            Self::AuthFactorTokenRequired => "AuthFactorTokenRequired",
            Self::AccountTakedown => "AccountTakedown",
            Self::AuthorizationType
            | Self::TokenUnverified
            | Self::TokenMalformed
            | Self::TokenScope
            | Self::EmailTokenInvalid => "InvalidToken",
            // what has a client let go of a session
            Self::TokenExpired | Self::TokenRevoked | Self::EmailTokenExpired | Self::AccountLeft => {
                "ExpiredToken"
            }
            Self::OauthRefused => "Forbidden",
            // as a PDS names them to a client of OAuth (contract 3.2)
            Self::AccessTokenInvalid { .. } => "invalid_token",
            Self::DpopProof(denial) => denial.code(),
            Self::InvalidScopeReference { .. } => "InvalidScopeReference",
            Self::ServiceToken(fault) => fault.name(),
            Self::AccountNotFound => "AccountNotFound",
            Self::InvalidHandle { .. } => "InvalidHandle",
            Self::HandleNotAvailable => "HandleNotAvailable",
            Self::UnsupportedDomain => "UnsupportedDomain",
            Self::InvalidPassword { .. } => "InvalidPassword",
            Self::InvalidInviteCode => "InvalidInviteCode",
            Self::DuplicateCreate => "DuplicateCreate",
            Self::InvalidEmail => "InvalidEmail",
            Self::UnresolvableDid | Self::DidEnded => "UnresolvableDid",
            Self::IncompatibleDidDoc { .. } | Self::RotationKeyMissing { .. } => "IncompatibleDidDoc",
            Self::AccountExists => "AlreadyExists",
            Self::EmailTokenRequired => "TokenRequired",
            Self::PdsUnavailable
            | Self::PdsUnexplained { .. }
            | Self::PdsRefused
            | Self::LetterNotSent
            | Self::DirectoryRefused
            | Self::DirectoryUnavailable => "UpstreamFailure",
            Self::PdsTooSlow => "UpstreamTimeout",
        }
    }

    /// The HTTP status. Session tokens are refused with 400, as the reference does: clients refresh on the
    /// name, not on the status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::ServiceToken(InvalidServiceToken::AudienceUrl) => 400,
            Self::AuthMissing
            | Self::AdminRequired
            | Self::CredentialsWrong
            | Self::DidOrPasswordWrong
            | Self::AuthFactorTokenRequired
            | Self::AccountTakedown
            | Self::AccessTokenInvalid { .. }
            | Self::DpopProof(_)
            | Self::ServiceToken(_) => 401,
            Self::OauthRefused => 403,
            Self::MethodNotAllowed { .. } => 405,
            Self::BodyTooSlow => 408,
            Self::BodyTooLarge { .. } => 413,
            Self::RateLimitExceeded { .. } | Self::SignUpUnderWay { .. } | Self::ChangeUnderWay { .. } => 429,
            Self::MethodNotImplemented => 501,
            Self::PdsUnavailable
            | Self::PdsRefused
            | Self::LetterNotSent
            | Self::DirectoryRefused
            | Self::DirectoryUnavailable => 502,
            Self::Overloaded => 503,
            Self::PdsTooSlow => 504,
            Self::PdsUnexplained { status } => *status,
            _ => 400,
        }
    }

    /// How many seconds to wait, where waiting helps (`Retry-After`, R-501).
    pub const fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::RateLimitExceeded { retry_after_seconds }
            | Self::SignUpUnderWay { retry_after_seconds }
            | Self::ChangeUnderWay { retry_after_seconds } => Some(*retry_after_seconds),
            Self::Overloaded => Some(2),
            _ => None,
        }
    }

    /// One of each, for the table of denials and for tests that look at all of them.
    pub fn samples() -> Vec<Self> {
        let mut samples = vec![
            Self::InvalidRequest {
                expected: "name is required",
            },
            Self::ParameterMissing { name: "name" },
            Self::ParameterInvalid {
                name: "name",
                expected: "must be a string",
            },
            Self::MethodNotAllowed { allowed: "POST" },
            Self::BodyTooSlow,
            Self::BodyTooLarge { limit_bytes: 102_400 },
            Self::RateLimitExceeded {
                retry_after_seconds: 60,
            },
            Self::Overloaded,
            Self::MethodNotImplemented,
            Self::AuthMissing,
            Self::AuthorizationType,
            Self::AdminRequired,
            Self::CredentialsWrong,
            Self::DidOrPasswordWrong,
            Self::AuthFactorTokenRequired,
            Self::AccountTakedown,
            Self::TokenUnverified,
            Self::TokenMalformed,
            Self::TokenScope,
            Self::TokenExpired,
            Self::TokenRevoked,
            Self::AccountLeft,
            Self::OauthRefused,
            Self::AccessTokenInvalid {
                expected: "has expired",
            },
            Self::DpopProof(Denial::NonceRequired),
            Self::InvalidScopeReference {
                expected: "must be ref: and a CID",
            },
            Self::DpopNotProxied {
                pds: "https://pds.example".to_owned(),
            },
            Self::AudienceIsUrl {
                service: "did:web:entryway.example".to_owned(),
            },
            Self::AccountGone,
            Self::AccountNotFound,
            Self::InvalidHandle {
                expected: "must be a domain name",
            },
            Self::HandleNotAvailable,
            Self::UnsupportedDomain,
            Self::HandleUnresolved,
            Self::HandleUnknown,
            Self::InvalidPassword {
                expected: "must be 8 to 256 characters",
            },
            Self::InvalidInviteCode,
            Self::DuplicateCreate,
            Self::EmailUnsupported {
                expected: "must be an address",
            },
            Self::EmailTaken,
            Self::InvalidEmail,
            Self::EmailMissing,
            Self::UnresolvableDid,
            Self::IncompatibleDidDoc {
                expected: "must list our rotation key",
            },
            Self::DidEnded,
            Self::RotationKeyMissing {
                key: "did:key:zQ3sh".to_owned(),
            },
            Self::AccountExists,
            Self::SignUpUnderWay {
                retry_after_seconds: 90,
            },
            Self::ChangeUnderWay {
                retry_after_seconds: 90,
            },
            Self::EmailTokenInvalid,
            Self::EmailTokenExpired,
            Self::EmailTokenRequired,
            Self::PlcTokenRequired,
            Self::PdsUnavailable,
            Self::PdsTooSlow,
            Self::PdsUnexplained { status: 404 },
            Self::PdsUnknown,
            Self::PdsRefused,
            Self::LetterNotSent,
            Self::DirectoryRefused,
            Self::DirectoryUnavailable,
        ];
        samples.extend(InvalidServiceToken::ALL.map(Self::ServiceToken));
        samples
    }
}
