//! The PDS hosts that leave their login to us.

use tracing::instrument;

use entryway_core::account::Account;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{HostAddition, HostChange, HostRemoval};
use crate::rows::Columns;
use crate::verbs::accounts::ACCOUNTS_PAGE;
use crate::verbs::{Steps, Verb};
use crate::{rows, sql};

/// A PDS host of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdsHost {
    /// Its DID: what access tokens for its accounts name as `aud`.
    pub did: Did,
    /// Its public origin, which is as strict a text as an issuer's.
    pub url: Issuer,
    /// The password of its administrator: opened with [`crate::Sealer`] at [`crate::Place::pds_password`].
    pub sealed_password: Vec<u8>,
    /// Whether it gets new accounts.
    pub state: HostState,
    /// Since when it is one of ours.
    pub added_at: Timestamp,
}

/// Whether a PDS host gets new accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    /// It does.
    Open,
    /// It does not; those it has go on as before.
    Draining,
}

impl HostState {
    /// The word that is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Draining => "draining",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Draining]
            .into_iter()
            .find(|state| state.name() == word)
    }
}

/// How many accounts are at home on a PDS, one of ours or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The DID of the PDS.
    pub pds_did: String,
    /// How many accounts, more than none.
    pub accounts: u64,
}

/// How many PDS hosts one list has: each is a machine that somebody runs.
pub const PDS_HOSTS_MAX: u32 = 1000;

impl Store {
    /// Makes the PDS one of ours.
    #[instrument(name = "store.add_pds_host", level = "debug", skip_all)]
    pub async fn add_pds_host(&self, host: &PdsHost) -> Result<HostAddition, Fault> {
        self.write(AddPdsHost { host: host.clone() }).await
    }

    /// The PDS host of this DID.
    #[instrument(name = "store.pds_host", level = "debug", skip_all)]
    pub async fn pds_host(&self, did: &Did) -> Result<Option<PdsHost>, Fault> {
        let query = query(sql::PDS_HOST).bind(did.to_string());
        let row = self.load("pds_host", query).await?;
        row.as_ref().map(rows::pds_host).transpose()
    }

    /// The PDS hosts, the first one first, [`PDS_HOSTS_MAX`] at most.
    #[instrument(name = "store.pds_hosts", level = "debug", skip_all)]
    pub async fn pds_hosts(&self) -> Result<Vec<PdsHost>, Fault> {
        let query = query(sql::PDS_HOSTS).bind(i64::from(PDS_HOSTS_MAX));
        let rows = self.load_all("pds_hosts", query).await?;
        rows.iter().map(rows::pds_host).collect()
    }

    /// Where accounts are at home, and how many each. Counts every account there is.
    #[instrument(name = "store.homes", level = "debug", skip_all)]
    pub async fn homes(&self) -> Result<Vec<Home>, Fault> {
        let rows = self.load_all("homes", query(sql::HOMES)).await?;
        rows.iter().map(rows::home).collect()
    }

    /// The accounts of a PDS by DID, a page of [`ACCOUNTS_PAGE`] at a time: those that come after `last`.
    #[instrument(name = "store.accounts_on_host_after", level = "debug", skip_all)]
    pub async fn accounts_on_host_after(
        &self,
        pds_did: &str,
        last: Option<&Did>,
    ) -> Result<Vec<Account>, Fault> {
        let query = query(sql::ACCOUNTS_ON_HOST_AFTER)
            .bind(pds_did.to_owned())
            .bind(last.map(Did::to_string).unwrap_or_default())
            .bind(i64::from(ACCOUNTS_PAGE));
        let rows = self.load_all("accounts_on_host_after", query).await?;
        rows.iter().map(rows::account).collect()
    }

    /// Gives the host no new accounts from now on. Sign-ups that are under way there are finished.
    #[instrument(name = "store.drain_pds_host", level = "debug", skip_all)]
    pub async fn drain_pds_host(&self, did: &Did) -> Result<HostChange, Fault> {
        let (did, state) = (did.clone(), HostState::Draining);
        self.write(TurnPdsHost { did, state }).await
    }

    /// Gives the host new accounts again.
    #[instrument(name = "store.reopen_pds_host", level = "debug", skip_all)]
    pub async fn reopen_pds_host(&self, did: &Did) -> Result<HostChange, Fault> {
        let (did, state) = (did.clone(), HostState::Open);
        self.write(TurnPdsHost { did, state }).await
    }

