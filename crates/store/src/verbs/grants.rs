//! What accounts granted clients: remembered at each consent, and taken back.

use std::iter::repeat;

use sqlx::AnyConnection;
use tracing::instrument;

use entryway_core::request::AuthorizationRequest;
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

/// Remembers a consent as a step of a verb.
pub(crate) async fn remember(
    consent: Consent<'_>,
    now: Timestamp,
    db: &mut AnyConnection,
) -> Result<(), Fault> {
    let client = clients::digest(consent.client_id);
    let held = sqlx::query(sql::HOLD_GRANT)
        .bind(consent.did.as_str())
        .bind(client.as_slice())
        .bind(consent.client_id.as_str())
        .bind(consent.granted.to_string())
        .bind(now.seconds())
        .fetch_one(&mut *db)
        .await?;
    let columns = Columns::of(&held, "client_grant");
    let held = columns.parsed("scope", |wire| ScopeSet::parse(wire).ok())?;
    // where nothing was granted before, `held` is this consent, and stays what it is
    let after = granted_after(Some(&held), consent.asked, consent.granted);
    if after != held {
        sqlx::query(sql::GRANT)
            .bind(consent.did.as_str())
            .bind(client)
            .bind(after.to_string())
            .execute(db)
            .await?;
    }
    Ok(())
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
        let spoiled = self.spoil_codes(db).await?;
        let deleted = sqlx::query(sql::REVOKE_GRANT)
            .bind(self.did.as_str())
            .bind(clients::digest(&self.client_id))
            .execute(&mut *db)
            .await?;
        let ended = sqlx::query(sql::END_SESSIONS_OF_CLIENT)
            .bind(self.did.as_str())
            .bind(self.now.seconds())
            .bind(EndReason::Revoked.name())
            .bind(self.client_id.as_str())
            .execute(db)
            .await?;
        let sessions = ended.rows_affected();
        Ok(if spoiled || deleted.rows_affected() > 0 || sessions > 0 {
            Revocation::Revoked { sessions }
        } else {
            Revocation::Unknown
        })
    }
}

impl RevokeGrant {
    /// A code that is being exchanged at this moment either gave its session, which is ended next, or will
    /// give none.
    async fn spoil_codes(&self, db: &mut AnyConnection) -> Result<bool, Fault> {
        let open = sqlx::query(sql::HOLD_OPEN_CODES)
            .bind(self.did.as_str())
            .bind(self.now.seconds())
            .fetch_all(&mut *db)
            .await?;
        let mut spoiled = false;
        for row in &open {
            let request: AuthorizationRequest = rows::request(row)?;
            if request.client_id != self.client_id {
                continue;
            }
            let code = Columns::of(row, "auth_request").bytes("code")?;
            sqlx::query(sql::SPOIL_CODE)
                .bind(code.to_vec())
                .execute(&mut *db)
                .await?;
            spoiled = true;
        }
        Ok(spoiled)
    }
}
