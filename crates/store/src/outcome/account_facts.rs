//! What verbs about the facts of an account answer.

use entryway_core::account::AccountStatus;

/// What became of an account that was to act again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// It may.
    Activated,
    /// It could before.
    AlreadyActive,
    /// It is taken down, which its owner cannot undo.
    TakenDown,
    /// There is no such account.
    Unknown,
}

/// What became of an account that its owner switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deactivation {
    /// It is off, now or once it is restored, and what was granted acts no more.
    Deactivated {
        /// How many OAuth sessions ended.
        sessions: u64,
    },
    /// It was off before.
    AlreadyDeactivated,
    /// There is no such account.
    Unknown,
}

/// What became of an account that was to be taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakingDown {
    /// It is down, and everything that acts for it has ended.
    TakenDown {
        /// How many OAuth sessions ended.
        sessions: u64,
    },
    /// There is no such account.
    Unknown,
}

/// What became of an account that was to be restored after it was taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restoration {
    /// It is what it was before, or was made meanwhile.
    Restored(AccountStatus),
    /// It was not taken down.
    NotTakenDown,
    /// There is no such account.
    Unknown,
}

/// What became of an account's e-mail address that was to be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChange {
    /// It is that one, and unconfirmed.
    Changed,
    /// It was that one before, and nothing changed.
    Current,
    /// Somebody else has it. The code is still good.
    Taken,
    /// The code was used before, or another was sent.
    TokenGone,
    /// The present address was confirmed meanwhile, so that changing it takes a code.
    Confirmed,
    /// There is no such account.
    Unknown,
}

/// What became of an address whose owner showed that what is sent there is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailConfirmation {
    /// It is confirmed.
    Confirmed,
    /// There is no such account, or its address is another by now. The code is still good.
    OtherAddress,
    /// The code was used before, or another was sent.
    TokenGone,
}

/// What became of the second factor at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthFactorChange {
    /// It is as was asked.
    Changed,
    /// The account has no address that is confirmed: nobody could sign in any more.
    EmailUnconfirmed,
    /// The code was used before, or another was sent.
    TokenGone,
    /// There is no such account.
    Unknown,
}
