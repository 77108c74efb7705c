//! `entryway config`: the settings of `serve`, without running it.

mod env;
mod schema;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::output::print;
use crate::serve::ConfigArguments;

/// What to do with settings.
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say whether the settings are good, and if not everything that is wrong with them. Asks nobody else.
    Check(ConfigArguments),
    /// Tell every setting: its name, its type, its default, its variable, and what it decides.
    Schema(SchemaArguments),
    /// Write the settings of a file as variables of the environment; without a file, every variable there is.
    Env(ConfigArguments),
}

/// Arguments of `entryway config schema`.
#[derive(Args)]
pub(crate) struct SchemaArguments {
    /// Print a JSON array with an object for each setting.
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Check(arguments) => check(arguments),
        ConfigCommand::Schema(arguments) => schema::print_all(arguments.json),
        ConfigCommand::Env(arguments) => env::print_all(arguments.config.as_deref()),
    }
}

fn check(arguments: &ConfigArguments) -> anyhow::Result<ExitCode> {
    let settings = arguments.load()?;
    if settings.development.is_some() {
        eprintln!("entryway: there is a section [development]: not for other people's accounts");
    }
    match &arguments.config {
        Some(file) => print(&format!("{} is good", file.display())),
        None => print("the environment is good"),
    }
    Ok(ExitCode::SUCCESS)
}
