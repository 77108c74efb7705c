//! `entryway dev`: the whole thing on one machine, nothing to install.

mod accounts;
mod data;
mod fleet;
mod greeting;
mod names;
mod origins;
mod post;
mod reference;
mod sockets;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::sync::watch;
use tokio::task::JoinSet;

use entryway_core::handle::{HandleDomains, HandleRules, ReservedNames};
use entryway_core::invite::Invitation;
use entryway_core::permission_set::SetLifetimes;
use entryway_core::policy::Policy;
use entryway_identity::did::SigningKey;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::metadata::Endpoints;
use entryway_oauth::secret::{FeedToken, ServerKey};
use entryway_oauth::time::Seconds;
use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verifier, VerifierConfig};
use entryway_sandbox::ambient::{Clock as AmbientClock, Entropy};
use entryway_sandbox::demo::{self, DemoConfig};
use entryway_sandbox::lab::{Listeners, PdsName, Sandbox, SandboxSettings};
use entryway_sandbox::loopback::Loopback;
use entryway_sandbox::pds::AdminPassword;
use entryway_scope::Did;
use entryway_server::{
    About, App, Capacity, Chance, Clock, Config, Doors, FeedReader, Keys, LocalDocuments, Outside,
};
use entryway_store::Store;

use accounts::AccountArgument;
use data::DataDirectory;
pub(crate) use data::root_key_of;
use greeting::{Behind, Greeting};
use names::DevNames;
use origins::Origins;
use post::ToMailbox;
use reference::{PdsArguments, ReferenceHosts};
use sockets::Sockets;

use crate::fetching::FetchArguments;
use crate::interrupted::Interruptions;

/// Arguments of `entryway dev`.
#[derive(Args)]
pub(crate) struct DevArguments {
    /// Port of the login; the services beside it take the next free ports. 0 lets the system choose all.
    #[arg(long, default_value_t = 2583)]
    port: u16,
    /// Where to keep data; the same directory later has the same accounts. Without it nothing is kept.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<std::path::PathBuf>,
    /// Database to use instead of a SQLite file in the data directory, such as postgres://user@host/name.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// An account to make, or to give this password; repeatable. Without one: alice.test and bob.test.
    #[arg(long = "account", value_name = "HANDLE:PASSWORD")]
    accounts: Vec<String>,
    /// Print one JSON object on the first line of standard output, once ready.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pds: PdsArguments,
    #[command(flatten)]
    origins: Origins,
    #[command(flatten)]
    fetching: FetchArguments,
}

/// Where the OAuth endpoints hang.
const PREFIX: &str = "/oauth";

/// Whoever writes a permission set wants to see what it says now.
const ASKED_EVERY_TIME: SetLifetimes = SetLifetimes {
    revalidated_after: Seconds(0),
    fresh_for: Seconds(0),
    asked_again_after: Seconds(0),
    serves_requests_for: Seconds::days(90),
};

