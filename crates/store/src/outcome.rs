//! What verbs answer: closed lists, so that a caller that forgets a case does not compile.

mod account_changes;
mod account_facts;
mod hosts;
mod legacy_sessions;
mod sign_ups;

pub use account_changes::*;
pub use account_facts::*;
pub use hosts::*;
pub use legacy_sessions::*;
pub use sign_ups::*;

use entryway_core::account::Account;
use entryway_core::request::AuthorizationRequest;
use entryway_core::session::Session;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

/// What became of a pushed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is stored.
    Admitted,
    /// Its proof was used before; nothing is stored.
    ProofReplayed,
    /// Its code challenge was used before; the request is not stored, and a fresh proof stays used up.
    ChallengeReused,
}

/// A request that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRequest {
    /// What was admitted.
    pub request: AuthorizationRequest,
    /// When.
    pub admitted_at: Timestamp,
    /// When it is over unless opened again.
    pub expires_at: Timestamp,
}

/// Whether this browser may go on with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and looked into at once")]
pub enum Binding {
    /// The request belongs to this browser.
    Bound(PendingRequest),
    /// Another browser opened it first.
    OpenedElsewhere,
    /// There is no such request, or it is over or decided.
    Unknown,
}

/// Whether a decision counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and looked into at once")]
pub enum Decision {
    /// It did, for this request; no other one will.
    Decided(AuthorizationRequest),
    /// The request is over, decided, another browser's or unknown.
    Gone,
    /// What the account granted before was taken back, or is not enough; the request still waits.
    ConsentGone,
}

/// What became of a code that was presented rightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The session exists.
    Redeemed,
    /// The proof was used before; nothing else changed.
    ProofReplayed,
    /// The code had given a session, which is now ended.
    AlreadyRedeemed,
    /// The code is over, spoiled or unknown.
    Gone,
}

/// Whether a code was spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiling {
    /// It was open and gives nothing any more.
    Spoiled,
    /// It was not open.
    Gone,
}

/// A session and the account it acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// The session, ended or not.
    pub session: Session,
    /// Its account.
    pub account: Account,
}

/// What became of a refresh token that was presented rightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The next generation is good now.
    Rotated,
    /// The one presented was the last before the present one, moments ago: the same successor again (D4).
    Repeated,
    /// It was spent: the session is now ended.
    Replayed,
    /// The session had ended or is over.
    Ended,
    /// There is no such session, or it never had this generation.
    Unknown,
    /// The proof was used before; nothing else changed.
    ProofReplayed,
}

/// What became of a session that was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// It ended now.
    Ended,
    /// It had ended before, for its own reason.
    AlreadyEnded,
    /// There is none.
    Unknown,
}

/// What became of a sign-in that was to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInBegin {
    /// It counts, and an earlier one of the same browser and account does not.
    Begun,
    /// There is no such account, or its password changed after it was checked.
    Unknown,
}

/// What became of a sign-in that was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInEnd {
    /// It ended now.
    Ended,
    /// It had ended, is another account's, or never was: which of these is not told.
    Gone,
}

/// What became of a grant that was taken back, or of all of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is gone, and so is everything that came of it.
    Revoked {
        /// How many live sessions ended.
        sessions: u64,
    },
    /// The account had granted nothing.
    Unknown,
}

impl Revocation {
    /// Of so many other things that are gone, and of so many live sessions that ended.
    pub(crate) const fn of(others: u64, sessions: u64) -> Self {
        if others > 0 || sessions > 0 {
            Self::Revoked { sessions }
        } else {
            Self::Unknown
        }
    }

    pub(crate) const fn has_ended_sessions(self) -> bool {
        matches!(self, Self::Revoked { sessions: 1.. })
    }
}

/// What became of the operator's word for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It counts no longer.
    Distrusted,
    /// It was never given.
    Unknown,
}

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It exists.
    Created,
    /// There is an account of this DID.
    DidTaken,
    /// There is an account of this handle.
    HandleTaken,
    /// There is an account of this e-mail address.
    EmailTaken,
}

/// What became of a password hash that was to be replaced by another of the same password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The new one counts.
    Replaced,
    /// The old one no longer counted, so nothing changed.
    Superseded,
}

/// What became of a change of password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// The new one counts; older browser sign-ins do not, and sessions have ended.
    Changed,
    /// There is no such account.
    Unknown,
}

/// What became of a password that was chosen anew by who reads the account's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordReset {
    /// The new one opens this account, and what was said of [`PasswordChange::Changed`] is so.
    Reset(Did),
    /// The code was used before, or another was sent: nothing is changed.
    TokenGone,
}

/// What became of a move to another PDS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehoming {
    /// The account is at home there.
    Rehomed,
    /// There is no such account.
    Unknown,
}

/// Whether something that counts once was seen for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It was.
    Fresh,
    /// It was not.
    Replayed,
}

/// Whether somebody may do something once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// It was counted.
    Counted,
    /// It was done as often as it may be: nothing is counted.
    Exceeded,
}

/// Who has a job that one instance does for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Whoever asked.
    Held,
    /// Another instance.
    Elsewhere,
}

/// Whether this database belongs to this root key (C24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// It belonged to none and now belongs to this one.
    New,
    /// It does.
    Known,
    /// It belongs to another: starting would orphan everything sealed in it.
    Foreign,
}

/// What became of the keys of a root key that a person gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgetting {
    /// They are gone, and the database belongs to nobody.
    Forgotten,
    /// The database belongs to another root key, or to none: nothing is changed.
    Foreign,
}

/// What became of a permission set that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is what is kept.
    Kept,
    /// The authority was seen to say something else in a later revision, or in this very one; that stays.
    Older,
}

/// How many rows a sweep deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Requests that were over, or decided long ago.
    pub requests: u64,
    /// Marks whose time had passed.
    pub marks: u64,
    /// Browser sessions that were over.
    pub browsers: u64,
    /// Sign-ins that were over.
    pub sign_ins: u64,
    /// OAuth sessions that ended long ago.
    pub sessions: u64,
    /// Sessions of `createSession` whose time was over.
    pub legacy_sessions: u64,
    /// Codes sent by e-mail that nobody used in time.
    pub email_tokens: u64,
    /// Sign-ups that became accounts, and whose answer nobody waits for any more.
    pub sign_ups: u64,
    /// Scopes that no token names any more.
    pub scopes: u64,
    /// Events of the feed that concern no token any more.
    pub revocations: u64,
    /// Counts of attempts that are held against nobody any more.
    pub attempts: u64,
}

impl Swept {
    /// Whether some kind reached the limit, so that another sweep would find more.
    pub fn reached(self, limit: u32) -> bool {
        let limit = u64::from(limit);
        [
            self.requests,
            self.marks,
            self.browsers,
            self.sign_ins,
            self.sessions,
            self.legacy_sessions,
            self.email_tokens,
            self.sign_ups,
            self.scopes,
            self.revocations,
            self.attempts,
        ]
        .iter()
        .any(|count| *count >= limit)
    }
}
