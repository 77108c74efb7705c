//! The pages of a forgotten password.

use askama::Template;

use super::form::FormContext;
use super::layout::PageContext;
use super::refusal::{Field, Refusal, fault};
use super::untrusted::Untrusted;

/// The form that asks for a code. What it answers is the same for every address.
#[derive(Debug, Template)]
#[template(path = "pages/forgotten.html")]
pub struct ForgottenView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Where the form goes, and the request to go back to if there is one.
    pub form: FormContext<'a>,
    /// The address that was typed before.
    pub email: Untrusted<'a>,
    /// Why no code was asked for.
    pub refusal: Option<Refusal>,
    /// Path of the form that takes a code.
    pub have_code: &'a str,
    /// Path of the sign-in page, of the request if there is one.
    pub sign_in: &'a str,
}

/// The form that takes the code and the new password.
#[derive(Debug, Template)]
#[template(path = "pages/new_password.html")]
pub struct NewPasswordView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Where the form goes, and the request to go back to if there is one.
    pub form: FormContext<'a>,
    /// Whether a code was asked for just now.
    pub is_asked_for: bool,
    /// Why the password is what it was.
    pub refusal: Option<Refusal>,
    /// Path of the form that asks for a code.
    pub ask: &'a str,
    /// Path of the sign-in page, of the request if there is one.
    pub sign_in: &'a str,
}

/// The end of it.
#[derive(Debug, Template)]
#[template(path = "pages/password_changed.html")]
pub struct PasswordChangedView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whether an app waits for the sign-in.
    pub has_request: bool,
    /// Path of the sign-in page, of the request if there is one.
    pub sign_in: &'a str,
}

impl ForgottenView<'_> {
    fn email_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Email)
    }
}

impl NewPasswordView<'_> {
    fn code_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Code)
    }

    fn password_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Password)
    }
}
