//! Of which kind a request is, from its first line alone.

use http::Method;

use entryway_core::own_method::is_our_own;
use entryway_oauth::metadata::Endpoints;

use crate::account::{self, Place, forgotten};
use crate::authorize::FormPaths;

/// What a request costs, and whom it must not crowd out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sessions that are there already: tokens, refreshes, revocations. Kept longest: who is refused here is shut out.
    Session,
    /// Everything else of ours: requests of apps, pages, methods.
    Other,
    /// What hashes a password or has a letter sent.
    Password,
    /// Calls that a PDS answers: they cost little, and wait.
    Passed,
}

impl Kind {
    /// How figures and the log call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Other => "other",
            Self::Password => "password",
            Self::Passed => "passed",
        }
    }

    pub(super) fn of_back_channel(endpoints: &Endpoints, path: &str) -> Self {
        if path == endpoints.par {
            Self::Other
        } else {
            Self::Session
        }
    }

    pub(super) fn of_page(method: &Method, path: &str, endpoints: &Endpoints) -> Self {
        if method != Method::POST {
            return Self::Other;
        }
        let step = path.strip_prefix(endpoints.authorize.as_str());
        let is_costly = match step {
            Some(step) => FormPaths::COSTLY.contains(&step),
            None => COSTLY_FORMS.contains(&path),
        };
        if is_costly { Self::Password } else { Self::Other }
    }

    /// Nothing for a method that costs nothing.
    pub(super) fn of_method(path: &str) -> Option<Self> {
        let method = path.strip_prefix("/xrpc/").unwrap_or(path);
        Some(match method {
            "com.atproto.server.describeServer" => return None,
            "com.atproto.server.refreshSession"
            | "com.atproto.server.getSession"
            | "com.atproto.server.deleteSession" => Self::Session,
            method if COSTLY_METHODS.contains(&method) || method.starts_with("com.atproto.admin.") => {
                Self::Password
            }
            method if is_our_own(method) => Self::Other,
            _ => Self::Passed,
        })
    }
}

/// Forms with a password, or that have a letter sent.
const COSTLY_FORMS: [&str; 7] = [
    account::SIGN_IN,
    account::NEW,
    forgotten::FORGOTTEN,
    forgotten::NEW,
    Place::Email.path(),
    Place::NewEmail.path(),
    Place::Deletion.path(),
];

/// Methods with a password or the token of an administrator, or that have a letter sent.
const COSTLY_METHODS: [&str; 11] = [
    "com.atproto.identity.requestPlcOperationSignature",
    "com.atproto.server.createAccount",
    "com.atproto.server.createInviteCode",
    "com.atproto.server.createInviteCodes",
    "com.atproto.server.createSession",
    "com.atproto.server.deleteAccount",
    "com.atproto.server.requestAccountDelete",
    "com.atproto.server.requestEmailConfirmation",
    "com.atproto.server.requestEmailUpdate",
    "com.atproto.server.requestPasswordReset",
    "com.atproto.server.resetPassword",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_of_the_kind_of_its_work() {
        let endpoints = Endpoints::under("/oauth");
        let (get, post) = (Method::GET, Method::POST);
        for (path, kind) in [
            ("/oauth/par", Kind::Other),
            ("/oauth/token", Kind::Session),
            ("/oauth/revoke", Kind::Session),
        ] {
            assert_eq!(Kind::of_back_channel(&endpoints, path), kind, "{path}");
        }
        for (method, path, kind) in [
            (&get, "/oauth/authorize", Kind::Other),
            (&get, "/oauth/authorize/sign-in", Kind::Other),
            (&post, "/oauth/authorize/sign-in", Kind::Password),
            (&post, "/oauth/authorize/sign-up", Kind::Password),
            (&post, "/oauth/authorize/decision", Kind::Other),
            (&post, "/account/sign-in", Kind::Password),
            (&get, "/account/sign-in", Kind::Other),
            (&post, "/account/new", Kind::Password),
            (&post, "/account/password", Kind::Password),
            (&post, "/account/end", Kind::Other),
            (&post, "/sign-out", Kind::Other),
        ] {
            assert_eq!(Kind::of_page(method, path, &endpoints), kind, "{method} {path}");
        }
        for (method, kind) in [
            ("com.atproto.server.describeServer", None),
            ("com.atproto.server.createSession", Some(Kind::Password)),
            ("com.atproto.server.requestPasswordReset", Some(Kind::Password)),
            ("com.atproto.admin.getInviteCodes", Some(Kind::Password)),
            ("com.atproto.server.refreshSession", Some(Kind::Session)),
            ("com.atproto.identity.resolveHandle", Some(Kind::Other)),
            ("com.atproto.temp.checkSignupQueue", Some(Kind::Other)),
            ("app.bsky.feed.getTimeline", Some(Kind::Passed)),
            ("no method", Some(Kind::Passed)),
        ] {
            assert_eq!(Kind::of_method(&format!("/xrpc/{method}")), kind, "{method}");
        }
    }
}
