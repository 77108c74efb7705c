//! The `entryway` command.
//!
//! Reads arguments and environment once and hands them on; everything else lives in the crates below.
//! Exit status: 0 success, 1 failure, 2 usage.

mod account;
mod client;
mod config;
mod database;
mod dev;
mod fetching;
mod gate;
mod interrupted;
mod log;
mod output;
mod scope;
mod usage;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Login for AT Protocol hosts.
#[derive(Parser)]
#[command(name = "entryway", version, arg_required_else_help = true)]
struct Arguments {
    /// What to log, such as `info` or `entryway_server=debug,warn`.
    #[arg(
        long,
        global = true,
        env = "ENTRYWAY_LOG",
        default_value = "warn",
        value_name = "FILTER"
    )]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole thing on this machine: login, PLC directory, PDS, mailbox and a demo app.
    Dev(Box<dev::DevArguments>),
    /// Stand in front of PDS hosts: verify each call, and pass on what its token permits.
    Gate(gate::GateArguments),
    /// Check an app's client document, and say which apps the operator stands by.
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Make accounts that sign in here, and list them.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Explain scope values, compare a grant with what is wanted, and resolve permission sets.
    #[command(subcommand)]
    Scope(scope::ScopeCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(error) = log::install(&arguments.log) {
        eprintln!("entryway: --log {error}");
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("entryway: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = match arguments.command {
        Command::Dev(arguments) => runtime.block_on(dev::run(*arguments)).map(|()| ExitCode::SUCCESS),
        Command::Gate(arguments) => runtime.block_on(gate::run(arguments)).map(|()| ExitCode::SUCCESS),
        Command::Client(command) => runtime.block_on(client::run(command)),
        Command::Account(command) => runtime.block_on(account::run(command)),
        Command::Scope(command) => runtime.block_on(scope::run(&command)),
    };
    match outcome {
        Ok(status) => status,
        Err(error) => {
            eprintln!("entryway: {error:#}");
            if error.is::<usage::Usage>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
