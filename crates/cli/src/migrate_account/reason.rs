//! What a refusal means to somebody in the middle of a migration, and the step that helps (A10, A12, A22, A23, A24).

use super::fault::CallFault;
use super::session::Side;

/// What is behind a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The access token is too old.
    Expired,
    /// It was taken back, or is of somebody else.
    Revoked,
    /// The session is good, and not for this.
    Scope,
    /// A second factor is asked for.
    Factor,
    /// Nobody is known by this name and password.
    Login,
    /// An administrator shut the account.
    TakenDown,
    /// Too many calls.
    Later,
    /// The host has no such method.
    Unserved,
    /// Anything else: its own sentence has to do.
    Other,
}

impl Reason {
    /// What is behind a fault; nothing where the host did not refuse.
    pub(super) fn of(fault: &CallFault) -> Option<Self> {
        fault
            .refusal()
            .map(|(error, message)| Self::told_by(error, message))
    }

    /// What a name and a sentence mean. Hosts agree on names more than on sentences, and use one name for two things.
    fn told_by(error: &str, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let says = |words: &str| message.contains(words);
        match error {
            "AuthFactorTokenRequired" => Self::Factor,
            "AccountTakedown" | "AccountSuspended" => Self::TakenDown,
            "RateLimitExceeded" => Self::Later,
            "MethodNotImplemented" => Self::Unserved,
            _ if says("bad token scope") || error == "InsufficientScope" => Self::Scope,
            // the reference, where it has no AppView
            _ if says("no service configured") => Self::Unserved,
            _ if says("revoked") => Self::Revoked,
            "ExpiredToken" => Self::Expired,
            _ if says("token is expired") || says("token has expired") => Self::Expired,
            _ if says("invalid identifier or password") => Self::Login,
            "InvalidToken" | "AuthMissing" => Self::Revoked,
            _ if says("bearer token is invalid") => Self::Revoked,
            _ => Self::Other,
        }
    }

    /// What to do about it, for a call with the session of a side.
    pub(super) fn advice(self, side: Side) -> Option<String> {
        let log_in = side.log_in();
        Some(match self {
            Self::Expired => "the access token has expired: refresh-session gets a fresh one".to_owned(),
            Self::Revoked => format!(
                "the session has ended, or is of another host: {log_in} begins a new one (the host it is shown to must be \
                 the one that knows it, OLD_AUTH_PDS for the source, NEW_PDS for the new host)"
            ),
            Self::Scope => format!(
                "the session is good, and may not do this: that of an app password may not change an identity. Repeat \
                 {log_in} with the main password, and OLD_AUTH_FACTOR_TOKEN where the source asks for a code"
            ),
            Self::Factor => "the account has a second factor, and a code is on its way by letter: put it into \
                             OLD_AUTH_FACTOR_TOKEN (read -rs OLD_AUTH_FACTOR_TOKEN; export OLD_AUTH_FACTOR_TOKEN) and do \
                             this again"
                .to_owned(),
            Self::TakenDown => "an administrator of that host shut the account: only they can help".to_owned(),
            Self::Later => "the host has had too many calls: do this again in some minutes".to_owned(),
            Self::Login | Self::Unserved | Self::Other => return None,
        })
    }
}

/// A fault, and beneath it what to do.
pub(super) fn explained(fault: &CallFault, side: Side) -> anyhow::Error {
    match Reason::of(fault).and_then(|reason| reason.advice(side)) {
        Some(advice) => with_advice(fault, &advice),
        None => anyhow::anyhow!("{fault}"),
    }
}

/// The same with advice of one's own.
pub(super) fn with_advice(fault: &CallFault, advice: &str) -> anyhow::Error {
    anyhow::anyhow!("{fault}\nentryway: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // A22, A23: the reference's words, ours and those of the page
    #[test]
    fn a_refusal_is_told_by_its_name_and_its_sentence() {
        for (error, message, expected) in [
            ("ExpiredToken", "Token has expired", Reason::Expired),
            ("ExpiredToken", "Token has been revoked", Reason::Revoked),
            ("InvalidToken", "Bearer token is expired", Reason::Expired),
            ("InvalidToken", "Bearer token is invalid", Reason::Revoked),
            ("InvalidToken", "Token could not be verified", Reason::Revoked),
            ("AuthMissing", "Authentication Required", Reason::Revoked),
            ("InvalidToken", "Bad token scope", Reason::Scope),
            ("InvalidRequest", "Bad token scope", Reason::Scope),
            (
                "AuthFactorTokenRequired",
                "A sign in code has been sent",
                Reason::Factor,
            ),
            (
                "AuthenticationRequired",
                "Invalid identifier or password",
                Reason::Login,
            ),
            (
                "AccountTakedown",
                "Account has been taken down",
                Reason::TakenDown,
            ),
            ("RateLimitExceeded", "Rate Limit Exceeded", Reason::Later),
            ("MethodNotImplemented", "Method Not Implemented", Reason::Unserved),
            (
                "InvalidRequest",
                "No service configured for app.bsky.actor.getPreferences",
                Reason::Unserved,
            ),
            ("InvalidRequest", "email is required", Reason::Other),
        ] {
            assert_eq!(Reason::told_by(error, message), expected, "{error}: {message}");
        }
    }
}
