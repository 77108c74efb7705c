//! `entryway gate`: the verifying reverse proxy in front of one PDS or several.

mod figures;
mod issuers;
mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::ServerKey;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_resource::proxy::{Entropy, Gate, GateSettings, HostSettings, serve_operator};
use entryway_resource::{Limits, Permissions, Verifier, VerifierConfig, system_clock};
use entryway_server::Chance;

use crate::config::{Environment, SettingsFile};
use crate::interrupted::Interruptions;
use crate::output;
use issuers::Issuers;
use settings::{GateFile, HostFile};

/// Arguments of `entryway gate`.
#[derive(Args)]
pub(crate) struct GateArguments {
    /// The file of settings, TOML; deploy/gate.example.toml tells every field.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Only say whether the settings are good.
    #[arg(long)]
    check: bool,
    /// Print one JSON object on the first line of standard output, once ready.
    #[arg(long)]
    json: bool,
}

/// Runs until interrupted.
pub(crate) async fn run(arguments: GateArguments) -> anyhow::Result<()> {
    let file = SettingsFile::read(&arguments.config)?
        .under(Environment::of_process("ENTRYWAY_GATE_"))
        .understand(GateFile::read)?;
    if file.development {
        eprintln!("entryway gate: development = true, not for other people's accounts");
    }
    let (clock, chance) = (system_clock(), Chance::system());
    let client = HttpClient::new(ClientSettings {
        extra_authorities: file.extra_authorities,
        ..file.bounds.client
    })?;
    let issuers = Issuers::of(file.issuers, &client);
    let public: Vec<String> = file
        .hosts
        .iter()
        .map(|host| host.public_url.to_string())
        .collect();
    let hosts = file
        .hosts
        .into_iter()
        .map(|host| guarded(host, &issuers, file.bounds.verifier, &chance));
    let health = issuers.health(&clock);
    let gate = Gate::new(GateSettings {
        hosts: hosts.collect::<anyhow::Result<_>>()?,
        trusted_proxies: file.trusted_proxies,
        limits: file.bounds.gate,
        client: client.clone(),
        clock: clock.clone(),
        entropy: entropy(&chance),
        health: health.clone(),
    })?;
    if arguments.check {
        output::print(&format!("{} is good", arguments.config.display()));
        return Ok(());
    }
    let listener = bound(file.listen).await?;
    let operator = match file.operator_listen {
        Some(address) => Some(bound(address).await?),
        None => None,
    };
    let at = |listener: &TcpListener| listener.local_addr().map(|address| format!("http://{address}"));
    let greeting = Greeting {
        gate: at(&listener)?,
        operator: operator.as_ref().map(at).transpose()?,
        hosts: public,
    };
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    if let Some(operator) = operator {
        let (figures, mut stopped) = (figures::exported(&health)?, stopped.clone());
        tasks.spawn(async move {
            let stop = async move { drop(stopped.wait_for(|stop| *stop).await) };
            serve_operator(operator, figures, health, stop).await;
        });
    }
    issuers.follow(&client, &clock, &chance, &stopped, &mut tasks);
    let mut interruptions = Interruptions::watched();
    greeting.print(arguments.json)?;
    let until = async move {
        interruptions.next().await;
        stop.send_replace(true);
    };
    gate.serve(listener, until).await;
    tasks.shutdown().await;
    Ok(())
}

/// A host with its verifier.
fn guarded(
    host: HostFile,
    issuers: &Issuers,
    limits: Limits,
    chance: &Chance,
) -> anyhow::Result<HostSettings> {
    let mut believed = vec![&host.issuer];
    believed.extend(host.other_issuers.iter().filter(|other| **other != host.issuer));
    let believed = believed.into_iter().map(|issuer| issuers.trusted(issuer));
    let nonces = match host.nonces {
        Some(nonces) => nonces,
        None => NonceKey::new(ServerKey::new(chance.bytes::<32>()?)),
    };
    let verifier = Verifier::new(VerifierConfig {
        issuers: believed
            .collect::<Option<_>>()
            .context("an issuer that is not there")?,
        audience: host.did.clone(),
        public_url: host.public_url.clone(),
        nonces,
        limits,
    });
    Ok(HostSettings {
        public_url: host.public_url,
        upstream: host.upstream,
        did: host.did,
        verifier: Arc::new(verifier),
        issuer: host.issuer,
        permissions: Permissions::new(host.permissions),
        credentials: host.credentials,
        legacy: host.legacy,
        passwords: host.passwords,
        pages: host.pages,
        handle_domains: host.handle_domains,
    })
}

async fn bound(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen at {address}"))
}

fn entropy(chance: &Chance) -> Entropy {
    let chance = chance.clone();
    Arc::new(move |bytes| chance.fill(bytes))
}

/// What is said once ready.
#[derive(Serialize)]
struct Greeting {
    /// Where the gate listens.
    gate: String,
    /// Where its operator asks for figures and health.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    /// For whom.
    hosts: Vec<String>,
}

impl Greeting {
    fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            output::print(&output::printable_json(self)?);
            return Ok(());
        }
        let hosts = self.hosts.join(" and ");
        output::print(&format!("entryway gate: listening at {} for {hosts}", self.gate));
        if let Some(operator) = &self.operator {
            output::print(&format!("entryway gate: figures at {operator}/_gate/metrics"));
        }
        Ok(())
    }
}
