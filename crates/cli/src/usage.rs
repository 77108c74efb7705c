//! An argument that cannot be used: exit status 2.

use thiserror::Error;

/// What is wrong with an argument, beginning with its name.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);
