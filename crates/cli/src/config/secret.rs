//! Secrets of an operator, in the settings or in files of their own.

use std::fmt;
use std::fs;

use super::Section;

/// What an operator keeps to himself. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(String);

impl SecretText {
    /// Takes a text for a secret.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for what makes a key of it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText([redacted])")
    }
}

impl Section<'_> {
    /// The secret `name`, or the one in the file that `name` with `_file` names, whose last line break does
    /// not count. Where there is neither, nothing and no fault.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretText> {
        let file = format!("{name}_file");
        let inline = self.text(name);
        let from_file = self.path(&file);
        // a variable of either form stands for both forms of the file
        let (inline, from_file) = match (self.is_variable(name), self.is_variable(&file)) {
            (true, false) => (inline, None),
            (false, true) => (None, from_file),
            _ => (inline, from_file),
        };
        let from_file = from_file.and_then(|path| match fs::read_to_string(&path) {
            Ok(text) if text.len() <= SECRET_BYTES_MAX => {
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            Ok(_) => {
                self.fault(&file, "names a file that is too long for a secret");
                None
            }
            Err(error) => {
                self.fault(&file, format_args!("names a file that cannot be read, {error}"));
                None
            }
        });
        match (inline, from_file) {
            (Some(_), Some(_)) => {
                self.fault(name, format_args!("is given twice, here and as {file}"));
                None
            }
            (Some(secret), None) | (None, Some(secret)) => Some(SecretText(secret)),
            (None, None) => None,
        }
    }

    /// What is written here, whatever it is: whoever makes a key of it says what is wrong with it.
    fn text(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let text = value.text().map(str::to_owned);
        if text.is_none() {
            self.fault(name, "must be a text");
        }
        text
    }

    /// A secret that must be there and that `parse` takes; its error says what was expected.
    pub(crate) fn required_secret<T, E: fmt::Display>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let file = format!("{name}_file");
        if !self.has(name) && !self.has(&file) {
            self.fault(name, format_args!("or {file} is missing, must be {expected}"));
            return None;
        }
        let secret = self.secret(name)?;
        match parse(secret.expose()) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.fault(name, format_args!("{reason}, must be {expected}"));
                None
            }
        }
    }
}

/// A secret is some tens of bytes; a certificate given by mistake is more.
const SECRET_BYTES_MAX: usize = 4096;
