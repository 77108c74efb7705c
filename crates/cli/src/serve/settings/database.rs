//! Where everything is kept.

use std::fmt;
use std::path::Path;

use url::Url;

use crate::config::{SecretText, Section, is_placeholder};
use crate::database::sqlite_url;

/// A database and who brings its schema up to date. Its URL may hold a password, so it is never printed.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) migrations: Migrations,
}

/// Who brings the schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Migrations {
    /// Each instance at its start.
    Apply,
    /// Somebody else, with `entryway migrate`.
    Leave,
}

impl Database {
    pub(super) fn read(root: &Section<'_>, root_key: Option<&SecretText>) -> Option<Self> {
        let url = root.required_secret("database", EXPECTED, |text| {
            if root_key.is_some_and(|key| text.contains(key.expose())) {
                return Err("holds the root key, and each secret is one of its own");
            }
            url(text, |path| root.beside(path))
        });
        let migrations = root.choice(
            "migrations",
            &[("apply", Migrations::Apply), ("leave", Migrations::Leave)],
        );
        Some(Self {
            url: url?,
            migrations: migrations?,
        })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({:?})", self.migrations)
    }
}

const EXPECTED: &str =
    "a URL such as postgres://user@host/name, or the path of a file such as entryway.sqlite";

fn url(text: &str, beside: impl Fn(&str) -> std::path::PathBuf) -> Result<String, &'static str> {
    if text.is_empty() || is_placeholder(text) {
        return Err("is still a placeholder");
    }
    let Some((scheme, _)) = text.split_once(':') else {
        let path = std::path::absolute(beside(text)).map_err(|_| "is not that")?;
        return Ok(sqlite_url(Path::new(&path), "rwc"));
    };
    match scheme {
        "sqlite" => Ok(text.to_owned()),
        "postgres" | "postgresql" => match Url::parse(text) {
            Ok(url) if url.password().is_some_and(is_guessed) => {
                Err("has a password that anybody would guess")
            }
            Ok(_) => Ok(text.to_owned()),
            Err(_) => Err("is not that"),
        },
        _ => Err("is not that"),
    }
}

fn is_guessed(password: &str) -> bool {
    ["password", "secret", "postgres", "entryway"].contains(&password) || is_placeholder(password)
}