/// Runs until interrupted.
pub(crate) async fn run(arguments: DevArguments) -> anyhow::Result<()> {
    let DevArguments {
        port,
        data_dir,
        database,
        accounts,
        json,
        pds,
        origins,
        fetching,
    } = arguments;
    let accounts = AccountArgument::parse_all(&accounts)?;
    let package = pds.package()?;
    let (fetcher, http) = (fetching.fetcher()?, fetching.http_client()?);
    for line in fetching.to_string().lines() {
        eprintln!("entryway dev: {line}");
    }
    let (clock, chance) = (Clock::system(), Chance::system());
    let data = DataDirectory::open(data_dir, &chance)?;
    data.keeps_accounts_on(pds.name())?;
    let sockets = Sockets::bind(port, origins).await?;
    let behind = sockets.behind();
    let Sockets {
        login,
        issuer,
        sandbox: listeners,
        demo: demo_listener,
    } = sockets;

    let (feed_token, feed_token_file) = data.feed_token()?;
    let config = config(&issuer, data.root_key(), &feed_token)?;
    let post = ToMailbox::new(format!("login@{}", issuer.host()), clock.clone());
    let names = Arc::new(DevNames::new(listeners.names().clone()));
    let outside =
        Outside::new(fetcher, http, listeners.plc_url().parse()?, names).with_post(Arc::new(post.clone()));
    let database = database.unwrap_or_else(|| data.database_url());
    let app = open(
        &database,
        config,
        outside,
        (&clock, &chance),
        &data.rotation_key()?,
    )
    .await?;
    let settings = sandbox_settings(&app, &listeners, &data, (&clock, &chance))?;
    let own = (listeners.pds_did(), Issuer::parse(&listeners.pds_url())?);
    let sandbox = Sandbox::start(listeners, settings).await.context("the sandbox")?;
    post.lead_to(sandbox.mailbox().clone());

    let tending = tokio::spawn(entryway_server::tend(app.clone()));
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let here = login.origin();
    serve(login, &app, &stopped, &mut tasks);
    let hosts = match &package {
        None => ReferenceHosts::none(),
        Some(package) => {
            ReferenceHosts::start(package, &app, (data.root_key(), data.path()), sandbox.plc_url()).await?
        }
    };
    let accounts = if hosts.are_there() {
        accounts::sign_up(&app, &here, accounts, data.root_key()).await?
    } else {
        let accounts = accounts::prepare(&app, &sandbox, &own.0, accounts, data.root_key()).await?;
        fleet::register(&app, own, data.root_key()).await?;
        accounts
    };
    let greeting = Greeting {
        feed: issuer.url(&Endpoints::under(PREFIX).revocations),
        feed_token_file,
        issuer: issuer.to_string(),
        pds: hosts.first_or(sandbox.pds_url()),
        hosts: hosts.urls(),
        plc: sandbox.plc_url().to_owned(),
        mailbox: sandbox.mailbox_url().to_owned(),
        lexicons: sandbox.lexicons_url(),
        demo_app: demo_url(&demo_listener),
        accounts,
        behind,
    };
    // the reference PDS never tells whose a handle is: the login does
    let handle_resolver = if hosts.are_there() { &here } else { &greeting.pds };
    let fronts = fronts(greeting.behind.as_ref(), &issuer, &sandbox);
    let demo_config = demo_config(&greeting, handle_resolver, fronts, (&clock, &chance));
    demo_listener.serve(&demo::router(demo_config)?, &stopped, &mut tasks);
    let mut interruptions = Interruptions::watched();
    if json {
        greeting.print_json();
    } else {
        greeting.print_text(data.is_kept());
    }
    interruptions.next().await;
    stop.send_replace(true);
    tending.abort();
    drop(tending.await);
    entryway_server::lay_down_jobs(&app).await;
    while tasks.join_next().await.is_some() {}
    hosts.stop().await;
    sandbox.stop().await;
    app.store().close().await;
    Ok(())
}

/// Opens the login, with the key that accounts of earlier runs are under.
async fn open(
    database: &str,
    config: Config,
    outside: Outside,
    (clock, chance): (&Clock, &Chance),
    rotation_key: &SigningKey,
) -> anyhow::Result<App> {
    let store = Store::open(database).await.context("the database")?;
    Keys::bring_plc_rotation(&store, &config.root_key, rotation_key, clock.now())
        .await
        .map_err(|fault| described(&fault))?;
    App::open(config, store, outside, clock.clone(), chance.clone())
        .await
        .map_err(|fault| described(&fault))
}

fn sandbox_settings(
    app: &App,
    listeners: &Listeners,
    data: &DataDirectory,
    (clock, chance): (&Clock, &Chance),
) -> anyhow::Result<SandboxSettings> {
    Ok(SandboxSettings {
        directory: data.path().join("sandbox"),
        issuer: app.issuer().to_string(),
        rotation_key: app.keys().plc_rotation.clone(),
        admin_password: AdminPassword::new(fleet::admin_password(data.root_key())),
        verifier: Arc::new(verifier(app, listeners)?),
        clock: ambient_clock(clock),
        entropy: ambient_entropy(chance),
    })
}

fn demo_config(
    greeting: &Greeting,
    handle_resolver: &str,
    fronts: Vec<(String, String)>,
    (clock, chance): (&Clock, &Chance),
) -> DemoConfig {
    let handles = greeting.accounts.iter().map(|one| one.handle.to_string());
    DemoConfig {
        base_url: greeting.demo_app.clone(),
        handle_resolver: handle_resolver.to_owned(),
        plc_directory: greeting.plc.clone(),
        fronts,
        accounts_hint: handles.collect(),
        fill: ambient_entropy(chance),
        now: seconds(clock),
    }
}

