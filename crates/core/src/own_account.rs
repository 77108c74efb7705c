//! What a person sees of their own account, and what they may end.

use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::{Seconds, Timestamp};

use crate::account::{Account, AccountStatus};
use crate::app_password::AppPasswordName;
use crate::authorize::{self, Candidate, SignedIn};
use crate::email_token::EMAIL_TOKEN_LIFETIME;
use crate::policy::{Policy, SessionLifetime};
use crate::session::Session;
use crate::sign_in::SignInId;

/// The page to show to somebody who wants to see their account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnPage<'a> {
    /// Ask for the password, of this account if it was signed in here before.
    SignIn(Option<&'a Account>),
    /// Ask which of these accounts.
    Choose(Vec<Candidate<'a>>),
    /// Show this one.
    Show(&'a SignedIn),
    /// Show this one, which its person deactivated: it can be woken and deleted, and nothing else.
    Asleep(&'a SignedIn),
}

/// What a person is about to do with their account: how recently they have to have given their password for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// To look, and to end what others can do: as recently as to approve. Who can approve can do more.
    Look,
    /// To open a form that changes by what the account is known or opened.
    OpenGrave,
    /// To send such a form: later than to open it by what it takes to fill it in.
    SendGrave,
}

impl Visit {
    fn max_age(self, policy: &Policy) -> Seconds {
        match self {
            Self::Look => policy.sign_in_max_age,
            Self::OpenGrave => policy.sign_in_max_age.min(GRAVE_MAX_AGE),
            Self::SendGrave => policy.sign_in_max_age.min(GRAVE_FORM_MAX_AGE),
        }
    }
}

/// Whoever finds a browser open changes nothing grave with it.
const GRAVE_MAX_AGE: Seconds = Seconds::minutes(15);
/// And as long again as a code is good that is sent in the middle of it.
const GRAVE_FORM_MAX_AGE: Seconds = Seconds(GRAVE_MAX_AGE.0 + EMAIL_TOKEN_LIFETIME.0);

/// Whether somebody whose password was right may sign in on the pages, outside of any app's request: also to wake an
/// account that they deactivated.
pub const fn may_sign_in(account: &Account) -> bool {
    match account.status {
        AccountStatus::Active | AccountStatus::Deactivated => true,
        AccountStatus::TakenDown => false,
    }
}

/// Decides which page that is. `wanted` is the DID that the address or the form names, if it names one.
///
/// An account that is not signed in here is as good as none.
pub fn own_page<'a>(
    signed_in: &'a [SignedIn],
    wanted: Option<&str>,
    visit: Visit,
    policy: &Policy,
    now: Timestamp,
) -> OwnPage<'a> {
    let recent =
        |one: &SignedIn| may_sign_in(&one.account) && authorize::is_younger(one, visit.max_age(policy), now);
    let named = wanted.map(|did| signed_in.iter().find(|one| one.account.did.as_str() == did));
    let one = match (named, signed_in) {
        (Some(Some(one)), _) | (None, [one]) => one,
        (_, []) => return OwnPage::SignIn(None),
        _ => {
            let candidates = signed_in.iter().map(|one| Candidate {
                account: &one.account,
                fresh: recent(one),
            });
            return OwnPage::Choose(candidates.collect());
        }
    };
    match one.account.status {
        _ if !recent(one) => OwnPage::SignIn(Some(&one.account)),
        AccountStatus::Deactivated => OwnPage::Asleep(one),
        AccountStatus::Active | AccountStatus::TakenDown => OwnPage::Show(one),
    }
}

/// What a person ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything an app was granted, with all its sessions.
    App(ClientId),
    /// One session of an app.
    Session(SessionId),
    /// Everything that every app was granted.
    EveryApp,
    /// The sign-in on one device.
    Device(SignInId),
    /// The sign-ins on all devices but this one.
    OtherDevices,
    /// The sign-ins on all devices, and everything that every app was granted.
    Everything,
}

impl End {
    /// Reads a form: `end` says what, and `client_id`, `session` or `device` which.
    ///
    /// Whose it is, is not looked at.
    ///
    /// # Errors
    /// [`Denial::ParameterMissing`] and [`Denial::ParameterInvalid`], [`Denial::ClientIdInvalid`].
    pub fn parse(form: &Parameters) -> Result<Self, Denial> {
        match form.required("end")? {
            "app" => Ok(Self::App(ClientId::parse(form.required("client_id")?)?)),
            "session" => match SessionId::parse(form.required("session")?) {
                Some(id) => Ok(Self::Session(id)),
                None => Err(invalid("session", "is not one that this page shows")),
            },
            "apps" => Ok(Self::EveryApp),
            "device" => match SignInId::parse(form.required("device")?) {
                Some(id) => Ok(Self::Device(id)),
                None => Err(invalid("device", "is not one that this page shows")),
            },
            "devices" => Ok(Self::OtherDevices),
            "everything" => Ok(Self::Everything),
            _ => Err(invalid(
                "end",
                "must be app, session, apps, device, devices or everything",
            )),
        }
    }
}

/// What a person ends of what a password opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordEnd {
    /// An app password, with the sessions it began.
    AppPassword(AppPasswordName),
    /// One session, whichever password began it.
    Session(SessionId),
    /// All of them.
    EverySession,
}

impl PasswordEnd {
    /// Reads a form: `end` says what, and `name` or `session` which.
    ///
    /// Whose it is, is not looked at.
    ///
    /// # Errors
    /// [`Denial::ParameterMissing`] and [`Denial::ParameterInvalid`].
    pub fn parse(form: &Parameters) -> Result<Self, Denial> {
        match form.required("end")? {
            "app-password" => match AppPasswordName::parse(form.required("name")?) {
                Ok(name) => Ok(Self::AppPassword(name)),
                Err(_) => Err(invalid("name", "is not one that this page shows")),
            },
            "password-session" => match SessionId::parse(form.required("session")?) {
                Some(id) => Ok(Self::Session(id)),
                None => Err(invalid("session", "is not one that this page shows")),
            },
            "password-sessions" => Ok(Self::EverySession),
            _ => Err(invalid(
                "end",
                "must be app-password, password-session or password-sessions",
            )),
        }
    }
}

fn invalid(name: &'static str, expected: &'static str) -> Denial {
    Denial::ParameterInvalid { name, expected }
}

/// Whether this is a session that the account may end. Somebody else's is as good as none.
pub fn may_end(session: &Session, account: &Account, now: Timestamp) -> bool {
    session.did == account.did && !session.is_over(now)
}

/// When a session ends by itself (demand 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfEnd {
    /// Then, if it is not used before.
    pub at: Timestamp,
    /// How long using it can put that off; not past this instant.
    pub at_the_latest: Timestamp,
}

impl SelfEnd {
    /// Of a session that was last used then and is over at `expires_at` in any case.
    pub fn of(rotated_at: Timestamp, expires_at: Timestamp, lifetime: SessionLifetime) -> Self {
        Self {
            at: expires_at.min(rotated_at + lifetime.refresh_token),
            at_the_latest: expires_at,
        }
    }

    /// Whether using the session puts its end off.
    pub fn is_put_off_by_use(self) -> bool {
        self.at < self.at_the_latest
    }
}

#[cfg(test)]
mod tests;
