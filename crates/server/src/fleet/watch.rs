//! What somebody does to accounts on a PDS without us: noticed, and followed here (contract 2.5, 6.15).
//!
//! A moderation service may take an account down on its PDS, and the PDS tells nobody who has its sessions. So each
//! host is asked for all its accounts now and then, one list of what it calls active; where that differs from what is
//! so here, its administrator's word on that one account is what counts. What is followed is told on the revocation
//! feed as if it had been said here. Any number of instances may do so at once: the second finds nothing to follow.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use entryway_core::account::Account;
use entryway_core::account_change::{OnItsPds, StatusChange, to_follow};
use entryway_scope::Did;
use entryway_store::{Following, PdsHost};

use crate::app::App;
use crate::failure::Fault;
use crate::pds::{PdsAdmin, PdsClient, PdsFault, RepoStatus};

/// Asks every host once.
pub(crate) async fn watch(app: App) -> Result<(), Fault> {
    watch_once(&app).await.map(drop)
}

/// Asks every host once, and says how many accounts are what their PDS made of them since.
///
/// # Errors
/// A [`Fault`] of the store; a host that cannot be asked is logged, and holds up no other.
pub async fn watch_once(app: &App) -> Result<usize, Fault> {
    let mut asking = JoinSet::new();
    let mut followed = 0;
    for host in app.fleet().hosts().await?.iter() {
        if asking.len() >= AT_ONCE {
            followed += asking.join_next().await.and_then(Result::ok).unwrap_or(0);
        }
        let (app, host) = (app.clone(), Arc::clone(host));
        asking.spawn(async move { ask_and_log(&app, &host).await });
    }
    Ok(followed + asking.join_all().await.into_iter().sum::<usize>())
}

async fn ask_and_log(app: &App, host: &PdsHost) -> usize {
    let round = tokio::time::timeout(ROUND_MAX, Round::of(app, host).run()).await;
    match round {
        Ok(Ok(followed)) => return followed,
        Ok(Err(Stopped::Host(fault))) => {
            tracing::warn!(host = %host.did, %fault, "a PDS could not be watched");
        }
        Ok(Err(Stopped::Ours(fault))) => {
            tracing::error!(host = %host.did, fault = format!("{fault:#}"), "watching a PDS failed");
        }
        Err(_) => tracing::warn!(host = %host.did, "a PDS has more accounts than one round takes"),
    }
    0
}

/// Why a round ended before its end.
enum Stopped {
    Host(PdsFault),
    Ours(Fault),
}

impl From<PdsFault> for Stopped {
    fn from(fault: PdsFault) -> Self {
        Self::Host(fault)
    }
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Ours(fault)
    }
}

impl From<entryway_store::Fault> for Stopped {
    fn from(fault: entryway_store::Fault) -> Self {
        Self::Ours(fault.into())
    }
}

/// One host, once.
struct Round<'a> {
    app: &'a App,
    host: &'a PdsHost,
    pds: PdsClient,
    /// Accounts that it does not have any more, one more than are followed at most.
    gone: Vec<Account>,
    followed: usize,
}

impl<'a> Round<'a> {
    fn of(app: &'a App, host: &'a PdsHost) -> Self {
        Self {
            app,
            host,
            pds: PdsClient::new(app.outside().http.clone(), host.url.clone()),
            gone: Vec::new(),
            followed: 0,
        }
    }

    async fn run(mut self) -> Result<usize, Stopped> {
        let listed = self.listed().await?;
        let password = self.app.fleet().password(self.host)?;
        let pds = self.pds.clone();
        let admin = pds.as_admin(password.expose());
        let (store, mut last) = (self.app.store(), None);
        loop {
            let host = self.host.did.as_str();
            let page = store.accounts_on_host_after(host, last.as_ref()).await?;
            for account in &page {
                let there = listed.get(&account.did).copied().unwrap_or(OnItsPds::Gone);
                if to_follow(account.status, there).is_some() {
                    self.check(account, &admin).await?;
                }
            }
            match page.into_iter().next_back() {
                Some(account) => last = Some(account.did),
                None => break,
            }
        }
        self.follow_gone().await?;
        Ok(self.followed)
    }

    /// What it says of each of its accounts to everybody.
    async fn listed(&self) -> Result<HashMap<Did, OnItsPds>, PdsFault> {
        let (mut listed, mut cursor) = (HashMap::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.pds.repos(cursor.as_deref()).await?;
            let is_empty = page.repos.is_empty();
            listed.extend(page.repos.into_iter().map(|(did, status)| (did, of(status))));
            if is_empty || page.cursor.is_none() || page.cursor == cursor {
                break;
            }
            cursor = page.cursor;
        }
        Ok(listed)
    }

    /// The list may be older than what has happened since, and says less than the administrator is told.
    async fn check(&mut self, account: &Account, admin: &PdsAdmin<'_>) -> Result<(), Stopped> {
        let there = match admin.subject_status(&account.did).await? {
            Some(status) => OnItsPds::There {
                is_taken_down: status.is_taken_down,
                is_deactivated: status.is_deactivated,
            },
            None => OnItsPds::Gone,
        };
        let Some(seen) = to_follow(account.status, there) else {
            return Ok(());
        };
        if there != OnItsPds::Gone {
            return self.follow(account, &seen).await;
        }
        if self.gone.len() <= GONE_MAX {
            self.gone.push(account.clone());
        }
        Ok(())
    }

    /// A PDS that lost many accounts at once is more likely broken than moderated.
    async fn follow_gone(&mut self) -> Result<(), Stopped> {
        let gone = std::mem::take(&mut self.gone);
        if gone.len() > GONE_MAX {
            tracing::error!(host = %self.host.did, "many accounts are gone from a PDS, they are left as they are here");
            return Ok(());
        }
        for account in &gone {
            if let Some(seen) = to_follow(account.status, OnItsPds::Gone) {
                self.follow(account, &seen).await?;
            }
        }
        Ok(())
    }

    async fn follow(&mut self, account: &Account, seen: &StatusChange) -> Result<(), Stopped> {
        let (did, host) = (&account.did, self.host.did.as_str());
        let now = self.app.now();
        match self.app.store().follow_status(did, host, seen, now).await? {
            Following::Followed => {
                self.followed += 1;
                tracing::info!(account.did = %did, host, ?seen, "followed what was done on a PDS");
            }
            Following::Already | Following::UnderWay | Following::Unknown => {}
        }
        Ok(())
    }
}

const fn of(status: RepoStatus) -> OnItsPds {
    match status {
        RepoStatus::Absent => OnItsPds::Gone,
        RepoStatus::Active | RepoStatus::Deactivated | RepoStatus::Inactive => OnItsPds::There {
            is_taken_down: matches!(status, RepoStatus::Inactive),
            is_deactivated: matches!(status, RepoStatus::Deactivated),
        },
    }
}

/// Hosts asked at a time.
const AT_ONCE: usize = 8;
/// Pages of one list: a million accounts, more than one PDS has.
const PAGES_MAX: usize = 2_000;
/// How long one host may take for all of it.
const ROUND_MAX: Duration = Duration::from_mins(10);
/// Accounts gone from one host that are followed in one round: nobody deletes more by hand in a minute.
const GONE_MAX: usize = 20;
