//! Append-only files of JSON lines: how the sandbox remembers across a restart.
//!
//! A service keeps its state in memory, appends what becomes true, and folds the lines again when it starts.
//! That is enough for one developer's accounts and nothing more: lines are never rewritten, and the file has
//! a limit.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One open file, and the only writer of it.
#[derive(Debug)]
pub struct Journal<E> {
    file: File,
    path: PathBuf,
    bytes: u64,
    entries: PhantomData<fn(E)>,
}

impl<E: Serialize + DeserializeOwned> Journal<E> {
    /// Opens `<directory>/<name>.jsonl`, making both where missing, and reads what is there.
    ///
    /// A last line without its line feed was being written when the power went: nobody was told it had
    /// happened, so it is cut off.
    ///
    /// # Errors
    ///
    /// [`JournalFault::InUse`] when another process has it open, [`JournalFault::Corrupt`] for a complete
    /// line that is no entry, [`JournalFault::Full`] for a file past the limit, [`JournalFault::Disk`] for
    /// the rest.
    pub fn open(directory: &Path, name: &str) -> Result<(Self, Vec<E>), JournalFault> {
        let path = directory.join(format!("{name}.jsonl"));
        let disk = |source| JournalFault::Disk {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(directory).map_err(disk)?;
        let mut file = options().open(&path).map_err(disk)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalFault::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        // the name of a new file is part of its directory, which has a cache of its own
        #[cfg(unix)]
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(disk)?;

        if file.metadata().map_err(disk)?.len() > JOURNAL_BYTES_MAX {
            return Err(JournalFault::Full { path });
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(disk)?;
        let complete = content
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        if complete < content.len() {
            file.set_len(complete as u64).map_err(disk)?;
            tracing::warn!(journal.path = %path.display(), "cut a half-written last line");
        }
        let lines = content[..complete].split(|byte| *byte == b'\n').enumerate();
        let entries = lines
            .filter(|(_, line)| !line.is_empty())
            .map(|(index, line)| {
                serde_json::from_slice(line).map_err(|source| {
                    let path = path.clone();
                    JournalFault::Corrupt {
                        path,
                        line: index + 1,
                        source,
                    }
                })
            })
            .collect::<Result<_, _>>()?;
        let journal = Self {
            file,
            path,
            bytes: complete as u64,
            entries: PhantomData,
        };
        Ok((journal, entries))
    }

    /// Writes one entry and waits for the disk to have it.
    ///
    /// # Errors
    ///
    /// [`JournalFault::Full`] at the limit of the file or for an entry that is longer than any should be,
    /// [`JournalFault::Disk`] otherwise. After either the entry is not in the file.
    pub fn append(&mut self, entry: &E) -> Result<(), JournalFault> {
        let disk = |source| JournalFault::Disk {
            path: self.path.clone(),
            source,
        };
        let mut line = serde_json::to_vec(entry).map_err(|source| disk(source.into()))?;
        line.push(b'\n');
        let bytes = self.bytes + line.len() as u64;
        if line.len() > ENTRY_BYTES_MAX || bytes > JOURNAL_BYTES_MAX {
            return Err(JournalFault::Full {
                path: self.path.clone(),
            });
        }
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // half a line would swallow the next one
            self.file.set_len(self.bytes).map_err(disk)?;
            return Err(disk(source));
        }
        self.bytes = bytes;
        Ok(())
    }
}

/// Runs a verb that waits for the disk: on a thread made for waiting, and to its end even when its client has
/// gone.
///
/// # Errors
///
/// Those of the verb, and [`JournalFault::Interrupted`] when the process is ending.
pub(crate) async fn settle<T, E>(verb: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<JournalFault> + Send + 'static,
{
    tokio::task::spawn_blocking(verb)
        .await
        .map_err(|_| JournalFault::Interrupted)?
}

/// Why the sandbox could not remember, or recall, something. Never the fault of a caller.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    /// The file could not be opened, read or written.
    #[error("cannot use {path}")]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the file open.
    #[error("{path} is in use by another process, which may be an entryway with the same data directory")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A line that no version of this program wrote.
    #[error("line {line} of {path} cannot be read")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The limit is reached: begin again with another data directory.
    #[error("{path} is full: it may have {JOURNAL_BYTES_MAX} bytes")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The process is ending.
    #[error("interrupted by the end of the process")]
    Interrupted,
}

/// Private to its user where the system knows that: signing keys of sandbox accounts are in here.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Held in memory as well, so a quarter of a gigabyte is more than a trial needs.
const JOURNAL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A record of the largest size with every character escaped still fits.
const ENTRY_BYTES_MAX: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &Path) -> Result<(Journal<u32>, Vec<u32>), JournalFault> {
        Journal::open(directory, "numbers")
    }

    fn write(directory: &Path, content: &[u8]) {
        fs::write(directory.join("numbers.jsonl"), content).unwrap();
    }

    #[test]
    fn what_was_appended_is_there_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("made/on/demand");
        let (mut journal, entries) = open(&below).unwrap();
        assert!(entries.is_empty());
        journal.append(&1).unwrap();
        journal.append(&2).unwrap();
        drop(journal);
        let (mut journal, entries) = open(&below).unwrap();
        assert_eq!(entries, [1, 2]);
        journal.append(&3).unwrap();
        drop(journal);
        assert_eq!(open(&below).unwrap().1, [1, 2, 3]);
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_the_next_one_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), b"1\n2\n34");
        let (mut journal, entries) = open(directory.path()).unwrap();
        assert_eq!(entries, [1, 2]);
        journal.append(&5).unwrap();
        drop(journal);
        assert_eq!(open(directory.path()).unwrap().1, [1, 2, 5]);
    }

    #[test]
    fn a_torn_line_of_half_a_character_is_cut_off_too() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), b"1\n\"\xc3");
        assert_eq!(open(directory.path()).unwrap().1, [1]);
    }

    #[test]
    fn a_complete_line_that_is_no_entry_stops_the_start() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), b"1\nx\n3\n");
        assert!(matches!(
            open(directory.path()),
            Err(JournalFault::Corrupt { line: 2, .. })
        ));
    }

    #[test]
    fn a_directory_has_one_writer() {
        let directory = tempfile::tempdir().unwrap();
        let first = open(directory.path()).unwrap();
        assert!(matches!(open(directory.path()), Err(JournalFault::InUse { .. })));
        drop(first);
        assert!(open(directory.path()).is_ok());
    }

    #[test]
    fn an_entry_past_the_limit_is_refused_and_leaves_no_trace() {
        let directory = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::<String>::open(directory.path(), "texts").unwrap();
        let long = "x".repeat(ENTRY_BYTES_MAX);
        assert!(matches!(journal.append(&long), Err(JournalFault::Full { .. })));
        journal.append(&"short".to_owned()).unwrap();
        drop(journal);
        assert_eq!(
            Journal::<String>::open(directory.path(), "texts").unwrap().1,
            ["short"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_user_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        open(directory.path()).unwrap();
        let mode = fs::metadata(directory.path().join("numbers.jsonl"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
