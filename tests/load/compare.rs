//! Two servers in one run: each operation of one and then of the other, over and over, so that what else happens on
//! this machine happens to both.
//!
//! Both run all the time, pinned to the same core, and only one of them is asked. What counts is the ratio of a pair.

use std::path::{Path, PathBuf};

use clap::Args;
use entryway_tests::ClientSite;

use crate::cores::{self, peak_mib};
use crate::drive::{Callers, drive};
use crate::figures::{Figures, Run, median, median_of};
use crate::floor::Floor;
use crate::operation::Operation;
use crate::options::Options;
use crate::rate::drive_at;
use crate::table::{AtRate, Row, Table};
use crate::target::Target;
use crate::verify;

#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// What is compared with the other: a program of ours, or `reference` for npm `@atproto/pds`.
    first: PathBuf,
    /// A program of ours.
    #[arg(default_value = "target/release/entryway")]
    second: PathBuf,
    /// What they are asked for. Where it is not given: what has a goal.
    #[arg(long, value_delimiter = ',')]
    operations: Option<Vec<Operation>>,
    /// Leave out what is measured at a part of the capacity.
    #[arg(long)]
    without_rate: bool,
    /// Leave out the verifiers of resources, of which there is one in this program.
    #[arg(long)]
    without_verify: bool,
    /// The Node that runs the reference.
    #[arg(long, default_value = "node")]
    node: PathBuf,
    /// Print the table of the README, and nothing else on standard output.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    #[command(flatten)]
    options: Options,
}

/// In an order that leaves Node's compiler warm for the exchange of codes, which has no warm-up of its own.
const WITH_GOAL: [Operation; 4] = [
    Operation::Par,
    Operation::Refresh,
    Operation::Flow,
    Operation::Code,
];

/// What people do all the time.
const AT_RATE: [Operation; 2] = [Operation::Par, Operation::Refresh];
/// The part of the capacity at which latency has a goal.
const PART: f64 = 0.7;
/// Free ones are rarely missing then.
const CONNECTIONS_AT_RATE: usize = 64;

/// Compares them and prints what was found.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let options = &arguments.options;
    cores::keep_to(options.own_core())?;
    let mut first = start(&arguments.first, "A", arguments).await?;
    let mut second = start(&arguments.second, "B", arguments).await?;
    if first.name == second.name {
        first.name.push_str(" A");
        second.name.push_str(" B");
    }
    let site = ClientSite::http().await;
    let pair = Pair {
        servers: [first, second],
        site,
        arguments,
    };
    let mut table = Table::new(&pair.servers, options);
    let operations = arguments.operations.as_deref().unwrap_or(&WITH_GOAL);
    for &operation in operations {
        for &connections in &options.connections {
            table.rows.push(pair.rounds(operation, connections).await?);
        }
    }
    // what follows is not asked of both
    let [first, second] = &pair.servers;
    table.peaks = Some([peak_mib(first.id)?, peak_mib(second.id)?]);
    if !arguments.without_verify && arguments.first == Path::new(REFERENCE) {
        table.verify = Some(verify::compare(&arguments.node, options).await?);
    }
    if !arguments.without_rate {
        for operation in AT_RATE {
            let capacity = table.capacity_of_second(operation);
            if let Some(capacity) = capacity {
                table.at_rate.push(pair.at_rate(operation, capacity).await?);
            }
        }
    }
    if arguments.markdown {
        println!("{}", table.markdown());
    } else if options.json {
        table.json_lines().iter().for_each(|line| println!("{line}"));
    } else {
        print!("{}", table.text());
    }
    Ok(())
}

const REFERENCE: &str = "reference";

async fn start(program: &Path, label: &str, arguments: &Arguments) -> anyhow::Result<Target> {
    if program == Path::new(REFERENCE) {
        return Target::start_reference(&arguments.node, &arguments.options).await;
    }
    let mut target = Target::start(program, &arguments.options, None).await;
    "entryway".clone_into(&mut target.name);
    eprintln!("{label} is {}", program.display());
    Ok(target)
}

struct Pair<'a> {
    servers: [Target; 2],
    site: ClientSite,
    arguments: &'a Arguments,
}

impl Pair<'_> {
    async fn callers(
        &self,
        server: usize,
        operation: Operation,
        connections: usize,
    ) -> anyhow::Result<Callers> {
        let sessions = self.arguments.options.sessions;
        operation
            .callers(&self.servers[server], &self.site, connections, sessions)
            .await
    }

    /// One operation of both in turn.
    async fn rounds(&self, operation: Operation, connections: usize) -> anyhow::Result<Row> {
        let window = self.arguments.options.window();
        let mut all: [Vec<Figures>; 2] = [Vec::new(), Vec::new()];
        let mut callers = [
            self.callers(0, operation, connections).await?,
            self.callers(1, operation, connections).await?,
        ];
        for _ in 0..self.arguments.options.rounds {
            for server in 0..2 {
                let before = Floor::measure()?;
                let taken = std::mem::take(&mut callers[server]);
                let (again, load) = drive(&self.servers[server], taken, window).await?;
                callers[server] = again;
                let floor = before.between(Floor::measure()?);
                let figures = Figures { load, floor };
                let run = self.run(server, operation, connections);
                eprintln!("{}", run.line("", &figures));
                all[server].push(figures);
            }
        }
        let ratios = all[0].iter().zip(&all[1]);
        let cpu_ratio = median_of(
            ratios
                .map(|(first, second)| first.load.cpu_us / second.load.cpu_us)
                .collect(),
        );
        Ok(Row {
            operation,
            connections,
            servers: all.map(|rounds| median(&rounds)),
            cpu_ratio,
        })
    }

    /// The second alone, at a part of what it can do.
    async fn at_rate(&self, operation: Operation, capacity: f64) -> anyhow::Result<AtRate> {
        let (options, rate) = (&self.arguments.options, capacity * PART);
        let mut callers = self.callers(1, operation, CONNECTIONS_AT_RATE).await?;
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            let (again, load) = drive_at(rate, &self.servers[1], callers, options.window()).await?;
            callers = again;
            let floor = Floor::measure()?;
            let figures = Figures { load, floor };
            let run = self.run(1, operation, CONNECTIONS_AT_RATE);
            eprintln!("{}", run.line("70 %", &figures));
            rounds.push(figures);
        }
        let ratio = median_of(
            rounds
                .iter()
                .map(|round| round.load.p99_ms / round.load.p50_ms)
                .collect(),
        );
        Ok(AtRate {
            operation,
            rate,
            load: median(&rounds).load,
            ratio,
        })
    }

    fn run(&self, server: usize, operation: Operation, connections: usize) -> Run {
        Run {
            engine: self.servers[server].name.clone(),
            operation: operation.name(),
            connections,
            signatures: operation.signatures(),
        }
    }
}
