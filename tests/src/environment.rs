//! What `tests/run` tells the tests.

use std::path::PathBuf;

/// A database of the private cluster, from which others are made.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo runs the tests and takes no options for them"
)]
pub(crate) fn postgres_url() -> Option<String> {
    std::env::var("ENTRYWAY_TEST_POSTGRES_URL").ok()
}

/// Where logs and the list of secrets are left.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo runs the tests and takes no options for them"
)]
pub(crate) fn artefacts() -> Option<PathBuf> {
    std::env::var_os("ENTRYWAY_TEST_ARTEFACTS").map(PathBuf::from)
}

/// The program, where it is built already.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo runs the tests and takes no options for them"
)]
pub(crate) fn binary() -> Option<PathBuf> {
    std::env::var_os("ENTRYWAY_BINARY").map(PathBuf::from)
}
