//! `entryway pds env`: what a PDS has to have in its environment, by the implementation it is (C7, E1).

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use entryway_oauth::issuer::Issuer;
use entryway_scope::Did;
use entryway_server::Keys;

use super::named::{Named, admitted, origin};
use crate::deployment::{Deployment, DeploymentArguments};
use crate::output::print;
use crate::serve::settings::Settings;

/// Arguments of `entryway pds env`.
#[derive(Args)]
pub(crate) struct EnvArguments {
    /// The public URL of the PDS, which need not be added yet.
    #[arg(value_parser = origin)]
    url: Issuer,
    /// Which implementation it is.
    #[arg(long, value_enum, default_value_t = Dialect::Reference)]
    dialect: Dialect,
    #[command(flatten)]
    deployment: DeploymentArguments,
}

/// An implementation of a PDS, by how it calls its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Dialect {
    /// @atproto/pds.
    Reference,
    /// rsky-pds.
    Rsky,
    /// Aurora-Locus.
    AuroraLocus,
}

/// Prints the block, one variable on a line.
pub(super) async fn run(arguments: EnvArguments) -> anyhow::Result<ExitCode> {
    let deployment = arguments.deployment.open().await?;
    admitted(&arguments.url, &deployment)?;
    let keys = deployment.keys().await?;
    let did = known_did(&deployment, &arguments.url).await;
    let block = block(
        arguments.dialect,
        &arguments.url,
        did.as_ref(),
        &keys,
        deployment.settings()?,
    );
    deployment.store.close().await;
    print(&block);
    Ok(ExitCode::SUCCESS)
}

/// The DID it has among the hosts, if it is one.
async fn known_did(deployment: &Deployment, url: &Issuer) -> Option<Did> {
    let host = Named::Url(url.clone()).host(&deployment.store).await;
    host.ok().map(|host| host.did)
}

/// The block in a dialect; lines that begin with `#` are for people.
pub(super) fn block(
    dialect: Dialect,
    url: &Issuer,
    did: Option<&Did>,
    keys: &Keys,
    settings: &Settings,
) -> String {
    let mut lines = vec![format!("# {url} delegates its login to {}", settings.issuer)];
    let mut add = |name: &str, value: &str| lines.push(format!("{name}={value}"));
    add("PDS_ENTRYWAY_URL", settings.issuer.as_str());
    add("PDS_ENTRYWAY_DID", settings.service_did.as_str());
    let key = keys.access_tokens.public_hex();
    match dialect {
        Dialect::Reference => {
            add("PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX", &key);
            add("PDS_ENTRYWAY_PLC_ROTATION_KEY", &keys.plc_rotation_did_key());
        }
        Dialect::Rsky => {
            add("PDS_OAUTH_AUTHORIZATION_SERVER", settings.issuer.as_str());
            add("PDS_ENTRYWAY_JWT_PUBLIC_KEY_HEX", &key);
            add("PDS_ENTRYWAY_PLC_ROTATION_KEY", &keys.plc_rotation_did_key());
        }
        Dialect::AuroraLocus => {
            add("PDS_ENTRYWAY_JWT_PUBLIC_KEY_HEX", &key);
            lines.push("# and PDS_ENTRYWAY_ADMIN_TOKEN: a token whose hash is among [[admin]]".to_owned());
        }
    }
    let mut add = |name: &str, value: &str| lines.push(format!("{name}={value}"));
    let domains: Vec<&str> = settings.handles.domains.iter().collect();
    add("PDS_SERVICE_HANDLE_DOMAINS", &domains.join(","));
    add("PDS_DID_PLC_URL", settings.plc_url.as_str().trim_end_matches('/'));
    add("PDS_HOSTNAME", url.host());
    if let Some((_, port)) = url.as_str().rsplit_once(':')
        && !url.is_secure()
        && port.parse::<u16>().is_ok()
    {
        add("PDS_PORT", port);
    }
    if let Some(did) = did {
        add("PDS_SERVICE_DID", did.as_str());
    }
    if !url.is_secure() || !settings.issuer.is_secure() {
        add("PDS_DEV_MODE", "true");
    }
    lines.join("\n")
}
