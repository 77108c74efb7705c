//! Which database an operator means, while a server may be running on it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use entryway_store::Store;

use crate::dev::database_url_of;
use crate::usage::Usage;

/// The database of a server.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct DatabaseArguments {
    /// The data directory of `entryway dev`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The database, such as `postgres://user@host/name`.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl DatabaseArguments {
    /// Opens it as the server left it: nothing is made and nothing migrated.
    ///
    /// # Errors
    /// [`Usage`] for a directory without a database.
    pub(crate) async fn open(self) -> anyhow::Result<Store> {
        let url = match (self.database, self.data_dir) {
            (Some(url), _) => url,
            (None, Some(directory)) => database_url_of(&directory).ok_or_else(|| {
                Usage(format!(
                    "--data-dir {}: expected a directory that entryway dev --data-dir was run with",
                    directory.display()
                ))
            })?,
            // clap asks for one of them
            (None, None) => return Err(Usage("--data-dir or --database is required".to_owned()).into()),
        };
        Store::open_unmigrated(&url).await.context("the database")
    }
}
