//! The pages of an account's e-mail address.

use askama::Template;

use super::account::{Done, OwnForm};
use super::layout::PageContext;
use super::parties::Account;
use super::refusal::{Field, Refusal, fault};
use super::untrusted::Untrusted;

/// The address, and the form that confirms it.
#[derive(Debug, Template)]
#[template(path = "pages/email.html")]
pub struct EmailView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// What the last form did, right after it was sent.
    pub done: Option<Done>,
    /// Where the forms go, and what they carry.
    pub form: OwnForm<'a>,
    /// The address, if there is one.
    pub email: Option<Untrusted<'a>>,
    /// Whether its person showed that they read what is sent there.
    pub is_confirmed: bool,
    /// Why it is as it was.
    pub refusal: Option<Refusal>,
    /// Path of the page that changes it.
    pub change: &'a str,
    /// Path of the account's page.
    pub back: &'a str,
}

/// The form that changes it: in two steps where the present address was confirmed.
#[derive(Debug, Template)]
#[template(path = "pages/new_email.html")]
pub struct NewEmailView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// Where the form goes, and what it carries.
    pub form: OwnForm<'a>,
    /// The address to which the code was sent; nothing before, or where none is needed.
    pub sent_to: Option<Untrusted<'a>>,
    /// Whether the form before sent it.
    pub is_just_sent: bool,
    /// Whether a code will be sent.
    pub takes_code: bool,
    /// The new address that was typed before.
    pub email: Untrusted<'a>,
    /// Why it is as it was.
    pub refusal: Option<Refusal>,
    /// Path of the page of the address.
    pub back: &'a str,
}

impl EmailView<'_> {
    fn code_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Code)
    }
}

impl NewEmailView<'_> {
    fn email_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Email)
    }

    fn code_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Code)
    }
}
