//! The page where a person decides what an app may do.

use askama::Template;

use super::duration::InWords;
use super::form::FormContext;
use super::layout::PageContext;
use super::parties::{Account, App};
use super::untrusted::Untrusted;

/// The consent page.
///
/// Every requested scope value has its [`Permission`] here, the unknown ones too: the page hides nothing
/// of what it is given, and cannot know what it is not given. The answer is `decision=authorize` with
/// `grant.N=on` for each permission that stayed ticked, or `decision=deny`.
#[derive(Debug, Template)]
#[template(path = "pages/consent.html")]
pub struct ConsentView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Where the decision goes.
    pub form: FormContext<'a>,
    /// The app that asks.
    pub app: App<'a>,
    /// The account it asks for.
    pub account: Account<'a>,
    /// Where the browser is sent, if the answer stays on the person's own device.
    pub this_device: Option<ThisDevice<'a>>,
    /// The permissions to decide about, grouped by what they are about.
    pub groups: Vec<PermissionGroup<'a>>,
    /// Those the account granted this app before, where there are new ones beside them.
    pub held: Vec<PermissionGroup<'a>>,
    /// What the account granted before and the app does not ask for any more.
    pub dropped: Vec<Untrusted<'a>>,
    /// Until access ends by itself.
    pub access_lifetime: InWords,
    /// Path that "Use another account" posts `decision=another_account` to; nothing where the account is fixed.
    pub another_account_action: Option<&'a str>,
}

/// An answer that stays on the person's own device, where any program could be waiting for it.
#[derive(Debug, Clone, Copy)]
pub struct ThisDevice<'a> {
    /// Where it goes.
    pub redirect_uri: Untrusted<'a>,
    /// Whether the app has a published address, or is a developer's that nobody can confirm.
    pub published: bool,
}

/// Permissions that belong together.
#[derive(Debug, Clone)]
pub struct PermissionGroup<'a> {
    /// What they are about.
    pub title: Untrusted<'a>,
    /// The permissions.
    pub items: Vec<Permission<'a>>,
}

/// One permission, as one line with a checkbox.
#[derive(Debug, Clone)]
pub struct Permission<'a> {
    /// Number of the permission in the request: its checkbox is named `grant.N`.
    pub number: usize,
    /// What it allows, in plain words that start with a verb: "Create posts".
    pub sentence: Untrusted<'a>,
    /// The scope value as the app asked for it.
    pub scope: Untrusted<'a>,
    /// What to think of before allowing it.
    pub caution: Option<Untrusted<'a>>,
    /// Whether the person may untick it: every permission but `atproto`.
    pub optional: bool,
    /// Whether it goes beyond something the account granted before.
    pub widened: bool,
    /// What it bundles, if it is a permission set.
    pub bundle: Option<Bundle<'a>>,
}

/// A permission set, in its publisher's words and in ours.
#[derive(Debug, Clone)]
pub struct Bundle<'a> {
    /// Domain of the publisher.
    pub publisher: Untrusted<'a>,
    /// What the publisher calls it.
    pub title: Option<Untrusted<'a>>,
    /// What the publisher says it is for.
    pub detail: Option<Untrusted<'a>>,
    /// What it allows now.
    pub allows: Vec<BundledPermission<'a>>,
}

/// One permission of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct BundledPermission<'a> {
    /// What it allows.
    pub sentence: Untrusted<'a>,
    /// The permission.
    pub scope: Untrusted<'a>,
    /// What to think of before allowing it.
    pub caution: Option<Untrusted<'a>>,
}

impl ConsentView<'_> {
    /// Whether there is anything to untick.
    pub fn has_choice(&self) -> bool {
        let groups = self.groups.iter().chain(&self.held);
        groups.flat_map(|group| &group.items).any(|item| item.optional)
    }
}
