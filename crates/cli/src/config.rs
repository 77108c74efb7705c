//! Settings from a file, read field by field, so that every mistake is told at once.
//!
//! A file is TOML. Each [`Section`] gives its fields by name, remembers which it was asked for, and writes
//! what is missing, wrong or unknown into one list of [`Faults`], each with the path of its field. A secret
//! `x` may instead stand in a file of its own that `x_file` names. Nothing of a secret is ever told.
//!
//! Each field may be given by a variable of the [`Environment`] too, which then wins: with the prefix
//! `ENTRYWAY_GATE_`, the second host's `jwt_secret_file` is `ENTRYWAY_GATE_HOST_1_JWT_SECRET_FILE`. A list
//! is written with commas. Variables that begin so and name no field are faults.

mod environment;
mod faults;
mod files;
mod placeholder;
mod secret;
mod spelling;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml::{Table, Value};

pub(crate) use environment::Environment;

use environment::Given;
use faults::{BadSettings, Faults};
pub(crate) use placeholder::is_placeholder;
pub(crate) use secret::SecretText;

/// A file of settings, parsed and not yet understood.
pub(crate) struct SettingsFile {
    path: PathBuf,
    table: Table,
    /// Stands for tables that only variables fill.
    nothing: Table,
    environment: Environment,
    faults: Faults,
}

impl SettingsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, is longer than a megabyte, or is no TOML.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        anyhow::ensure!(
            text.len() <= FILE_BYTES_MAX,
            "{} is longer than a file of settings may be",
            path.display()
        );
        Self::parse(path, &text)
    }

    /// Reads the text of a file; other files that it names are looked for beside `path`.
    ///
    /// # Errors
    /// Where it is no TOML.
    pub(crate) fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        // the parser's own message quotes the line, which may hold a secret
        let table = text.parse::<Table>().map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.unwrap_or_default().split('\n').count();
            anyhow::anyhow!(
                "{} is not TOML at line {line}: {}",
                path.display(),
                error.message()
            )
        })?;
        Ok(Self {
            path: path.to_owned(),
            table,
            nothing: Table::new(),
            environment: Environment::default(),
            faults: Faults::default(),
        })
    }

    /// No file at all: variables say everything. Paths are then from the working directory on.
    pub(crate) fn none() -> Self {
        Self {
            path: PathBuf::from("the environment"),
            table: Table::new(),
            nothing: Table::new(),
            environment: Environment::default(),
            faults: Faults::default(),
        }
    }

    /// The variables that say what the file says, in its order; paths of files from the root on. Secrets are
    /// among them.
    pub(crate) fn variables(&self, prefix: &'static str) -> Vec<(String, String)> {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        spelling::variables(&self.table, directory)
            .into_iter()
            .map(|(place, value)| (Environment::of(prefix, []).name_of(&place), value))
            .collect()
    }

    /// With what these variables say in its place.
    pub(crate) fn under(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// Understands it: what `read` makes of it, unless there is a fault anywhere.
    ///
    /// # Errors
    /// [`BadSettings`] with every fault.
    pub(crate) fn understand<T>(self, read: impl FnOnce(&Section<'_>) -> Option<T>) -> anyhow::Result<T> {
        let understood = read(&self.root());
        let good = understood.is_some() && self.faults.are_none();
        for variable in self.environment.unknown() {
            if good && self.environment.is_lenient() {
                eprintln!("entryway: {variable} is no setting here and changes nothing");
            } else {
                self.faults.add(variable, "is no setting here");
            }
        }
        let faults = self.faults.into_all();
        match understood {
            Some(understood) if faults.is_empty() => Ok(understood),
            _ => Err(BadSettings::new(self.path, faults).into()),
        }
    }
}

impl SettingsFile {
    fn root(&self) -> Section<'_> {
        Section {
            table: &self.table,
            environment: &self.environment,
            nothing: &self.nothing,
            place: String::new(),
            directory: self.path.parent().unwrap_or(Path::new("")),
            asked: RefCell::default(),
            faults: &self.faults,
        }
    }

    /// The variables of every field that `read` asks for, whether it understands them or not.
    #[cfg(test)]
    pub(crate) fn asked_for<T>(self, read: impl FnOnce(&Section<'_>) -> Option<T>) -> BTreeSet<String> {
        read(&self.root());
        self.environment.asked()
    }
}

/// A table of settings. When it goes, fields that nobody asked for are faults.
pub(crate) struct Section<'a> {
    table: &'a Table,
    environment: &'a Environment,
    /// Stands for a table that only variables fill.
    nothing: &'a Table,
    /// Its path with a dot at the end, empty for the file itself.
    place: String,
    directory: &'a Path,
    asked: RefCell<BTreeSet<String>>,
    faults: &'a Faults,
}

impl<'a> Section<'a> {
    /// Says that a field, or two together, cannot be as they are.
    pub(crate) fn fault(&self, name: &str, expected: impl Display) {
        let place = format!("{}{name}", self.place);
        if self.environment.has(&place) {
            self.faults.add(&self.environment.name_of(&place), expected);
        } else {
            self.faults.add(&place, expected);
        }
    }

