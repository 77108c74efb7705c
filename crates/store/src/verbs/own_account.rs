//! What a person ends at one blow.

use tracing::instrument;

use entryway_core::session::EndReason;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::Db;
use crate::fault::Fault;
use crate::outcome::Revocation;
use crate::verbs::{Steps, Verb, accounts, devices, grants, legacy_sessions};

impl Store {
    /// Takes back what the account granted every client, and ends what came of it, as
    /// [`Store::revoke_grant`] does for one.
    #[instrument(name = "store.revoke_all_grants", level = "debug", skip_all)]
    pub async fn revoke_all_grants(&self, did: &Did, now: Timestamp) -> Result<Revocation, Fault> {
        let did = did.clone();
        self.write(RevokeAllGrants { did, now }).await
    }

    /// The same, and ends the account's sign-ins on every device and its sessions of `createSession`. App
    /// passwords still open it.
    #[instrument(name = "store.end_everything", level = "debug", skip_all)]
    pub async fn end_everything(&self, did: &Did, now: Timestamp) -> Result<Revocation, Fault> {
        let did = did.clone();
        self.write(EndEverything { did, now }).await
    }
}

struct RevokeAllGrants {
    did: Did,
    now: Timestamp,
}

impl Verb for RevokeAllGrants {
    type Outcome = Revocation;
    const NAME: &'static str = "revoke_all_grants";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Revocation, Fault> {
        accounts::hold(&self.did, db).await?;
        grants::revoke_all(&self.did, EndReason::Revoked, self.now, db).await
    }

    fn has_told(outcome: &Revocation) -> bool {
        outcome.has_ended_sessions()
    }
}

struct EndEverything {
    did: Did,
    now: Timestamp,
}

impl Verb for EndEverything {
    type Outcome = Revocation;
    const NAME: &'static str = "end_everything";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Revocation, Fault> {
        accounts::hold(&self.did, db).await?;
        let legacy = legacy_sessions::end_of_account(&self.did, db).await?;
        let devices = devices::end_of_account(&self.did, self.now, db).await?;
        let revoked = grants::revoke_all(&self.did, EndReason::Revoked, self.now, db).await?;
        Ok(match revoked {
            Revocation::Unknown => Revocation::of(devices + legacy, 0),
            revoked @ Revocation::Revoked { .. } => revoked,
        })
    }

    fn has_told(outcome: &Revocation) -> bool {
        outcome.has_ended_sessions()
    }
}
