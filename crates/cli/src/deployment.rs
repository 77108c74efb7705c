//! A deployment that may be running: its database, its root key, and its settings where it has some.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use entryway_oauth::secret::ServerKey;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_server::{Chance, Clock, Keys};
use entryway_store::Store;

use crate::database::{database_url_of, no_database};
use crate::dev::root_key_of;
use crate::serve::settings::Settings;
use crate::serve::{custody, outside};

/// Which deployment an operator means.
#[derive(Args)]
pub(crate) struct DeploymentArguments {
    /// The settings of the deployment. Without it: the environment alone.
    #[arg(long, env = "ENTRYWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data directory of `entryway dev`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The database that `entryway dev --database` was given, where it is not in the data directory.
    #[arg(long, value_name = "URL", requires = "data_dir")]
    database: Option<String>,
}

/// One that is opened as its server left it: nothing is migrated.
pub(crate) struct Deployment {
    pub(crate) store: Store,
    pub(crate) root_key: ServerKey,
    /// Nothing for one of `entryway dev`.
    settings: Option<Settings>,
}

impl DeploymentArguments {
    /// Opens it.
    ///
    /// # Errors
    /// What is wrong with the settings, everything at once; a directory without a database.
    pub(crate) async fn open(&self) -> anyhow::Result<Deployment> {
        if let Some(directory) = &self.data_dir {
            return of_dev(directory, self.database.clone()).await;
        }
        let settings = Settings::load(self.config.as_deref())?;
        let store = Store::open_unmigrated(&settings.database.url)
            .await
            .context("the database")?;
        Ok(Deployment {
            store,
            root_key: settings.root_key.clone(),
            settings: Some(settings),
        })
    }
}

async fn of_dev(directory: &Path, database: Option<String>) -> anyhow::Result<Deployment> {
    let url = match database {
        Some(url) => url,
        None => database_url_of(directory).ok_or_else(|| no_database(directory))?,
    };
    Ok(Deployment {
        store: Store::open_unmigrated(&url).await.context("the database")?,
        root_key: root_key_of(directory)?,
        settings: None,
    })
}

impl Deployment {
    /// Its keys; the first ones are made where there are none and nothing that had others.
    ///
    /// # Errors
    /// A database of another root key, or one whose keys are lost (C24).
    pub(crate) async fn keys(&self) -> anyhow::Result<Keys> {
        custody::settle(&self.store, &self.root_key, false).await?;
        let now = Clock::system().now();
        let keys = Keys::adopt(&self.store, &self.root_key, &Chance::system(), now).await;
        keys.map_err(|fault| anyhow::anyhow!("{fault:#}"))
    }

    /// Its settings.
    ///
    /// # Errors
    /// Where it has none.
    pub(crate) fn settings(&self) -> anyhow::Result<&Settings> {
        match &self.settings {
            Some(settings) => Ok(settings),
            None => {
                bail!("this needs the settings of entryway serve: give --config FILE instead of --data-dir")
            }
        }
    }

    /// To PDS hosts, as its server calls them.
    ///
    /// # Errors
    /// Certificate authorities in the settings that are none.
    pub(crate) fn client(&self) -> anyhow::Result<HttpClient> {
        match &self.settings {
            Some(settings) => outside::client(settings),
            None => Ok(HttpClient::new(ClientSettings::default())?),
        }
    }

    /// Whether plain http on this machine is fine.
    pub(crate) fn is_for_development(&self) -> bool {
        self.settings
            .as_ref()
            .is_none_or(|settings| settings.development.is_some())
    }
}
