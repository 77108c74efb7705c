//! Every mistake, told at once.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::path::PathBuf;

use thiserror::Error;

/// Every mistake in a file of settings.
#[derive(Debug, Error)]
pub(crate) struct BadSettings {
    path: PathBuf,
    faults: Vec<String>,
}

impl BadSettings {
    pub(super) const fn new(path: PathBuf, faults: Vec<String>) -> Self {
        Self { path, faults }
    }
}

impl Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len();
        let settings = if count == 1 { "setting" } else { "settings" };
        write!(f, "{}: {count} {settings} missing or wrong", self.path.display())?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<String>>);

impl Faults {
    pub(super) fn are_none(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(super) fn into_all(self) -> Vec<String> {
        self.0.into_inner()
    }

    pub(super) fn add(&self, place: &str, expected: impl Display) {
        self.0.borrow_mut().push(format!("{place}: {expected}"));
    }
}
