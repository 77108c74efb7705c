//! The password of a new account: from a file, from standard input, or typed unseen. Never an argument, which
//! every user of the machine could read.

use std::path::PathBuf;

use clap::Args;

use entryway_core::password::NewPassword;

use crate::secret_input::{given, typed_twice};
use crate::usage::Usage;

/// Where the password is. Without a word on it, the terminal is asked.
#[derive(Args)]
#[group(multiple = false)]
pub(crate) struct PasswordArguments {
    /// A file that holds the password on its only line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Read the password from standard input, on its only line.
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArguments {
    /// Reads it, and refuses what could not be a new password.
    ///
    /// # Errors
    /// [`Usage`] for what cannot be read, is no password, or was typed in two ways.
    pub(super) fn read(&self) -> anyhow::Result<NewPassword> {
        if let Some((password, named)) = given(self.password_file.as_deref(), self.password_stdin)? {
            return Ok(checked(&password, &named)?);
        }
        typed_twice(|password| checked(password, "the password"))
    }
}

fn checked(password: &str, named: &str) -> Result<NewPassword, Usage> {
    NewPassword::parse(password).map_err(|_| Usage(format!("{named} must have 8 to 256 characters")))
}
