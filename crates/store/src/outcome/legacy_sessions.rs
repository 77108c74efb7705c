//! What verbs about sessions of `createSession`, app passwords and codes sent by e-mail answer.

use entryway_core::account::Account;
use entryway_core::legacy_session::{Basis, LegacySession};
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;

/// What became of a session that was to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyBegin {
    /// It lives, or is of the kind that is never kept.
    Begun,
    /// The password that was checked opens nothing any more: it changed or was revoked, or the account is taken
    /// down or gone.
    PasswordGone,
    /// The code was used meanwhile, or another was sent.
    CodeGone,
}

/// A session and the account it acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacySessionFacts {
    /// The session.
    pub session: LegacySession,
    /// Its account.
    pub account: Account,
}

/// A session as the owner of its account sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedLegacySession {
    /// Its name.
    pub id: SessionId,
    /// What it was begun with.
    pub basis: Basis,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ends unless it is refreshed before.
    pub expires_at: Timestamp,
}

/// The sessions of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacySessions {
    /// Those refreshed last first; [`LEGACY_SESSIONS_LISTED_MAX`](crate::LEGACY_SESSIONS_LISTED_MAX) of them.
    pub listed: Vec<ListedLegacySession>,
    /// How many there are.
    pub count: u64,
}

/// What became of a session whose refresh token was to be replaced by the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyRotation {
    /// It was.
    Rotated,
    /// Another request was faster: load it and decide again.
    Overtaken,
    /// The session has ended.
    Gone,
}

/// What became of a session that was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyEnd {
    /// It ended now.
    Ended,
    /// It had ended, or never was.
    Gone,
}

/// What became of an app password that was to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppPasswordCreation {
    /// It opens the account.
    Created,
    /// The account has another of this name.
    NameTaken,
    /// The account has as many as it may.
    TooMany,
    /// There is no such account.
    Unknown,
}

/// What became of an app password that was to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppPasswordRevocation {
    /// It opens nothing any more.
    Revoked {
        /// How many of its sessions ended.
        sessions: u64,
    },
    /// The account has none of this name.
    Unknown,
}

/// What became of a code that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailTokenKeeping {
    /// It is the one that is good, and an earlier one is not.
    Kept,
    /// What is sent to the account goes to another address by now: the code is good for nothing.
    OtherAddress,
    /// There is no such account.
    Unknown,
}

/// What became of a code that was to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailTokenSpending {
    /// It was, for the first time and the last.
    Spent,
    /// It was used before, or another was sent.
    Gone,
}