    /// Whether the field is there, whatever it is.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name) || self.is_variable(name)
    }

    fn value(&self, name: &str) -> Option<Given<'a>> {
        let in_file = self.in_file(name).map(Given::File);
        let place = format!("{}{name}", self.place);
        self.environment.value(&place).map(Given::Variable).or(in_file)
    }

    /// Whether a variable gives the field.
    fn is_variable(&self, name: &str) -> bool {
        self.environment.has(&format!("{}{name}", self.place))
    }

    /// For what is no single value: tables.
    fn in_file(&self, name: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(name.to_owned());
        self.table.get(name)
    }

    /// A field that must be there: a text that `parse` takes. `expected` completes "must be".
    pub(crate) fn required<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if self.value(name).is_none() {
            self.fault(name, format_args!("is missing, must be {expected}"));
            return None;
        }
        self.optional(name, expected, parse)
    }

    /// The same for a field that may be missing. Nothing also where it is wrong, which is then a fault.
    pub(crate) fn optional<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.value(name)?.text();
        let parsed = text.and_then(parse);
        if text.is_some_and(is_placeholder) {
            self.fault(name, format_args!("is still a placeholder, must be {expected}"));
            return None;
        }
        if parsed.is_none() {
            self.fault(name, format_args!("must be {expected}"));
        }
        parsed
    }

    /// One of some words, each with what it stands for; the first where the field is missing.
    pub(crate) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let expected = format!("one of {}", words.join(", "));
        if self.value(name).is_none() {
            return choices.first().map(|(_, choice)| *choice);
        }
        self.optional(name, &expected, |text| {
            let chosen = choices.iter().find(|(word, _)| *word == text);
            chosen.map(|(_, choice)| *choice)
        })
    }

    /// Yes or no; no where the field is missing.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    /// Yes or no; `otherwise` where the field is missing or wrong.
    pub(crate) fn flag_or(&self, name: &str, otherwise: bool) -> bool {
        let Some(value) = self.value(name) else {
            return otherwise;
        };
        let flag = value.flag();
        if flag.is_none() {
            self.fault(name, "must be true or false");
        }
        flag.unwrap_or(otherwise)
    }

    /// A whole number within bounds; `otherwise` where the field is missing or wrong.
    pub(crate) fn number(&self, name: &str, bounds: (u64, u64), otherwise: u64) -> u64 {
        let (least, most) = bounds;
        let Some(value) = self.value(name) else {
            return otherwise;
        };
        let fitting = value.number().filter(|number| (least..=most).contains(number));
        if fitting.is_none() {
            self.fault(
                name,
                format_args!("must be a whole number from {least} to {most}"),
            );
        }
        fitting.unwrap_or(otherwise)
    }

    /// A list of texts that `parse` takes; empty where the field is missing.
    pub(crate) fn list<T>(&self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let Some(value) = self.value(name) else {
            return Vec::new();
        };
        let Some(items) = value.list() else {
            self.fault(name, format_args!("must be a list, each {expected}"));
            return Vec::new();
        };
        let parsed = items.into_iter().enumerate().filter_map(|(index, item)| {
            let parsed = item.filter(|item| !is_placeholder(item)).and_then(&parse);
            if parsed.is_none() && self.is_variable(name) {
                self.fault(name, format_args!("item {} must be {expected}", index + 1));
            } else if parsed.is_none() {
                self.fault(&format!("{name}[{index}]"), format_args!("must be {expected}"));
            }
            parsed
        });
        parsed.collect()
    }

    /// A file's path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.optional(name, "the path of a file", |text| {
            (!text.is_empty()).then(|| self.beside(text))
        })
    }

    /// A path as the settings mean it: from their own directory on.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// The table of this name.
    pub(crate) fn section(&self, name: &str) -> Option<Section<'a>> {
        let place = format!("{}{name}", self.place);
        let Some(value) = self.in_file(name) else {
            let is_given = self.environment.has_below(&place);
            return is_given.then(|| self.below(name, self.nothing));
        };
        let table = value.as_table();
        if table.is_none() {
            self.fault(name, format_args!("must be a table, [{name}]"));
        }
        table.map(|table| self.below(name, table))
    }

    /// The tables of this name, `[[name]]`, in their order.
    pub(crate) fn sections(&self, name: &str) -> Vec<Section<'a>> {
        let expected = format!("must be tables, each [[{name}]]");
        let mut tables: Vec<&Table> = match self.in_file(name) {
            None => Vec::new(),
            Some(Value::Array(tables)) if tables.iter().all(Value::is_table) => {
                tables.iter().filter_map(Value::as_table).collect()
            }
            Some(_) => {
                self.fault(name, expected);
                return Vec::new();
            }
        };
        let is_given = |index| {
            self.environment
                .has_below(&format!("{}{name}[{index}]", self.place))
        };
        while is_given(tables.len()) {
            tables.push(self.nothing);
        }
        let tables = tables.into_iter().enumerate();
        tables
            .map(|(index, table)| self.below(&format!("{name}[{index}]"), table))
            .collect()
    }

    fn below(&self, name: &str, table: &'a Table) -> Section<'a> {
        Section {
            table,
            environment: self.environment,
            nothing: self.nothing,
            place: format!("{}{name}.", self.place),
            directory: self.directory,
            asked: RefCell::default(),
            faults: self.faults,
        }
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.take();
        for name in self.table.keys().filter(|name| !asked.contains(*name)) {
            self.fault(&name.escape_debug().to_string(), "is no setting here");
        }
    }
}

/// A page of settings, with comments, is some ten thousand.
const FILE_BYTES_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
