//! `entryway migrate-account`: a person moves an account from one host to another, one step a command.
//!
//! Everything here is a client of hosts that the variables name; no deployment is opened. What a step leaves is a
//! private file in one folder, so that each step can be run again, and the next one needs no token on a command line
//! (A2, A13, A27). No token and no password is ever printed (A1).

mod activity;
mod admission;
mod arguments;
mod blobs;
mod claims;
mod create;
mod curl;
mod fault;
mod folder;
mod host;
mod import;
mod log_in;
mod plc;
mod plc_change;
mod plc_difference;
mod plc_submit;
mod progress;
mod reason;
mod refresh;
mod repository;
mod service_auth;
mod session;
mod session_status;
mod status;
mod transfer;
mod variables;

use std::process::ExitCode;
use std::time::Duration;

use entryway_resource::client::{ClientSettings, HttpClient};

pub(crate) use arguments::MigrateAccountArguments;

use arguments::Step;
use folder::Folder;
use host::Host;
use session::{Session, Side};
use variables::Variables;

use crate::output::print;

/// What every step works with.
struct Migration {
    variables: Variables,
    folder: Folder,
    http: HttpClient,
    /// Whether its person said yes beforehand.
    agreed: bool,
}

impl Migration {
    /// A host that is asked with the session of its side.
    ///
    /// # Errors
    /// Which of the two is missing, or both.
    fn signed_in(&self, side: Side) -> anyhow::Result<(Host<'_>, Session)> {
        let asked = self.variables.asked();
        let (host, session) = (asked.repo_host(side), asked.session(&self.folder, side));
        asked.settled()?;
        let (Some(host), Some(session)) = (host, session) else {
            return Err(asked.faults());
        };
        Ok((Host::new(&self.http, host), session))
    }
}

/// Does a step, or prints the commands that would do it by hand (A14).
pub(crate) async fn run(arguments: MigrateAccountArguments) -> anyhow::Result<ExitCode> {
    let MigrateAccountArguments {
        step,
        folder,
        print_curl,
        yes,
    } = arguments;
    if print_curl {
        print(&curl::of(step, &folder));
        return Ok(ExitCode::SUCCESS);
    }
    let migration = Migration {
        variables: Variables::of_process(),
        folder: Folder::new(folder),
        http: HttpClient::new(ClientSettings {
            answer_wait: IMPORT_WAIT,
            ..ClientSettings::default()
        })?,
        agreed: yes,
    };
    match step {
        Step::LoginSource => log_in::to_source(&migration).await,
        Step::LoginNew => log_in::to_new(&migration).await,
        Step::SourceSessionStatus => session_status::run(&migration).await,
        Step::RefreshSession => refresh::run(&migration).await,
        Step::ServiceAuth => service_auth::run(&migration).await,
        Step::Create => create::run(&migration).await,
        Step::Import => import::run(&migration).await,
        Step::PlcRecommended => plc::recommended(&migration).await,
        Step::PlcRequestToken => plc::request_token(&migration).await,
        Step::PlcSign => plc::sign(&migration).await,
        Step::PlcSubmit => plc_submit::run(&migration).await,
        Step::Status => status::run(&migration).await,
        Step::Activate => activity::activate(&migration).await,
        Step::DeactivateSource => activity::deactivate_source(&migration).await,
    }
}

/// A host reads a whole repository before it answers that it has it.
const IMPORT_WAIT: Duration = Duration::from_mins(10);
