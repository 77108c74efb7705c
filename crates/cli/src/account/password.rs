//! The password of a new account: from a file, from standard input, or typed unseen. Never an argument, which
//! every user of the machine could read.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use entryway_core::password::NewPassword;

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
        if let Some(path) = &self.password_file {
            let named = format!("--password-file {}", path.display());
            let file = File::open(path).map_err(|error| Usage(format!("{named} cannot be read: {error}")))?;
            return Ok(only_line(file, &named)?);
        }
        if self.password_stdin {
            return Ok(only_line(io::stdin(), "--password-stdin")?);
        }
        if !io::stdin().is_terminal() {
            let missing =
                "--password-file or --password-stdin is required, since there is no terminal to ask";
            return Err(Usage(missing.to_owned()).into());
        }
        let password = checked(&typed("Password: ")?, "the password")?;
        if typed("The same again: ")? != password.expose() {
            return Err(Usage("the second password is another than the first".to_owned()).into());
        }
        Ok(password)
    }
}

/// The password that is all there is to read.
fn only_line(from: impl Read, named: &str) -> Result<NewPassword, Usage> {
    let mut bytes = Vec::new();
    // one more than fits, and the end of the line
    let mut from = from.take(PASSWORD_BYTES_MAX + 3);
    from.read_to_end(&mut bytes)
        .map_err(|error| Usage(format!("{named} cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Usage(format!("{named} must be UTF-8")))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains(['\r', '\n']) {
        return Err(Usage(format!("{named} must have the password on its only line")));
    }
    checked(line, named)
}

fn checked(password: &str, named: &str) -> Result<NewPassword, Usage> {
    NewPassword::parse(password).map_err(|_| Usage(format!("{named} must have 8 to 256 characters")))
}

/// What is typed in one line, while the terminal shows nothing of it.
fn typed(prompt: &str) -> anyhow::Result<String> {
    let silence = Silence::begin().context("the terminal cannot be silenced")?;
    eprint!("{prompt}");
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    drop(silence);
    eprintln!();
    read.context("the terminal cannot be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> rustix::io::Result<Self> {
        let usual = tcgetattr(io::stdin())?;
        let mut silent = usual.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // what was typed ahead of the question is no answer to it
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(usual))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _the_terminal_is_gone = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Bytes of the longest password there is: 256 characters of UTF-8.
const PASSWORD_BYTES_MAX: u64 = 1024;
