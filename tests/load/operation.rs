//! What can be asked of a server, and the order in which it is.

use entryway_tests::{ClientSite, Database};

use crate::cores;
use crate::drive::{Callers, drive};
use crate::figures::{self, Figures, Run};
use crate::floor::Floor;
use crate::options::Options;
use crate::par::Pushers;
use crate::refresh;
use crate::target::Target;

/// One kind of work, over and over again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Pushed requests of clients without a document.
    Par,
    /// Of clients whose document is kept.
    ParKept,
    /// Of those that send an assertion in each request.
    ParConfidential,
    /// Of those whose document is fetched for each request.
    ParFetched,
    /// Refreshes.
    Refresh,
}

impl Operation {
    pub(crate) const DOCUMENTS: [Self; 3] = [Self::ParKept, Self::ParConfidential, Self::ParFetched];
    pub(crate) const ALL: [Self; 5] = [
        Self::Par,
        Self::ParKept,
        Self::ParConfidential,
        Self::ParFetched,
        Self::Refresh,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Par => "par",
            Self::ParKept => "par-kept",
            Self::ParConfidential => "par-confidential",
            Self::ParFetched => "par-fetched",
            Self::Refresh => "refresh",
        }
    }

    /// Which signatures it takes at least, in microseconds.
    pub(crate) fn signatures(self) -> fn(Floor) -> f64 {
        match self {
            Self::Par | Self::ParKept | Self::ParFetched => Floor::of_par,
            Self::ParConfidential => Floor::of_confidential_par,
            Self::Refresh => Floor::of_refresh,
        }
    }

    /// As many callers as connections, who are ready to begin.
    async fn callers(
        self,
        target: &Target,
        site: &ClientSite,
        connections: usize,
        options: &Options,
    ) -> anyhow::Result<Callers> {
        let process = &target.process;
        match self {
            Self::Par => Pushers::Loopback.callers(process, connections),
            Self::ParKept => Pushers::Kept(site).callers(process, connections),
            Self::ParConfidential => Pushers::Confidential(site).callers(process, connections),
            Self::ParFetched => Pushers::Fetched(site).callers(process, connections),
            Self::Refresh => refresh::callers(process, connections, options.sessions).await,
        }
    }
}

/// Asks for each of them, on each engine, with each number of connections.
pub(crate) async fn run(operations: &[Operation], options: &Options) -> anyhow::Result<()> {
    cores::keep_to(options.own_core())?;
    run_on(None, operations, options).await?;
    if let Some(cluster) = &options.database {
        run_on(Some(Database::create_on(cluster).await), operations, options).await?;
    }
    Ok(())
}

async fn run_on(
    database: Option<Database>,
    operations: &[Operation],
    options: &Options,
) -> anyhow::Result<()> {
    let target = Target::start(options, database).await;
    let site = ClientSite::http().await;
    for operation in operations {
        for &connections in &options.connections {
            let callers = operation.callers(&target, &site, connections, options).await?;
            let run = Run {
                engine: target.engine,
                operation: operation.name(),
                connections,
                signatures: operation.signatures(),
            };
            rounds(&target, callers, &run, options).await?;
        }
    }
    Ok(())
}

async fn rounds(target: &Target, mut callers: Callers, run: &Run, options: &Options) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for _ in 0..options.rounds {
        // before and after: a machine that others share is not equally fast from one minute to the next
        let before = Floor::measure()?;
        let (again, load) = drive(target, callers, options.window()).await?;
        callers = again;
        let floor = before.between(Floor::measure()?);
        let figures = Figures { load, floor };
        if options.json {
            println!("{}", run.json(&figures));
        } else {
            println!("{}", run.line("", &figures));
        }
        all.push(figures);
    }
    if all.len() > 1 && !options.json {
        println!("{}", run.line("median", &figures::median(&all)));
    }
    Ok(())
}
