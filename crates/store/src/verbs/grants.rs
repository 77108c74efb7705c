//! What accounts granted clients: remembered at each consent, and taken back.

use std::iter::repeat;

use tracing::instrument;

use entryway_core::request::AuthorizationRequest;
use entryway_core::session::EndReason;
use entryway_core::trust::{self, Grant, Standing};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};

use crate::Store;
use crate::db::{Db, Row, query};
use crate::fault::Fault;
use crate::outcome::Revocation;
use crate::rows::Columns;
use crate::verbs::accounts::{self, ACCOUNTS_MAX};
use crate::verbs::revocations::{self, Ending};
use crate::verbs::{Steps, Verb, clients, codes};
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
        let query = query(sql::STANDING).bind(clients::digest(client_id));
        let query = filled.fold(query, |query, did| query.bind(did.to_owned()));
        let mut standing = Standing::default();
        for row in self.load_few("standing", query).await? {
            let columns = Columns::of(&row, "client_grant");
            match columns.optional_text("did")? {
                Some(_) => standing.granted.push((
                    columns.parsed("did", |text| Did::parse(text).ok())?,
                    rows::grant(&row)?,
                )),
                None => standing.trust = rows::trust(&row)?,
            }
        }
        let place = |(did, _): &(Did, Grant)| dids.iter().position(|asked| asked == did);
        standing.granted.sort_by_key(place);
        Ok(standing)
    }

    /// Takes back what the account granted the client, and ends what came of it: its live sessions, which is
    /// told, and codes that were not exchanged yet.
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

/// Remembers a consent as a step of a verb, unless the password changed after the person gave it.
pub(crate) async fn remember(
    did: &Did,
    request: &AuthorizationRequest,
    granted: &ScopeSet,
    authenticated_at: Timestamp,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<(), Fault> {
    if !accounts::hold_unchanged(did, authenticated_at, db).await? {
        return Ok(());
    }
    let consent = Grant {
        scope: granted.clone(),
        known: is_known(request, db).await?,
    };
    let client_id = &request.client_id;
    let (scope, known) = (consent.scope.to_string(), consent.known);
    let held = hold(did, client_id, &scope, known, now, db).await?;
    let held = rows::grant(&held.ok_or(Fault::NO_ROW)?)?;
    // where nothing was granted before, `held` is this consent, and stays what it is
    let after = Grant::after(Some(&held), &request.scope, consent);
    if after != held {
        set(did, client_id, &after, db).await?;
    }
    Ok(())
}

/// Whether what the account granted the client before answers this request without asking again, as a step
/// of a verb. The grant is held, so that nobody takes it back before the verb is done.
pub(crate) async fn answers(
    did: &Did,
    request: &AuthorizationRequest,
    granted: &ScopeSet,
    db: &mut Db<'_>,
) -> Result<bool, Fault> {
    let held = hold_existing(did, &request.client_id, db).await?;
    Ok(held.is_some_and(|held| held.answers(granted)) && is_known(request, db).await?)
}

/// Takes what was asked out of what the account granted the client, as a step of a verb.
pub(crate) async fn take_back(
    did: &Did,
    request: &AuthorizationRequest,
    db: &mut Db<'_>,
) -> Result<(), Fault> {
    let client_id = &request.client_id;
    let Some(held) = hold_existing(did, client_id, db).await? else {
        return Ok(());
    };
    match held.without(&request.scope) {
        None => revoke(did, client_id, db).await,
        Some(left) if left == held => Ok(()),
        Some(left) => set(did, client_id, &left, db).await,
    }
}

/// Takes back everything that the account granted anybody, with what came of it, as the last step of a verb
/// that holds the account: a consent that is on its way holds it too, so it is seen here or comes after.
pub(crate) async fn revoke_all(
    did: &Did,
    reason: EndReason,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<Revocation, Fault> {
    let grants = query(sql::REVOKE_GRANTS_OF_ACCOUNT)
        .bind(did.as_str())
        .execute(&mut *db)
        .await?;
    let spoiled = codes::spoil_open(did, None, now, db).await?;
    let sessions = revocations::end(Ending::OfAccount(did), reason, now, db).await?;
    Ok(Revocation::of(grants.rows_affected() + spoiled, sessions))
}

/// The operator's word is not held: one that is taken back at this moment counted when it was read.
async fn is_known(request: &AuthorizationRequest, db: &mut Db<'_>) -> Result<bool, Fault> {
    let is_trusted = trust::trust_may_make_known(request)
        && query(sql::IS_TRUSTED)
            .bind(clients::digest(&request.client_id))
            .fetch_optional(db)
            .await?
            .is_some();
    Ok(trust::is_known(request, is_trusted))
}

/// Holds the grant as a step of a verb, so that consents and revocations of one account and client come one
/// after the other. Where there is none it is made, of this scope.
async fn hold(
    did: &Did,
    client_id: &ClientId,
    scope: &str,
    known: bool,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<Option<Row>, Fault> {
    let held = query(sql::HOLD_GRANT)
        .bind(did.as_str())
        .bind(clients::digest(client_id))
        .bind(client_id.as_str())
        .bind(scope.to_owned())
        .bind(i64::from(known))
        .bind(now.seconds())
        .fetch_optional(db)
        .await?;
    Ok(held)
}

/// Holds the grant if there is one.
async fn hold_existing(did: &Did, client_id: &ClientId, db: &mut Db<'_>) -> Result<Option<Grant>, Fault> {
    let held = query(sql::HOLD_EXISTING_GRANT)
        .bind(did.as_str())
        .bind(clients::digest(client_id))
        .fetch_optional(db)
        .await?;
    held.as_ref().map(rows::grant).transpose()
}

async fn set(did: &Did, client_id: &ClientId, grant: &Grant, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::GRANT)
        .bind(did.as_str())
        .bind(clients::digest(client_id))
        .bind(grant.scope.to_string())
        .bind(i64::from(grant.known))
        .execute(db)
        .await?;
    Ok(())
}

async fn revoke(did: &Did, client_id: &ClientId, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::REVOKE_GRANT)
        .bind(did.as_str())
        .bind(clients::digest(client_id))
        .execute(db)
        .await?;
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

    async fn apply(&self, db: &mut Db<'_>) -> Result<Revocation, Fault> {
        let held = hold(&self.did, &self.client_id, NOTHING, false, self.now, db).await?;
        let Some(held) = held else {
            return Ok(Revocation::Unknown);
        };
        let had_grant = Columns::of(&held, "client_grant").text("scope")? != NOTHING;
        // every code of a consent that came before is seen, for its verb held the grant
        let spoiled = codes::spoil_open(&self.did, Some(&self.client_id), self.now, db).await?;
        revoke(&self.did, &self.client_id, db).await?;
        let ending = Ending::OfGrant(&self.did, &self.client_id);
        let sessions = revocations::end(ending, EndReason::Revoked, self.now, db).await?;
        Ok(Revocation::of(u64::from(had_grant) + spoiled, sessions))
    }

    fn has_told(outcome: &Revocation) -> bool {
        outcome.has_ended_sessions()
    }
}

/// The scope of a grant that is made only to be held; no set of scope values is written so.
const NOTHING: &str = "";
