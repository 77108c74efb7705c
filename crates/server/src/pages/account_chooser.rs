//! The page where a person picks one of the accounts signed in on their device.

use askama::Template;

use super::account::Done;
use super::form::{FormContext, Way};
use super::layout::PageContext;
use super::parties::{Account, App};

/// The account chooser.
///
/// It shows what it is given: that these are accounts of this device is the handler's care.
#[derive(Debug, Template)]
#[template(path = "pages/account_chooser.html")]
pub struct AccountChooserView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Where the choice goes, as `account=<DID>`.
    pub form: FormContext<'a>,
    /// The app the person came from, unless they came to see their account.
    pub app: Option<App<'a>>,
    /// What a form of an account's page did, if that is why they are here.
    pub done: Option<Done>,
    /// The accounts signed in on this device, in the order they are shown.
    pub accounts: Vec<SignedInAccount<'a>>,
    /// Where "Cancel" posts `decision=deny` to, or leads.
    pub cancel: Way<'a>,
    /// Where "Use another account" posts `decision=another_account` to, or leads.
    pub another_account: Way<'a>,
}

/// An account of the chooser.
#[derive(Debug, Clone, Copy)]
pub struct SignedInAccount<'a> {
    /// The account.
    pub account: Account<'a>,
    /// Whether its sign-in is too old for this request, so that choosing it leads to the password.
    pub must_sign_in_again: bool,
}
