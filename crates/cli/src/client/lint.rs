//! `entryway client lint`: what is wrong with a client document, as the server would say it.

use std::process::ExitCode;

use clap::Args;

use entryway_core::policy::Policy;

use super::consent::Consent;
use super::given::Given;
use super::inspection::Inspection;
use super::report;
use crate::fetching::FetchArguments;
use crate::output::print;
use crate::usage::Usage;

/// Arguments of `entryway client lint`.
#[derive(Args)]
pub(crate) struct LintArguments {
    /// The client_id of an app, whose document is fetched, or a file with a document to be published.
    #[arg(value_name = "URL|FILE")]
    client: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    fetching: FetchArguments,
}

/// Reports; fails if there is an error among the findings.
pub(crate) async fn run(arguments: LintArguments) -> anyhow::Result<ExitCode> {
    let given = Given::read(&arguments.client).map_err(|error| {
        Usage(format!(
            "{} is neither a URL nor a file that can be read: {error}",
            arguments.client
        ))
    })?;
    let inspection = Inspection::of(given, &arguments.fetching.fetcher()?).await;
    let policy = Policy::default();
    let consent = inspection
        .client
        .as_ref()
        .map(|client| Consent::to(client, &policy));
    if arguments.json {
        print(&report::json(&inspection, consent.as_ref()));
    } else {
        print(&report::text(&inspection, consent.as_ref()));
    }
    Ok(if inspection.has_errors() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
