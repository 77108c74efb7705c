//! Files that settings name, read whole.

use std::fs;
use std::path::PathBuf;

use super::Section;

impl Section<'_> {
    /// The PEM files of a list, read; nothing of those that cannot be, which are faults.
    pub(crate) fn pem_files(&self, name: &str) -> Vec<Vec<u8>> {
        let files: Vec<PathBuf> = self.list(name, "the path of a PEM file", |text| Some(self.beside(text)));
        let read = files.into_iter().enumerate().filter_map(|(index, file)| {
            let read = fs::read(file);
            if let Err(error) = &read {
                self.fault(
                    &format!("{name}[{index}]"),
                    format_args!("names a file that cannot be read, {error}"),
                );
            }
            read.ok()
        });
        read.collect()
    }
}
