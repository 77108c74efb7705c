//! What accounts granted clients: remembered at each consent, and taken back.

use std::iter::repeat;

use sqlx::AnyConnection;
use tracing::instrument;

use entryway_core::session::EndReason;
use entryway_core::trust::{Standing, granted_after};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};

use crate::Store;
use crate::fault::Fault;
use crate::outcome::Revocation;
use crate::rows::Columns;
use crate::verbs::accounts::ACCOUNTS_MAX;
use crate::verbs::{Steps, Verb, clients};
use crate::{rows, sql};

impl Store {
    /// How the client stands with the operator and with these accounts, in the order asked.
    ///
    /// Takes [`ACCOUNTS_MAX`]; further ones are not looked up.
    #[instrument(name = "store.standing", level = "debug", skip_all)]
    pub async fn standing(&self, client_id: &ClientId, dids: &[Did]) -> Result<Standing, Fault> {
        let dids = &dids[..dids.len().min(ACCOUNTS_MAX)];
        // the statement takes sixteen: nobody's DID fills it up
        let filled = dids.iter().map(Did::as_str).chain(repeat("")).take(ACCOUNTS_MAX);
        let query = sqlx::query(sql::STANDING).bind(clients::digest(client_id));
        let query = filled.fold(query, |query, did| query.bind(did.to_owned()));
        let mut standing = Standing::default();
        for row in self.load_all("standing", query).await? {
            let columns = Columns::of(&row, "client_grant");
            match columns.optional_text("did")? {
                Some(_) => standing.granted.push((
                    columns.parsed("did", |text| Did::parse(text).ok())?,
                    columns.parsed("scope", |wire| ScopeSet::parse(wire).ok())?,
                )),
                None => standing.trust = rows::trust(&row)?,
            }
        }
        let place = |(did, _): &(Did, ScopeSet)| dids.iter().position(|asked| asked == did);
        standing.granted.sort_by_key(place);
        Ok(standing)
    }

    /// Takes back what the account granted the client, and ends what came of it: its live sessions, and
    /// codes that were not exchanged yet.
    #[instrument(name = "store.revoke_grant", level = "debug", skip_all)]
    pub async fn revoke_grant(
        &self,
        did: &Did,
        client_id: &ClientId,
        now: Timestamp,
    ) -> Result<Revocation, Fault> {
        self.write(RevokeGrant {
            did: did.clone(),
            client_id: client_id.clone(),
            now,
        })
        .await
    }
}

/// What a person agreed to, beside what was asked.
#[derive(Clone, Copy)]
pub(crate) struct Consent<'a> {
    pub(crate) did: &'a Did,
    pub(crate) client_id: &'a ClientId,
    pub(crate) asked: &'a ScopeSet,
    pub(crate) granted: &'a ScopeSet,
}

/// Remembers a consent as a step of a verb. The account must exist.
pub(crate) async fn remember(
    consent: Consent<'_>,
    now: Timestamp,
    db: &mut AnyConnection,
) -> Result<(), Fault> {
    let (did, client_id) = (consent.did, consent.client_id);
    let held = hold(did, client_id, &consent.granted.to_string(), now, db).await?;
    let held = held.ok_or(sqlx::Error::RowNotFound)?;
    let held = ScopeSet::parse(&held).map_err(|_| Fault::Row {
        table: "client_grant",
        column: "scope",
    })?;
    // where nothing was granted before, `held` is this consent, and stays what it is
    let after = granted_after(Some(&held), consent.asked, consent.granted);
    if after != held {
        sqlx::query(sql::GRANT)
            .bind(did.as_str())
            .bind(clients::digest(client_id))
            .bind(after.to_string())
            .execute(db)
            .await?;
    }
    Ok(())
}

/// Holds the grant as a step of a verb, so that consents and revocations of one account and client come one
/// after the other. Where there is none it is made, of this scope.
async fn hold(
    did: &Did,
    client_id: &ClientId,
    scope: &str,
    now: Timestamp,
    db: &mut AnyConnection,
) -> Result<Option<String>, Fault> {
    let held = sqlx::query(sql::HOLD_GRANT)
        .bind(did.as_str())
        .bind(clients::digest(client_id))
        .bind(client_id.as_str())
        .bind(scope.to_owned())
        .bind(now.seconds())
        .fetch_optional(db)
        .await?;
    let scope = |row| Columns::of(row, "client_grant").text("scope").map(str::to_owned);
    held.as_ref().map(scope).transpose()
}

struct RevokeGrant {
    did: Did,
    client_id: ClientId,
    now: Timestamp,
}

impl Verb for RevokeGrant {
    type Outcome = Revocation;
    const NAME: &'static str = "revoke_grant";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut AnyConnection) -> Result<Revocation, Fault> {
        let Some(held) = hold(&self.did, &self.client_id, NOTHING, self.now, db).await? else {
            return Ok(Revocation::Unknown);
        };
        let has_spoiled = self.spoil_codes(db).await?;
        let ended = sqlx::query(sql::END_SESSIONS_OF_CLIENT)
            .bind(self.did.as_str())
            .bind(self.now.seconds())
            .bind(EndReason::Revoked.name())
            .bind(self.client_id.as_str())
            .execute(&mut *db)
            .await?;
        sqlx::query(sql::REVOKE_GRANT)
            .bind(self.did.as_str())
            .bind(clients::digest(&self.client_id))
            .execute(db)
            .await?;
        let sessions = ended.rows_affected();
        Ok(if held != NOTHING || has_spoiled || sessions > 0 {
            Revocation::Revoked { sessions }
        } else {
            Revocation::Unknown
        })
    }
}

/// The scope of a grant that is made only to be held; no set of scope values is written so.
const NOTHING: &str = "";

impl RevokeGrant {
    /// Every code of a consent that came before is seen, for its verb held the grant. One that is being
    /// exchanged at this moment is waited for: it gave its session, which is ended next, or will give none.
    async fn spoil_codes(&self, db: &mut AnyConnection) -> Result<bool, Fault> {
        let open = sqlx::query(sql::OPEN_CODES)
            .bind(self.did.as_str())
            .bind(self.now.seconds())
            .fetch_all(&mut *db)
            .await?;
        let mut spoiled = 0;
        for row in &open {
            if rows::request(row)?.client_id != self.client_id {
                continue;
            }
            let code = Columns::of(row, "auth_request").bytes("code")?;
            let done = sqlx::query(sql::SPOIL_CODE)
                .bind(code.to_vec())
                .execute(&mut *db)
                .await?;
            spoiled += done.rows_affected();
        }
        Ok(spoiled > 0)
    }
}
