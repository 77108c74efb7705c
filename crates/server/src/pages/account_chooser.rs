//! The page where a person picks one of the accounts signed in on their device.

use askama::Template;

use super::form::FormContext;
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
    /// The app the person came from.
    pub app: App<'a>,
    /// The accounts signed in on this device, in the order they are shown.
    pub accounts: Vec<SignedInAccount<'a>>,
    /// Path that "Cancel" posts `decision=deny` to.
    pub deny_action: &'a str,
    /// Path that "Use another account" posts `decision=another_account` to.
    pub another_account_action: &'a str,
}

/// An account of the chooser.
#[derive(Debug, Clone, Copy)]
pub struct SignedInAccount<'a> {
    /// The account.
    pub account: Account<'a>,
    /// Whether its sign-in is too old for this request, so that choosing it leads to the password.
    pub must_sign_in_again: bool,
}
