//! Loads a server of its own and says what a request costs it, beside what its signatures alone cost here and now.
//!
//!     cargo build --release -p entryway-cli -p entryway-tests --bin entryway --bin entryway-load
//!     target/release/entryway-load par|documents|refresh|verify|all [--database postgres://user@host/name] [--rounds 3] [--json]
//!
//! `--database` adds a fresh database there to SQLite in a fresh folder; `--json` gives a JSON line for each round.

mod cores;
mod drive;
mod figures;
mod floor;
mod par;
mod refresh;
mod signer;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use entryway_tests::{ClientSite, Database, Launch, Process};

use drive::{Caller, Window};
use figures::{Figures, Run};
use floor::Floor;
use par::Pushers;

#[derive(Parser)]
struct Arguments {
    /// What to ask for.
    what: What,
    /// The program, built for release.
    #[arg(long, default_value = "target/release/entryway")]
    server: PathBuf,
    /// A PostgreSQL on which a database is made and dropped again.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Connections, each with one request under way at any time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Sessions that are refreshed, at least one for each connection, or whose calls are verified.
    #[arg(long, default_value_t = 64)]
    sessions: usize,
    /// Calls that are verified in each round.
    #[arg(long, default_value_t = 20_000)]
    calls: usize,
    /// Write the calls that `verify` would time to this file instead, for another verifier.
    #[arg(long, value_name = "FILE")]
    write_calls: Option<PathBuf>,
    /// Seconds that count.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// How often; of several rounds the medians are shown too.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Cores of the server and of this program.
    #[arg(long, num_args = 2, value_names = ["SERVER", "OWN"], default_values_t = [0, 1])]
    cores: Vec<usize>,
    /// Print JSON lines.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Pushed authorization requests of clients without a document.
    Par,
    /// The same of clients with a document: kept, kept with an assertion in each request, and fetched for each.
    Documents,
    /// Refreshes.
    Refresh,
    /// Calls of a resource, verified in this program: no server, no network.
    Verify,
    /// All of these that ask a server, one after the other.
    All,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    cores::keep_to(arguments.cores[1])?;
    // one thread: more would only take turns on this core
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(load(&arguments))
}

async fn load(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.what == What::Verify {
        let size = verify::Size {
            sessions: arguments.sessions,
            requests: arguments.calls,
            rounds: arguments.rounds,
        };
        return verify::measure(size, arguments.write_calls.as_deref()).await;
    }
    load_on("SQLite", None, arguments).await?;
    if let Some(cluster) = &arguments.database {
        let database = Database::create_on(cluster).await;
        load_on("PostgreSQL", Some(database), arguments).await?;
    }
    Ok(())
}

async fn load_on(
    engine: &'static str,
    database: Option<Database>,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let process = Process::start(Launch {
        binary: arguments.server.clone(),
        database,
        core: Some(arguments.cores[0]),
        log_filter: "warn",
        log_name: format!("load-{engine}"),
    })
    .await;
    let run = |request, signatures| Run {
        engine,
        request,
        connections: arguments.connections,
        signatures,
    };
    if matches!(arguments.what, What::Par | What::All) {
        let callers = Pushers::Loopback.callers(&process, arguments.connections)?;
        rounds(&process, callers, &run("par", Floor::of_par), arguments).await?;
    }
    if matches!(arguments.what, What::Documents | What::All) {
        let site = ClientSite::http().await;
        for (pushers, name, floor) in [
            (
                Pushers::Kept(&site),
                "par-kept",
                Floor::of_par as fn(Floor) -> f64,
            ),
            (
                Pushers::Confidential(&site),
                "par-confidential",
                Floor::of_confidential_par,
            ),
            (Pushers::Fetched(&site), "par-fetched", Floor::of_par),
        ] {
            let callers = pushers.callers(&process, arguments.connections)?;
            rounds(&process, callers, &run(name, floor), arguments).await?;
        }
    }
    if matches!(arguments.what, What::Refresh | What::All) {
        let sessions = arguments.sessions.max(arguments.connections);
        let callers = refresh::callers(&process, arguments.connections, sessions).await?;
        rounds(&process, callers, &run("refresh", Floor::of_refresh), arguments).await?;
    }
    Ok(())
}

async fn rounds<C: Caller>(
    process: &Process,
    mut callers: Vec<C>,
    run: &Run,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let window = Window {
        warm_up: Duration::from_secs(arguments.warm_up),
        timed: Duration::from_secs(arguments.seconds),
    };
    let mut all = Vec::new();
    for _ in 0..arguments.rounds {
        // before and after: a machine that others share is not equally fast from one minute to the next
        let before = Floor::measure()?;
        let (again, load) = drive::drive(process, callers, window).await?;
        callers = again;
        let floor = before.between(Floor::measure()?);
        let figures = Figures { load, floor };
        if arguments.json {
            println!("{}", run.json(&figures));
        } else {
            println!("{}", run.line("", &figures));
        }
        all.push(figures);
    }
    if all.len() > 1 && !arguments.json {
        println!("{}", run.line("median", &figures::median(&all)));
    }
    Ok(())
}
