//! The ports of `dev`, all bound before anything is opened, and what they are known as.

use anyhow::Context as _;

use entryway_oauth::issuer::Issuer;
use entryway_sandbox::lab::{Listeners, Ports};
use entryway_sandbox::loopback::Loopback;

use super::greeting::Behind;
use super::origins::Origins;

/// Everything that `dev` listens on.
pub(super) struct Sockets {
    pub(super) login: Loopback,
    /// Its origin, or that of the front before it.
    pub(super) issuer: Issuer,
    pub(super) sandbox: Listeners,
    pub(super) demo: Loopback,
}

impl Sockets {
    /// Binds the login's port and the ones after it where they are free; all are the system's choice if 0 is
    /// asked for.
    pub(super) async fn bind(asked: u16, origins: Origins) -> anyhow::Result<Self> {
        let login = Loopback::bind(asked).await.context("the login cannot listen")?;
        let after = |step: u16| match asked {
            0 => 0,
            _ => free(login.port().checked_add(step)),
        };
        let ports = Ports {
            pds: after(1),
            plc: after(2),
            mailbox: after(3),
        };
        let sandbox = Listeners::bind(ports)
            .await
            .context("the sandbox cannot listen")?;
        let demo = Loopback::bind(after(4))
            .await
            .context("the demo app cannot listen")?;
        Ok(Self {
            issuer: match origins.login {
                Some(front) => front,
                None => Issuer::parse(&login.origin())?,
            },
            sandbox: match origins.pds {
                Some(front) => sandbox.behind(front),
                None => sandbox,
            },
            login,
            demo,
        })
    }

    /// Where the services listen that have other names than their ports.
    pub(super) fn behind(&self) -> Option<Behind> {
        let behind = Behind {
            issuer: self.login.origin(),
            pds: self.sandbox.pds_here(),
        };
        let fronted = behind.issuer != self.issuer.as_str() || behind.pds != self.sandbox.pds_url();
        fronted.then_some(behind)
    }
}

/// The port if nobody has it, else 0.
fn free(port: Option<u16>) -> u16 {
    let is_free = |port: &u16| std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, *port)).is_ok();
    port.filter(is_free).unwrap_or(0)
}
