//! What verbs about PDS hosts answer.

/// What became of a PDS host that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostAddition {
    /// It is one of ours.
    Added,
    /// There is a host of this DID.
    DidTaken,
    /// There is a host at this URL.
    UrlTaken,
}

/// What became of a change to a PDS host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostChange {
    /// It is as was asked.
    Changed,
    /// There is no such host.
    Unknown,
}

/// What became of a PDS host that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRemoval {
    /// It is none of ours any more.
    Removed,
    /// It stays, for somebody is at home there.
    Inhabited {
        /// How many accounts, those that are being made included.
        accounts: u64,
    },
    /// There is no such host.
    Unknown,
}
