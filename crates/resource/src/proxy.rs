//! The gate: a reverse proxy that lets through what is verified and permitted, in front of one PDS or
//! several.
//!
//! For each request: bytes that have one reading only (`wire.rs`); the PDS whose public URL its `Host`
//! names; a target written anew from what was parsed (`target.rs`); credentials, and with OAuth the
//! permission the call needs (`admit.rs`); then one door to the upstream, which takes nothing but what was
//! admitted (`forwarded.rs`). The answer streams back with the headers that may pass (`answer.rs`).
//!
//! What it refuses to do: terminate TLS (a front does), follow redirects, decompress, buffer bodies beyond
//! the few that say which permission they need, or let a byte upstream for a request it refuses.
//!
//! Start reading at [`Gate::serve`], then `walk.rs`.

mod admit;
mod answer;
mod body;
mod credentials;
mod fault;
pub mod figures;
mod forwarded;
mod host;
mod hosts;
mod operator;
mod own;
mod pass;
mod password;
mod paths;
mod request_headers;
mod serve;
mod session_view;
mod settings;
mod target;
mod tunnel;
mod upstream_answer;
mod walk;
mod wire;

use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

pub use crate::peer::{InvalidNetwork, Network};
pub use credentials::{IDENTITY, UpstreamCredentials};
pub use operator::{Figures, serve_operator};
pub use pass::{NotPassed, Onward, PassedBody, PassedCall};
pub use paths::{InvalidPagePattern, PagePattern};
pub use settings::{
    Entropy, FeedHealth, GateLimits, GateSettings, HealthSource, HostSettings, IssuerHealth, Legacy,
    Passwords,
};

use crate::Clock;
use host::Host;
use hosts::Hosts;

/// The verifying reverse proxy.
///
/// ```
/// use std::sync::Arc;
/// use entryway_oauth::{access_token::AccessTokenKey, issuer::Issuer, nonce::NonceKey};
/// use entryway_oauth::{secret::ServerKey, shared_secret::SharedSecret};
/// use entryway_resource::client::{ClientSettings, HttpClient};
/// use entryway_resource::proxy::{Gate, GateLimits, GateSettings, HostSettings};
/// use entryway_resource::proxy::{Legacy, Passwords, UpstreamCredentials};
/// use entryway_resource::{IssuerKeys, Limits, Permissions, PermissionsConfig};
/// use entryway_resource::{TrustedIssuer, Verifier, VerifierConfig, system_clock};
/// use entryway_scope::Did;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let issuer = Issuer::parse("https://entryway.example")?;
/// let key = AccessTokenKey::from_bytes(&[7; 32]).ok_or("a scalar")?;
/// let (public_url, did) = (Issuer::parse("https://pds.example")?, Did::parse("did:web:pds.example")?);
/// let verifier = Verifier::new(VerifierConfig {
///     issuers: vec![TrustedIssuer::new(issuer.clone(), IssuerKeys::pinned(vec![key.public().clone()])?)],
///     audience: did.clone(),
///     public_url: public_url.clone(),
///     nonces: NonceKey::new(ServerKey::new([1; 32])),
///     limits: Limits::default(),
/// });
/// let host = HostSettings {
///     public_url,
///     upstream: "http://127.0.0.1:3000".parse()?,
///     did,
///     verifier: Arc::new(verifier),
///     issuer,
///     permissions: Permissions::new(PermissionsConfig::default()),
///     credentials: UpstreamCredentials::Session(SharedSecret::parse("9f2c41d07ab355e8c6d1b09e7f3a2468")?),
///     legacy: Legacy::Passed,
///     passwords: Passwords::Refused,
///     pages: vec![],
///     handle_domains: vec![],
/// };
/// let gate = Gate::new(GateSettings {
///     hosts: vec![host],
///     trusted_proxies: vec!["127.0.0.1".parse()?],
///     limits: GateLimits::default(),
///     client: HttpClient::new(ClientSettings::default())?,
///     clock: system_clock(),
///     entropy: Arc::new(|_| false), // the operating system's random source, in earnest
///     health: Arc::new(Vec::new),
/// })?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// gate.serve(listener, async {}).await;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct Gate {
    hosts: Hosts,
    trusted_proxies: Vec<Network>,
    limits: GateLimits,
    clock: Clock,
    health: HealthSource,
    tunnels: Arc<Semaphore>,
    /// Changes when the gate stops.
    closed: watch::Receiver<()>,
    closing: Option<watch::Sender<()>>,
}

impl Gate {
    /// Makes a gate that serves nobody yet.
    ///
    /// # Errors
    /// [`UnusableGate`], naming the host.
    pub fn new(settings: GateSettings) -> Result<Self, UnusableGate> {
        let mut hosts = Hosts::default();
        for mut host in settings.hosts {
            let public_url = host.public_url.clone();
            let handle_domains = std::mem::take(&mut host.handle_domains);
            let host = Host::new(host, settings.client.clone(), settings.entropy.clone());
            let Ok(host) = host else {
                return Err(UnusableGate::Upstream(public_url.to_string()));
            };
            if !hosts.add(host, handle_domains) {
                return Err(UnusableGate::Twice(public_url.to_string()));
            }
        }
        let (closing, closed) = watch::channel(());
        Ok(Self {
            hosts,
            trusted_proxies: settings.trusted_proxies,
            limits: settings.limits,
            clock: settings.clock,
            health: settings.health,
            tunnels: Arc::new(Semaphore::new(settings.limits.tunnels_max)),
            closed,
            closing: Some(closing),
        })
    }

    /// Serves until `stop` resolves, then lets requests under way finish, for [`GateLimits::drain_wait`] at
    /// most. Subscriptions end at once: their clients come again with a cursor.
    pub async fn serve(mut self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let Some(closing) = self.closing.take() else {
            return;
        };
        serve::serve(Arc::new(self), closing, listener, stop).await;
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Why there can be no gate with these settings.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnusableGate {
    /// An upstream that is no http or https origin.
    #[error("the upstream of {0} must be an http or https origin")]
    Upstream(String),
    /// Two hosts under one name.
    #[error("{0} is the public URL of two hosts")]
    Twice(String),
}

#[cfg(test)]
mod tests;
