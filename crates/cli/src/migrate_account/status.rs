//! `status`: what is where, on both sides and in the directory. The part of the check-list that a program can see (A25).

use std::process::ExitCode;

use serde::Deserialize;

use entryway_server::plc::{PlcClient, Registered};

use crate::output::print;

use super::Migration;
use super::fault::{CallFault, plain};
use super::host::{Call, Host};
use super::plc_change::directory;
use super::reason::explained;
use super::session::{Session, Side};

/// `com.atproto.server.checkAccountStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountStatus {
    pub(super) activated: bool,
    /// Whether the DID document is what this host asks of one of its accounts.
    #[serde(default)]
    pub(super) valid_did: bool,
    #[serde(default)]
    repo_rev: String,
    #[serde(default)]
    indexed_records: u64,
    #[serde(default)]
    expected_blobs: u64,
    #[serde(default)]
    imported_blobs: u64,
}

impl AccountStatus {
    /// That of the account at a host.
    ///
    /// # Errors
    /// A [`CallFault`].
    pub(super) async fn of(host: &Host<'_>, session: &Session) -> Result<Self, CallFault> {
        let call = Call::to("com.atproto.server.checkAccountStatus").by(&session.access_jwt);
        let answer = host.query(&call).await?;
        Self::deserialize(answer)
            .map_err(|_| CallFault::Here(format!("{} does not say what it has of the account", host.url())))
    }

    /// Whether somebody writes here already.
    pub(super) const fn is_lived_in(&self) -> bool {
        self.activated && self.indexed_records > 0
    }

    /// Blobs that its records name and it does not have.
    pub(super) const fn blobs_missing(&self) -> u64 {
        self.expected_blobs.saturating_sub(self.imported_blobs)
    }

    fn said(&self, side: Side) -> String {
        let active = if self.activated { "active" } else { "not active" };
        let identity = if self.valid_did {
            "identity points here"
        } else {
            "identity points elsewhere"
        };
        format!(
            "{}\t{active}\t{identity}\t{} records\t{} of {} blobs\trev {}",
            side.name(),
            self.indexed_records,
            self.imported_blobs,
            self.expected_blobs,
            plain(&self.repo_rev)
        )
    }
}

/// Says it. Fails where one of the two sides does not answer.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let mut sides = Vec::new();
    for side in [Side::Old, Side::New] {
        sides.push((
            side,
            asked.repo_host(side),
            asked.session(&migration.folder, side),
        ));
    }
    let plc = directory(&asked);
    asked.settled()?;
    let mut found = Vec::new();
    let mut last = Ok(ExitCode::SUCCESS);
    for (side, host, session) in sides {
        let (Some(host), Some(session)) = (host, session) else {
            return Err(asked.faults());
        };
        let host = Host::new(&migration.http, host);
        match AccountStatus::of(&host, &session).await {
            Ok(status) => {
                print(&status.said(side));
                found.push((session, status));
            }
            Err(fault) => {
                print(&format!("{}\tunknown", side.name()));
                eprintln!("entryway: {:#}", explained(&fault, side));
                last = Ok(ExitCode::FAILURE);
            }
        }
    }
    if let (Some(plc), Some((session, _))) = (plc, found.first())
        && session.did.as_str().starts_with("did:plc:")
    {
        let said = match PlcClient::new(migration.http.clone(), plc)
            .last(&session.did)
            .await
        {
            Ok(Registered::Live { data, .. }) => plain(data.pds_endpoint().unwrap_or("no PDS")),
            Ok(Registered::Tombstoned) => "ended".to_owned(),
            Ok(Registered::Absent) => "not in this directory".to_owned(),
            Err(fault) => {
                last = Ok(ExitCode::FAILURE);
                fault.to_string()
            }
        };
        print(&format!("identity\t{}\t{said}", session.did));
    }
    if let [(_, old), (_, new)] = found.as_slice() {
        for hint in next(old, new) {
            eprintln!("entryway: {hint}");
        }
    }
    last
}

/// What is to be done next, as far as the two sides show it.
fn next(old: &AccountStatus, new: &AccountStatus) -> Vec<String> {
    let mut hints = Vec::new();
    if new.activated {
        if old.activated {
            hints.push(
                "both are active: once the check-list is through, deactivate-source ends the one at the source".to_owned(),
            );
        }
        return hints;
    }
    if new.indexed_records < old.indexed_records {
        hints.push("records are missing at the new host: import".to_owned());
    }
    if new.blobs_missing() > 0 {
        hints.push(format!(
            "{} blobs are missing at the new host: import",
            new.blobs_missing()
        ));
    }
    hints.push(
        if new.valid_did {
            "then activate"
        } else {
            "then plc-recommended to plc-submit"
        }
        .to_owned(),
    );
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(activated: bool, valid_did: bool, indexed_records: u64, imported_blobs: u64) -> AccountStatus {
        AccountStatus {
            activated,
            valid_did,
            repo_rev: String::new(),
            indexed_records,
            expected_blobs: 2,
            imported_blobs,
        }
    }

    #[test]
    fn what_is_next_follows_from_both_sides() {
        let old = status(true, true, 5, 2);
        for (new, expected) in [
            (
                status(false, false, 0, 0),
                vec![
                    "records are missing at the new host: import",
                    "2 blobs are missing at the new host: import",
                    "then plc-recommended to plc-submit",
                ],
            ),
            (
                status(false, false, 5, 2),
                vec!["then plc-recommended to plc-submit"],
            ),
            (status(false, true, 5, 2), vec!["then activate"]),
            (
                status(true, true, 6, 2),
                vec![
                    "both are active: once the check-list is through, deactivate-source ends the one at the source",
                ],
            ),
        ] {
            assert_eq!(next(&old, &new), expected);
        }
        assert!(next(&status(false, false, 5, 2), &status(true, true, 5, 2)).is_empty());
    }

    #[test]
    fn only_an_active_account_with_records_is_lived_in() {
        for (new, expected) in [
            (status(false, false, 5, 0), false),
            // an entryway makes it active at once, and empty
            (status(true, true, 0, 0), false),
            (status(true, true, 1, 0), true),
        ] {
            assert_eq!(new.is_lived_in(), expected);
        }
    }
}
