//! What ends sessions, and the feed that tells of it (D8).
//!
//! Nothing else ends a session: the statements that do are private to this file, and each is run by
//! [`end`] alone, which tells of it in the same transaction. So no way out of a session can be forgotten.

use tracing::instrument;

use entryway_core::policy::ACCESS_TOKEN_LIFETIME_MAX;
use entryway_core::session::EndReason;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::revocation::{Revoked, SESSIONS_MAX};
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, Query, query};
use crate::fault::Fault;
use crate::rows::Columns;
use crate::verbs::{Steps, Verb};
use crate::{rows, sql};

/// An event of the feed as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldRevocation {
    /// Its number, from 1 and without gaps.
    pub seq: u64,
    /// When it happened.
    pub revoked_at: Timestamp,
    /// When the last access token concerned has ended by itself.
    pub over_at: Timestamp,
    /// What ended.
    pub revoked: Revoked,
}

/// What the feed has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    /// The number of the newest event; 0 before the first.
    pub head: u64,
    /// The number of the oldest that is kept; one more than `head` when none is.
    pub oldest: u64,
}

impl Store {
    /// The events after this number in their order, at most `limit`.
    ///
    /// Whoever was told of an event was told, or can still be told, of every earlier one: numbers are
    /// never seen out of order. Does not check that what comes after `cursor` is still kept.
    #[instrument(name = "store.revocations_after", level = "debug", skip_all)]
    pub async fn revocations_after(&self, cursor: u64, limit: u32) -> Result<Vec<ToldRevocation>, Fault> {
        let query = query(sql::REVOCATIONS_AFTER)
            // beyond what the database can count to there is nothing
            .bind(i64::try_from(cursor).unwrap_or(i64::MAX))
            .bind(i64::from(limit));
        let rows = self.load_all("revocations_after", query).await?;
        rows.iter().map(rows::told_revocation).collect()
    }

    /// How far the feed has come, and how far back it goes.
    #[instrument(name = "store.feed_position", level = "debug", skip_all)]
    pub async fn feed_position(&self) -> Result<FeedPosition, Fault> {
        let row = self.load("feed_position", query(sql::FEED_POSITION)).await?;
        let row = row.ok_or(Fault::NO_ROW)?;
        let columns = Columns::of(&row, "revocation_head");
        Ok(FeedPosition {
            head: columns.number("head")?,
            oldest: columns.number("oldest")?,
        })
    }

    /// Tells that tokens signed by this key are no longer to be believed. Does not retire the key.
    #[instrument(name = "store.tell_key_revoked", level = "debug", skip_all)]
    pub async fn tell_key_revoked(&self, jkt: Thumbprint, now: Timestamp) -> Result<(), Fault> {
        self.write(TellKeyRevoked { jkt, now }).await
    }
}

/// Sessions that end together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending<'a> {
    /// One.
    Session(SessionId),
    /// The one that this code gave.
    OfCode(Digest),
    /// Those by which the client acts for the account.
    OfGrant(&'a Did, &'a ClientId),
    /// All of the account.
    OfAccount(&'a Did),
}

/// Ends the live ones of these sessions and tells of it: the last step of a verb, since the head of the
/// feed is held from here to the commit. How many ended.
pub(crate) async fn end(
    ending: Ending<'_>,
    reason: EndReason,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<u64, Fault> {
    let rows = ending.query(reason, now).fetch_all(&mut *db).await?;
    let session = |row| Columns::of(row, "oauth_session").parsed("id", SessionId::parse);
    let ended: Vec<SessionId> = rows.iter().map(session).collect::<Result<_, _>>()?;
    let events = ended.chunks(SESSIONS_MAX);
    let events: Vec<Revoked> = events.map(|sessions| ending.revoked(sessions.to_vec())).collect();
    tell(&events, now, db).await?;
    Ok(ended.len() as u64)
}

impl Ending<'_> {
    fn query(self, reason: EndReason, now: Timestamp) -> Query {
        let ended = |statement| query(statement).bind(now.seconds()).bind(reason.name());
        match self {
            Self::Session(id) => ended(END_SESSION).bind(id.to_string()),
            Self::OfCode(code) => ended(END_SESSION_OF_CODE).bind(code.as_bytes().to_vec()),
            Self::OfGrant(did, client_id) => ended(END_SESSIONS_OF_GRANT)
                .bind(did.to_string())
                .bind(client_id.to_string()),
            Self::OfAccount(did) => ended(END_SESSIONS_OF_ACCOUNT).bind(did.to_string()),
        }
    }

    fn revoked(self, sessions: Vec<SessionId>) -> Revoked {
        match self {
            Self::Session(_) | Self::OfCode(_) => Revoked::Session { sessions },
            Self::OfGrant(did, client_id) => Revoked::Grant {
                sub: did.clone(),
                client_id: client_id.to_string(),
                sessions,
            },
            Self::OfAccount(did) => Revoked::Account {
                sub: did.clone(),
                sessions,
            },
        }
    }
}

/// Writes the events with the next numbers.
///
/// A sequence of the database would give numbers that become visible out of order: who reads 5 before 4
/// is committed never comes back for 4. The head is one row, so 5 is only taken once 4 can be seen.
async fn tell(events: &[Revoked], now: Timestamp, db: &mut Db<'_>) -> Result<(), Fault> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let numbered = query(sql::NUMBER_REVOCATIONS)
        .bind(count)
        .fetch_one(&mut *db)
        .await?;
    let last = Columns::of(&numbered, "revocation_head").count("seq")?;
    for (seq, revoked) in (last - count + 1..).zip(events) {
        let json = serde_json::to_string(revoked).map_err(|_| Fault::Row {
            table: "revocation",
            column: "revoked",
        })?;
        query(sql::TELL_REVOCATION)
            .bind(seq)
            .bind(now.seconds())
            .bind((now + ACCESS_TOKEN_LIFETIME_MAX).seconds())
            .bind(json)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

struct TellKeyRevoked {
    jkt: Thumbprint,
    now: Timestamp,
}

impl Verb for TellKeyRevoked {
    type Outcome = ();
    const NAME: &'static str = "tell_key_revoked";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        tell(&[Revoked::Key { jkt: self.jkt }], self.now, db).await
    }

    fn has_told((): &()) -> bool {
        true
    }
}

/// now, reason, id
const END_SESSION: &str = "
update oauth_session
set ended_at = $1, end_reason = $2
where id = $3 and ended_at is null
returning id";

/// now, reason, code
const END_SESSION_OF_CODE: &str = "
update oauth_session
set ended_at = $1, end_reason = $2
where id = (select session from auth_request where code = $3 and state = 'redeemed') and ended_at is null
returning id";

/// now, reason, did, client_id
const END_SESSIONS_OF_GRANT: &str = "
update oauth_session
set ended_at = $1, end_reason = $2
where did = $3 and client_id = $4 and ended_at is null and expires_at > $1
returning id";

/// now, reason, did
const END_SESSIONS_OF_ACCOUNT: &str = "
update oauth_session
set ended_at = $1, end_reason = $2
where did = $3 and ended_at is null and expires_at > $1
returning id";

/// Each of them, by name.
#[cfg(test)]
pub(crate) const ENDINGS: [(&str, &str); 4] = [
    ("END_SESSION", END_SESSION),
    ("END_SESSION_OF_CODE", END_SESSION_OF_CODE),
    ("END_SESSIONS_OF_GRANT", END_SESSIONS_OF_GRANT),
    ("END_SESSIONS_OF_ACCOUNT", END_SESSIONS_OF_ACCOUNT),
];
