//! Variables of the environment, which say what a file says, and win.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use toml::Value;

/// The variables whose names begin alike, such as `ENTRYWAY_GATE_LISTEN`, and which of them were asked for.
#[derive(Default)]
pub(crate) struct Environment {
    prefix: &'static str,
    /// Whether a name that is no setting stops nobody.
    lenient: bool,
    variables: BTreeMap<String, String>,
    asked: RefCell<BTreeSet<String>>,
}

impl Environment {
    /// Those of these variables that begin with the prefix. An empty one counts as not there.
    pub(crate) fn of(prefix: &'static str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = variables.into_iter();
        let ours = ours.filter(|(name, value)| name.starts_with(prefix) && !value.is_empty());
        Self {
            prefix,
            lenient: false,
            variables: ours.collect(),
            asked: RefCell::default(),
        }
    }

    /// Without the variables that begin so, which belong to others.
    pub(crate) fn except(mut self, others: &[&str]) -> Self {
        self.variables
            .retain(|name, _| !others.iter().any(|other| name.starts_with(other)));
        self
    }

    /// Where a name that is no setting is told and stops nobody, unless something else is wrong too: what runs
    /// containers and tests puts variables of its own beside ours.
    pub(crate) fn lenient(self) -> Self {
        Self {
            lenient: true,
            ..self
        }
    }

    pub(super) fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// Every name that was asked for, whether it was there or not.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// Those of this process, read once. What is not UTF-8 names no setting and is none.
    pub(crate) fn of_process(prefix: &'static str) -> Self {
        let variables = std::env::vars_os();
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self::of(prefix, variables.filter_map(text))
    }

    /// The variable of a field: `host[0].public_url` is `..._HOST_0_PUBLIC_URL`.
    pub(super) fn name_of(&self, place: &str) -> String {
        let plain = place.replace(['.', '['], "_").replace(']', "");
        format!("{}{}", self.prefix, plain.to_ascii_uppercase())
    }

    pub(super) fn value(&self, place: &str) -> Option<&str> {
        let name = self.name_of(place);
        let value = self.variables.get(&name).map(String::as_str);
        self.asked.borrow_mut().insert(name);
        value
    }

    pub(super) fn has(&self, place: &str) -> bool {
        self.variables.contains_key(&self.name_of(place))
    }

    /// Whether any field of a table is there.
    pub(super) fn has_below(&self, place: &str) -> bool {
        let start = format!("{}_", self.name_of(place));
        self.variables.keys().any(|name| name.starts_with(&start))
    }

    /// The variables nobody asked for: names that were meant to be something.
    pub(super) fn unknown(&self) -> Vec<&str> {
        let asked = self.asked.borrow();
        let names = self.variables.keys();
        names
            .filter(|name| !asked.contains(*name))
            .map(String::as_str)
            .collect()
    }
}

/// What a field is given as.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// By the file.
    File(&'a Value),
    /// By a variable: always a text, whatever it says.
    Variable(&'a str),
}

impl<'a> Given<'a> {
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::File(value) => value.as_str(),
            Self::Variable(text) => Some(text),
        }
    }

    pub(super) fn flag(self) -> Option<bool> {
        match self {
            Self::File(value) => value.as_bool(),
            Self::Variable(text) => text.parse().ok(),
        }
    }

    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::File(value) => u64::try_from(value.as_integer()?).ok(),
            Self::Variable(text) => text.parse().ok(),
        }
    }

    /// The members of a list, nothing for one that is no text; in a variable they stand between commas.
    pub(super) fn list(self) -> Option<Vec<Option<&'a str>>> {
        match self {
            Self::File(value) => Some(value.as_array()?.iter().map(Value::as_str).collect()),
            Self::Variable(text) => Some(text.split(',').map(|item| Some(item.trim())).collect()),
        }
    }
}
