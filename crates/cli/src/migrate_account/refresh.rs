//! `refresh-session`: fresh tokens for the sessions in the folder (A24).

use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use crate::output::print;

use super::Migration;
use super::fault::CallFault;
use super::host::{Call, Host};
use super::reason::{Reason, explained, with_advice};
use super::session::{Session, Side};

/// Refreshes those that there are.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let mut found = Vec::new();
    for side in [Side::Old, Side::New] {
        if migration.folder.path(side.file()).exists() {
            found.push((
                side,
                asked.login_host(side),
                asked.session(&migration.folder, side),
            ));
        }
    }
    if found.is_empty() {
        // which says what writes one
        asked.session(&migration.folder, Side::Old);
    }
    asked.settled()?;
    // the old one may be over for good while the new one is wanted
    let mut last = Ok(ExitCode::SUCCESS);
    for (side, host, session) in found {
        let (Some(host), Some(session)) = (host, session) else {
            return Err(asked.faults());
        };
        let host = Host::new(&migration.http, host);
        match refresh(migration, side, &host, &session).await {
            Ok(_) => print(&format!(
                "refreshed\t{}\t{}\t{}",
                side.name(),
                session.did,
                host.url()
            )),
            Err(error) if last.is_ok() => last = Err(error),
            Err(error) => eprintln!("entryway: {error:#}"),
        }
    }
    last
}

/// The session of a side with fresh tokens, for a step that takes longer than they live.
///
/// # Errors
/// A session that is over.
pub(super) async fn again(migration: &Migration, side: Side) -> anyhow::Result<Session> {
    let asked = migration.variables.asked();
    let (host, session) = (asked.login_host(side), asked.session(&migration.folder, side));
    asked.settled()?;
    let (Some(host), Some(session)) = (host, session) else {
        return Err(asked.faults());
    };
    let host = Host::new(&migration.http, host);
    refresh(migration, side, &host, &session).await
}

async fn refresh(
    migration: &Migration,
    side: Side,
    host: &Host<'_>,
    session: &Session,
) -> anyhow::Result<Session> {
    let call = Call::to("com.atproto.server.refreshSession").by(&session.refresh_jwt);
    let answer = host
        .have_done(&call, None, &[])
        .await
        .map_err(|fault| over(&fault, side))?;
    let fresh = Session::of(&answer).filter(|fresh| fresh.did == session.did);
    let Some(fresh) = fresh else {
        bail!("{} answered with another session, which is not kept", host.url());
    };
    let kept: Option<Value> = migration.folder.read(side.file())?;
    migration.folder.write(side.file(), &joined(kept, answer))?;
    Ok(fresh)
}

/// What was answered, over what was known: not every host repeats the address at each refresh.
fn joined(kept: Option<Value>, answer: Value) -> Value {
    let mut joined = kept.unwrap_or_else(|| json!({}));
    if let (Some(joined), Value::Object(answer)) = (joined.as_object_mut(), answer) {
        joined.extend(answer);
    }
    joined
}

// a refresh token that is too old is not refreshed
fn over(fault: &CallFault, side: Side) -> anyhow::Error {
    match Reason::of(fault) {
        Some(Reason::Expired | Reason::Revoked | Reason::Scope) => {
            let advice = format!("the session is over: {} begins a new one", side.log_in());
            with_advice(fault, &advice)
        }
        _ => explained(fault, side),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refresh_does_not_repeat_stays() {
        let kept = json!({"email": "a@example.com", "accessJwt": "one"});
        let joined = joined(Some(kept), json!({"accessJwt": "two"}));
        assert_eq!(joined, json!({"email": "a@example.com", "accessJwt": "two"}));
    }
}
