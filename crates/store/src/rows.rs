//! From a row to a type that cannot be wrong; whatever no verb writes is a fault that names its column.

mod account_changes;
mod hosts;
mod legacy_sessions;
mod sign_ups;

use entryway_core::account::{Account, AccountStatus, PasswordHash};
use entryway_core::code::{CodeFacts, CodeState};
use entryway_core::device::Device;
use entryway_core::request::AuthorizationRequest;
use entryway_core::session::{EndReason, Ended, Session};
use entryway_core::sign_in::{SignIn, SignInId};
use entryway_core::trust::{Grant, Trust};
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::jwk::{Algorithm, Thumbprint};
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle, Nsid, ScopeSet};

use crate::db::{FromCell, Row};
use crate::fault::Fault;
use crate::outcome::{PendingRequest, SessionFacts};
use crate::verbs::clients::ListedClient;
use crate::verbs::devices::LiveSignIn;
use crate::verbs::keys::{KeyState, ROTATION, SealedKey};
use crate::verbs::permission_sets::StoredSet;
use crate::verbs::revocations::ToldRevocation;

pub(crate) use account_changes::account_change;
pub(crate) use hosts::{handle_owner, home, pds_host};
pub(crate) use legacy_sessions::{
    app_password, email_token, kind, kind_name, legacy_session_facts, listed_legacy_session,
};
pub(crate) use sign_ups::{invite, invite_use, sign_up};

/// The columns of one table in a row.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
}

impl<'r> Columns<'r> {
    pub(crate) const fn of(row: &'r Row, table: &'static str) -> Self {
        Self { row, table }
    }

    pub(crate) const fn impossible(self, column: &'static str) -> Fault {
        Fault::Row {
            table: self.table,
            column,
        }
    }

