//! The page at the root of the issuer.

use askama::Template;

use super::layout::PageContext;
use super::parties::Account;
use super::untrusted::Untrusted;

/// What this service is, for somebody who opens its address in a browser.
#[derive(Debug, Template)]
#[template(path = "pages/home.html")]
pub struct HomeView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Who is signed in in this browser, if anybody is.
    pub signed_in: Option<SignedInHere<'a>>,
    /// Path of the page where a person sees their account.
    pub account_path: &'a str,
    /// Path of the page where a person makes one; nothing where none are made.
    pub sign_up_path: Option<&'a str>,
    /// Hosts of the PDSes whose accounts sign in here; may be empty.
    pub account_hosts: Vec<Untrusted<'a>>,
    /// The documents a developer looks for.
    pub documents: Vec<PublishedDocument<'a>>,
}

/// The accounts of this browser, and the form that signs them out.
#[derive(Debug)]
pub struct SignedInHere<'a> {
    /// The accounts.
    pub accounts: Vec<Account<'a>>,
    /// Path that the form posts to.
    pub sign_out_action: &'a str,
    /// Anti-forgery token of the browser session.
    pub csrf: &'a str,
}

/// A document this service publishes.
#[derive(Debug, Clone, Copy)]
pub struct PublishedDocument<'a> {
    /// What it is, in a few words.
    pub title: &'a str,
    /// Its path from the root of the issuer.
    pub path: &'a str,
}
