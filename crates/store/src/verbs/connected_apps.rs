//! The apps that act for an account, as its person sees them.

use std::iter::repeat_n;

use tracing::instrument;

use entryway_core::device::Device;
use entryway_core::policy::Policy;
use entryway_core::trust::{Grant, Trust};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, ScopeSet};

use crate::Store;
use crate::db::{Row, query};
use crate::fault::Fault;
use crate::rows::Columns;
use crate::verbs::clients;
use crate::{rows, sql};

/// How many apps one list has: more than nearly everybody uses, on a page that can still be read.
pub const APPS_MAX: usize = 50;

/// How many sessions of each app one list has. An app has one on each device, unless something is wrong with it.
pub const SESSIONS_OF_APP_MAX: u32 = 10;

/// The apps of an account, those used last first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedApps {
    /// [`APPS_MAX`] of them.
    pub listed: Vec<ConnectedApp>,
    /// How many there are.
    pub count: u64,
}

/// An app that acts for an account, or need not ask before it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedApp {
    /// Which.
    pub client_id: ClientId,
    /// The operator's word for it.
    pub trust: Option<Trust>,
    /// What is remembered of the person's consents, if it is.
    pub grant: Option<Grant>,
    /// When the person first allowed it something, as far as that is known.
    pub since: Timestamp,
    /// When it last got or renewed an access.
    pub used_at: Timestamp,
    /// Its live sessions, those used last first; [`SESSIONS_OF_APP_MAX`] of them.
    pub sessions: Vec<ConnectedSession>,
    /// How many of those there are.
    pub session_count: u64,
}

/// A live session of such an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedSession {
    /// Which.
    pub id: SessionId,
    /// What was granted.
    pub scope: ScopeSet,
    /// What it was approved on; not known of sessions from before devices were.
    pub device: Option<Device>,
    /// In which browser.
    pub browser: Option<Digest>,
    /// Whether its client authenticates, and so lives longer.
    pub confidential: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub rotated_at: Timestamp,
    /// When it ends by itself, however often it is used.
    pub expires_at: Timestamp,
}

impl Store {
    /// The apps that act for the account or may do so without asking.
    ///
    /// A session that was not used for as long as the policy lets it is none any more.
    #[instrument(name = "store.connected_apps", level = "debug", skip_all)]
    pub async fn connected_apps(
        &self,
        did: &Did,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<ConnectedApps, Fault> {
        let used_since = |confidential| now - policy.sessions(confidential).refresh_token;
        let query = query(sql::CONNECTED_APPS)
            .bind(did.to_string())
            .bind(now.seconds())
            .bind(used_since(false).seconds())
            .bind(used_since(true).seconds())
            .bind(i64::try_from(APPS_MAX).unwrap_or(i64::MAX))
            .bind(i64::from(SESSIONS_OF_APP_MAX));
        let mut apps = ConnectedApps::default();
        for row in &self.load_all("connected_apps", query).await? {
            apps.add(row)?;
        }
        for (client_id, trust) in self.trusted_among(&apps.listed).await? {
            if let Some(app) = apps.listed.iter_mut().find(|app| app.client_id == client_id) {
                app.trust = Some(trust);
            }
        }
        Ok(apps)
    }

    /// Those of the clients that the operator vouches for.
    async fn trusted_among(&self, apps: &[ConnectedApp]) -> Result<Vec<(ClientId, Trust)>, Fault> {
        let Some(last) = apps.last() else {
            return Ok(Vec::new());
        };
        // the statement takes fifty: the last one fills it up
        let filled = apps.iter().chain(repeat_n(last, APPS_MAX - apps.len()));
        let query = filled.fold(query(sql::TRUSTED_AMONG), |query, app| {
            query.bind(clients::digest(&app.client_id))
        });
        let rows = self.load_all("trusted_among", query).await?;
        let read = |row: &Row| {
            let client_id = Columns::of(row, "trusted_client").parsed("client_id", client_id)?;
            Ok(rows::trust(row)?.map(|trust| (client_id, trust)))
        };
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }
}

impl ConnectedApps {
    /// Rows of one app follow each other.
    fn add(&mut self, row: &Row) -> Result<(), Fault> {
        let columns = Columns::of(row, "client_grant");
        let client_id = columns.parsed("client_id", client_id)?;
        let session = session(row)?;
        match self.listed.last_mut() {
            Some(app) if app.client_id == client_id => app.sessions.extend(session),
            _ => {
                self.count = columns.number("apps")?;
                self.listed.push(ConnectedApp {
                    client_id,
                    trust: None,
                    grant: grant(columns)?,
                    since: columns.instant("since")?,
                    used_at: columns.instant("used_at")?,
                    sessions: session.into_iter().collect(),
                    session_count: columns.number("sessions")?,
                });
            }
        }
        Ok(())
    }
}

fn client_id(text: &str) -> Option<ClientId> {
    ClientId::parse(text).ok()
}

/// Nothing where the session is from before grants were remembered, or was refused something since.
fn grant(columns: Columns<'_>) -> Result<Option<Grant>, Fault> {
    let Some(scope) = columns.optional_text("granted")? else {
        return Ok(None);
    };
    Ok(Some(Grant {
        scope: ScopeSet::parse(scope).map_err(|_| columns.impossible("granted"))?,
        known: columns.flag("known")?,
    }))
}

/// Nothing where the app has none.
fn session(row: &Row) -> Result<Option<ConnectedSession>, Fault> {
    let columns = Columns::of(row, "oauth_session");
    let Some(id) = columns.optional_text("id")? else {
        return Ok(None);
    };
    let device = columns.optional_text("device")?;
    Ok(Some(ConnectedSession {
        id: SessionId::parse(id).ok_or_else(|| columns.impossible("id"))?,
        scope: columns.parsed("scope", |wire| ScopeSet::parse(wire).ok())?,
        device: device
            .map(|name| Device::parse(name).ok_or_else(|| columns.impossible("device")))
            .transpose()?,
        browser: columns.optional_digest("browser")?,
        confidential: columns.flag("confidential")?,
        created_at: columns.instant("created_at")?,
        rotated_at: columns.instant("rotated_at")?,
        expires_at: columns.instant("expires_at")?,
    }))
}