    /// Puts another password of the host's administrator in the place of the one that is kept.
    #[instrument(name = "store.replace_pds_password", level = "debug", skip_all)]
    pub async fn replace_pds_password(&self, did: &Did, sealed: &[u8]) -> Result<HostChange, Fault> {
        self.write(ReplacePdsPassword {
            did: did.clone(),
            sealed: sealed.to_vec(),
        })
        .await
    }

    /// Makes the PDS none of ours, unless somebody is at home there.
    #[instrument(name = "store.remove_pds_host", level = "debug", skip_all)]
    pub async fn remove_pds_host(&self, did: &Did) -> Result<HostRemoval, Fault> {
        self.write(RemovePdsHost { did: did.clone() }).await
    }
}

/// Holds the host as the first step of whatever gives it an account, so that it is not removed meanwhile. Its
/// state, if it is one of ours.
pub(crate) async fn hold(pds_did: &str, db: &mut Db<'_>) -> Result<Option<HostState>, Fault> {
    let held = query(sql::HOLD_PDS_HOST).bind(pds_did).fetch_optional(db).await?;
    let state = |row| Columns::of(row, "pds_host").parsed("state", HostState::parse);
    held.as_ref().map(state).transpose()
}

struct AddPdsHost {
    host: PdsHost,
}

impl Verb for AddPdsHost {
    type Outcome = HostAddition;
    const NAME: &'static str = "add_pds_host";

    async fn apply(&self, db: &mut Db<'_>) -> Result<HostAddition, Fault> {
        let host = &self.host;
        let added = query(sql::ADD_PDS_HOST)
            .bind(host.did.as_str())
            .bind(host.url.as_str())
            .bind(host.sealed_password.as_slice())
            .bind(host.state.name())
            .bind(host.added_at.seconds())
            .execute(&mut *db)
            .await?;
        if added.rows_affected() == 1 {
            return Ok(HostAddition::Added);
        }
        let same = query(sql::PDS_HOST)
            .bind(host.did.as_str())
            .fetch_optional(db)
            .await?;
        Ok(match same {
            Some(_) => HostAddition::DidTaken,
            None => HostAddition::UrlTaken,
        })
    }
}

struct TurnPdsHost {
    did: Did,
    state: HostState,
}

impl Verb for TurnPdsHost {
    type Outcome = HostChange;
    const NAME: &'static str = "turn_pds_host";

    async fn apply(&self, db: &mut Db<'_>) -> Result<HostChange, Fault> {
        let done = query(sql::TURN_PDS_HOST)
            .bind(self.did.as_str())
            .bind(self.state.name())
            .execute(db)
            .await?;
        Ok(changed(done.rows_affected()))
    }
}

struct ReplacePdsPassword {
    did: Did,
    sealed: Vec<u8>,
}

impl Verb for ReplacePdsPassword {
    type Outcome = HostChange;
    const NAME: &'static str = "replace_pds_password";

    async fn apply(&self, db: &mut Db<'_>) -> Result<HostChange, Fault> {
        let done = query(sql::REPLACE_PDS_PASSWORD)
            .bind(self.did.as_str())
            .bind(self.sealed.as_slice())
            .execute(db)
            .await?;
        Ok(changed(done.rows_affected()))
    }
}

const fn changed(rows: u64) -> HostChange {
    if rows == 1 {
        HostChange::Changed
    } else {
        HostChange::Unknown
    }
}

struct RemovePdsHost {
    did: Did,
}

impl Verb for RemovePdsHost {
    type Outcome = HostRemoval;
    const NAME: &'static str = "remove_pds_host";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<HostRemoval, Fault> {
        if hold(self.did.as_str(), &mut *db).await?.is_none() {
            return Ok(HostRemoval::Unknown);
        }
        // whoever gives it an account holds it until that can be seen here
        let row = query(sql::INHABITANTS)
            .bind(self.did.as_str())
            .fetch_one(&mut *db)
            .await?;
        let accounts = Columns::of(&row, "account").number("accounts")?;
        if accounts > 0 {
            return Ok(HostRemoval::Inhabited { accounts });
        }
        query(sql::REMOVE_PDS_HOST)
            .bind(self.did.as_str())
            .execute(db)
            .await?;
        Ok(HostRemoval::Removed)
    }
}
