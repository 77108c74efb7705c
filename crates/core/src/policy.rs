//! Every lifetime and limit a deployment may choose.

use entryway_oauth::time::Seconds;

use crate::legacy_session::LegacyLifetimes;
use crate::permission_set::SetLifetimes;

/// How long an access token may live at most, whatever an operator chooses: what the reference gives. Whoever
/// remembers that a session ended need not do so for longer, also where the lifetime was once another.
pub const ACCESS_TOKEN_LIFETIME_MAX: Seconds = Seconds::minutes(60);

/// What this deployment decided. Read once at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long an access token lives. An unmodified PDS cannot ask about revocation, so this is how
    /// long a revoked one may still work there (R-207, D5). At most [`ACCESS_TOKEN_LIFETIME_MAX`].
    pub access_token_lifetime: Seconds,
    /// How long a pushed request waits to be opened, and again after each step.
    pub request_lifetime: Seconds,
    /// How long a code may be exchanged.
    pub code_lifetime: Seconds,
    /// How long sessions of public clients live.
    pub public_sessions: SessionLifetime,
    /// How long sessions of confidential clients live.
    pub confidential_sessions: SessionLifetime,
    /// How long the tokens of `createSession` live.
    pub legacy_sessions: LegacyLifetimes,
    /// How long a lost refresh answer may be asked for again (D4).
    pub lost_answer_window: Seconds,
    /// How long a sign-in in a browser is good for approving.
    pub sign_in_max_age: Seconds,
    /// How long a used `code_challenge` stays refused.
    pub challenge_memory: Seconds,
    /// How old a permission set may be.
    pub permission_sets: SetLifetimes,
    /// Bytes of a scope from which on a token refers to it instead of holding it (D5, R-403).
    pub token_scope_bytes_max: usize,
    /// Whether PAR admits a request without a DPoP proof (D7).
    pub proof_at_par: ProofAtPar,
    /// How often somebody may fail to sign in.
    pub failed_sign_ins: FailedSignIns,
}

/// Failed sign-ins within five minutes, from which on more are refused. Who succeeds is never counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedSignIns {
    /// Of one account from one address, so that a stranger elsewhere locks no owner out.
    pub of_account: u32,
    /// Of one address, whatever the account.
    pub of_address: u32,
}

impl Default for FailedSignIns {
    fn default() -> Self {
        Self {
            of_account: 30,
            of_address: 300,
        }
    }
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// From consent to its end, whatever is refreshed.
    pub session: Seconds,
    /// From one refresh to the next: a session that is not used ends earlier.
    pub refresh_token: Seconds,
}

impl Policy {
    /// The lifetimes of a client's class.
    pub const fn sessions(&self, confidential: bool) -> SessionLifetime {
        if confidential {
            self.confidential_sessions
        } else {
            self.public_sessions
        }
    }
}

/// What PAR does without a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofAtPar {
    /// Admit; the key is bound at the token request. Stock clients need this.
    Optional,
    /// Refuse.
    Required,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            access_token_lifetime: Seconds::minutes(15),
            request_lifetime: Seconds::minutes(5),
            code_lifetime: Seconds(60),
            public_sessions: SessionLifetime {
                session: Seconds::days(14),
                refresh_token: Seconds::days(14),
            },
            confidential_sessions: SessionLifetime {
                session: Seconds::days(730),
                refresh_token: Seconds::days(180),
            },
            legacy_sessions: LegacyLifetimes::default(),
            lost_answer_window: Seconds(60),
            sign_in_max_age: Seconds::days(7),
            challenge_memory: Seconds::days(1),
            permission_sets: SetLifetimes::default(),
            token_scope_bytes_max: 4096,
            proof_at_par: ProofAtPar::Optional,
            failed_sign_ins: FailedSignIns::default(),
        }
    }
}
