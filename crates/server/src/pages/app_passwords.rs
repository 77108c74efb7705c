//! The pages of app passwords: the list, making one, and the one time it is shown.

use askama::Template;

use super::account::{Done, OwnForm};
use super::duration::InWords;
use super::layout::PageContext;
use super::moment::Moment;
use super::parties::Account;
use super::refusal::{Field, Refusal, fault};
use super::untrusted::Untrusted;

/// App passwords of an account, and the sessions that any password began.
#[derive(Debug, Template)]
#[template(path = "pages/app_passwords.html")]
pub struct AppPasswordsView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// What the last form did, right after it was sent.
    pub done: Option<Done>,
    /// Where the forms go, and what each of them carries.
    pub form: OwnForm<'a>,
    /// The app passwords, the oldest first.
    pub passwords: Vec<ListedPassword<'a>>,
    /// The sessions, those used last first.
    pub sessions: Vec<PasswordSession<'a>>,
    /// How many more there are.
    pub more_sessions: u64,
    /// How long an app that is signed out may go on where nobody asks us.
    pub renewed_every: InWords,
    /// Path of the page that makes one; nothing where there are as many as there may be.
    pub new: Option<&'a str>,
    /// Path of the account's page.
    pub back: &'a str,
}

/// An app password, without what opens.
#[derive(Debug, Clone, Copy)]
pub struct ListedPassword<'a> {
    /// What its owner calls it.
    pub name: Untrusted<'a>,
    /// Whether it opens direct messages too.
    pub is_privileged: bool,
    /// When it was made.
    pub since: Moment,
}

/// A session that a password began.
#[derive(Debug, Clone)]
pub struct PasswordSession<'a> {
    /// What its form names it by.
    pub id: String,
    /// The app password; nothing where it was the account's own.
    pub password: Option<Untrusted<'a>>,
    /// When it began.
    pub since: Moment,
    /// When it last renewed its access.
    pub used: Moment,
    /// When it ends unless it is used before.
    pub ends: Moment,
}

/// The form that makes an app password.
#[derive(Debug, Template)]
#[template(path = "pages/new_app_password.html")]
pub struct NewAppPasswordView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// Where the form goes, and what it carries.
    pub form: OwnForm<'a>,
    /// The name that was typed before.
    pub name: Untrusted<'a>,
    /// Whether direct messages were ticked before.
    pub is_privileged: bool,
    /// Why there is none yet.
    pub refusal: Option<Refusal>,
    /// Path of the list.
    pub back: &'a str,
}

/// A new app password, shown this once.
#[derive(Debug, Template)]
#[template(path = "pages/app_password_made.html")]
pub struct AppPasswordMadeView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// What its owner calls it.
    pub name: Untrusted<'a>,
    /// The password.
    pub password: Secret<'a>,
    /// What to type as the name of the account beside it.
    pub identifier: Untrusted<'a>,
    /// Path of the list.
    pub back: &'a str,
}

/// What opens something. `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub struct Secret<'a>(pub &'a str);

impl std::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl NewAppPasswordView<'_> {
    fn name_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Name)
    }
}
