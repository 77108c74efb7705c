//! `activate` and `deactivate-source`: the account begins there, and only then it ends here.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use crate::output::print;

use super::Migration;
use super::host::Call;
use super::plc_submit::agreed;
use super::reason::explained;
use super::session::Side;
use super::status::AccountStatus;

/// Activates the account at the new host, once its identity points there.
pub(super) async fn activate(migration: &Migration) -> anyhow::Result<ExitCode> {
    let (host, session) = migration.signed_in(Side::New)?;
    let status = AccountStatus::of(&host, &session)
        .await
        .map_err(|fault| explained(&fault, Side::New))?;
    if status.activated {
        print("active already");
        return Ok(ExitCode::SUCCESS);
    }
    if !status.valid_did {
        bail!(
            "the identity of {} does not point to {} yet, where nobody would find the account\nentryway: plc-submit sends \
             the change that plc-sign has had signed",
            session.did,
            host.url()
        );
    }
    if status.blobs_missing() > 0 {
        eprintln!(
            "entryway: {} blobs are not there, import may bring them still",
            status.blobs_missing()
        );
    }
    let call = Call::to("com.atproto.server.activateAccount").by(&session.access_jwt);
    host.have_done(&call, None, &[])
        .await
        .map_err(|fault| explained(&fault, Side::New))?;
    print(&format!("active\t{}\t{}", session.did, host.url()));
    Ok(ExitCode::SUCCESS)
}

/// Deactivates it at the source. Never while the new host does not have it.
pub(super) async fn deactivate_source(migration: &Migration) -> anyhow::Result<ExitCode> {
    let (new, session) = migration.signed_in(Side::New)?;
    let (source, old_session) = migration.signed_in(Side::Old)?;
    let status = AccountStatus::of(&new, &session)
        .await
        .map_err(|fault| explained(&fault, Side::New))?;
    if old_session.did != session.did || !status.activated || !status.valid_did {
        bail!(
            "the account is not active at {} with its identity there: until then the source is all there is of it\n\
             entryway: status says what is missing",
            new.url()
        );
    }
    let question = format!(
        "Deactivate {} at {}? Nothing is deleted there.",
        old_session.did,
        source.url()
    );
    if !agreed(migration, &question)? {
        bail!("nothing was done");
    }
    let call = Call::to("com.atproto.server.deactivateAccount").by(&old_session.access_jwt);
    let done = source.have_done(&call, Some(&json!({})), &[]).await;
    done.map_err(|fault| explained(&fault, Side::Old))?;
    print(&format!("deactivated\t{}\t{}", old_session.did, source.url()));
    eprintln!(
        "entryway: revoke the app passwords of the source, and keep the folder until you are sure; then remove it"
    );
    Ok(ExitCode::SUCCESS)
}
