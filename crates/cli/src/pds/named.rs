//! Which PDS an operator means.

use entryway_oauth::issuer::Issuer;
use entryway_scope::Did;
use entryway_store::{PdsHost, Store};

use crate::deployment::Deployment;
use crate::usage::Usage;

/// A PDS by its URL or by its DID.
#[derive(Clone, Debug)]
pub(super) enum Named {
    Url(Issuer),
    Did(Did),
}

impl Named {
    /// Reads either.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Ok(did) = Did::parse(text) {
            return Ok(Self::Did(did));
        }
        origin(text).map(Self::Url)
    }

    /// The host of this name.
    ///
    /// # Errors
    /// [`Usage`] where no host has it.
    pub(super) async fn host(&self, store: &Store) -> anyhow::Result<PdsHost> {
        let hosts = store.pds_hosts().await?;
        let named = |host: &PdsHost| match self {
            Self::Url(url) => host.url == *url,
            Self::Did(did) => host.did == *did,
        };
        let unknown = || Usage("there is no such PDS, entryway pds list lists the ones there are".to_owned());
        Ok(hosts.into_iter().find(named).ok_or_else(unknown)?)
    }
}

/// The public URL of a PDS: an origin, with or without the slash that people type after it.
pub(super) fn origin(text: &str) -> Result<Issuer, &'static str> {
    let bare = text.strip_suffix('/').unwrap_or(text);
    Issuer::parse(bare).map_err(|_| "expected the public URL of a PDS such as https://pds.my-domain.com")
}

/// Refuses a PDS that anybody on the way could be.
///
/// # Errors
/// [`Usage`] for plain http, unless the deployment is one for development.
pub(super) fn admitted(url: &Issuer, deployment: &Deployment) -> Result<(), Usage> {
    if url.is_secure() || deployment.is_for_development() {
        return Ok(());
    }
    let expected = "the PDS must be at an https URL, http takes a section [development] in the settings";
    Err(Usage(expected.to_owned()))
}
