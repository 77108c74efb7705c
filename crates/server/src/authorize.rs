//! The front channel: what a browser meets between the app that sent it here and the answer.
//!
//! `GET …/authorize` shows the next page of a pushed request and changes nothing but which browser the
//! request belongs to. Each form posts to a path of its own and answers with a redirect back there, or
//! to the app.

pub(crate) mod account;
pub(crate) mod decision;
pub(crate) mod logo;
mod opened;
pub(crate) mod page;
pub(crate) mod permissions;
pub(crate) mod reply;
pub(crate) mod sign_in;
pub(crate) mod views;

use entryway_oauth::metadata::Endpoints;

/// Where the forms post to, below the authorization endpoint.
#[derive(Clone, Debug)]
pub(crate) struct FormPaths {
    pub(crate) sign_in: String,
    pub(crate) account: String,
    pub(crate) decision: String,
}

impl FormPaths {
    pub(crate) fn under(endpoints: &Endpoints) -> Self {
        let path = |name| format!("{}/{name}", endpoints.authorize);
        Self {
            sign_in: path("sign-in"),
            account: path("account"),
            decision: path("decision"),
        }
    }
}
