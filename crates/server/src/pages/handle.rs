//! The page where a person changes their handle.

use askama::Template;

use super::account::OwnForm;
use super::layout::PageContext;
use super::parties::Account;
use super::refusal::{Field, Refusal, fault};
use super::sign_up::HandleDomain;
use super::untrusted::Untrusted;

/// Two forms: one for a handle under a domain of ours, one for a domain of one's own.
#[derive(Debug, Template)]
#[template(path = "pages/handle.html")]
pub struct HandleView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// Where the forms go, and what they carry.
    pub form: OwnForm<'a>,
    /// The part in front of the domain, as it was typed before.
    pub name: Untrusted<'a>,
    /// The domains under which handles are given out, at least one.
    pub domains: Vec<HandleDomain<'a>>,
    /// The domain of one's own that was typed before.
    pub own_domain: Untrusted<'a>,
    /// Why the handle is what it was.
    pub refusal: Option<Refusal>,
    /// Path of the account's page.
    pub back: &'a str,
}

impl HandleView<'_> {
    fn name_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::Handle)
    }

    fn domain_fault(&self) -> Option<&Refusal> {
        fault(self.refusal.as_ref(), Field::OwnDomain)
    }

    /// What stands in the record's place until the domain is known.
    fn shown_domain(&self) -> Untrusted<'_> {
        match self.own_domain.0 {
            "" => Untrusted("your-domain.example"),
            _ => self.own_domain,
        }
    }
}
