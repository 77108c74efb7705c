//! `entryway pds add`: a PDS becomes one of the fleet.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;

use entryway_oauth::issuer::Issuer;
use entryway_scope::Did;
use entryway_server::Clock;
use entryway_server::fleet::HostPasswords;
use entryway_server::pds::{PdsClient, PdsFault, ServerDescription};
use entryway_store::{HostAddition, HostState, PdsHost, Store};

use super::named::{admitted, origin};
use crate::config::is_placeholder;
use crate::deployment::{Deployment, DeploymentArguments};
use crate::output::print;
use crate::secret_input::{given, typed};
use crate::usage::Usage;

/// Arguments of `entryway pds add`.
#[derive(Args)]
pub(crate) struct AddArguments {
    /// The public URL of the PDS, such as https://pds.my-domain.com.
    #[arg(value_parser = origin)]
    url: Issuer,
    /// A file that holds the password of its administrator, PDS_ADMIN_PASSWORD, on its only line.
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
    /// Read the password from standard input, on its only line.
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    deployment: DeploymentArguments,
}

/// Asks the PDS who it is and whether the password is its administrator's, and keeps both.
pub(super) async fn run(arguments: AddArguments) -> anyhow::Result<ExitCode> {
    let deployment = arguments.deployment.open().await?;
    admitted(&arguments.url, &deployment)?;
    // whose root key seals it
    deployment.keys().await?;
    let password = password(&arguments)?;
    let pds = PdsClient::new(deployment.client()?, arguments.url.clone());
    let described = asked(&pds).await?;
    try_password(&pds, &password, &described.did).await?;
    let said = keep(&deployment, arguments.url, &described.did, &password).await?;
    deployment.store.close().await;
    print(&said);
    Ok(ExitCode::SUCCESS)
}

fn password(arguments: &AddArguments) -> anyhow::Result<String> {
    let password = match given(arguments.password_file.as_deref(), arguments.password_stdin)? {
        Some((password, _)) => password,
        None if io::stdin().is_terminal() => typed("Password of the administrator of the PDS: ")?,
        None => {
            let missing =
                "--password-file or --password-stdin is required, since there is no terminal to ask";
            return Err(Usage(missing.to_owned()).into());
        }
    };
    if password.is_empty() || is_placeholder(&password) {
        let expected = "the password must be the PDS_ADMIN_PASSWORD of the PDS, and no placeholder";
        return Err(Usage(expected.to_owned()).into());
    }
    Ok(password)
}

async fn asked(pds: &PdsClient) -> anyhow::Result<ServerDescription> {
    let described = pds.describe_server().await;
    described.map_err(|fault| anyhow!("{} is no PDS that can be asked: {}", pds.url(), chain(&fault)))
}

/// Asks something that only an administrator may ask and that changes nothing.
async fn try_password(pds: &PdsClient, password: &str, did: &Did) -> anyhow::Result<()> {
    match pds.as_admin(password.as_bytes()).subject_status(did).await {
        Err(PdsFault::Refused {
            status: 401 | 403, ..
        }) => bail!(
            "{} does not take the password: it must be the PDS_ADMIN_PASSWORD of that PDS",
            pds.url()
        ),
        // refused for what was asked, and not for who asked
        Ok(_) | Err(PdsFault::Refused { .. }) => Ok(()),
        Err(fault) => bail!("whether the password is right cannot be known: {}", chain(&fault)),
    }
}

async fn keep(deployment: &Deployment, url: Issuer, did: &Did, password: &str) -> anyhow::Result<String> {
    let sealed = HostPasswords::new(&deployment.root_key).seal(did, password);
    let host = PdsHost {
        did: did.clone(),
        url,
        sealed_password: sealed.map_err(|fault| anyhow!("{fault:#}"))?,
        state: HostState::Open,
        added_at: Clock::system().now(),
    };
    let store = &deployment.store;
    match store.add_pds_host(&host).await? {
        HostAddition::Added => {
            eprintln!(
                "entryway: give the PDS what entryway pds env {0} prints, restart it, and see whether entryway pds \
                 check {0} finds a fault",
                host.url
            );
            Ok(format!("added: {} at {}", host.did, host.url))
        }
        HostAddition::DidTaken => replace(store, &host).await,
        HostAddition::UrlTaken => bail!(
            "the PDS at {} had another DID before: remove that one first, entryway pds list shows it",
            host.url
        ),
    }
}

/// The same PDS again: only its password may be another one.
async fn replace(store: &Store, host: &PdsHost) -> anyhow::Result<String> {
    let known = store.pds_host(&host.did).await?;
    match known {
        Some(known) if known.url != host.url => bail!(
            "{} is a PDS at {} already: two URLs of one PDS are none",
            host.did,
            known.url
        ),
        _ => {}
    }
    store
        .replace_pds_password(&host.did, &host.sealed_password)
        .await?;
    Ok(format!("its password is replaced: {} at {}", host.did, host.url))
}

/// A fault with its causes.
fn chain(fault: &PdsFault) -> String {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
