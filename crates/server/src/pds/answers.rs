//! What a PDS answers, as far as we read it.

use serde::Deserialize;

use entryway_scope::{Did, Handle};

use super::PdsFault;

/// What a PDS says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDescription {
    /// Its DID: the audience of access tokens for it.
    pub did: Did,
    /// The domains it gives out handles under, each with its leading dot.
    pub user_domains: Vec<String>,
}

/// Who has a handle on a PDS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandleHolder {
    /// Nobody.
    Nobody,
    /// This account.
    Account(Did),
    /// An account that is hidden for now: deactivated, taken down, or with a DID that does not resolve.
    Hidden,
}

/// What a PDS has of a DID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepoStatus {
    /// Nothing.
    Absent,
    /// An account that may act.
    Active,
    /// An account that its person, or its making, left inactive.
    Deactivated,
    /// An account that is inactive for another reason: taken down, suspended.
    Inactive,
}

/// Some of the accounts of a PDS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoPage {
    /// Where the next page begins; nothing after the last one.
    pub cursor: Option<String>,
    /// Accounts, and whether they may act.
    pub repos: Vec<(Did, RepoStatus)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    did: Did,
    #[serde(default)]
    available_user_domains: Vec<String>,
}

impl Described {
    pub(super) fn understood(self) -> Option<ServerDescription> {
        let domains = &self.available_user_domains;
        // each of them is the end of a handle
        let are_domains = domains.len() <= DOMAINS_MAX
            && domains
                .iter()
                .all(|domain| domain.starts_with('.') && Handle::parse(&format!("a{domain}")).is_ok());
        are_domains.then_some(ServerDescription {
            did: self.did,
            user_domains: self.available_user_domains,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reserved {
    pub(super) signing_key: String,
}

/// `describeRepo`, `getRepoStatus`, `listRepos` and `createAccount` all name their account so.
#[derive(Deserialize)]
pub(super) struct Repo {
    pub(super) did: Did,
    active: Option<bool>,
    status: Option<String>,
}

impl Repo {
    pub(super) fn status(&self) -> RepoStatus {
        match (self.active, self.status.as_deref()) {
            (Some(false), Some("deactivated")) => RepoStatus::Deactivated,
            (Some(false), _) => RepoStatus::Inactive,
            _ => RepoStatus::Active,
        }
    }
}

/// `listRepos`.
#[derive(Deserialize)]
pub(super) struct Listed {
    cursor: Option<String>,
    repos: Vec<Repo>,
}

impl Listed {
    pub(super) fn understood(self) -> RepoPage {
        let repos = self.repos.into_iter();
        RepoPage {
            cursor: self.cursor,
            repos: repos.map(|repo| (repo.did.clone(), repo.status())).collect(),
        }
    }
}

/// A refusal to describe an account: there is none, or it does not show itself.
pub(super) fn absent_or_hidden(fault: PdsFault) -> Result<HandleHolder, PdsFault> {
    match &fault {
        _ if fault.is_not_found() => Ok(HandleHolder::Nobody),
        PdsFault::Refused { name, message, .. }
            if matches!(
                name.as_str(),
                "RepoDeactivated" | "RepoTakendown" | "RepoSuspended" | "AccountTakedown"
            ) || message.starts_with("Could not resolve DID") =>
        {
            Ok(HandleHolder::Hidden)
        }
        _ => Err(fault),
    }
}

/// Domains of one PDS: each is a zone somebody keeps.
const DOMAINS_MAX: usize = 1000;
