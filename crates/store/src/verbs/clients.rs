//! Clients the operator vouches for.

use tracing::instrument;

use entryway_core::trust::Trust;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::Distrust;
use crate::rows::Columns;
use crate::verbs::Verb;
use crate::{rows, sql};

/// A client that is to be trusted, and how it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedClient {
    /// Which.
    pub client_id: ClientId,
    /// The name to show, the operator's choice.
    pub name: String,
    /// Whether it is an app of the service itself.
    pub first_party: bool,
    /// Its picture. The caller bounded it and looked at what it is.
    pub logo: Option<Logo>,
}

/// A picture that is shown from our own origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Such as `image/png`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A trusted client in a list, without its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClient {
    /// Which.
    pub client_id: ClientId,
    /// What was said of it.
    pub trust: Trust,
    /// When that was last said.
    pub trusted_at: Timestamp,
}

/// How many trusted clients one list has. An operator names them by hand.
pub const TRUSTED_CLIENTS_MAX: u32 = 1000;

impl Store {
    /// Trusts the client, and shows it so. Said again, the last word counts in everything.
    #[instrument(name = "store.trust_client", level = "debug", skip_all)]
    pub async fn trust_client(&self, client: TrustedClient, now: Timestamp) -> Result<(), Fault> {
        self.write(TrustClient { client, now }).await
    }

    /// Takes the operator's word for the client back. What accounts granted it stays.
    #[instrument(name = "store.distrust_client", level = "debug", skip_all)]
    pub async fn distrust_client(&self, client_id: &ClientId) -> Result<Distrust, Fault> {
        let client = digest(client_id);
        self.write(DistrustClient { client }).await
    }

    /// The trusted clients by their `client_id`, the first [`TRUSTED_CLIENTS_MAX`] of them.
    #[instrument(name = "store.trusted_clients", level = "debug", skip_all)]
    pub async fn trusted_clients(&self) -> Result<Vec<ListedClient>, Fault> {
        let query = query(sql::TRUSTED_CLIENTS).bind(i64::from(TRUSTED_CLIENTS_MAX));
        let rows = self.load_all("trusted_clients", query).await?;
        rows.iter().map(rows::listed_client).collect()
    }

    /// The picture of a trusted client, if it has one.
    #[instrument(name = "store.client_logo", level = "debug", skip_all)]
    pub async fn client_logo(&self, client_id: &ClientId) -> Result<Option<Logo>, Fault> {
        let query = query(sql::CLIENT_LOGO).bind(digest(client_id));
        let Some(row) = self.load("client_logo", query).await? else {
            return Ok(None);
        };
        let columns = Columns::of(&row, "trusted_client");
        Ok(Some(Logo {
            media_type: columns.text("logo_type")?.to_owned(),
            bytes: columns.bytes("logo")?.to_vec(),
        }))
    }
}

/// What stands for a client in keys: a `client_id` may be longer than an index of PostgreSQL takes.
pub(crate) fn digest(client_id: &ClientId) -> Vec<u8> {
    Digest::of(client_id.as_str().as_bytes()).as_bytes().to_vec()
}

struct TrustClient {
    client: TrustedClient,
    now: Timestamp,
}

impl Verb for TrustClient {
    type Outcome = ();
    const NAME: &'static str = "trust_client";

    async fn apply(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        let client = &self.client;
        let logo = client.logo.as_ref();
        query(sql::TRUST_CLIENT)
            .bind(digest(&client.client_id))
            .bind(client.client_id.as_str())
            .bind(client.name.as_str())
            .bind(i64::from(client.first_party))
            .bind(logo.map(|logo| logo.media_type.as_str()))
            .bind(logo.map(|logo| logo.bytes.as_slice()))
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}

struct DistrustClient {
    client: Vec<u8>,
}

impl Verb for DistrustClient {
    type Outcome = Distrust;
    const NAME: &'static str = "distrust_client";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Distrust, Fault> {
        let done = query(sql::DISTRUST_CLIENT)
            .bind(self.client.as_slice())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            Distrust::Distrusted
        } else {
            Distrust::Unknown
        })
    }
}
