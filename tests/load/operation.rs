//! What can be asked of a server, and the order in which it is.

use clap::ValueEnum;
use entryway_tests::{ClientSite, Database};

use crate::cores;
use crate::create_session::Password;
use crate::drive::{Callers, drive};
use crate::figures::{self, Figures, Run};
use crate::floor::Floor;
use crate::options::Options;
use crate::par::Pushers;
use crate::rate::drive_at;
use crate::target::Target;
use crate::{code, create_session, flow, refresh};

/// One kind of work, over and over again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
    /// Whole logins of people who have signed in before.
    Flow,
    /// Exchanges of codes that are made before.
    Code,
    /// `createSession` with the account's own password.
    CreateSession,
    /// The same with an app password.
    AppPassword,
}

impl Operation {
    pub(crate) const DOCUMENTS: [Self; 3] = [Self::ParKept, Self::ParConfidential, Self::ParFetched];
    pub(crate) const CREATE_SESSION: [Self; 2] = [Self::CreateSession, Self::AppPassword];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Par => "par",
            Self::ParKept => "par-kept",
            Self::ParConfidential => "par-confidential",
            Self::ParFetched => "par-fetched",
            Self::Refresh => "refresh",
            Self::Flow => "flow",
            Self::Code => "code",
            Self::CreateSession => "create-session",
            Self::AppPassword => "app-password",
        }
    }

    /// Which signatures it takes at least, in microseconds.
    pub(crate) fn signatures(self) -> fn(Floor) -> f64 {
        match self {
            Self::Par | Self::ParKept | Self::ParFetched => Floor::of_par,
            Self::ParConfidential => Floor::of_confidential_par,
            Self::Refresh => Floor::of_refresh,
            Self::Flow => Floor::of_flow,
            Self::Code => Floor::of_code,
            Self::CreateSession | Self::AppPassword => Floor::of_create_session,
        }
    }

    /// As many callers as connections, who are ready to begin.
    pub(crate) async fn callers(
        self,
        target: &Target,
        site: &ClientSite,
        connections: usize,
        sessions: usize,
    ) -> anyhow::Result<Callers> {
        match self {
            Self::Par => Pushers::Loopback.callers(target, connections),
            Self::ParKept => Pushers::Kept(site).callers(target, connections),
            Self::ParConfidential => Pushers::Confidential(site).callers(target, connections),
            Self::ParFetched => Pushers::Fetched(site).callers(target, connections),
            Self::Refresh => refresh::callers(target, connections, sessions).await,
            Self::Flow => flow::callers(target, connections).await,
            Self::Code => code::callers(target, connections).await,
            Self::CreateSession => create_session::callers(target, connections, Password::Own).await,
            Self::AppPassword => create_session::callers(target, connections, Password::App).await,
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
    let target = Target::start(&options.server, options, database).await;
    let site = ClientSite::http().await;
    for operation in operations {
        for &connections in &options.connections {
            let callers = operation
                .callers(&target, &site, connections, options.sessions)
                .await?;
            let run = Run {
                engine: target.name.clone(),
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
    let (mut rate, window) = (options.rate, options.window());
    let mut all = Vec::new();
    if let Some(part) = options.load {
        let (again, load) = drive(target, callers, window).await?;
        callers = again;
        rate = Some(load.per_second * part);
    }
    for _ in 0..options.rounds {
        // before and after: a machine that others share is not equally fast from one minute to the next
        let before = Floor::measure()?;
        let (again, load) = match rate {
            Some(rate) => drive_at(rate, target, callers, window).await?,
            None => drive(target, callers, window).await?,
        };
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
