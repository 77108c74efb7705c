//! What verbs about changes of accounts answer.

use entryway_core::account_change::AccountChange;

/// What became of a change that was to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeBegin {
    /// It is recorded, as it is here, and whoever asked drives it. Our own part is done where that comes first.
    Begun(AccountChange),
    /// It was under way: hold it ([`AccountChange::held_by_request`]) and go on.
    Resumed(AccountChange),
    /// Another change has to be finished before, and nothing changed.
    UnderWay(AccountChange),
    /// The account is called so already.
    Current,
    /// Somebody else has the handle.
    HandleTaken,
    /// The operator took the account down, which its owner cannot undo.
    TakenDown,
    /// The PDS it is to move to is none of ours.
    HostUnknown,
    /// There is no such account.
    Unknown,
}

/// What became of an account that was to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeletionBegin {
    /// Nothing of it is left but its names and this record, which whoever asked drives.
    Begun(AccountChange),
    /// It was deleted before, and its PDS may not know yet: hold it ([`AccountChange::held_by_request`]) and go on.
    Resumed(AccountChange),
    /// It is on its way to another PDS, which has to end before. Nothing changed.
    UnderWay(AccountChange),
    /// The code was used, or another was sent since. Nothing changed.
    TokenGone,
    /// There is no such account.
    Unknown,
}

/// What became of something that happened on a PDS and is to be so here too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// It is.
    Followed,
    /// It was, or it is not for the PDS to say.
    Already,
    /// We are about to tell that PDS something about it ourselves: that counts.
    UnderWay,
    /// There is no such account on that PDS.
    Unknown,
}

/// What became of a change that was to be what its driver made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAdvance {
    /// It is.
    Advanced,
    /// It is not what the driver started from: another has it, or it is gone. Nothing changed.
    Overtaken,
}

/// What became of a change that all others agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeFinish {
    /// The account is what was asked for, and the record is gone.
    Finished,
    /// It is not what the driver started from: another has it, or it is gone. Nothing changed.
    Overtaken,
}

/// What became of a change that is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeDrop {
    /// The record is gone, and the handle it claimed is free.
    Dropped,
    /// It is not what the driver started from: another has it, or it is gone. Nothing changed.
    Overtaken,
}
