//! Every refusal of the account service under `/xrpc/`: its name, its status and its text.
//!
//! Stock clients compare the names, and some of the texts, byte for byte with those of the reference PDS, so
//! the texts that start with a capital letter are part of the contract (contract 2.4 and 3.1). The others are
//! ours and keep to the rules of [`crate::denial`]. As there, what is the caller's doing is never mixed with
//! our own faults; the one shortage that is named is that of a PDS or of the PLC directory.

mod table;

use thiserror::Error;

use entryway_scope::Did;

use crate::denial::Denial;
use crate::service_token::InvalidServiceToken;
use crate::session_token::InvalidSessionToken;

/// Why a method of the account service was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XrpcDenial {
    // --- the request ------------------------------------------------------------------------------
    /// A parameter is missing, of the wrong type or out of bounds.
    #[error("{expected}")]
    InvalidRequest {
        /// A sentence that names the parameter and says what was expected.
        expected: &'static str,
    },
    /// A member of the body that must be there is not.
    #[error("{name} is required")]
    ParameterMissing {
        /// Its name.
        name: &'static str,
    },
    /// A member of the body is of the wrong type or out of bounds.
    #[error("{name} {expected}")]
    ParameterInvalid {
        /// Its name.
        name: &'static str,
        /// What was expected: the rest of the sentence.
        expected: &'static str,
    },
    /// A query called as a procedure, or the other way round.
    #[error("this method is called by {allowed}")]
    MethodNotAllowed {
        /// The methods of HTTP, as `Allow` lists them.
        allowed: &'static str,
    },
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    BodyTooSlow,
    /// The body is longer than any method takes.
    #[error("the request body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit_bytes: usize,
    },
    /// Too many attempts.
    #[error("Rate Limit Exceeded")]
    RateLimitExceeded {
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },
    /// More is asked of this server at this moment than it can do. Nothing was done.
    #[error("this server has more to do than it can at this moment, try again in a few seconds")]
    Overloaded,
    /// Nobody serves a method of that name to a caller without a session.
    #[error("this server has no such method")]
    MethodNotImplemented,

    // --- who calls --------------------------------------------------------------------------------
    /// No credential where one is needed.
    #[error("Authentication Required")]
    AuthMissing,
    /// A credential of another scheme than the method takes.
    #[error("Unexpected authorization type")]
    AuthorizationType,
    /// An administrator's credential that is none (contract 2.5).
    #[error("Authentication Required")]
    AdminRequired,
    /// Unknown account or wrong password; which one is never said.
    #[error("Invalid identifier or password")]
    CredentialsWrong,
    /// The same where the account is named by its DID, as in `deleteAccount`.
    #[error("Invalid did or password")]
    DidOrPasswordWrong,
    /// The account wants a code besides the password; it has been sent.
    #[error("a sign-in code is required, it was sent to the e-mail address of the account")]
    AuthFactorTokenRequired,
    /// The operator took the account down.
    #[error("Account has been taken down")]
    AccountTakedown,
    /// A session token that is not ours, or of the other kind.
    #[error("Token could not be verified")]
    TokenUnverified,
    /// A session token with claims that no session token has.
    #[error("Malformed token")]
    TokenMalformed,
    /// A session that may not do this: that of an app password, say (A10, R-482).
    #[error("Bad token scope")]
    TokenScope,
    /// A session token whose time is over, or that is for the PDS the account has left.
    #[error("Token has expired")]
    TokenExpired,
    /// A session that was ended, or a refresh token past its grace.
    #[error("Token has been revoked")]
    TokenRevoked,
    /// The account rests here and its DID names a PDS that is none of ours.
    #[error("the account has left for another PDS, sign in there")]
    AccountLeft,
    /// An OAuth token for a method that none may call.
    #[error("OAuth credentials are not supported for this endpoint")]
    OauthRefused,
    /// An access token of OAuth that is not good here.
    #[error("the access token {expected}")]
    AccessTokenInvalid {
        /// The rest of the sentence.
        expected: &'static str,
    },
    /// The DPoP proof beside an access token, judged as at the token endpoint.
    #[error("{0}")]
    DpopProof(Denial),
    /// A reference to a scope that no living token holds.
    #[error("scope {expected}")]
    InvalidScopeReference {
        /// The rest of the sentence.
        expected: &'static str,
    },
    /// A DPoP token where the request would have to be passed on: it names the server it is sent to.
    #[error("DPoP requests cannot be proxied, send them to {pds}")]
    DpopNotProxied {
        /// The URL of the account's own PDS, or words for it.
        pds: String,
    },
    /// A service token that is not taken.
    #[error("{0}")]
    ServiceToken(InvalidServiceToken),
    /// A service token for a URL (A8): most often it is that of this service, under which nobody knows it.
    #[error("aud of the service token must be a DID and not a URL, the one of this service is {service}")]
    AudienceIsUrl {
        /// The DID of this service.
        service: String,
    },

    // --- accounts and their names -----------------------------------------------------------------
    /// The session's account is gone.
    #[error("Could not find user info for account")]
    AccountGone,
    /// The account a method is about does not exist.
    #[error("account not found")]
    AccountNotFound,
    /// The handle is none, or breaks a rule of its domain.
    #[error("handle {expected}")]
    InvalidHandle {
        /// What was expected: the rest of the sentence.
        expected: &'static str,
    },
    /// The handle is taken or reserved.
    #[error("handle is already taken or reserved")]
    HandleNotAvailable,
    /// The handle is under no domain of this service.
    #[error("handle must be under one of availableUserDomains")]
    UnsupportedDomain,
    /// The handle's own domain does not say that it is this account's.
    #[error("External handle did not resolve to DID")]
    HandleUnresolved,
    /// No account of this service has the handle.
    #[error("Unable to resolve handle")]
    HandleUnknown,
    /// The password is too short or too long.
    #[error("password {expected}")]
    InvalidPassword {
        /// What was expected: the rest of the sentence.
        expected: &'static str,
    },
    /// An invite code is required and missing, or the one given is unknown, used up or disabled.
    #[error("inviteCode is missing, unknown, used up or disabled")]
    InvalidInviteCode,
    /// More invite codes than there may be, asked for twice at once.
    #[error("these invite codes were made by another request")]
    DuplicateCreate,
    /// The e-mail address is none that this service writes to.
    #[error("email {expected}")]
    EmailUnsupported {
        /// What was expected: the rest of the sentence.
        expected: &'static str,
    },
    /// Another account has the e-mail address.
    #[error("email is in use by another account")]
    EmailTaken,
    /// The e-mail address is not the one of the account.
    #[error("email is not the address of this account")]
    InvalidEmail,
    /// What was asked for takes a letter, and there is no address to send it to.
    #[error("this account has no e-mail address")]
    EmailMissing,
    /// The DID cannot be resolved.
    #[error("did could not be resolved")]
    UnresolvableDid,
    /// The DID's document does not fit, or no longer lets us change it (contract 6, item 8).
    #[error("the DID document {expected}")]
    IncompatibleDidDoc {
        /// What was expected: the rest of the sentence.
        expected: &'static str,
    },
    /// The DID has ended for good.
    #[error("did has been tombstoned, it cannot be used any more")]
    DidEnded,
    /// We may not change the DID that is to move here.
    #[error(
        "the DID document must list the rotation key {key} of this service: have the present PDS sign an operation \
         that adds it, and send that as plcOp or to the directory"
    )]
    RotationKeyMissing {
        /// Our rotation key, as `did:key`.
        key: String,
    },
    /// The DID that is to move here has an account here.
    #[error("did has an account here already, sign in to it")]
    AccountExists,
    /// The same sign-up is being worked on.
    #[error("this sign-up is under way, send the same request again in {retry_after_seconds} seconds")]
    SignUpUnderWay {
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },

    /// Another change of the same account is being worked on.
    #[error("another change of this account is under way, try again in {retry_after_seconds} seconds")]
    ChangeUnderWay {
        /// When to try again, in seconds.
        retry_after_seconds: u32,
    },

    // --- codes by e-mail --------------------------------------------------------------------------
    /// The code is not the one that was sent last.
    #[error("Token is invalid")]
    EmailTokenInvalid,
    /// The code is too old.
    #[error("Token is expired")]
    EmailTokenExpired,
    /// The present address was confirmed, so that changing it takes a code sent to it.
    #[error("confirmation token required")]
    EmailTokenRequired,
    /// Signing a PLC operation takes a code.
    #[error("email confirmation token required to sign PLC operations")]
    PlcTokenRequired,

    // --- others' shortages ------------------------------------------------------------------------
    /// The account's PDS is down, or answers what no PDS answers. Nothing is lost: the same request again
    /// goes on where this one stopped.
    #[error("the PDS could not be reached or broke down, send the same request again later")]
    PdsUnavailable,
    /// The account's PDS takes too long.
    #[error("the PDS did not answer in time, send the same request again later")]
    PdsTooSlow,
    /// The PDS, or something before it, gave an error in words that no client of XRPC reads.
    #[error("the PDS, or something before it, gave an error without an explanation")]
    PdsUnexplained {
        /// Its status, which stays.
        status: u16,
    },
    /// The account lives on a PDS that calls are not passed on to.
    #[error(
        "the PDS of this account is not one this service passes calls on to, send them to the PDS itself"
    )]
    PdsUnknown,
    /// The PDS refuses what it should take: its configuration does not fit ours.
    #[error("the PDS refused the account, its operator has been told")]
    PdsRefused,
    /// The PLC directory does not take what we signed, and will not: see [`XrpcDenial::IncompatibleDidDoc`] where the
    /// document is why.
    #[error("the PLC directory refused the change of the DID document, nothing has changed")]
    DirectoryRefused,
    /// The mail server did not take a letter. What was to be done with it is as it was before.
    #[error("the letter could not be handed to the mail server, send the same request again later")]
    LetterNotSent,
    /// The PLC directory cannot be asked.
    #[error("the PLC directory could not be reached, send the same request again later")]
    DirectoryUnavailable,
}

impl From<InvalidSessionToken> for XrpcDenial {
    fn from(fault: InvalidSessionToken) -> Self {
        match fault {
            InvalidSessionToken::Unverified => Self::TokenUnverified,
            InvalidSessionToken::Malformed => Self::TokenMalformed,
            InvalidSessionToken::Scope => Self::TokenScope,
            InvalidSessionToken::Expired => Self::TokenExpired,
        }
    }
}

impl XrpcDenial {
    /// A service token that is not taken; whoever took a URL for our name is told our DID.
    pub fn of_service_token(fault: InvalidServiceToken, service: &Did) -> Self {
        match fault {
            InvalidServiceToken::AudienceUrl => Self::AudienceIsUrl {
                service: service.to_string(),
            },
            fault => Self::ServiceToken(fault),
        }
    }
}

#[cfg(test)]
mod tests;
