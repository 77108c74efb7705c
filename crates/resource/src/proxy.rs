//! The gate: a reverse proxy that lets through what is verified and permitted, in front of one PDS or
//! several.
//!
//! For each request: bytes that have one reading only ([`wire`]); the PDS whose public URL its `Host`
//! names; a target written anew from what was parsed ([`target`]); credentials, and with OAuth the
//! permission the call needs ([`admit`]); then one door to the upstream, which takes nothing but what was
//! admitted ([`forwarded`]). The answer streams back with the headers that may pass ([`answer`]).
//!
//! What it refuses to do: terminate TLS (a front does), follow redirects, decompress, buffer bodies beyond
//! the few that say which permission they need, or let a byte upstream for a request it refuses.
//!
//! Start reading at [`Gate::serve`], then [`walk`].

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
mod password;
mod paths;
mod peer;
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

pub use credentials::{IDENTITY, UpstreamCredentials};
pub use operator::{Figures, serve_operator};
pub use paths::{InvalidPagePattern, PagePattern};
pub use peer::{InvalidNetwork, Network};
pub use settings::{
    Entropy, FeedHealth, GateLimits, GateSettings, HealthSource, HostSettings, IssuerHealth, Legacy,
    Passwords,
};

use crate::Clock;
use host::Host;
use hosts::Hosts;

/// The verifying reverse proxy.
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
