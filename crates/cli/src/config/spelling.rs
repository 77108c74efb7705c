//! A file of settings as variables say it.

use std::path::{Path, absolute};

use toml::{Table, Value};

/// Each field's place and value. What names a file is spelt from the root on: variables have no directory.
pub(super) fn variables(table: &Table, directory: &Path) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    add_table(table, "", directory, &mut variables);
    variables
}

fn add_table(table: &Table, place: &str, directory: &Path, variables: &mut Vec<(String, String)>) {
    for (name, value) in table {
        add(value, &format!("{place}{name}"), directory, variables);
    }
}

fn add(value: &Value, place: &str, directory: &Path, variables: &mut Vec<(String, String)>) {
    let text = |value: &Value| {
        let plain = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            // no setting is one of these
            Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => String::new(),
        };
        if names_a_file(place) {
            absolute(directory.join(&plain)).map_or(plain, |path| path.display().to_string())
        } else {
            plain
        }
    };
    match value {
        Value::Table(table) => add_table(table, &format!("{place}."), directory, variables),
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (index, item) in items.iter().enumerate() {
                add(item, &format!("{place}[{index}]"), directory, variables);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            variables.push((place.to_owned(), items.join(",")));
        }
        value => variables.push((place.to_owned(), text(value))),
    }
}

fn names_a_file(place: &str) -> bool {
    place.ends_with("_file") || place.ends_with("extra_ca")
}
