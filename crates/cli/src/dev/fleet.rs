//! The fleet of `dev`: the sandbox's PDS is its one host.

use anyhow::bail;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_scope::Did;
use entryway_server::App;
use entryway_server::fleet::HostPasswords;
use entryway_store::{HostAddition, HostRemoval, HostState, PdsHost};

/// The password of the administrator of the sandbox's PDS: the same for one data directory.
pub(super) fn admin_password(root: &ServerKey) -> String {
    URL_SAFE_NO_PAD.encode(root.derive("sandbox pds admin password").expose())
}

/// Makes the sandbox's PDS a host, and what it was called in earlier runs none. To be done once no account lives
/// there any more; another host that was added stays.
pub(super) async fn register(app: &App, (did, url): (Did, Issuer), root: &ServerKey) -> anyhow::Result<()> {
    let (passwords, password) = (HostPasswords::new(root), admin_password(root));
    let store = app.store();
    for host in store.pds_hosts().await? {
        let is_sandbox = passwords.unseal(&host)?.expose() == password.as_bytes();
        if is_sandbox && (&host.did, &host.url) != (&did, &url) {
            // a sign-up that stopped half-way may hold it; nobody new is to go there
            if store.remove_pds_host(&host.did).await? != HostRemoval::Removed {
                store.drain_pds_host(&host.did).await?;
            }
        }
    }
    join(app, (did, url), root, &password).await
}

/// Makes the PDS a host with this password of its administrator, unless it is one already.
pub(super) async fn join(
    app: &App,
    (did, url): (Did, Issuer),
    root: &ServerKey,
    password: &str,
) -> anyhow::Result<()> {
    let store = app.store();
    let host = PdsHost {
        sealed_password: HostPasswords::new(root).seal(&did, password)?,
        did,
        url,
        state: HostState::Open,
        added_at: app.now(),
    };
    match store.add_pds_host(&host).await? {
        HostAddition::Added => Ok(()),
        HostAddition::DidTaken
            if store
                .pds_host(&host.did)
                .await?
                .is_some_and(|known| known.url == host.url) =>
        {
            Ok(())
        }
        HostAddition::DidTaken | HostAddition::UrlTaken => bail!(
            "the database has another PDS host of this name: give the --data-dir it was made with, or an empty \
             database"
        ),
    }
}
