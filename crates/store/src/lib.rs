//! Atomic verbs over SQLite and PostgreSQL.
//!
//! The store offers what becomes true (`redeem_code`, `rotate_refresh`), not rows. A verb is one or a few
//! *guarded* statements and answers from a closed list; to say no is an outcome that commits, and only a
//! [`Fault`] undoes anything. One SQL text serves both engines.
//!
//! It refuses to decide anything about OAuth, to read a clock, and to store a bearer secret: callers
//! bring instants and digests.
//!
//! Start at [`Store`], then `sql.rs` (every statement), `verbs/` by subject, `at_once.rs` (the hot verbs in
//! one round trip), `db.rs` (a statement on either engine), `sqlite.rs` (the one writer that groups verbs into commits)
//! and `postgres.rs`.
//!
//! Invariants: a verb once begun is done or leaves nothing, even when its caller goes away; whatever ends
//! a session tells of it in the same transaction (`verbs/revocations.rs`); what has
//! `expires_at` is over *at* that second; of any number of verbs at once that could each succeed alone,
//! exactly as many succeed as the guard allows.
//!
//! Round trips when all goes well: a refusal may take a few more to find its reason. A load is always one, but for
//! `connected_apps`, which is two.
//! On SQLite a verb is one message to the writer whatever its statements, and a load of a row is asked where the caller
//! stands; the table counts statements:
//!
//! | verb | PostgreSQL | SQLite |
//! |---|---|---|
//! | `admit_request` | 1 | 1 |
//! | `bind_request` | 1 | 1 |
//! | `deny_request` | 1, by an account 4, which takes something back 5 | 1, 2, 3 |
//! | `approve_request` | 5, where more is granted than before 6 | 3, 4 |
//! | the same of what was granted before | 5 | 3 |
//! | either where the operator's word matters | 1 more | 1 more |
//! | `redeem_code` | 1 | 1 |
//! | `spoil_code` | 1 | 1 |
//! | `rotate_refresh` | 1 | 1 |
//! | `end_session`, `end_sessions_of_account`, `replay_code` | 5 | 3 |
//! | `create_account` | 7 | 5 |
//! | `replace_password_hash` | 1 | 1 |
//! | `rehome_account` | 4 | 2 |
//! | `change_email` | 7, with a code 8 | 5, 6 |
//! | `confirm_email`, `drop_auth_factor` | 5 | 3 |
//! | `ask_auth_factor` | 1 | 1 |
//! | `begin_sign_up` | 6, with an invite 8 | 4, 6 |
//! | `advance_sign_up` | 4, with a DID 5, where it becomes an account 7 | 2, 3, 5 |
//! | the same where it is undone | 6, with an invite 7 | 4, 5 |
//! | `release_sign_up` | 6, with an invite 7 | 4, 5 |
//! | `begin_change` of a handle | 6 | 4 |
//! | the same that switches off or takes down | 8 to 10, and 1 for each code it spoils | 6 to 8, and 1 |
//! | `begin_deletion` | 19 | 17 |
//! | `advance_change`, `drop_change` | 4, of a handle 5 | 2, 3 |
//! | `finish_change` | 6, of a handle 7 | 4, 5 |
//! | `create_invites` | 2, and 1 for each | 1 for each |
//! | `disable_invite`, `disable_invites_of_account` | 1 | 1 |
//! | `add_pds_host`, `drain_pds_host`, `reopen_pds_host`, `replace_pds_password` | 1 | 1 |
//! | `remove_pds_host` | 5 | 3 |
//! | `change_password` | 11, and 1 for each code it spoils | 9, and 1 |
//! | `reset_password` | 14, and 1 for each code it spoils | 12, and 1 |
//! | `begin_legacy_session` | 4, with an app password or a code 5 | 2, 3 |
//! | `rotate_legacy_session`, `end_legacy_session` | 1 | 1 |
//! | `end_legacy_sessions_of_account` | 4 | 2 |
//! | `create_app_password`, `revoke_app_password` | 5 | 3 |
//! | `keep_email_token` | 5 | 3 |
//! | `spend_email_token` | 1 | 1 |
//! | `trust_client`, `distrust_client` | 1 | 1 |
//! | `revoke_grant` | 8, and 1 for each code it spoils | 6, and 1 |
//! | `revoke_all_grants` | 8, and 1 for each code it spoils | 6, and 1 |
//! | `end_everything` | 10, and 1 for each code it spoils | 8, and 1 |
//! | where more than 64 sessions end | 1 more for every 64 | 1 more |
//! | `tell_key_revoked` | 4 | 2 |
//! | `remember_mark` | 1 | 1 |
//! | `count_attempt`, `take_back_attempt` | 4 | 2 |
//! | `hold_lease`, `release_lease` | 1 | 1 |
//! | `adopt_signing_key`, `adopt_rotation_key` | 2 | 2 |
//! | `recognise_root` | 1, later 2 | 1, later 2 |
//! | `forget_keys` | 4 | 2 |
//! | `keep_permission_set`, `keep_scope` | 1 | 1 |
//! | `sweep` | 12 | 12 |
//! | `begin_sign_in` | 5 | 3 |
//! | `end_other_sign_ins` | 4 | 2 |
//! | `see_browser`, `end_sign_in`, `end_sign_ins_of_browser` | 1 | 1 |
//! | browser session created, saved | 1 | 1 |
//! | browser session deleted | 2 | 2 |
//!
//! On SQLite every group of up to 64 verbs adds one begin and one commit.