    fn value<T: FromCell<'r>>(self, column: &'static str) -> Result<T, Fault> {
        let cell = self.row.cell(column).and_then(T::from_cell);
        cell.ok_or_else(|| self.impossible(column))
    }

    pub(crate) fn text(self, column: &'static str) -> Result<&'r str, Fault> {
        self.value(column)
    }

    pub(crate) fn optional_text(self, column: &'static str) -> Result<Option<&'r str>, Fault> {
        self.value(column)
    }

    pub(crate) fn bytes(self, column: &'static str) -> Result<&'r [u8], Fault> {
        self.value(column)
    }

    pub(crate) fn optional_digest(self, column: &'static str) -> Result<Option<Digest>, Fault> {
        let bytes: Option<&[u8]> = self.value(column)?;
        let digest = |bytes: &[u8]| bytes.try_into().map(Digest::from_bytes).ok();
        bytes
            .map(|bytes| digest(bytes).ok_or_else(|| self.impossible(column)))
            .transpose()
    }

    pub(crate) fn instant(self, column: &'static str) -> Result<Timestamp, Fault> {
        self.value(column).map(Timestamp::from_seconds)
    }

    pub(crate) fn optional_instant(self, column: &'static str) -> Result<Option<Timestamp>, Fault> {
        let seconds: Option<i64> = self.value(column)?;
        Ok(seconds.map(Timestamp::from_seconds))
    }

    pub(crate) fn generation(self, column: &'static str) -> Result<u32, Fault> {
        let number: i64 = self.value(column)?;
        number.try_into().map_err(|_| self.impossible(column))
    }

    pub(crate) fn count(self, column: &'static str) -> Result<i64, Fault> {
        self.value(column)
    }

    /// A count that is never below zero.
    pub(crate) fn number(self, column: &'static str) -> Result<u64, Fault> {
        self.count(column)?
            .try_into()
            .map_err(|_| self.impossible(column))
    }

    pub(crate) fn flag(self, column: &'static str) -> Result<bool, Fault> {
        match self.count(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.impossible(column)),
        }
    }

    pub(crate) fn parsed<T>(
        self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        parse(self.text(column)?).ok_or_else(|| self.impossible(column))
    }
}

/// From `request, admitted_at, expires_at`.
pub(crate) fn pending_request(row: &Row) -> Result<PendingRequest, Fault> {
    let columns = Columns::of(row, "auth_request");
    Ok(PendingRequest {
        request: request(row)?,
        admitted_at: columns.instant("admitted_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

/// From `request`.
pub(crate) fn request(row: &Row) -> Result<AuthorizationRequest, Fault> {
    Columns::of(row, "auth_request").parsed("request", |json| serde_json::from_str(json).ok())
}

/// From the row of `CODE`.
pub(crate) fn code_facts(row: &Row) -> Result<CodeFacts, Fault> {
    let columns = Columns::of(row, "auth_request");
    Ok(CodeFacts {
        request: request(row)?,
        scope: columns.parsed("scope", |wire| ScopeSet::parse(wire).ok())?,
        account: account(row)?,
        authenticated_at: columns.instant("authenticated_at")?,
        code_expires_at: columns.instant("code_expires_at")?,
        state: code_state(columns)?,
    })
}

/// From `state, session`.
pub(crate) fn code_state(columns: Columns<'_>) -> Result<CodeState, Fault> {
    let session = columns.optional_text("session")?;
    match (columns.text("state")?, session) {
        ("approved", None) => Ok(CodeState::Open),
        ("spoiled", None) => Ok(CodeState::Spoiled),
        ("redeemed", Some(session)) => SessionId::parse(session)
            .map(CodeState::Redeemed)
            .ok_or_else(|| columns.impossible("session")),
        _ => Err(columns.impossible("state")),
    }
}

/// From the row of `SESSION`.
pub(crate) fn session_facts(row: &Row) -> Result<SessionFacts, Fault> {
    let columns = Columns::of(row, "oauth_session");
    let account = account(row)?;
    let session = Session {
        id: columns.parsed("id", SessionId::parse)?,
        did: account.did.clone(),
        client_id: columns.parsed("client_id", |text| ClientId::parse(text).ok())?,
        scope: columns.parsed("scope", |wire| ScopeSet::parse(wire).ok())?,
        jkt: columns.parsed("jkt", Thumbprint::parse)?,
        client_key: client_key(columns)?,
        salt: columns
            .bytes("salt")?
            .try_into()
            .map_err(|_| columns.impossible("salt"))?,
        generation: columns.generation("generation")?,
        created_at: columns.instant("created_at")?,
        rotated_at: columns.instant("rotated_at")?,
        expires_at: columns.instant("expires_at")?,
        ended: ended(columns)?,
    };
    Ok(SessionFacts { session, account })
}

fn client_key(columns: Columns<'_>) -> Result<Option<ClientKey>, Fault> {
    let json = columns.optional_text("client_key")?;
    let key = json.map(serde_json::from_str).transpose();
    key.map_err(|_| columns.impossible("client_key"))
}

fn ended(columns: Columns<'_>) -> Result<Option<Ended>, Fault> {
    let reason = columns.optional_text("end_reason")?;
    match (columns.optional_instant("ended_at")?, reason) {
        (None, None) => Ok(None),
        (Some(at), Some(name)) => {
            let reason = EndReason::ALL.into_iter().find(|reason| reason.name() == name);
            let reason = reason.ok_or_else(|| columns.impossible("end_reason"))?;
            Ok(Some(Ended { at, reason }))
        }
        _ => Err(columns.impossible("end_reason")),
    }
}

/// From the columns of an account without the hash of its password.
pub(crate) fn account(row: &Row) -> Result<Account, Fault> {
    let columns = Columns::of(row, "account");
    Ok(Account {
        did: columns.parsed("did", |text| Did::parse(text).ok())?,
        handle: columns.parsed("handle", |text| Handle::parse(text).ok())?,
        email: columns.optional_text("email")?.map(str::to_owned),
        email_confirmed_at: columns.optional_instant("email_confirmed_at")?,
        email_auth_factor: columns.flag("email_auth_factor")?,
        pds_did: columns.text("pds_did")?.to_owned(),
        status: status(row)?,
        credentials_changed_at: columns.instant("credentials_changed_at")?,
    })
}

/// From `status`.
pub(crate) fn status(row: &Row) -> Result<AccountStatus, Fault> {
    Columns::of(row, "account").parsed("status", status_of)
}

/// From all columns of an account.
pub(crate) fn account_and_hash(row: &Row) -> Result<(Account, PasswordHash), Fault> {
    let hash = Columns::of(row, "account").text("password_hash")?;
    Ok((account(row)?, PasswordHash::new(hash.to_owned())))
}

/// The word stored for a status.
pub(crate) const fn status_name(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Deactivated => "deactivated",
        AccountStatus::TakenDown => "taken_down",
    }
}

fn status_of(name: &str) -> Option<AccountStatus> {
    [
        AccountStatus::Active,
        AccountStatus::Deactivated,
        AccountStatus::TakenDown,
    ]
    .into_iter()
    .find(|status| status_name(*status) == name)
}

/// From `id, last_seen_at` and the account's.
pub(crate) fn live_sign_in(row: &Row) -> Result<LiveSignIn, Fault> {
    let columns = Columns::of(row, "browser_sign_in");
    Ok(LiveSignIn {
        id: sign_in_id(columns)?,
        last_seen_at: columns.instant("last_seen_at")?,
        account: account(row)?,
    })
}

/// From `id, did, browser, device, created_at, last_seen_at, expires_at`.
pub(crate) fn sign_in(row: &Row) -> Result<SignIn, Fault> {
    let columns = Columns::of(row, "browser_sign_in");
    let browser = columns.optional_digest("browser")?;
    Ok(SignIn {
        id: sign_in_id(columns)?,
        did: columns.parsed("did", |text| Did::parse(text).ok())?,
        browser: browser.ok_or_else(|| columns.impossible("browser"))?,
        device: columns.parsed("device", Device::parse)?,
        created_at: columns.instant("created_at")?,
        last_seen_at: columns.instant("last_seen_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

fn sign_in_id(columns: Columns<'_>) -> Result<SignInId, Fault> {
    let bytes = columns.bytes("id")?.try_into();
    bytes
        .map(SignInId::from_entropy)
        .map_err(|_| columns.impossible("id"))
}

/// From `scope, known`.
pub(crate) fn grant(row: &Row) -> Result<Grant, Fault> {
    let columns = Columns::of(row, "client_grant");
    Ok(Grant {
        scope: columns.parsed("scope", |wire| ScopeSet::parse(wire).ok())?,
        known: columns.flag("known")?,
    })
}

/// From `name, first_party, logo_type`; nothing where there is no name.
pub(crate) fn trust(row: &Row) -> Result<Option<Trust>, Fault> {
    let columns = Columns::of(row, "trusted_client");
    let Some(name) = columns.optional_text("name")? else {
        return Ok(None);
    };
    Ok(Some(Trust {
        name: name.to_owned(),
        first_party: columns.flag("first_party")?,
        has_logo: columns.optional_text("logo_type")?.is_some(),
    }))
}

/// From `client_id, name, first_party, logo_type, trusted_at`.
pub(crate) fn listed_client(row: &Row) -> Result<ListedClient, Fault> {
    let columns = Columns::of(row, "trusted_client");
    Ok(ListedClient {
        client_id: columns.parsed("client_id", |text| ClientId::parse(text).ok())?,
        trust: trust(row)?.ok_or_else(|| columns.impossible("name"))?,
        trusted_at: columns.instant("trusted_at")?,
    })
}

/// From `name, did, rev, cid, record, read_at`.
pub(crate) fn stored_set(row: &Row) -> Result<StoredSet, Fault> {
    let columns = Columns::of(row, "permission_set");
    Ok(StoredSet {
        name: columns.parsed("name", |text| Nsid::parse(text).ok())?,
        did: columns.parsed("did", |text| Did::parse(text).ok())?,
        rev: columns.text("rev")?.to_owned(),
        cid: columns.text("cid")?.to_owned(),
        record: columns.text("record")?.to_owned(),
        read_at: columns.instant("read_at")?,
    })
}

/// From `kid, algorithm, sealed, created_at, state`.
pub(crate) fn sealed_key(row: &Row) -> Result<SealedKey, Fault> {
    let columns = Columns::of(row, "signing_key");
    Ok(SealedKey {
        kid: columns.text("kid")?.to_owned(),
        algorithm: columns.parsed("algorithm", |mark| match mark {
            ROTATION => Some(Algorithm::ES256K),
            name => Algorithm::parse(name),
        })?,
        sealed: columns.bytes("sealed")?.to_vec(),
        created_at: columns.instant("created_at")?,
        state: columns.parsed("state", |word| match word {
            "current" => Some(KeyState::Current),
            "retired" => Some(KeyState::Retired),
            _ => None,
        })?,
    })
}

/// From `seq, revoked_at, over_at, revoked`.
pub(crate) fn told_revocation(row: &Row) -> Result<ToldRevocation, Fault> {
    let columns = Columns::of(row, "revocation");
    Ok(ToldRevocation {
        seq: columns.number("seq")?,
        revoked_at: columns.instant("revoked_at")?,
        over_at: columns.instant("over_at")?,
        revoked: columns.parsed("revoked", |json| serde_json::from_str(json).ok())?,
    })
}
