//! Settings as variables of the environment.

use std::path::Path;
use std::process::ExitCode;

use crate::config::SettingsFile;
use crate::output::print;
use crate::serve::settings::{Kind, Otherwise, PREFIX, SCHEMA, Settings};

pub(super) fn print_all(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    match file {
        Some(file) => print(&spelt(file)?),
        None => print(&template()),
    }
    Ok(ExitCode::SUCCESS)
}

/// The assignments that say what the file says. A secret that stands in the file itself is not printed.
fn spelt(path: &Path) -> anyhow::Result<String> {
    // what is no setting has no variable either
    Settings::load(Some(path))?;
    let secrets: Vec<String> = SCHEMA
        .iter()
        .filter(|field| field.kind == Kind::Secret)
        .map(|field| numberless(&field.variable()))
        .collect();
    let lines = SettingsFile::read(path)?
        .variables(PREFIX)
        .into_iter()
        .map(|(name, value)| {
            if secrets.contains(&numberless(&name)) {
                format!("# {name} is secret and not written here; {name}_FILE may name a file that holds it")
            } else {
                format!("{name}={value}")
            }
        });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Without the numbers of tables.
fn numberless(name: &str) -> String {
    let parts = name
        .split('_')
        .filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit()));
    parts.collect::<Vec<_>>().join("_")
}

/// Every variable, commented out where it need not be given.
fn template() -> String {
    let fields = SCHEMA.iter().map(|field| {
        let variable = match field.kind {
            Kind::Secret => format!("{}_FILE", field.variable()),
            _ => field.variable(),
        };
        let assignment = match field.default {
            Otherwise::Required if !field.name.contains("[]") => format!("{variable}="),
            Otherwise::Is(default) => format!("# {variable}={default}"),
            _ => format!("# {variable}="),
        };
        format!("# {}\n{assignment}", field.sentence)
    });
    fields.collect::<Vec<_>>().join("\n\n")
}
