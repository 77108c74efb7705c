//! The page where a person makes an account.

use askama::Template;

use super::duration::InWords;
use super::form::{FormContext, Way};
use super::layout::PageContext;
use super::parties::App;
use super::untrusted::Untrusted;

/// The sign-up page.
///
/// What was typed is kept when it comes back, but for the password, which it never shows again.
#[derive(Debug, Template)]
#[template(path = "pages/sign_up.html")]
pub struct SignUpView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Where the form goes.
    pub form: FormContext<'a>,
    /// The app the person came from, unless they came by themselves.
    pub app: Option<App<'a>>,
    /// The part of the handle in front of its domain, as far as it is known.
    pub name: Untrusted<'a>,
    /// The domains under which handles are given out, at least one.
    pub domains: Vec<HandleDomain<'a>>,
    /// The e-mail address that was typed before.
    pub email: Untrusted<'a>,
    /// The invite code that was typed before; nothing where none is asked for.
    pub invite: Option<Untrusted<'a>>,
    /// Why there is no account yet.
    pub refusal: Option<SignUpRefusal>,
    /// Path of the page for somebody who has an account, for this request if there is one.
    pub sign_in: &'a str,
    /// Where "Cancel" posts `decision=deny` to, or leads.
    pub cancel: Way<'a>,
}

/// A domain to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandleDomain<'a> {
    /// With its leading dot.
    pub text: &'a str,
    /// Whether it is the one that was chosen last.
    pub chosen: bool,
}

/// Why no account was made, in what a person can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpRefusal {
    /// One field does not do.
    Field(SignUpField, FieldFault),
    /// The same sign-up is being worked on.
    UnderWay {
        /// Until it may be sent again.
        retry_after: InWords,
    },
    /// Others that are needed are down or slow; what was done so far is kept.
    Later,
    /// The host that was chosen refuses what it should take.
    HostRefused,
    /// No accounts are made at present.
    Closed,
    /// There were too many tries from this place.
    TooManyTries {
        /// Until another try is admitted.
        retry_after: InWords,
    },
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpField {
    /// The handle.
    Handle,
    /// The e-mail address.
    Email,
    /// The password.
    Password,
    /// The invite code.
    Invite,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// It is empty.
    Missing,
    /// Somebody has it, or nobody may.
    Taken,
    /// It is none of this service.
    Foreign,
    /// It is not what it must be: the rest of a sentence about it.
    Wrong(&'static str),
}

impl SignUpView<'_> {
    fn fault(&self, field: SignUpField) -> Option<FieldFault> {
        match self.refusal {
            Some(SignUpRefusal::Field(at_fault, fault)) if at_fault == field => Some(fault),
            _ => None,
        }
    }

    /// The field to type into first: the one at fault, else the first that is empty.
    fn first(&self) -> SignUpField {
        match self.refusal {
            Some(SignUpRefusal::Field(field, _)) => field,
            Some(_) => SignUpField::Password,
            None if self.name.0.is_empty() => SignUpField::Handle,
            None => SignUpField::Email,
        }
    }
}
