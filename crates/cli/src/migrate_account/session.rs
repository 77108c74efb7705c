//! The session of one side, as `createSession` answered it and a file keeps it.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use entryway_identity::did::DidDocument;
use entryway_scope::{Did, Handle};

use super::folder::Folder;

/// Where an account is, or where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

impl Side {
    /// The file of its session.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Old => "old_session.json",
            Self::New => "new_session.json",
        }
    }

    /// The step that writes that.
    pub(super) const fn step(self) -> &'static str {
        match self {
            Self::Old => "login-source",
            Self::New => "create",
        }
    }

    /// The step that signs in again.
    pub(super) const fn log_in(self) -> &'static str {
        match self {
            Self::Old => "login-source",
            Self::New => "login-new",
        }
    }

    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Old => "source",
            Self::New => "new",
        }
    }
}

/// A bearer token. Never printed (A1).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Token(String);

impl Token {
    /// The token, for the request it goes into.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// Somebody who is signed in. What a host answers beyond this is kept in the file alone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    pub(super) did: Did,
    pub(super) handle: Handle,
    #[serde(default)]
    pub(super) email: Option<String>,
    pub(super) access_jwt: Token,
    pub(super) refresh_jwt: Token,
    /// As the host knows it; what is none is passed over.
    #[serde(default)]
    did_doc: Option<Value>,
}

impl Session {
    /// Reads one of an answer.
    pub(super) fn of(answer: &Value) -> Option<Self> {
        Self::deserialize(answer).ok()
    }

    /// The one that the folder has of a side.
    ///
    /// # Errors
    /// Those of [`Folder::read`].
    pub(super) fn read(folder: &Folder, side: Side) -> anyhow::Result<Option<Self>> {
        folder.read(side.file())
    }

    /// The host of the repository, as the host of the session knows it.
    pub(super) fn pds(&self) -> Option<String> {
        let document = DidDocument::deserialize(self.did_doc.as_ref()?).ok()?;
        document.pds_endpoint().map(str::to_owned)
    }
}
