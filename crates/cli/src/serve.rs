//! `entryway serve`: the login of a fleet of PDS hosts.

pub(crate) mod custody;
mod greeting;
pub(crate) mod outside;
pub(crate) mod settings;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use entryway_core::policy::Policy;
use entryway_server::{About, App, Chance, Clock, Config, Doors, LocalDocuments};
use entryway_store::Store;

use crate::interrupted::Interruptions;
use greeting::Greeting;
use settings::{Database, Migrations, Settings};

/// The settings of a deployment: a file, variables of the environment, or both.
#[derive(Args)]
pub(crate) struct ConfigArguments {
    /// The file of settings, TOML; deploy/config.example.toml tells every field. Without it: the environment alone.
    #[arg(long, env = "ENTRYWAY_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl ConfigArguments {
    /// Reads and understands them.
    ///
    /// # Errors
    /// What is wrong with them, everything at once.
    pub(crate) fn load(&self) -> anyhow::Result<Settings> {
        Settings::load(self.config.as_deref())
    }
}

/// Arguments of `entryway serve`.
#[derive(Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    config: ConfigArguments,
    /// Make fresh keys where the database has accounts or PDS hosts and the keys they had are lost. Ends every
    /// session, and leaves the identities made here under a key that nobody has.
    #[arg(long)]
    new_keys: bool,
    /// Print one JSON object on the first line of standard output, once ready.
    #[arg(long)]
    json: bool,
}

/// Runs until interrupted, and for as long after that as whoever spreads requests takes to leave this instance out.
pub(crate) async fn run(arguments: ServeArguments, log: Option<String>) -> anyhow::Result<()> {
    let settings = arguments.config.load()?;
    crate::log::install(log.as_ref().unwrap_or(&settings.log), settings.log_format)?;
    if let Some(development) = &settings.development {
        eprint!("{development}");
    }
    let listeners = bound(&settings).await?;
    let outside = outside::of(&settings)?;
    let store = opened(&settings.database).await?;
    custody::settle(&store, &settings.root_key, arguments.new_keys).await?;
    let drain = settings.drain;
    let (clock, chance) = (Clock::system(), Chance::system());
    let greeting = Greeting::of(&settings, &listeners)?;
    let app = App::open(config(settings), store, outside, clock, chance)
        .await
        .map_err(|fault| anyhow::anyhow!("{fault:#}"))?;

    let tending = tokio::spawn(entryway_server::tend(app.clone()));
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let doors = Doors::of(&app);
    for listener in listeners {
        let (router, mut stopped) = (entryway_server::router(&app), stopped.clone());
        let stopped = async move { drop(stopped.wait_for(|stop| *stop).await) };
        tasks.spawn(entryway_server::serve(listener, router, doors.clone(), stopped));
    }
    let mut interruptions = Interruptions::watched();
    greeting.print(arguments.json)?;
    interruptions.next().await;
    tracing::info!(drain.seconds = drain.as_secs(), "asked to stop");
    app.leave();
    tending.abort();
    // nothing of it runs any more when this is over, so nothing takes a job up again
    drop(tending.await);
    let left = async {
        entryway_server::lay_down_jobs(&app).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = left => {}
        // a second signal: nobody is to be waited for
        () = interruptions.next() => {}
    }
    tracing::info!("stopping");
    stop.send_replace(true);
    let drained = async {
        while tasks.join_next().await.is_some() {}
        app.letters_are_sent().await;
        app.store().close().await;
    };
    tokio::select! {
        () = drained => Ok(()),
        // one more signal, or answers that do not end: what was committed stays
        () = interruptions.next() => Ok(()),
        () = tokio::time::sleep(STOP_WAIT_MAX) => anyhow::bail!("stopped with work left that did not end in time"),
    }
}

/// Answers under way get ten seconds of it, and the database the rest.
const STOP_WAIT_MAX: Duration = Duration::from_secs(20);

async fn bound(settings: &Settings) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(settings.listen.len());
    for address in &settings.listen {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.with_context(|| format!("cannot listen at {address}"))?);
    }
    Ok(listeners)
}

/// Opens the database as the settings say.
///
/// # Errors
/// What the store says; its sentences hold nothing of the URL.
pub(crate) async fn opened(database: &Database) -> anyhow::Result<Store> {
    let store = match database.migrations {
        Migrations::Apply => Store::open(&database.url).await,
        Migrations::Leave => Store::open_unmigrated(&database.url).await,
    };
    store.context("the database")
}

fn config(settings: Settings) -> Config {
    let url = |url: Option<url::Url>| url.map(String::from);
    Config {
        issuer: settings.issuer,
        prefix: settings.prefix,
        policy: Policy {
            failed_sign_ins: settings.limits.failed_sign_ins,
            ..settings.policy
        },
        local_documents: if settings.development.is_some() {
            LocalDocuments::Admitted
        } else {
            LocalDocuments::Refused
        },
        root_key: settings.root_key,
        limit_sign_ins: settings.limits.sign_ins,
        calls_per_minute: settings.limits.calls_per_minute,
        capacity: settings.limits.capacity,
        feed_readers: settings.feed_readers,
        service_did: settings.service_did,
        handles: settings.handles,
        invitation: settings.invitation,
        admin_tokens: settings
            .admins
            .into_iter()
            .map(|admin| admin.token_hash)
            .collect(),
        trusted_proxies: settings.trusted_proxies,
        pds_watch_every: settings.pds_watch_every,
        about: About {
            contact_email: settings.contact_email,
            privacy_policy: url(settings.privacy_policy),
            terms_of_service: url(settings.terms_of_service),
        },
    }
}
