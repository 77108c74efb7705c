//! Where `dev` keeps its data: a given directory, or one that goes away with the process.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use entryway_identity::did::SigningKey;
use entryway_oauth::secret::{FeedToken, ServerKey};
use entryway_server::Chance;

use crate::database::{DATABASE, sqlite_url};
use crate::usage::Usage;

/// An open data directory with its root key.
pub(crate) struct DataDirectory {
    path: PathBuf,
    root_key: ServerKey,
    /// Removes the directory at the end, when nobody asked for one.
    temporary: Option<TempDir>,
}

impl DataDirectory {
    /// Opens the directory and reads its root key, or makes both. Only this user can read them.
    pub(crate) fn open(asked: Option<PathBuf>, chance: &Chance) -> anyhow::Result<Self> {
        let (path, temporary) = if let Some(path) = asked {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .with_context(|| format!("--data-dir {} cannot be made", path.display()))?;
            (path.canonicalize()?, None)
        } else {
            let directory = tempfile::Builder::new().prefix("entryway-dev-").tempdir()?;
            (directory.path().to_owned(), Some(directory))
        };
        let root_key = root_key(&path.join(ROOT_KEY), chance)?;
        Ok(Self {
            path,
            root_key,
            temporary,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn root_key(&self) -> &ServerKey {
        &self.root_key
    }

    /// Whether the data outlives this process.
    pub(crate) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Says that accounts live on PDS hosts of this kind.
    ///
    /// # Errors
    /// [`Usage`] where those of the directory live on another kind.
    pub(crate) fn keeps_accounts_on(&self, pds: &str) -> anyhow::Result<()> {
        let file = self.path.join("pds");
        let made_with = match fs::read_to_string(&file) {
            Ok(kept) => kept,
            // one of before there was a choice
            Err(_) if self.path.join("sandbox").exists() => "sandbox".to_owned(),
            Err(_) => pds.to_owned(),
        };
        if made_with != pds {
            let refusal = format!("--pds {pds}: this data directory was made with --pds {made_with}");
            return Err(Usage(refusal).into());
        }
        fs::write(&file, pds).with_context(|| format!("{} cannot be written", file.display()))
    }

    /// The embedded database, made if it is not there.
    pub(crate) fn database_url(&self) -> String {
        sqlite_url(&self.path.join(DATABASE), "rwc")
    }

    /// The token of who may read the revocation feed, and the file in which a program finds it. The same for one
    /// directory.
    pub(crate) fn feed_token(&self) -> anyhow::Result<(FeedToken, PathBuf)> {
        let token = FeedToken::from_entropy(*self.root_key.derive("dev feed token").expose());
        let file = self.path.join("feed.token");
        write_secret(&file, token.expose().as_bytes())
            .with_context(|| format!("{} cannot be written", file.display()))?;
        Ok((token, file))
    }

    /// The key over the identities of the sandbox's accounts.
    pub(crate) fn rotation_key(&self) -> anyhow::Result<SigningKey> {
        Ok(SigningKey::from_bytes(
            self.root_key.derive("sandbox plc rotation key").expose(),
        )?)
    }
}

/// The root key of a directory that was used before.
///
/// # Errors
/// Where there is none.
pub(crate) fn root_key_of(directory: &Path) -> anyhow::Result<ServerKey> {
    let path = directory.join(ROOT_KEY);
    let bytes = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    known_root_key(bytes, &path)
}

fn known_root_key(bytes: Vec<u8>, path: &Path) -> anyhow::Result<ServerKey> {
    let bytes = bytes
        .try_into()
        .ok()
        .with_context(|| format!("{} is not a root key of 32 bytes", path.display()))?;
    Ok(ServerKey::new(bytes))
}

const ROOT_KEY: &str = "root.key";

fn root_key(path: &Path, chance: &Chance) -> anyhow::Result<ServerKey> {
    match fs::read(path) {
        Ok(bytes) => return known_root_key(bytes, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
    let bytes = chance.bytes::<32>()?;
    write_secret(path, &bytes)?;
    Ok(ServerKey::new(bytes))
}

/// Writes a file that only this user can read, whole or not at all: half a key would shut the directory for good.
fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_added_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}
