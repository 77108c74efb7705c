//! `plc-submit`: the signed operation is shown, asked about, and sent (A21).

use std::io::{self, BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::json;

use entryway_identity::plc::{Operation, PlcData};
use entryway_oauth::issuer::Issuer;
use entryway_server::plc::PlcClient;

use crate::output::print;
use crate::usage::Usage;

use super::Migration;
use super::fault::plain;
use super::host::{Call, Host};
use super::plc_change::{directory, in_a_directory, newest};
use super::plc_difference::Difference;
use super::reason::explained;
use super::session::Side;

/// Where the signed operation is.
pub(super) const SIGNED: &str = "plc_signed_operation.json";

/// What it has.
#[derive(Deserialize)]
pub(super) struct Signed {
    operation: Operation,
}

impl Signed {
    /// The operation, where one is signed.
    ///
    /// # Errors
    /// A file that has none.
    pub(super) fn read(migration: &Migration) -> anyhow::Result<Option<Operation>> {
        let signed: Option<Self> = migration.folder.read(SIGNED)?;
        Ok(signed.map(|signed| signed.operation))
    }
}

/// Sends it by way of the new host, which looks whether it may keep the account then.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let new = asked.repo_host(Side::New);
    let session = asked.session(&migration.folder, Side::New);
    let plc = directory(&asked);
    let signed = Signed::read(migration)?;
    if signed.is_none() {
        let path = migration.folder.path(SIGNED);
        asked.fault(format!("{} is missing: plc-sign writes it", path.display()));
    }
    asked.settled()?;
    let (Some(new), Some(session), Some(plc), Some(operation)) = (new, session, plc, signed) else {
        return Err(asked.faults());
    };
    in_a_directory(&session.did)?;
    let Some(after) = operation.data() else {
        bail!("{SIGNED} would end the identity, and is not sent");
    };
    endpoint_is_new(after, &new)?;
    let plc = PlcClient::new(migration.http.clone(), plc);
    let (last, now) = newest(&plc, &session.did).await?;
    if last == operation.cid().to_string() {
        print("sent already: it is the newest operation of the identity");
        return Ok(ExitCode::SUCCESS);
    }
    if operation.prev() != Some(last.as_str()) {
        bail!("the identity has changed since this was signed: plc-request-token and plc-sign again");
    }
    print(&Difference::between(&now, after).to_string());
    if !agreed(migration, &format!("Change {} so?", session.did))? {
        bail!("nothing was sent");
    }
    let host = Host::new(&migration.http, new);
    let call = Call::to("com.atproto.identity.submitPlcOperation").by(&session.access_jwt);
    let sent = host
        .have_done(&call, Some(&json!({ "operation": operation })), &[])
        .await;
    if let Err(fault) = sent {
        // it may have been taken before the answer was lost
        return match newest(&plc, &session.did).await {
            Ok((last, _)) if last == operation.cid().to_string() => {
                eprintln!("entryway: {fault}");
                print("sent: it is the newest operation of the identity");
                Ok(ExitCode::SUCCESS)
            }
            _ => Err(explained(&fault, Side::New)),
        };
    }
    print(&format!("sent\t{}\t{}", session.did, host.url()));
    Ok(ExitCode::SUCCESS)
}

/// Whether an identity will point to the new host.
///
/// # Errors
/// Where it will not: nobody would find the account.
pub(super) fn endpoint_is_new(after: &PlcData, new: &Issuer) -> anyhow::Result<()> {
    match after.pds_endpoint() {
        Some(endpoint) if endpoint == new.as_str() => Ok(()),
        endpoint => bail!(
            "services.atproto_pds.endpoint would be {}, and not NEW_PDS, {new}: where an entryway stands before the host, \
             NEW_PDS is the host, and NEW_LOGIN_PDS the entryway",
            plain(endpoint.unwrap_or("nothing"))
        ),
    }
}

/// Whether somebody says yes, or said so beforehand.
///
/// # Errors
/// [`Usage`] where there is nobody to ask.
pub(super) fn agreed(migration: &Migration, question: &str) -> anyhow::Result<bool> {
    if migration.agreed {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        let missing = "--yes is required, since there is no terminal to ask";
        return Err(Usage(missing.to_owned()).into());
    }
    eprint!("{question} Type yes: ");
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context("the terminal cannot be read")?;
    Ok(line.trim() == "yes")
}
