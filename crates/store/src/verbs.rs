//! What a verb is, and the verbs by subject.

use std::future::Future;

use crate::db::Db;
use crate::fault::Fault;

pub(crate) mod account_changes;
pub(crate) mod account_email;
pub(crate) mod account_status;
pub(crate) mod accounts;
pub(crate) mod app_passwords;
pub(crate) mod attempts;
pub(crate) mod browsers;
pub(crate) mod clients;
pub(crate) mod codes;
pub(crate) mod connected_apps;
pub(crate) mod devices;
pub(crate) mod email_tokens;
pub(crate) mod grants;
pub(crate) mod handles;
pub(crate) mod hosts;
pub(crate) mod invites;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod legacy_sessions;
pub(crate) mod marks;
pub(crate) mod names;
pub(crate) mod own_account;
pub(crate) mod permission_sets;
pub(crate) mod requests;
pub(crate) mod revocations;
pub(crate) mod scope_references;
pub(crate) mod sessions;
pub(crate) mod sign_ups;
pub(crate) mod sweep;

/// Something that becomes true or is answered with a no, at once and for good.
///
/// A verb owns its arguments, so that it outlives a caller who goes away.
pub(crate) trait Verb: Send + Sync + 'static {
    /// How it ended.
    type Outcome: Send + 'static;

    /// Its name in spans and faults.
    const NAME: &'static str;

    /// Does it. May be run again from the start when the engine gave up on the first attempt, so it
    /// keeps nothing from one run to the next.
    ///
    /// On SQLite within a transaction of the one writer; on PostgreSQL as [`Steps`] says.
    fn apply(&self, db: &mut Db<'_>) -> impl Future<Output = Result<Self::Outcome, Fault>> + Send;

    /// How many steps [`Verb::apply`] has.
    const STEPS: Steps = Steps::OneWrite;

    /// Does it in one round trip, if nothing stands against it. `None` means that nothing was changed
    /// and [`Verb::apply`] must find out why.
    fn at_once(&self, _db: &mut Db<'_>) -> impl Future<Output = Result<Option<Self::Outcome>, Fault>> + Send {
        async { Ok(None) }
    }

    /// Whether such an outcome means that the feed of revocations has news, for who waits for it here.
    ///
    /// Forgotten, the news are noticed all the same, a moment later.
    fn has_told(_outcome: &Self::Outcome) -> bool {
        false
    }
}

/// How many statements of a verb write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steps {
    /// One guarded write, which is atomic by itself; reads after it only find out why it changed nothing.
    OneWrite,
    /// Several: a transaction holds them together, and [`Verb::at_once`] is tried before it.
    Several,
}
