//! The pages of an account that is to rest, and of one that does.

use askama::Template;

use super::account::{Done, OwnForm};
use super::layout::PageContext;
use super::parties::Account;
use super::refusal::Refusal;

/// The form that deactivates an account.
#[derive(Debug, Template)]
#[template(path = "pages/rest.html")]
pub struct RestView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// Where the form goes, and what it carries.
    pub form: OwnForm<'a>,
    /// Why it is still active.
    pub refusal: Option<Refusal>,
    /// Path of the account's page.
    pub back: &'a str,
}

/// The page of an account that its person deactivated.
#[derive(Debug, Template)]
#[template(path = "pages/asleep.html")]
pub struct AsleepView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// What the last form did, right after it was sent.
    pub done: Option<Done>,
    /// Where the form that wakes it goes, and what it carries.
    pub form: OwnForm<'a>,
    /// Why it still sleeps.
    pub refusal: Option<Refusal>,
    /// Path of the page that deletes it.
    pub delete: &'a str,
    /// Path of the page that leads to another account.
    pub another_account: &'a str,
}
