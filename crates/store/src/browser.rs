//! tower-sessions over this store.
//!
//! The database holds the digest of a session's id and its sealed data, so whoever reads it can
//! neither use a cookie nor see who is signed in.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};

use crate::Store;
use crate::fault::Fault;
use crate::seal::{Place, Sealer};
use crate::verbs::browsers::{BrowserRow, Written};

/// The store of browser sessions.
///
/// A session that is deleted, because its id was rotated at sign-in or somebody signed out, leaves
/// behind for a minute a record that holds nothing but [`BrowserSessions::BROWSER_KEY`]. A request
/// that was under way with the old cookie then finds a browser that nobody is signed in to, and not an
/// unknown cookie, for which the layer would send a removal that hits the new cookie.
/// Such a record cannot be written to.
#[derive(Clone)]
pub struct BrowserSessions {
    store: Store,
    sealer: Sealer,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl BrowserSessions {
    /// The only key of the data that a retired session keeps.
    pub const BROWSER_KEY: &str = "browser";

    /// How long a retired session is remembered.
    pub const RETIRED_SECONDS: Seconds = Seconds(60);

    /// The key of the data under which sign-ins are.
    pub const SIGN_INS_KEY: &str = "sign_ins";

    /// How long a session lives after the last change to it: a little longer than a sign-in in it is good
    /// for. tower-sessions would have it from the
    /// system's clock; this store has a clock of its own, and a date of the record's is ignored.
    pub const LIFETIME: Seconds = Seconds::days(8);

    /// The same of a session that nobody ever signed in to: anybody can begin one, by opening a page with a form.
    pub const VISIT_LIFETIME: Seconds = Seconds::days(1);

    /// Keeps sessions in this store, sealed with this key, by this clock.
    pub fn new(store: Store, sealer: Sealer, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            store,
            sealer,
            clock: Arc::new(clock),
        }
    }

    fn seal(&self, id: Digest, data: &HashMap<String, Value>, expires_at: Timestamp) -> Result<BrowserRow> {
        let json = serde_json::to_vec(data).map_err(|error| Error::Encode(error.to_string()))?;
        let sealed = self.sealer.seal(place(&id), &json).map_err(backend)?;
        Ok(BrowserRow {
            id,
            data: sealed,
            expires_at,
        })
    }

    fn unseal(&self, row: &BrowserRow) -> Result<HashMap<String, Value>> {
        let json = self.sealer.unseal(place(&row.id), &row.data).map_err(backend)?;
        // the text of the error could quote the data
        serde_json::from_slice(&json).map_err(|_| Error::Decode("expected a JSON object".to_owned()))
    }

    fn end(&self, data: &HashMap<String, Value>) -> Timestamp {
        let lifetime = if data.contains_key(Self::SIGN_INS_KEY) {
            Self::LIFETIME
        } else {
            Self::VISIT_LIFETIME
        };
        (self.clock)() + lifetime
    }

    async fn row(&self, id: &Id) -> Result<Option<BrowserRow>> {
        let now = (self.clock)();
        self.store.browser(digest(id), now).await.map_err(backend)
    }
}

#[async_trait]
impl SessionStore for BrowserSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..ID_ATTEMPTS_MAX {
            let row = self.seal(digest(&record.id), &record.data, self.end(&record.data))?;
            match self.store.create_browser(row).await.map_err(backend)? {
                Written::Written => return Ok(()),
                Written::Unchanged => record.id = Id::default(),
            }
        }
        Err(Error::Backend(
            "every session id that was tried is taken".to_owned(),
        ))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let row = self.seal(digest(&record.id), &record.data, self.end(&record.data))?;
        // a session that was retired or swept meanwhile stays what it is
        self.store.save_browser(row).await.map(drop).map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(row) = self.row(id).await? else {
            return Ok(None);
        };
        Ok(Some(Record {
            id: *id,
            data: self.unseal(&row)?,
            expiry_date: date(row.expires_at)?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let Some(row) = self.row(id).await? else {
            return Ok(());
        };
        let mut data = self.unseal(&row)?;
        data.retain(|key, _| key == Self::BROWSER_KEY);
        let until = (self.clock)() + Self::RETIRED_SECONDS;
        let left = self.seal(row.id, &data, until)?;
        self.store.retire_browser(left).await.map(drop).map_err(backend)
    }
}

impl fmt::Debug for BrowserSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSessions")
    }
}

/// What is stored in the place of a session's id.
fn digest(id: &Id) -> Digest {
    Digest::of(&id.0.to_be_bytes())
}

fn place(id: &Digest) -> Place<'_> {
    Place {
        table: "browser_session",
        column: "data",
        row: id.as_bytes(),
    }
}

fn date(instant: Timestamp) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(instant.seconds())
        .map_err(|_| Error::Decode("expected an instant before the year 10000".to_owned()))
}

/// tower-sessions takes a text: the fault and what is under it.
#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` takes")]
fn backend(fault: Fault) -> Error {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(&fault);
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    Error::Backend(text)
}

/// An id has 128 random bits: a second attempt is already a sign of something else.
const ID_ATTEMPTS_MAX: u32 = 3;
