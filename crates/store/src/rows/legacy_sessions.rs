//! Rows about sessions of `createSession`, app passwords and codes sent by e-mail.

use entryway_core::app_password::{AppPasswordEntry, AppPasswordKind, AppPasswordName};
use entryway_core::email_token::StoredEmailToken;
use entryway_core::legacy_session::{Basis, LegacySession, Superseded};
use entryway_oauth::secret::{Digest, SessionId};
use entryway_scope::Did;

use super::{Columns, account};
use crate::db::Row;
use crate::fault::Fault;
use crate::outcome::{LegacySessionFacts, ListedLegacySession};

/// From the row of `LEGACY_SESSION`.
pub(crate) fn legacy_session_facts(row: &Row) -> Result<LegacySessionFacts, Fault> {
    let columns = Columns::of(row, "legacy_session");
    let account = account(row)?;
    let session = LegacySession {
        id: columns.parsed("id", SessionId::parse)?,
        did: account.did.clone(),
        basis: basis(columns)?,
        salt: columns
            .bytes("salt")?
            .try_into()
            .map_err(|_| columns.impossible("salt"))?,
        generation: columns.generation("generation")?,
        superseded: columns.parsed("superseded", Superseded::parse)?,
        created_at: columns.instant("created_at")?,
        expires_at: columns.instant("expires_at")?,
    };
    Ok(LegacySessionFacts { session, account })
}

/// From the row of `LEGACY_SESSIONS_OF_ACCOUNT`.
pub(crate) fn listed_legacy_session(row: &Row) -> Result<ListedLegacySession, Fault> {
    let columns = Columns::of(row, "legacy_session");
    Ok(ListedLegacySession {
        id: columns.parsed("id", SessionId::parse)?,
        basis: basis(columns)?,
        created_at: columns.instant("created_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

fn basis(columns: Columns<'_>) -> Result<Basis, Fault> {
    match (
        columns.optional_text("app_password")?,
        columns.optional_text("kind")?,
    ) {
        (None, None) => Ok(Basis::AccountPassword),
        (Some(name), Some(kind)) => Ok(Basis::AppPassword {
            name: AppPasswordName::parse(name).map_err(|_| columns.impossible("app_password"))?,
            kind: kind_of(kind).ok_or_else(|| columns.impossible("kind"))?,
        }),
        _ => Err(columns.impossible("kind")),
    }
}

/// The word stored for a kind.
pub(crate) const fn kind_name(kind: AppPasswordKind) -> &'static str {
    match kind {
        AppPasswordKind::Plain => "plain",
        AppPasswordKind::Privileged => "privileged",
    }
}

fn kind_of(name: &str) -> Option<AppPasswordKind> {
    [AppPasswordKind::Plain, AppPasswordKind::Privileged]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
}

/// From `kind`.
pub(crate) fn kind(row: &Row) -> Result<AppPasswordKind, Fault> {
    Columns::of(row, "app_password").parsed("kind", kind_of)
}

/// From `name, kind, created_at`.
pub(crate) fn app_password(row: &Row) -> Result<AppPasswordEntry, Fault> {
    let columns = Columns::of(row, "app_password");
    Ok(AppPasswordEntry {
        name: columns.parsed("name", |text| AppPasswordName::parse(text).ok())?,
        kind: kind(row)?,
        created_at: columns.instant("created_at")?,
    })
}

/// From `did, digest, created_at`.
pub(crate) fn email_token(row: &Row) -> Result<(Did, StoredEmailToken), Fault> {
    let columns = Columns::of(row, "email_token");
    let digest: [u8; 32] = columns
        .bytes("digest")?
        .try_into()
        .map_err(|_| columns.impossible("digest"))?;
    let token = StoredEmailToken {
        digest: Digest::from_bytes(digest),
        created_at: columns.instant("created_at")?,
    };
    Ok((columns.parsed("did", |text| Did::parse(text).ok())?, token))
}