mod at_once;
pub mod browser;
#[cfg(test)]
mod conformance;
mod db;
mod fault;
mod migrate;
mod outcome;
mod postgres;
mod rows;
mod seal;
mod sql;
mod sqlite;
mod store;
mod verbs;

pub use browser::BrowserSessions;
pub use fault::{EngineFault, Fault};
pub use migrate::SchemaState;
pub use outcome::{
    Admission, AppPasswordCreation, AppPasswordRevocation, AuthFactorChange, Binding, ChangeAdvance,
    ChangeBegin, ChangeDrop, ChangeFinish, Counting, Creation, Decision, DeletionBegin, Distrust,
    EmailChange, EmailConfirmation, EmailTokenKeeping, EmailTokenSpending, Following, Forgetting,
    HostAddition, HostChange, HostRemoval, InviteCreation, InviteDisabling, Keeping, Lease, LegacyBegin,
    LegacyEnd, LegacyRotation, LegacySessionFacts, LegacySessions, ListedLegacySession, PasswordChange,
    PasswordReset, PendingRequest, Recognition, Redemption, Rehoming, Remembered, Replacement, Revocation,
    Rotation, SessionEnd, SessionFacts, SignInBegin, SignInEnd, SignUpAdvance, SignUpBegin, SignUpRelease,
    Spoiling, Swept,
};
pub use seal::{Place, Sealer};
pub use store::{Engine, Store};
pub use verbs::account_status::{Takedown, TakedownOrigin};
pub use verbs::accounts::{ACCOUNTS_MAX, ACCOUNTS_PAGE, NewAccount};
pub use verbs::attempts::Allowance;
pub use verbs::clients::{ListedClient, Logo, TRUSTED_CLIENTS_MAX, TrustedClient};
pub use verbs::codes::NewSession;
pub use verbs::connected_apps::{
    APPS_MAX, ConnectedApp, ConnectedApps, ConnectedSession, SESSIONS_OF_APP_MAX,
};
pub use verbs::devices::{DEVICES_MAX, Devices, LiveSignIn, SIGN_INS_MAX};
pub use verbs::handles::HandleOwner;
pub use verbs::hosts::{Home, HostState, PDS_HOSTS_MAX, PdsHost};
pub use verbs::invites::{INVITE_USES_MAX, INVITES_AT_ONCE_MAX, INVITES_PAGE};
pub use verbs::keys::{KeyState, SealedKey};
pub use verbs::leases::Holder;
pub use verbs::legacy_sessions::{LEGACY_SESSIONS_LISTED_MAX, NewLegacySession};
pub use verbs::marks::Mark;
pub use verbs::permission_sets::StoredSet;
pub use verbs::requests::{Approval, Basis, NewRequest};
pub use verbs::revocations::{FeedPosition, ToldRevocation};
pub use verbs::sweep::{DECIDED_REQUEST_KEPT, ENDED_SESSION_KEPT, MARKS_FOR_A_ROW, REVOCATION_KEPT};
