//! Which database an operator means, while a server may be running on it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use entryway_store::Store;

use crate::serve::settings::Settings;
use crate::usage::Usage;

/// The database of a server.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct DatabaseArguments {
    /// The data directory of `entryway dev`.
    #[arg(long, value_name = "DIR", conflicts_with = "database")]
    data_dir: Option<PathBuf>,
    /// The database, such as `postgres://user@host/name`.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The settings of `entryway serve`, which name the database. The other two win over it.
    #[arg(long, env = "ENTRYWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DatabaseArguments {
    /// Opens it as the server left it: nothing is made and nothing migrated.
    ///
    /// # Errors
    /// [`Usage`] for a directory without a database; settings with a fault.
    pub(crate) async fn open(&self) -> anyhow::Result<Store> {
        Store::open_unmigrated(&self.url()?).await.context("the database")
    }

    /// Where it is.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        match (&self.database, &self.data_dir) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(directory)) => Ok(database_url_of(directory).ok_or_else(|| no_database(directory))?),
            (None, None) => Ok(Settings::load(self.config.as_deref())?.database.url),
        }
    }
}

/// Said of a directory that has none.
pub(crate) fn no_database(directory: &Path) -> Usage {
    Usage(format!(
        "--data-dir {}: expected a directory that entryway dev --data-dir was run with",
        directory.display()
    ))
}

/// The embedded database of a directory that was used before, as another process may open it.
pub(crate) fn database_url_of(directory: &Path) -> Option<String> {
    let file = directory.join(DATABASE).canonicalize().ok()?;
    Some(sqlite_url(&file, "rw"))
}

/// A path may hold what has a meaning in a URL.
pub(crate) fn sqlite_url(file: &Path, mode: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    let escaped = |&byte: &u8| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let path: Vec<String> = file.as_os_str().as_bytes().iter().map(escaped).collect();
    format!("sqlite://{}?mode={mode}", path.concat())
}

/// What `entryway dev` calls it.
pub(crate) const DATABASE: &str = "entryway.sqlite";
