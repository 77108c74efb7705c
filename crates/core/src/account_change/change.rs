//! What is to be of an account, and what two wishes at once are to each other.

use serde::{Deserialize, Serialize};

use entryway_oauth::time::Timestamp;
use entryway_scope::Handle;

use super::AccountChange;

/// What is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It is called otherwise.
    Handle {
        /// What it is called now.
        from: Handle,
        /// What it is to be called.
        to: Handle,
    },
    /// It may act, or not.
    Status(StatusChange),
    /// It is no more. Its DID stays its person's.
    Deletion,
    /// It is at home on another PDS of ours.
    Move {
        /// The DID of that PDS.
        to: String,
        /// What becomes of what the former one has.
        former: Former,
    },
}

/// What becomes of an account on the PDS that it left for another of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Former {
    /// It rests there, for the operator to look at and to delete.
    Rests,
    /// It is deleted there once it is whole elsewhere.
    Deleted,
}

/// How the status of an account changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum StatusChange {
    /// Its person rests it.
    Deactivated,
    /// It may act again. The PDS looks at the DID document first.
    Activated,
    /// The operator takes it down.
    TakenDown {
        /// What the operator calls the case.
        reference: Option<String>,
    },
    /// The operator lets it act again.
    Restored,
}

/// Changes of one kind take each other's place or wait for each other; those of two kinds go on side by side, but
/// for [`Change::waits_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of the handle.
    Handle,
    /// Its person's word on whether it may act.
    Status,
    /// The operator's, which a PDS keeps apart from the other.
    Takedown,
    /// Its end.
    Deletion,
    /// From one PDS to another.
    Move,
}

/// What a wish is to an unfinished change of the same account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The same: take it up and go on.
    Resume,
    /// The newer word: it takes the other's place.
    Replace,
    /// It has to wait until the other is finished.
    Wait,
    /// Nothing to do with it.
    Unrelated,
}

impl Change {
    /// What kind of change it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Handle { .. } => Kind::Handle,
            Self::Status(StatusChange::Deactivated | StatusChange::Activated) => Kind::Status,
            Self::Status(StatusChange::TakenDown { .. } | StatusChange::Restored) => Kind::Takedown,
            Self::Deletion => Kind::Deletion,
            Self::Move { .. } => Kind::Move,
        }
    }

    /// Whether the account is what it is to be before its PDS is told: nothing acts for it from then on.
    pub const fn ends_sessions(&self) -> bool {
        matches!(
            self,
            Self::Deletion | Self::Status(StatusChange::Deactivated | StatusChange::TakenDown { .. })
        )
    }

    /// Whether it has to wait for an unfinished change of another kind. A move takes with it what the account is, so
    /// nothing changes meanwhile but the operator's word, which waits for nothing.
    pub const fn waits_for(&self, other: Kind) -> bool {
        match (self.kind(), other) {
            (Kind::Handle | Kind::Status | Kind::Deletion, Kind::Move)
            | (Kind::Move, Kind::Handle | Kind::Status | Kind::Takedown) => true,
            // nothing comes after the end
            (kind, Kind::Deletion) => !matches!(kind, Kind::Deletion),
            _ => false,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Handle { to: one, .. }, Self::Handle { to: another, .. }) => one == another,
            _ => self == other,
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Handle,
        Self::Status,
        Self::Takedown,
        Self::Deletion,
        Self::Move,
    ];

    /// The word that is stored and logged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handle => "handle",
            Self::Status => "status",
            Self::Takedown => "takedown",
            Self::Deletion => "deletion",
            Self::Move => "move",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

impl AccountChange {
    /// What a wish is to this change, which is unfinished.
    ///
    /// A newer word on whether the account may act takes the place of an older one that nobody is at work on; that
    /// it is taken down, at once.
    pub fn claim(&self, wish: &Change, now: Timestamp) -> Claim {
        if self.kind() != wish.kind() {
            return if wish.waits_for(self.kind()) {
                Claim::Wait
            } else {
                Claim::Unrelated
            };
        }
        if self.change.is_same(wish) {
            return Claim::Resume;
        }
        match wish {
            Change::Status(StatusChange::TakenDown { .. }) => Claim::Replace,
            Change::Status(_) if !self.is_held(now) => Claim::Replace,
            _ => Claim::Wait,
        }
    }
}
