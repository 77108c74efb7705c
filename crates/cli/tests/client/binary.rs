//! The command itself.

use std::ffi::OsStr;
use std::process::Command;

/// What a run of the command leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `entryway` to its end.
pub(crate) fn entryway(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_entryway"))
        // any variable of ours is taken for a setting, and whoever runs the tests has some
        .env_clear()
        .args(arguments)
        .output()
        .unwrap();
    Run {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A run that succeeded and said this.
pub(crate) fn success(stdout: &str) -> Run {
    Run {
        status: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}
