//! What an import has done already, so that it need not be done again.

use serde::{Deserialize, Serialize};

use super::Migration;

/// A commit of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Commit {
    pub(super) cid: String,
    pub(super) rev: String,
}

/// The archive in the folder, and what it is of.
pub(super) const ARCHIVE: &str = "repo.car";
pub(super) const ARCHIVED: &str = "repo.json";
/// What the new host has taken of it.
pub(super) const IMPORTED: &str = "imported_repo.json";
/// That the new host has the preferences.
pub(super) const PREFERENCES: &str = "imported_preferences.json";

/// Forgets what an account had imported that is none any more. What was fetched from the source stays.
///
/// # Errors
/// A file that stays.
pub(super) fn begin_anew(migration: &Migration) -> anyhow::Result<()> {
    migration.folder.forget(&[IMPORTED, PREFERENCES])
}
