//! Loads a server of its own and says what an operation costs it, beside what its signatures alone cost here and now.
//!
//!     cargo build --release -p entryway-cli -p entryway-tests --bin entryway --bin entryway-load
//!     target/release/entryway-load par|documents|refresh|all [--connections 1,16,64] [--rounds 3] [--json]
//!     target/release/entryway-load verify
//!
//! The server is pinned to one core and this program to another. What does not succeed is counted and is not the end.

mod cores;
mod drive;
mod figures;
mod floor;
mod line;
mod operation;
mod options;
mod par;
mod refresh;
mod signer;
mod target;
mod verify;

use clap::{Parser, Subcommand};

use operation::Operation;
use options::Options;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Pushed authorization requests of clients without a document.
    Par(Options),
    /// The same of clients with a document: kept, kept with an assertion in each request, and fetched for each.
    Documents(Options),
    /// Refreshes.
    Refresh(Options),
    /// All of these, one after the other.
    All(Options),
    /// Calls of a resource, verified in this program: no server, no network.
    Verify(verify::Arguments),
}

fn main() -> anyhow::Result<()> {
    let command = Arguments::parse().command;
    // one thread: more would only take turns on this core
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(&command))
}

async fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Par(options) => operation::run(&[Operation::Par], options).await,
        Command::Documents(options) => operation::run(&Operation::DOCUMENTS, options).await,
        Command::Refresh(options) => operation::run(&[Operation::Refresh], options).await,
        Command::All(options) => operation::run(&Operation::ALL, options).await,
        Command::Verify(arguments) => verify::measure(arguments).await,
    }
}
