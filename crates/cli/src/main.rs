//! The `entryway` command.
//!
//! Reads arguments and environment once and hands them on; everything else lives in the crates below.
//! Exit status: 0 success, 1 failure, 2 usage.

mod account;
mod admin;
mod client;
mod config;
mod config_commands;
mod database;
mod deployment;
mod dev;
mod fetching;
mod gate;
mod interrupted;
mod keys;
mod log;
mod migrate;
mod migrate_account;
mod output;
mod pds;
mod scope;
mod secret_input;
mod serve;
mod usage;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Gives back what a password took while it was hashed; that of the system keeps it for each thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Login for AT Protocol hosts.
#[derive(Parser)]
#[command(name = "entryway", version, arg_required_else_help = true)]
struct Arguments {
    /// What to log, such as `info` or `entryway_server=debug,warn`. Default: `warn`, and for `serve` what its
    /// settings say.
    #[arg(long, global = true, env = "ENTRYWAY_LOG", value_name = "FILTER")]
    log: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole thing on this machine: login, PLC directory, PDS, mailbox and a demo app.
    Dev(Box<dev::DevArguments>),
    /// Run the login of a fleet of PDS hosts.
    Serve(serve::ServeArguments),
    /// Check the settings of `serve`, and tell what they may be.
    #[command(subcommand)]
    Config(config_commands::ConfigCommand),
    /// Bring the schema of the database up to date, or say what that would do.
    Migrate(migrate::MigrateArguments),
    /// Show the public keys of a deployment.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Add PDS hosts, list them, check them, and tell what they have to have in their environment.
    #[command(subcommand)]
    Pds(pds::PdsCommand),
    /// Hash the tokens of administrators.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Stand in front of PDS hosts: verify each call, and pass on what its token permits.
    Gate(gate::GateArguments),
    /// Check an app's client document, and say which apps the operator stands by.
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Make accounts that sign in here, and list them.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Move an account from one host to another, step by step, as its person.
    MigrateAccount(migrate_account::MigrateAccountArguments),
    /// Explain scope values, compare a grant with what is wanted, and resolve permission sets.
    #[command(subcommand)]
    Scope(scope::ScopeCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // what serves reads first how its settings want the log
    if !matches!(arguments.command, Command::Serve(_))
        && let Err(error) = log::install(arguments.log.as_deref().unwrap_or("warn"), log::Format::Text)
    {
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
        Command::Serve(serving) => {
            let served = runtime.block_on(serve::run(serving, arguments.log));
            served.map(|()| ExitCode::SUCCESS)
        }
        Command::Config(command) => config_commands::run(&command),
        Command::Migrate(arguments) => runtime.block_on(migrate::run(arguments)),
        Command::Keys(command) => runtime.block_on(keys::run(command)),
        Command::Pds(command) => runtime.block_on(pds::run(command)),
        Command::Admin(command) => runtime.block_on(admin::run(command)),
        Command::Gate(arguments) => runtime.block_on(gate::run(arguments)).map(|()| ExitCode::SUCCESS),
        Command::Client(command) => runtime.block_on(client::run(command)),
        Command::Account(command) => runtime.block_on(account::run(command)),
        Command::MigrateAccount(arguments) => runtime.block_on(migrate_account::run(arguments)),
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
