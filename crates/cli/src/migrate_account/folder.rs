//! The folder of a migration: private files, each written whole or not at all (A2).

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::usage::Usage;

/// It may not be there yet: whoever writes the first file makes it.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder at this path. Nothing is looked at.
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where a file of it is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What a file says, where there is one.
    ///
    /// # Errors
    /// A file that cannot be read, or says something else. The error has nothing of what it says.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> anyhow::Result<Option<T>> {
        let path = self.path(name);
        let bytes = match fs::read(&path) {
            // curl leaves one where a host answered with nothing
            Ok(bytes) if bytes.is_empty() => return Ok(None),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        match serde_json::from_slice(&bytes) {
            Ok(said) => Ok(Some(said)),
            Err(_) => bail!(
                "{} is not what an earlier step wrote: remove it, and do that step again",
                path.display()
            ),
        }
    }

    /// Writes a file, for its owner alone.
    ///
    /// # Errors
    /// A folder that is not fit for secrets, or cannot be written to.
    pub(super) fn write(&self, name: &str, said: &Value) -> anyhow::Result<()> {
        let mut file = self.begin()?;
        writeln!(file, "{said:#}").with_context(|| self.path(name).display().to_string())?;
        self.keep(file, name)
    }

    /// Begins a file that is not there before it is [kept](Self::keep); dropped, it is gone.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    pub(super) fn begin(&self) -> anyhow::Result<NamedTempFile> {
        self.make()?;
        // made with mode 0600
        NamedTempFile::new_in(&self.0).with_context(|| self.0.display().to_string())
    }

    /// Gives a file its name, in the place of the one that had it. `name` may lead into a folder within.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub(super) fn keep(&self, file: NamedTempFile, name: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        let kept = || {
            if let Some(parent) = path.parent() {
                private(parent)?;
            }
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(|error| error.error)
        };
        kept().with_context(|| path.display().to_string())
    }

    /// Takes files away that may not be there.
    ///
    /// # Errors
    /// One that stays.
    pub(super) fn forget(&self, names: &[&str]) -> anyhow::Result<()> {
        for name in names {
            let path = self.path(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| path.display().to_string());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn make(&self) -> anyhow::Result<()> {
        private(&self.0).with_context(|| self.0.display().to_string())?;
        let said = self.0.display();
        let mode = fs::metadata(&self.0)?.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(Usage(format!(
                "--folder {said} is written to by others too: chmod 700 {said}"
            ))
            .into());
        }
        if self.0.join(".git").exists() {
            let own = "is a repository: tokens need a folder of their own";
            return Err(Usage(format!("--folder {said} {own}")).into());
        }
        ignored(&self.0).with_context(|| said.to_string())
    }
}

/// Makes a folder for its owner alone, where there is none.
fn private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Keeps it out of every repository around it (A1).
fn ignored(folder: &Path) -> io::Result<()> {
    let path = folder.join(".gitignore");
    if path.exists() {
        return Ok(());
    }
    fs::write(&path, "*\n")?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    // A2
    #[test]
    fn what_is_written_is_for_its_owner_alone_and_out_of_repositories() {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join(".sandbox");
        let folder = Folder::new(path.clone());
        assert_eq!(folder.read::<Value>("old_session.json").unwrap(), None);
        assert!(!path.exists(), "reading makes no folder");
        for said in [json!({"accessJwt": "one"}), json!({"accessJwt": "two"})] {
            folder.write("old_session.json", &said).unwrap();
            assert_eq!(folder.read("old_session.json").unwrap(), Some(said));
        }
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join("old_session.json")), 0o600);
        assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
        assert_eq!(
            fs::read_dir(&path).unwrap().count(),
            2,
            "nothing half written is left"
        );
    }

    #[test]
    fn a_file_within_a_folder_within_is_as_private() {
        let around = tempfile::tempdir().unwrap();
        let folder = Folder::new(around.path().join("own"));
        folder.write("blobs/one", &json!(1)).unwrap();
        assert_eq!(mode(&folder.path("blobs")), 0o700);
        assert_eq!(mode(&folder.path("blobs/one")), 0o600);
        folder.forget(&["blobs/one", "never-there"]).unwrap();
        assert_eq!(folder.read::<Value>("blobs/one").unwrap(), None);
    }

    // a link that somebody else put there is not followed
    #[test]
    fn a_link_in_the_place_of_a_file_is_replaced() {
        let around = tempfile::tempdir().unwrap();
        let (elsewhere, path) = (around.path().join("elsewhere"), around.path().join("own"));
        fs::write(&elsewhere, "as it was").unwrap();
        DirBuilder::new().mode(0o700).create(&path).unwrap();
        std::os::unix::fs::symlink(&elsewhere, path.join("old_session.json")).unwrap();
        Folder::new(path).write("old_session.json", &json!({})).unwrap();
        assert_eq!(fs::read_to_string(elsewhere).unwrap(), "as it was");
    }

    #[test]
    fn a_folder_of_everybody_or_of_a_repository_is_refused() {
        let around = tempfile::tempdir().unwrap();
        let shared = around.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(0o777)).unwrap();
        let repository = around.path().join("repository");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(repository.join(".git"))
            .unwrap();
        for path in [shared, repository] {
            let refused = Folder::new(path.clone()).write("old_session.json", &json!({}));
            assert!(refused.unwrap_err().is::<Usage>());
            assert!(!path.join("old_session.json").exists());
        }
    }

    #[test]
    fn a_file_that_says_something_else_is_not_repeated() {
        let around = tempfile::tempdir().unwrap();
        let folder = Folder::new(around.path().join("own"));
        folder.write("old_session.json", &json!("a-token")).unwrap();
        let fault = folder.read::<Vec<u8>>("old_session.json").unwrap_err();
        assert!(!format!("{fault:#}").contains("a-token"), "{fault:#}");
    }
}
