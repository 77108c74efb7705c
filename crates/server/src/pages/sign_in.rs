//! The page where a person types their password.

use askama::Template;

use super::account::Done;
use super::duration::InWords;
use super::form::{FormContext, Way};
use super::layout::PageContext;
use super::parties::App;
use super::untrusted::Untrusted;

/// The sign-in page.
///
/// It never shows the password again, and knows nothing of whether the account exists.
#[derive(Debug, Template)]
#[template(path = "pages/sign_in.html")]
pub struct SignInView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Where the name and password go.
    pub form: FormContext<'a>,
    /// The app the person came from, unless they came to see their account.
    pub app: Option<App<'a>>,
    /// What a form of their account's page did, if that is why they are signed out.
    pub done: Option<Done>,
    /// What stands in the account field at first.
    pub username: Username<'a>,
    /// Why the last try did not succeed.
    pub refusal: Option<SignInRefusal>,
    /// Whether the person is signed in already and is asked once more, by the app's wish or for their age.
    pub again: bool,
    /// Host of the PDS where the account lives, when the account is known and the host is not this one.
    pub account_host: Option<Untrusted<'a>>,
    /// Where "Cancel" posts `decision=deny` to, or leads.
    pub cancel: Way<'a>,
    /// Where "Use another account" posts `decision=another_account` to, or leads; nothing where there is no choice.
    pub another_account: Option<Way<'a>>,
    /// Path of the page for who forgot their password, of this request if there is one.
    pub forgotten: &'a str,
    /// Path of the sign-up page, for this request if there is one; nothing where a new account would not do.
    pub sign_up: Option<&'a str>,
}

impl SignInView<'_> {
    fn name_is_known(&self) -> bool {
        self.username != Username::Empty
    }

    fn is_mismatch(&self) -> bool {
        self.refusal == Some(SignInRefusal::CredentialsMismatch)
    }
}

/// What stands in the account field when the page opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Username<'a> {
    /// Nothing: the person types it.
    Empty,
    /// The login hint, which may be changed.
    Hinted(Untrusted<'a>),
    /// The one account that may answer this request, which may not be changed.
    Fixed(Untrusted<'a>),
}

/// Why a person was not signed in, as far as they may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInRefusal {
    /// The name and password do not fit together. Whether there is such an account is not said.
    CredentialsMismatch,
    /// The account may not act: its person deactivated it, or the operator took it down.
    Inactive {
        /// Path of the page where its person can wake it.
        account_path: &'static str,
    },
    /// The operator took the account down.
    TakenDown,
    /// The page was open for so long that its form is no longer good, and nothing was tried.
    PageStale,
    /// There were too many tries for this account or from this place.
    TooManyTries {
        /// Until another try is admitted.
        retry_after: InWords,
    },
}
