//! The front channel: what a browser meets between the app that sent it here and the answer.
//!
//! `GET …/authorize` shows the next page of a pushed request and changes nothing but which browser the
//! request belongs to. Each form posts to a path of its own and answers with a redirect back there, or
//! to the app. Links on the pages lead to sign-in and sign-up, whatever the next page would be.

pub(crate) mod account;
pub(crate) mod decision;
pub(crate) mod logo;
mod opened;
pub(crate) mod page;
pub(crate) mod permissions;
pub(crate) mod reply;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod views;

use entryway_oauth::metadata::Endpoints;

/// Where the forms post to, below the authorization endpoint.
#[derive(Clone, Debug)]
pub(crate) struct FormPaths {
    pub(crate) sign_in: String,
    pub(crate) sign_up: String,
    pub(crate) account: String,
    pub(crate) decision: String,
}

impl FormPaths {
    /// The steps, below the path of the page, whose forms bring a password.
    pub(crate) const COSTLY: [&str; 2] = ["/sign-in", "/sign-up"];

    pub(crate) fn under(endpoints: &Endpoints) -> Self {
        let path = |name| format!("{}/{name}", endpoints.authorize);
        Self {
            sign_in: path("sign-in"),
            sign_up: path("sign-up"),
            account: path("account"),
            decision: path("decision"),
        }
    }
}
