//! The page that confirms a sign-out.

use askama::Template;

use super::layout::PageContext;
use super::untrusted::Untrusted;

/// The confirmation that this browser is signed out.
#[derive(Debug, Template)]
#[template(path = "pages/signed_out.html")]
pub struct SignedOutView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// The handle or DID that was signed out, or nothing when it was all of them.
    pub account: Option<Untrusted<'a>>,
    /// Path of the page where a person sees their account.
    pub account_path: &'a str,
}
