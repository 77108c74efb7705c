//! `entryway migrate-account` as a person meets it, against hosts that do what hosts should not. Whole migrations between
//! unmodified PDS hosts are in `tests/interop`.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

mod admission;
mod curl;
mod host;
mod hosts;
mod identity;
mod import;
#[path = "../account/screen.rs"]
mod screen;
mod secrecy;
mod session;
mod terminal;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const PASSWORD: &str = "carol's $ecret password";

/// Somebody at a shell: variables, and a folder.
pub(crate) struct Person {
    around: TempDir,
    variables: Vec<(String, String)>,
}

/// What a step leaves.
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Person {
    /// With these variables.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            around: tempfile::tempdir().unwrap(),
            variables: variables.iter().map(owned).collect(),
        }
    }

    /// With one that says something else from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.around.path().join(".sandbox").join(name)
    }

    /// Puts a file there that an earlier step would have left.
    pub(crate) fn has(&self, name: &str, said: &Value) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, said.to_string()).unwrap();
    }

    /// Sessions on both sides.
    pub(crate) fn is_signed_in(&self) {
        for (side, name) in [("old", "old_session.json"), ("new", "new_session.json")] {
            self.has(name, &session(side));
        }
    }

    pub(crate) fn said(&self, name: &str) -> Value {
        let path = self.file(name);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600,
            "{name}"
        );
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// A step that is to be done.
    pub(crate) fn command(&self, step: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entryway"));
        command
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.around.path())
            .args(["migrate-account", step]);
        command
    }

    /// Does a step, with everything logged.
    pub(crate) fn does(&self, step: &str, more: &[&str]) -> Run {
        let output = self
            .command(step)
            .env("ENTRYWAY_LOG", "trace")
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Run {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// What is said, without the log.
    pub(crate) fn told(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter_map(|line| line.strip_prefix("entryway: ")).collect()
    }
}

/// A session as a host answers it.
pub(crate) fn session(side: &str) -> Value {
    json!({
        "did": DID,
        "handle": "carol.test",
        "email": "carol@example.com",
        "accessJwt": format!("{side}-access-token"),
        "refreshJwt": format!("{side}-refresh-token"),
    })
}
