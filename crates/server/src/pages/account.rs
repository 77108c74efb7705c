//! The page where a person sees what can use their account, and ends it.

use askama::Template;

use super::consent::PermissionGroup;
use super::duration::InWords;
use super::layout::PageContext;
use super::moment::Moment;
use super::parties::{Account, App};
use super::untrusted::Untrusted;

/// Apps and devices of one account.
///
/// Every button posts to one path: `end` says what, the hidden inputs of its form which, and `account` whose.
#[derive(Debug, Template)]
#[template(path = "pages/account.html")]
pub struct AccountView<'a> {
    /// What every page says about itself.
    pub page: PageContext<'a>,
    /// Whose.
    pub account: Account<'a>,
    /// What the last form did, right after it was sent.
    pub done: Option<Done>,
    /// Where the forms go, and what each of them carries.
    pub form: OwnForm<'a>,
    /// The pages where more can be seen and changed.
    pub settings: Vec<Setting>,
    /// The apps, those used last first.
    pub apps: Vec<ConnectedApp<'a>>,
    /// How many more there are.
    pub more_apps: u64,
    /// The devices, this one first.
    pub devices: Vec<SignedInDevice>,
    /// How many more there are.
    pub more_devices: u64,
    /// How often an app that is at work renews its access: what "last used" can mean.
    pub renewed_every: InWords,
    /// How long a sign-in is good for approving and for this page.
    pub sign_in_lasts: InWords,
    /// Path of the page that leads to another account.
    pub another_account: &'a str,
}

/// A page of the account where something can be changed.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What.
    pub title: &'static str,
    /// How it is now, in words.
    pub state: String,
    /// Path of the page.
    pub path: String,
}

/// What the forms of the page carry.
#[derive(Debug, Clone, Copy)]
pub struct OwnForm<'a> {
    /// Path they post to.
    pub action: &'a str,
    /// Anti-forgery token of the browser session.
    pub csrf: &'a str,
    /// DID of the account that the page shows, whatever another tab shows since.
    pub account: &'a str,
}

/// An app that acts for the account, or need not ask before it does.
#[derive(Debug, Clone)]
pub struct ConnectedApp<'a> {
    /// Which.
    pub app: App<'a>,
    /// When the person first allowed it something.
    pub since: Moment,
    /// When it last got or renewed an access.
    pub used: Moment,
    /// What its sessions may do, or without any what was allowed.
    pub permissions: Vec<PermissionGroup<'a>>,
    /// Where it acts, those used last first.
    pub sessions: Vec<AppSession>,
    /// How many more there are.
    pub more_sessions: u64,
    /// Whether it would get again what was allowed without a question.
    pub comes_back_unasked: bool,
}

/// One place where an app acts.
#[derive(Debug, Clone)]
pub struct AppSession {
    /// What its form names it by.
    pub id: String,
    /// What it was allowed on.
    pub device: DeviceName,
    /// Since when.
    pub since: Moment,
    /// When it last renewed its access.
    pub used: Moment,
    /// When it ends by itself (demand 7).
    pub ends: SessionEnds,
}

/// When a session ends without anybody's doing.
#[derive(Debug, Clone, Copy)]
pub enum SessionEnds {
    /// Then, however often it is used.
    On(Moment),
    /// Then, unless it is used before.
    UnlessUsed {
        /// Then.
        before: Moment,
        /// In any case then.
        at_the_latest: Moment,
    },
}

/// A device on which the person is signed in.
#[derive(Debug, Clone)]
pub struct SignedInDevice {
    /// What its form names it by.
    pub id: String,
    /// What it is.
    pub device: DeviceName,
    /// When the password was given.
    pub since: Moment,
    /// When it was last seen, to within an hour.
    pub seen: Moment,
    /// Whether it has to give the password again before it can do anything.
    pub is_stale: bool,
}

/// What a device is called: names of makers, or unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceName {
    /// The browser.
    pub browser: Option<&'static str>,
    /// Its system.
    pub system: Option<&'static str>,
    /// Whether it is the one that the page is shown on.
    pub is_this_one: bool,
}

/// What a form of the page did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The account was made.
    Created,
    /// An app lost its access.
    App,
    /// One session of an app ended.
    Session,
    /// All apps lost their access.
    EveryApp,
    /// Another device is signed out.
    Device,
    /// This device is signed out.
    ThisDevice,
    /// All other devices are signed out.
    OtherDevices,
    /// All devices are signed out, and all apps have lost their access.
    Everything,
    /// An app password opens nothing any more.
    AppPassword,
    /// A session that a password began has ended.
    PasswordSession,
    /// All of them have.
    PasswordSessions,
    /// A code is on its way to the e-mail address.
    CodeSent,
    /// The e-mail address is confirmed.
    EmailConfirmed,
    /// The e-mail address is another one.
    EmailChanged,
    /// The handle is another one.
    Handle,
    /// The account is deactivated.
    Deactivated,
    /// The account is deactivated here, and its host is yet to be told.
    DeactivatedHere,
    /// The account is active again.
    Activated,
    /// The account is deleted.
    Deleted,
    /// Nothing: it had ended before.
    Nothing,
}

impl Done {
    /// Each of them.
    pub const ALL: [Self; 20] = [
        Self::Created,
        Self::App,
        Self::Session,
        Self::EveryApp,
        Self::Device,
        Self::ThisDevice,
        Self::OtherDevices,
        Self::Everything,
        Self::AppPassword,
        Self::PasswordSession,
        Self::PasswordSessions,
        Self::CodeSent,
        Self::EmailConfirmed,
        Self::EmailChanged,
        Self::Handle,
        Self::Deactivated,
        Self::DeactivatedHere,
        Self::Activated,
        Self::Deleted,
        Self::Nothing,
    ];

    /// How the address of the page after the form says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::App => "app",
            Self::Session => "session",
            Self::EveryApp => "apps",
            Self::Device => "device",
            Self::ThisDevice => "this-device",
            Self::OtherDevices => "devices",
            Self::Everything => "everything",
            Self::AppPassword => "app-password",
            Self::PasswordSession => "password-session",
            Self::PasswordSessions => "password-sessions",
            Self::CodeSent => "code-sent",
            Self::EmailConfirmed => "email-confirmed",
            Self::EmailChanged => "email-changed",
            Self::Handle => "handle",
            Self::Deactivated => "deactivated",
            Self::DeactivatedHere => "deactivated-here",
            Self::Activated => "activated",
            Self::Deleted => "deleted",
            Self::Nothing => "nothing",
        }
    }

    /// Reads it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }
}

/// How many permissions of an app are named at first sight; all are behind one press.
const AT_FIRST_SIGHT_MAX: usize = 3;

impl ConnectedApp<'_> {
    fn sentences(&self) -> impl Iterator<Item = Untrusted<'_>> {
        let items = self.permissions.iter().flat_map(|group| &group.items);
        items.map(|item| item.sentence)
    }

    fn first_permissions(&self) -> Vec<Untrusted<'_>> {
        self.sentences().take(AT_FIRST_SIGHT_MAX).collect()
    }

    fn further_permissions(&self) -> usize {
        self.sentences().count().saturating_sub(AT_FIRST_SIGHT_MAX)
    }
}

impl AccountView<'_> {
    fn has_other_devices(&self) -> bool {
        let listed = self.devices.iter().any(|one| !one.device.is_this_one);
        listed || self.more_devices > 0
    }
}
