//! Every setting in words.

use std::process::ExitCode;

use serde::Serialize;

use crate::output::{print, printable_json};
use crate::serve::settings::{Field, Kind, Otherwise, SCHEMA};

pub(super) fn print_all(json: bool) -> anyhow::Result<ExitCode> {
    if json {
        let fields: Vec<Entry> = SCHEMA.iter().map(Entry::of).collect();
        print(&printable_json(&fields)?);
        return Ok(ExitCode::SUCCESS);
    }
    let fields: Vec<String> = SCHEMA.iter().map(told).collect();
    print(&fields.join("\n\n"));
    Ok(ExitCode::SUCCESS)
}

/// A setting on three lines.
fn told(field: &Field) -> String {
    let variable = field.variable();
    let variables = match field.kind {
        Kind::Secret => format!("{variable} or {variable}_FILE"),
        _ => variable,
    };
    let kind = field.kind.name();
    let default = match field.default {
        Otherwise::Required => "required".to_owned(),
        Otherwise::None => "optional".to_owned(),
        Otherwise::Is("") => "default: none".to_owned(),
        Otherwise::Is(default) => format!("default: {default}"),
        Otherwise::From(sentence) => format!("default: {sentence}"),
    };
    format!(
        "{}\n    {kind}, {default}\n    {variables}\n    {}",
        field.name, field.sentence
    )
}

/// A setting for programs.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    r#type: String,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    variable: String,
    secret: bool,
    description: &'static str,
}

impl Entry {
    fn of(field: &Field) -> Self {
        Self {
            name: field.name,
            r#type: field.kind.name(),
            required: field.default == Otherwise::Required,
            default: match field.default {
                Otherwise::Is(default) => Some(default),
                Otherwise::From(sentence) => Some(sentence),
                Otherwise::Required | Otherwise::None => None,
            },
            variable: field.variable(),
            secret: field.kind == Kind::Secret,
            description: field.sentence,
        }
    }
}
