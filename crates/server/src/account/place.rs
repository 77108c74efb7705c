//! Which pages of an account there are.

use entryway_core::own_account::Visit;

/// A page that is of one account, and shown to who signed in to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Apps and devices, and the way to all others.
    Account,
    /// App passwords, and the sessions that a password began.
    AppPasswords,
    /// Making one.
    NewAppPassword,
    /// The e-mail address, and confirming it.
    Email,
    /// Changing it.
    NewEmail,
    /// Changing the handle.
    Handle,
    /// Deactivating the account.
    Rest,
    /// Deleting it.
    Deletion,
}

impl Place {
    const ALL: [Self; 8] = [
        Self::Account,
        Self::AppPasswords,
        Self::NewAppPassword,
        Self::Email,
        Self::NewEmail,
        Self::Handle,
        Self::Rest,
        Self::Deletion,
    ];

    /// Where it is.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Account => "/account",
            Self::AppPasswords => "/account/app-passwords",
            Self::NewAppPassword => "/account/app-passwords/new",
            Self::Email => "/account/email",
            Self::NewEmail => "/account/email/new",
            Self::Handle => "/account/handle",
            Self::Rest => "/account/deactivate",
            Self::Deletion => "/account/delete",
        }
    }

    /// How a form says that it is to follow: its path, of which there are no others.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.path() == path)
    }

    /// What it takes to open it.
    pub(super) const fn opened(self) -> Visit {
        if self.is_grave() {
            Visit::OpenGrave
        } else {
            Visit::Look
        }
    }

    /// What it takes to send its form.
    pub(super) const fn sent(self) -> Visit {
        if self.is_grave() {
            Visit::SendGrave
        } else {
            Visit::Look
        }
    }

    /// Whether it is there for an account that its person deactivated.
    pub(super) const fn is_open_asleep(self) -> bool {
        match self {
            Self::Account | Self::Deletion => true,
            Self::AppPasswords
            | Self::NewAppPassword
            | Self::Email
            | Self::NewEmail
            | Self::Handle
            | Self::Rest => false,
        }
    }

    const fn is_grave(self) -> bool {
        match self {
            // deleting takes the password itself
            Self::Account | Self::AppPasswords | Self::Email | Self::Deletion => false,
            Self::NewAppPassword | Self::NewEmail | Self::Handle | Self::Rest => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // attack: a form that leads away after signing in
    #[test]
    fn only_a_page_of_ours_follows_on_a_sign_in() {
        for place in Place::ALL {
            assert_eq!(Place::parse(place.path()), Some(place));
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/account",
            "/account/",
            "/account?x",
        ] {
            assert_eq!(Place::parse(other), None, "{other}");
        }
    }
}
