//! Passwords and tokens from a file, from standard input, or typed unseen. Never an argument, which every user of
//! the machine could read.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read};
use std::path::Path;

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::usage::Usage;

/// The password that a file or standard input holds, and what to call it; nothing where neither is asked for.
///
/// # Errors
/// [`Usage`] for what cannot be read or has more than a line.
pub(crate) fn given(file: Option<&Path>, stdin: bool) -> Result<Option<(String, String)>, Usage> {
    if let Some(path) = file {
        let named = format!("--password-file {}", path.display());
        let file = File::open(path).map_err(|error| Usage(format!("{named} cannot be read: {error}")))?;
        return Ok(Some((only_line(file, &named, "password")?, named)));
    }
    if stdin {
        let named = "--password-stdin";
        return Ok(Some((
            only_line(io::stdin(), named, "password")?,
            named.to_owned(),
        )));
    }
    Ok(None)
}

/// The password that is typed twice, once it is one that `check` takes.
///
/// # Errors
/// [`Usage`] where there is no terminal, or another one is typed the second time.
pub(crate) fn typed_twice<T>(check: impl FnOnce(&str) -> Result<T, Usage>) -> anyhow::Result<T> {
    if !io::stdin().is_terminal() {
        let missing = "--password-file or --password-stdin is required, since there is no terminal to ask";
        return Err(Usage(missing.to_owned()).into());
    }
    let password = typed("Password: ")?;
    let checked = check(&password)?;
    if typed("The same again: ")? != password {
        return Err(Usage("the second password is another than the first".to_owned()).into());
    }
    Ok(checked)
}

/// The line that is all there is to read.
///
/// # Errors
/// [`Usage`] where it is not.
pub(crate) fn only_line(from: impl Read, named: &str, what: &str) -> Result<String, Usage> {
    let mut bytes = Vec::new();
    // one more than fits, and the end of the line
    let mut from = from.take(PASSWORD_BYTES_MAX as u64 + 3);
    from.read_to_end(&mut bytes)
        .map_err(|error| Usage(format!("{named} cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Usage(format!("{named} must be UTF-8")))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains(['\r', '\n']) {
        return Err(Usage(format!("{named} must have the {what} on its only line")));
    }
    Ok(line.to_owned())
}

/// What is typed in one line, while the terminal shows nothing of it.
pub(crate) fn typed(prompt: &str) -> anyhow::Result<String> {
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
pub(crate) const PASSWORD_BYTES_MAX: usize = 1024;