fn demo_url(listener: &Loopback) -> String {
    format!("http://127.0.0.1:{}", listener.port())
}

/// Serves the login until it is told to stop, and then what is under way.
fn serve(
    login: Loopback,
    app: &App,
    stopped: &watch::Receiver<bool>,
    tasks: &mut JoinSet<std::io::Result<()>>,
) {
    let doors = Doors::of(app);
    for listener in login.into_listeners() {
        let doors = doors.clone();
        let (router, mut stopped) = (entryway_server::router(app), stopped.clone());
        let stopped = async move { drop(stopped.wait_for(|stop| *stop).await) };
        tasks.spawn(async move {
            entryway_server::serve(listener, router, doors, stopped).await;
            Ok(())
        });
    }
}

fn config(issuer: &Issuer, root_key: &ServerKey, feed_token: &FeedToken) -> anyhow::Result<Config> {
    Ok(Config {
        issuer: issuer.clone(),
        prefix: PREFIX.to_owned(),
        policy: Policy {
            permission_sets: ASKED_EVERY_TIME,
            ..Policy::default()
        },
        local_documents: LocalDocuments::Admitted,
        root_key: root_key.clone(),
        limit_sign_ins: true,
        calls_per_minute: None,
        capacity: Capacity::default(),
        feed_readers: vec![FeedReader {
            name: "dev".to_owned(),
            token: feed_token.digest(),
        }],
        service_did: service_did(issuer)?,
        handles: HandleRules {
            domains: HandleDomains::parse(&[".test"])?,
            // whose lexicons those are that the sandbox publishes
            reserved: ReservedNames::default().with(["jotter"]),
        },
        invitation: Invitation::Optional,
        admin_tokens: Vec::new(),
        trusted_proxies: Vec::new(),
        // what is done to the sandbox's own PDS shows soon
        pds_watch_every: Some(Duration::from_secs(15)),
        about: About::default(),
    })
}

/// The DID that goes with the issuer, as a PDS has one that goes with its origin.
fn service_did(issuer: &Issuer) -> anyhow::Result<Did> {
    let named = PdsName::parse(issuer.as_str()).context("the login's origin")?;
    Ok(named.did().clone())
}

/// The guard of the PDS: it believes this login's tokens and nobody else's.
fn verifier(app: &App, listeners: &Listeners) -> anyhow::Result<Verifier> {
    Ok(Verifier::new(VerifierConfig {
        issuers: vec![TrustedIssuer::new(
            app.issuer().clone(),
            IssuerKeys::pinned(app.keys().public())?,
        )],
        audience: listeners.pds_did(),
        public_url: Issuer::parse(&listeners.pds_url())?,
        nonces: app.keys().resource_nonces.clone(),
        limits: Limits::default(),
    }))
}

/// The public names of login and PDS with where they listen, for an app that cannot ask the front.
fn fronts(behind: Option<&Behind>, issuer: &Issuer, sandbox: &Sandbox) -> Vec<(String, String)> {
    let Some(Behind { issuer: login, pds }) = behind else {
        return Vec::new();
    };
    vec![
        (issuer.to_string(), login.clone()),
        (sandbox.pds_url().to_owned(), pds.clone()),
    ]
}

fn seconds(clock: &Clock) -> demo::Now {
    let clock = clock.clone();
    Arc::new(move || clock.now().seconds())
}

fn ambient_clock(clock: &Clock) -> AmbientClock {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}

/// The sandbox has no way to say that chance failed; stopping is better than keys that are not random.
fn ambient_entropy(chance: &Chance) -> Entropy {
    let chance = chance.clone();
    Arc::new(move |bytes| {
        if !chance.fill(bytes) {
            tracing::error!("the random source failed");
            std::process::abort();
        }
    })
}

/// A fault of the server with all its causes, once.
fn described(fault: &entryway_server::Fault) -> anyhow::Error {
    anyhow::anyhow!("{fault:#}")
}
