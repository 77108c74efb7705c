//! Documents in files, and all that is said of each.
//!
//! What is expected of `NAME.json` is in `NAME.txt`: `entryway client lint NAME.json > NAME.txt` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::binary::entryway;

pub(crate) fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/client/documents")
        .join(name)
}

fn all() -> Vec<PathBuf> {
    let files = fs::read_dir(document("")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

//
#[test]
fn every_fault_of_a_document_is_named_at_once() {
    let mut broken = 0;
    for file in all() {
        let expected = fs::read_to_string(file.with_extension("txt")).unwrap();
        let last = expected.lines().last().unwrap_or_default();
        let status = i32::from(last.contains("error"));
        broken += status;
        let run = entryway(["client".as_ref(), "lint".as_ref(), file.as_os_str()]);
        assert_eq!(run.stdout, expected, "{}", file.display());
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (Some(status), ""),
            "{}",
            file.display()
        );
    }
    assert!(broken >= 10, "{broken}");
}

//
#[test]
fn no_document_acts_on_the_terminal() {
    for file in all() {
        for form in [&["client", "lint"][..], &["client", "lint", "--json"]] {
            let arguments = form
                .iter()
                .map(AsRef::as_ref)
                .chain([file.as_os_str()])
                .collect::<Vec<&std::ffi::OsStr>>();
            let said = entryway(arguments).stdout;
            let is_harmless = |point: char| point == '\n' || matches!(point, ' '..='~');
            assert!(said.chars().all(is_harmless), "{}", file.display());
        }
    }
}

#[test]
fn a_file_that_is_too_long_is_said_to_be() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("long.json");
    let padding = " ".repeat(1024 * 1024);
    let whole = fs::read_to_string(document("20-native-app.json")).unwrap();
    fs::write(&file, format!("{whole}{padding}")).unwrap();
    let run = entryway(["client".as_ref(), "lint".as_ref(), file.as_os_str()]);
    let expected = "https://app.example/client-metadata.json\n\n\
                    error    the document is larger than 65536 bytes\n         \
                    R-053, Client ID Metadata Document section 6.6\n\n1 error\n";
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), expected));
}
