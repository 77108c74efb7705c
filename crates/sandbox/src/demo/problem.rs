//! Everything that can go wrong, in words for the person in front of the page and for the app's developer.

use http::StatusCode;
use josekit::JoseError;
use oauth2::basic::BasicErrorResponse;

use super::outbound::Undelivered;
use super::trace::shortened;

/// Why the app could not do what was asked.
///
/// `Display` says what failed in one sentence without secrets. Values of foreign documents appear in it, so a
/// page must escape it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// What was typed cannot be a handle.
    #[error("what was typed is not a handle")]
    HandleSyntax,
    /// The resolver knows nobody by that name.
    #[error("nobody is known by the handle {handle}")]
    HandleUnknown {
        /// The handle, lower-cased.
        handle: String,
    },
    /// The DID is of a method this app cannot read.
    #[error("the account's DID is {}", shortened(did))]
    DidMethod {
        /// The DID as the resolver gave it.
        did: String,
    },
    /// The DID document names no PDS.
    #[error("the account's DID document names no PDS")]
    PdsMissing,
    /// Two documents that must agree do not.
    #[error("{what} is not what it has to be: found {}", shown(found))]
    Mismatch {
        /// The member that was compared.
        what: &'static str,
        /// What it had to be.
        expected: String,
        /// What it was.
        found: String,
    },
    /// A server could not be asked.
    #[error("{step}: {reason} ({url})")]
    Unanswered {
        /// The step of the protocol.
        step: &'static str,
        /// Where the question went.
        url: String,
        /// Why there is no answer.
        #[source]
        reason: Undelivered,
    },
    /// A server answered something else than the protocol foresees.
    #[error("{step}: {url} answered with status {status}")]
    UnexpectedAnswer {
        /// The step of the protocol.
        step: &'static str,
        /// Who answered.
        url: String,
        /// Status of the answer.
        status: StatusCode,
        /// What was expected instead.
        expected: String,
    },
    /// A server said no, with an OAuth or XRPC error.
    #[error("{step}: the server said no")]
    Refused {
        /// The step of the protocol.
        step: &'static str,
        /// The error as the server gave it.
        refusal: Refusal,
    },
    /// The person said no on the consent page.
    #[error("you chose not to let this app in; your account is untouched")]
    AccessDenied(Refusal),
    /// The redirect back from the authorization server cannot be read.
    #[error("the answer that came back through your browser cannot be read: {0}")]
    CallbackMalformed(&'static str),
    /// The redirect back belongs to no sign-in of this browser.
    #[error("the answer that came back through your browser belongs to no sign-in of this browser")]
    StateUnknown,
    /// The action needs a person who is signed in.
    #[error("nobody is signed in here")]
    SignedOut,
    /// The authorization server no longer knows the session.
    #[error("your session has ended at the authorization server")]
    SessionEnded(Refusal),
    /// A form came from another site.
    #[error("this form was not sent by this app's own page")]
    ForeignOrigin,
    /// The request is for another host than this app's.
    #[error("this app does not answer under that host name")]
    ForeignHost,
    /// A form field is missing, repeated or too long.
    #[error("the form cannot be read: {0}")]
    FormUnreadable(String),
    /// Nothing is found at this path, or not by this method.
    #[error("there is no such page")]
    NoSuchPage,
    /// The key pair or a proof could not be made.
    #[error("the DPoP key could not be made")]
    Key(#[from] JoseError),
    /// The action stopped half way, which only a defect of this app can do.
    #[error("the app stumbled over itself")]
    Stumbled,
}

/// What a server said when it said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The error code.
    pub(super) error: String,
    /// The sentence that came with it, if any.
    pub(super) description: Option<String>,
}

impl Refusal {
    /// A refusal with its foreign text cut to a readable length.
    pub(super) fn new(error: &str, description: Option<&str>) -> Self {
        Self {
            error: shortened(error),
            description: description.map(shortened),
        }
    }
}

impl From<&BasicErrorResponse> for Refusal {
    fn from(response: &BasicErrorResponse) -> Self {
        Self::new(
            response.error().as_ref(),
            response.error_description().map(String::as_str),
        )
    }
}

impl Problem {
    /// The heading of the page.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::HandleSyntax | Self::FormUnreadable(_) => "That does not look right",
            Self::HandleUnknown { .. } => "Nobody by that name",
            Self::AccessDenied(_) => "Nothing was shared",
            Self::SignedOut | Self::SessionEnded(_) => "Please sign in again",
            Self::StateUnknown | Self::CallbackMalformed(_) => "This sign-in cannot be completed",
            Self::NoSuchPage => "Nothing here",
            Self::ForeignOrigin | Self::ForeignHost => "Refused",
            Self::Key(_) | Self::Stumbled => "Our mistake",
            Self::DidMethod { .. }
            | Self::PdsMissing
            | Self::Mismatch { .. }
            | Self::Unanswered { .. }
            | Self::UnexpectedAnswer { .. }
            | Self::Refused { .. } => "That did not work",
        }
    }

    /// What would have been right, if there is more to say than the sentence itself.
    pub(super) fn expected(&self) -> Option<String> {
        let words = match self {
            Self::HandleSyntax => "a name with a dot in it, such as alice.test",
            Self::HandleUnknown { .. } => "a handle of an account on this network; check the spelling",
            Self::DidMethod { .. } => "a DID of the form did:plc:…, the only one this demo reads",
            Self::PdsMissing => "a service #atproto_pds of type AtprotoPersonalDataServer",
            Self::Mismatch { expected, .. } | Self::UnexpectedAnswer { expected, .. } => expected,
            Self::Unanswered { .. } => "an answer within ten seconds; is that server running?",
            Self::CallbackMalformed(_) => "state, iss and either code or error, each once",
            Self::StateUnknown => {
                "the state of a sign-in begun here within the last ten minutes and not yet finished"
            }
            Self::SignedOut => "a session of this app; its memory is lost when it restarts",
            Self::SessionEnded(_) => "a session that was not signed out or revoked elsewhere",
            Self::ForeignOrigin => "an Origin header that names this app, as every browser sends it",
            Self::ForeignHost => "the address this app was started with",
            Self::FormUnreadable(_) => "each field of the form once, and not too long",
            Self::AccessDenied(_)
            | Self::Refused { .. }
            | Self::NoSuchPage
            | Self::Key(_)
            | Self::Stumbled => return None,
        };
        Some(shortened(words))
    }

    /// The error of the server that said no, if one did.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } | Self::AccessDenied(refusal) | Self::SessionEnded(refusal) => {
                Some(refusal)
            }
            _ => None,
        }
    }

    /// The status of the page.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            // the person's own choice is no error
            Self::AccessDenied(_) => StatusCode::OK,
            Self::HandleSyntax
            | Self::HandleUnknown { .. }
            | Self::DidMethod { .. }
            | Self::CallbackMalformed(_)
            | Self::StateUnknown
            | Self::FormUnreadable(_) => StatusCode::BAD_REQUEST,
            Self::SignedOut | Self::SessionEnded(_) => StatusCode::UNAUTHORIZED,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::Unanswered { .. }
            | Self::UnexpectedAnswer { .. }
            | Self::Mismatch { .. }
            | Self::PdsMissing
            | Self::Refused { .. } => StatusCode::BAD_GATEWAY,
            Self::Key(_) | Self::Stumbled => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

fn shown(found: &str) -> String {
    if found.is_empty() {
        "nothing".to_owned()
    } else {
        shortened(found)
    }
}
