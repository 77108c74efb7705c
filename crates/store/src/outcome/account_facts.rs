//! What verbs about the facts of an account answer.

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
