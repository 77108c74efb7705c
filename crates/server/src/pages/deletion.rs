//! The page where a person deletes their account.

use askama::Template;

use super::account::{Done, OwnForm};
use super::layout::PageContext;
use super::parties::Account;
use super::refusal::{Field, Refusal, fault};
use super::untrusted::Untrusted;

/// What goes, what stays, and the form that does it.
#[derive(Debug, Template)]
#[template(path = "pages/deletion.html")]
pub struct DeletionView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// What the last form did, right after it was sent.
    pub done: Option<Done>,
    /// Where the forms go, and what they carry.
    pub form: OwnForm<'a>,
    /// Where the code is sent; nothing where there is no address to send it to.
    pub email: Option<Untrusted<'a>>,
    /// Why there is still an account.
    pub refusal: Option<Refusal>,
    /// Path of the page that gives it an address.
    pub give_email: &'a str,
    /// Path of the account's page.
    pub back: &'a str,
}

impl DeletionView<'_> {
    fn code_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Code)
    }

    fn password_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Password)
    }
}
