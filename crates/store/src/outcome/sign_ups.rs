//! What verbs about sign-ups and invites answer.

/// What became of a sign-up that was to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpBegin {
    /// It has its names and its use of the invite, and the request that brought it drives it.
    Begun,
    /// An account, another sign-up or a change of handle has the handle.
    HandleTaken,
    /// An account or another sign-up has the address.
    EmailTaken,
    /// The DID that it brings has an account, or comes with another sign-up.
    DidTaken,
    /// The invite is used up, disabled, or was never made.
    InviteSpent,
    /// The PDS that was chosen gets no new accounts, or is none of ours.
    HostClosed,
}

/// What became of a sign-up that was to be what its driver made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpAdvance {
    /// It is.
    Advanced,
    /// It is not what the driver started from: another has it, or it is gone. Nothing changed.
    Overtaken,
    /// There is an account of its DID. Nothing changed.
    DidTaken,
    /// There is an account of its handle, which was made past the table of names. Nothing changed.
    HandleTaken,
    /// There is an account of its address, which was made past the table of names. Nothing changed.
    EmailTaken,
}

/// What became of a sign-up that was to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUpRelease {
    /// It is gone, and everything it had is free.
    Released,
    /// It is not what the driver started from: another has it, or it is gone. Nothing changed.
    Overtaken,
}

/// What became of invites that were to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteCreation {
    /// All are good.
    Created,
    /// There were more than one verb makes; none is.
    TooMany,
}

/// What became of an invite that was to be withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteDisabling {
    /// Nobody signs up with it from now on. Sign-ups that are under way are finished.
    Disabled,
    /// It was never made.
    Unknown,
}
