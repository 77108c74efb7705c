//! `entryway client trust`, `trusted` and `distrust`: the operator's word for an app.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use entryway_oauth::client::Client;
use entryway_oauth::client_id::{ClientId, ClientIdKind};
use entryway_oauth::redirect::{RedirectKind, RedirectUri};
use entryway_server::Clock;
use entryway_server::pages::untrusted::Untrusted;
use entryway_store::{Distrust, ListedClient, Logo, TrustedClient};

use super::given::{Given, read_file};
use super::inspection::Inspection;
use super::{logo, report};
use crate::database::DatabaseArguments;
use crate::fetching::FetchArguments;
use crate::output::print;
use crate::usage::Usage;

/// Arguments of `entryway client trust`.
#[derive(Args)]
pub(crate) struct TrustArguments {
    /// The client_id of the app: the URL of its document.
    client_id: String,
    /// The name to show. Default: the `client_name` of the document.
    #[arg(long)]
    name: Option<String>,
    /// Say that it is an app of this service itself.
    #[arg(long)]
    first_party: bool,
    /// The logo to show, PNG, JPEG or WebP. Default: what the `logo_uri` of the document leads to now.
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    fetching: FetchArguments,
}

/// Arguments of `entryway client distrust`.
#[derive(Args)]
pub(crate) struct DistrustArguments {
    /// The client_id of the app.
    client_id: String,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Stands by a client whose document has no error. What it is shown as is settled now: a document that
/// changes later changes neither name nor logo.
pub(crate) async fn trust(arguments: TrustArguments) -> anyhow::Result<ExitCode> {
    let client_id = published(&arguments.client_id)?;
    let chosen_logo = arguments.logo.as_deref().map(logo_file).transpose()?;
    let store = arguments.database.open().await?;
    let given = Given::Identifier(arguments.client_id);
    let inspection = Inspection::of(given, &arguments.fetching.fetcher()?).await;
    if !inspection.remarks.is_empty() {
        eprintln!("{}", report::remarks(&inspection.remarks));
    }
    let Some(client) = inspection.client else {
        bail!("the app is not trusted as long as there are errors");
    };
    let name = name(arguments.name, &client)?;
    let shown = TrustedClient {
        client_id,
        name,
        first_party: arguments.first_party,
        logo: chosen_logo.or(inspection.logo),
    };
    let said = line(
        &shown.client_id,
        &shown.name,
        shown.first_party,
        shown.logo.is_some(),
    );
    store.trust_client(shown, Clock::system().now()).await?;
    store.close().await;
    if can_be_posed_as(&client) {
        eprintln!("{POSED_AS}");
    }
    print(&format!("trusted: {said}"));
    Ok(ExitCode::SUCCESS)
}

/// Lists the clients the operator stands by.
pub(crate) async fn trusted(arguments: DatabaseArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.open().await?;
    let clients = store.trusted_clients().await?;
    store.close().await;
    if clients.is_empty() {
        print("no client is trusted");
    }
    for ListedClient { client_id, trust, .. } in &clients {
        print(&line(client_id, &trust.name, trust.first_party, trust.has_logo));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether an answer to the app may reach another program on the person's device (RFC 8252 section 8.6).
fn can_be_posed_as(client: &Client) -> bool {
    let is_on_the_web = |uri: &RedirectUri| uri.kind() == RedirectKind::Web;
    !client.is_confidential() && !client.redirect_uris.iter().all(is_on_the_web)
}

/// What trust does not do for such an app.
const POSED_AS: &str = "note: name and logo are shown, but consent is asked every time an answer goes to a redirect URI \
                        that is not https, for any program on the device can pose as the app there";

/// Takes the operator's word back. What accounts granted the client stays.
pub(crate) async fn distrust(arguments: DistrustArguments) -> anyhow::Result<ExitCode> {
    let client_id = ClientId::parse(&arguments.client_id).map_err(|denial| Usage(denial.to_string()))?;
    let store = arguments.database.open().await?;
    let outcome = store.distrust_client(&client_id).await?;
    store.close().await;
    match outcome {
        Distrust::Distrusted => print(&format!("no longer trusted: {client_id}")),
        Distrust::Unknown => {
            bail!("{client_id} is not trusted, entryway client trusted lists the ones that are")
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Anybody can be `http://localhost`, so nobody can vouch for it.
fn published(client_id: &str) -> Result<ClientId, Usage> {
    let id = ClientId::parse(client_id).map_err(|denial| Usage(denial.to_string()))?;
    if id.kind() == ClientIdKind::Loopback {
        return Err(Usage(
            "client_id must be the URL of a document, http://localhost is everybody's".to_owned(),
        ));
    }
    Ok(id)
}

/// The name to show: one line of what can be seen.
fn name(chosen: Option<String>, client: &Client) -> Result<String, Usage> {
    let Some(name) = chosen.or_else(|| client.presentation.name.clone()) else {
        return Err(Usage(
            "--name NAME is required, since the document has no client_name to show".to_owned(),
        ));
    };
    let name = name.trim();
    let visible = Untrusted(name).to_string() == name;
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !visible {
        return Err(Usage(
            "--name needs 1 to 100 visible characters, such as \"Example App\"".to_owned(),
        ));
    }
    Ok(name.to_owned())
}

fn logo_file(path: &Path) -> Result<Logo, Usage> {
    let refuse = |reason: &dyn std::fmt::Display| Usage(format!("--logo {} {reason}", path.display()));
    let bytes =
        read_file(path, logo::BYTES_MAX).map_err(|error| refuse(&format!("cannot be read: {error}")))?;
    logo::read(bytes).map_err(|reason| refuse(&reason))
}

fn line(client_id: &ClientId, name: &str, first_party: bool, has_logo: bool) -> String {
    let first_party = if first_party { ", first-party" } else { "" };
    let logo = if has_logo { "with a logo" } else { "without a logo" };
    format!("{client_id} as {}{first_party}, {logo}", Untrusted(name))
}

/// As many as a document's `client_name` may have.
const NAME_CHARS_MAX: usize = 100;
