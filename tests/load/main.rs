//! Loads a server of its own and says what an operation costs it, beside what its signatures alone cost here and now.
//!
//!     cargo build --release -p entryway-cli -p entryway-tests --bin entryway --bin entryway-load
//!     target/release/entryway-load par|documents|refresh|flow|code|create-session|all [--connections 1,16,64] [--rounds 3] [--json]
//!     target/release/entryway-load refresh --load 0.7
//!     target/release/entryway-load scale [--sizes 10000,10000000] [--database postgres://…]
//!     target/release/entryway-load verify
//!     target/release/entryway-load compare reference|PROGRAM PROGRAM [--rounds 5] [--markdown] [--node NODE]
//!
//! The server is pinned to one core and this program to another. What does not succeed is counted and is not the end.
//! Neither server limits rates: ours is started as `dev`, which limits failed sign-ins alone, and none fails here; the
//! reference with `PDS_RATE_LIMITS_ENABLED=false`.

mod browser;
mod client;
mod code;
mod compare;
mod cores;
mod create_session;
mod drive;
mod figures;
mod fill;
mod floor;
mod flow;
mod line;
mod operation;
mod options;
mod our_pages;
mod overload;
mod par;
mod rate;
mod reference;
mod reference_pages;
mod refresh;
mod scale;
mod signer;
mod table;
mod target;
mod verify;

use clap::{Parser, Subcommand, ValueEnum as _};

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
    /// Whole logins of people whom their browser remembers: PAR, page, consent, exchange.
    Flow(Options),
    /// Exchanges of codes, of which a stock is made before each round.
    Code(Options),
    /// Sessions of a name and a password, the account's own and then an app password: nearly all of it is the hash.
    CreateSession(Options),
    /// All of these, one after the other.
    All(Options),
    /// Two programs, or the npm reference and one, in one run with pairs in turn.
    Compare(compare::Arguments),
    /// Fills a database with accounts and sessions; no server may be on it.
    Fill(fill::Arguments),
    /// Three times as many refreshes as the server can do, at a fixed rate.
    Overload(overload::Arguments),
    /// Refreshes among few sessions and among many, a database that this fills.
    Scale(scale::Arguments),
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
        Command::Flow(options) => operation::run(&[Operation::Flow], options).await,
        Command::Code(options) => operation::run(&[Operation::Code], options).await,
        Command::CreateSession(options) => operation::run(&Operation::CREATE_SESSION, options).await,
        Command::All(options) => operation::run(Operation::value_variants(), options).await,
        Command::Compare(arguments) => compare::run(arguments).await,
        Command::Fill(arguments) => fill::run(arguments).await,
        Command::Overload(arguments) => overload::measure(arguments).await,
        Command::Scale(arguments) => scale::measure(arguments).await,
        Command::Verify(arguments) => verify::measure(arguments).await,
    }
}
