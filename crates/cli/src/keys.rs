//! `entryway keys`: the public halves of a deployment's keys. Never a private one.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::deployment::DeploymentArguments;
use crate::output::{print, printable_json};

/// What to do with keys.
#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// Show the public keys, which PDS hosts are given. They are made where there are none yet.
    Show(ShowArguments),
}

/// Arguments of `entryway keys show`.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    deployment: DeploymentArguments,
}

/// Public keys, and what they are known by.
#[derive(Serialize)]
struct Shown {
    /// Of the key that signs access tokens: the compressed point in hexadecimal digits.
    token_key_hex: String,
    /// Its name in the key set.
    token_key_id: String,
    /// Of the key that signs operations of the PLC directory, as a did:key.
    plc_rotation_key: String,
    /// The name of the key that signs the revocation feed.
    feed_key_id: String,
    /// Of the root key: the same for each instance of a deployment, and no help in finding the key.
    root_fingerprint: Option<String>,
}

/// Does it.
pub(crate) async fn run(command: KeysCommand) -> anyhow::Result<ExitCode> {
    let KeysCommand::Show(arguments) = command;
    let deployment = arguments.deployment.open().await?;
    let keys = deployment.keys().await?;
    let fingerprint = deployment.store.root_fingerprint().await?;
    let shown = Shown {
        token_key_hex: keys.access_tokens.public_hex(),
        token_key_id: keys.access_tokens.public().thumbprint().to_string(),
        plc_rotation_key: keys.plc_rotation_did_key(),
        feed_key_id: keys.feed.kid(),
        root_fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
    };
    deployment.store.close().await;
    if arguments.json {
        print(&printable_json(&shown)?);
    } else {
        print(&shown.told());
    }
    Ok(ExitCode::SUCCESS)
}

impl Shown {
    fn told(&self) -> String {
        format!(
            "token key        {}\n                 id {}\nplc rotation key {}\nfeed key         id {}\nroot key         \
             fingerprint {}",
            self.token_key_hex,
            self.token_key_id,
            self.plc_rotation_key,
            self.feed_key_id,
            self.root_fingerprint.as_deref().unwrap_or("none"),
        )
    }
}
