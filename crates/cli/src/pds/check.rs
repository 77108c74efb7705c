//! `entryway pds check`: what keeps a PDS from delegating (C6).
//!
//! A PDS that is set up wrongly says nothing: it starts, answers, and believes nobody's tokens. So it is asked as
//! its callers would ask it, and what it answers is held against what it should.

mod ask;
mod delegation;
mod finding;
mod probe;
mod tokens;

use std::process::ExitCode;

use clap::Args;

use entryway_oauth::issuer::Issuer;
use entryway_server::fleet::HostPasswords;
use entryway_server::{Clock, Keys};
use entryway_store::PdsHost;

use super::named::{admitted, origin};
use crate::deployment::{Deployment, DeploymentArguments};
use crate::output::print;
use ask::Asker;
use finding::{Finding, Report};
use probe::Probe;

/// Arguments of `entryway pds check`.
#[derive(Args)]
pub(crate) struct CheckArguments {
    /// The public URL of one PDS, which need not be added yet. Default: every host of the fleet.
    #[arg(value_parser = origin)]
    url: Option<Issuer>,
    #[command(flatten)]
    deployment: DeploymentArguments,
}

/// Checks them one after the other; exit status 1 where something is wrong with one.
pub(super) async fn run(arguments: CheckArguments) -> anyhow::Result<ExitCode> {
    let deployment = arguments.deployment.open().await?;
    let keys = deployment.keys().await?;
    let hosts = deployment.store.pds_hosts().await?;
    let urls: Vec<Issuer> = match arguments.url {
        Some(url) => vec![url],
        None => hosts.iter().map(|host| host.url.clone()).collect(),
    };
    if urls.is_empty() {
        eprintln!("entryway: there are no PDS hosts, entryway pds add URL makes one");
    }
    let mut sound = true;
    for url in urls {
        admitted(&url, &deployment)?;
        let known = hosts.iter().find(|host| host.url == url);
        let report = checked(&deployment, &keys, &url, known).await?;
        sound &= report.is_sound();
        print(&report.to_string());
    }
    deployment.store.close().await;
    Ok(ExitCode::from(u8::from(!sound)))
}

async fn checked(
    deployment: &Deployment,
    keys: &Keys,
    url: &Issuer,
    known: Option<&PdsHost>,
) -> anyhow::Result<Report> {
    let asker = Asker::new(deployment.client()?, url.clone());
    let mut report = Report::of(url);
    let Some(described) = delegation::described(&asker, &Clock::system(), &mut report).await else {
        return Ok(report);
    };
    let settings = deployment.settings()?;
    let probe = Probe::new(settings, keys, described.did.clone())?;
    delegation::identity(known, &described, &mut report);
    delegation::handle_domains(settings, &described, &mut report);
    delegation::metadata(&asker, settings, &mut report).await;
    tokens::token_key(&asker, &probe, &mut report).await;
    tokens::service_did(&asker, &probe, &mut report).await;
    tokens::rotation_key(&asker, &probe, &deployment.store, &mut report).await?;
    if let Some(known) = known {
        let password = HostPasswords::new(&deployment.root_key).unseal(known);
        match password.and_then(|password| password.authorization()) {
            Ok(authorization) => tokens::password(&asker, &probe, authorization, &mut report).await,
            Err(_) => report.add(Finding::fault(
                "the password of its administrator cannot be opened with this root key",
                format!("give it again: entryway pds add {url}"),
            )),
        }
    }
    delegation::way_back(&asker, settings, &mut report).await;
    Ok(report)
}
