//! `source-session-status`: whether the session is good, which is one thing, and whether it may change the identity,
//! which is another (A22).

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::output::print;

use super::Migration;
use super::fault::CallFault;
use super::host::{Call, Host};
use super::reason::{Reason, explained};
use super::session::{Session, Side};

/// Asks the source for both. Fails where the session is not good.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let (host, session) = migration.signed_in(Side::Old)?;
    let call = Call::to("com.atproto.server.getSession").by(&session.access_jwt);
    let known = match host.query(&call).await {
        Ok(known) => known,
        Err(fault) => {
            print(&format!("session\t{}", told(&fault)));
            return Err(explained(&fault, Side::Old));
        }
    };
    let active = known.get("active").and_then(Value::as_bool).unwrap_or(true);
    let active = if active { "active" } else { "not active" };
    print(&format!(
        "session\tgood\t{}\t{}\t{active}",
        session.did, session.handle
    ));
    print(&format!("PLC\t{}", may_change(&host, &session).await));
    Ok(ExitCode::SUCCESS)
}

/// Asks for a signature without a code: refused in any case, and before that for whoever may not have one at all. No
/// letter is sent.
async fn may_change(host: &Host<'_>, session: &Session) -> String {
    let call = Call::to("com.atproto.identity.signPlcOperation").by(&session.access_jwt);
    match host.have_done(&call, Some(&json!({})), &[]).await {
        Ok(_) => "allowed".to_owned(),
        Err(fault) => match Reason::of(&fault) {
            Some(Reason::Scope) => {
                let advice = Reason::Scope.advice(Side::Old).unwrap_or_default();
                format!("refused: {advice}")
            }
            Some(Reason::Other) => "allowed, with the code of plc-request-token".to_owned(),
            _ => format!("unknown: {fault}"),
        },
    }
}

fn told(fault: &CallFault) -> &'static str {
    match Reason::of(fault) {
        Some(Reason::Expired) => "expired",
        Some(Reason::Revoked) => "ended",
        Some(Reason::Scope) => "good for something else",
        Some(Reason::TakenDown) => "taken down",
        Some(_) => "refused",
        None => "unknown",
    }
}
