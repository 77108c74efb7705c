//! An OAuth session: one row for its whole life, from code exchange to its end (D3).

use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};

/// A session as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name, also inside its refresh tokens.
    pub id: SessionId,
    /// Whose account.
    pub did: Did,
    /// Which client.
    pub client_id: ClientId,
    /// What was granted: the ceiling for its whole life.
    pub scope: ScopeSet,
    /// The key it is bound to.
    pub jkt: Thumbprint,
    /// The key its client authenticated with; a public client has none.
    pub client_key: Option<ClientKey>,
    /// Mixed into its refresh tokens, so that the server key alone forges none.
    pub salt: [u8; 16],
    /// The generation of the refresh token that is good now; older ones are spent.
    pub generation: u32,
    /// When the code was exchanged.
    pub created_at: Timestamp,
    /// When the present generation was made.
    pub rotated_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When and why it was ended, if it was.
    pub ended: Option<Ended>,
}

impl Session {
    /// Whether it was ended or its time is up; it ends at the second of `expires_at`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ended.is_some() || now >= self.expires_at
    }
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its client or its person asked for it.
    Revoked,
    /// A spent refresh token came back.
    RefreshReplayed,
    /// The code it was made from came back.
    CodeReplayed,
    /// Its client no longer publishes the key it is bound to.
    ClientKeyRemoved,
    /// Its person changed the password.
    PasswordChanged,
    /// Its person switched the account off.
    AccountDeactivated,
    /// The operator took the account down.
    AccountTakenDown,
}

impl EndReason {
    /// Every reason, for the store's mapping.
    pub const ALL: [Self; 7] = [
        Self::Revoked,
        Self::RefreshReplayed,
        Self::CodeReplayed,
        Self::ClientKeyRemoved,
        Self::PasswordChanged,
        Self::AccountDeactivated,
        Self::AccountTakenDown,
    ];

    /// The word that is stored and logged.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::RefreshReplayed => "refresh_replayed",
            Self::CodeReplayed => "code_replayed",
            Self::ClientKeyRemoved => "client_key_removed",
            Self::PasswordChanged => "password_changed",
            Self::AccountDeactivated => "account_deactivated",
            Self::AccountTakenDown => "account_taken_down",
        }
    }
}
