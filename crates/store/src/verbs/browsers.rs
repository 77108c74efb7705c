//! The rows behind browser sessions; what is in them is for [`crate::browser`] to open.

use tracing::instrument;

use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::rows::Columns;
use crate::sql;
use crate::verbs::Verb;

/// A browser session: sealed data under the digest of the cookie's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowserRow {
    /// Digest of the cookie's value.
    pub(crate) id: Digest,
    /// Sealed.
    pub(crate) data: Vec<u8>,
    /// When it is over.
    pub(crate) expires_at: Timestamp,
}

/// Whether a row was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was.
    Written,
    /// For a new one: the id is taken. For an old one: it is retired or gone.
    Unchanged,
}

impl Store {
    /// Makes a browser session exist under an id nobody has.
    #[instrument(name = "store.create_browser", level = "debug", skip_all)]
    pub(crate) async fn create_browser(&self, row: BrowserRow) -> Result<Written, Fault> {
        self.write(CreateBrowser(row)).await
    }

    /// Renews a live browser session. Never revives one.
    #[instrument(name = "store.save_browser", level = "debug", skip_all)]
    pub(crate) async fn save_browser(&self, row: BrowserRow) -> Result<Written, Fault> {
        self.write(SaveBrowser(row)).await
    }

    /// Ends a live browser session, leaving what `row` holds until its `expires_at`.
    #[instrument(name = "store.retire_browser", level = "debug", skip_all)]
    pub(crate) async fn retire_browser(&self, row: BrowserRow) -> Result<Written, Fault> {
        self.write(RetireBrowser(row)).await
    }

    /// The browser session of this id, live or retired, if it is not over.
    #[instrument(name = "store.browser", level = "debug", skip_all)]
    pub(crate) async fn browser(&self, id: Digest, now: Timestamp) -> Result<Option<BrowserRow>, Fault> {
        let query = query(sql::BROWSER)
            .bind(id.as_bytes().to_vec())
            .bind(now.seconds());
        let Some(row) = self.load("browser", query).await? else {
            return Ok(None);
        };
        let columns = Columns::of(&row, "browser_session");
        Ok(Some(BrowserRow {
            id,
            data: columns.bytes("data")?.to_vec(),
            expires_at: columns.instant("expires_at")?,
        }))
    }
}

struct CreateBrowser(BrowserRow);

impl Verb for CreateBrowser {
    type Outcome = Written;
    const NAME: &'static str = "create_browser";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Written, Fault> {
        write(sql::CREATE_BROWSER, &self.0, db).await
    }
}

struct SaveBrowser(BrowserRow);

impl Verb for SaveBrowser {
    type Outcome = Written;
    const NAME: &'static str = "save_browser";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Written, Fault> {
        write(sql::SAVE_BROWSER, &self.0, db).await
    }
}

struct RetireBrowser(BrowserRow);

impl Verb for RetireBrowser {
    type Outcome = Written;
    const NAME: &'static str = "retire_browser";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Written, Fault> {
        write(sql::RETIRE_BROWSER, &self.0, db).await
    }
}

/// The three statements take the same row.
async fn write(statement: &'static str, row: &BrowserRow, db: &mut Db<'_>) -> Result<Written, Fault> {
    let done = query(statement)
        .bind(row.id.as_bytes().to_vec())
        .bind(row.data.as_slice())
        .bind(row.expires_at.seconds())
        .execute(db)
        .await?;
    Ok(if done.rows_affected() == 1 {
        Written::Written
    } else {
        Written::Unchanged
    })
}
