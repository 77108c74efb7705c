//! `create`: the account at the new host, with the DID it has (A18).

use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use entryway_identity::did::PublicKey;
use entryway_server::Clock;
use entryway_server::plc::PlcClient;

use crate::config::SecretText;
use crate::output::print;

use super::Migration;
use super::admission;
use super::fault::{CallFault, plain};
use super::host::{Call, Host};
use super::log_in::{again, keep, said};
use super::plc_change::{directory, recovery_key};
use super::progress;
use super::reason::{explained, with_advice};
use super::service_auth::{self, CREATE_ACCOUNT};
use super::session::{Session, Side, Token};

/// Makes it; it is not active before `activate`. Made already, it is signed in to.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let host = asked.login_host(Side::New);
    let old = asked.session(&migration.folder, Side::Old);
    let service = service_token(migration);
    let handle = asked.given(&["NEW_HANDLE"]).map(str::to_owned);
    let email = asked.given(&["NEW_EMAIL"]).map(str::to_owned);
    if email.is_none() && old.as_ref().is_some_and(|old| old.email.is_none()) {
        asked.text(
            &["NEW_EMAIL"],
            "the source does not say which address the account has",
        );
    }
    let plc = directory(&asked);
    let recovery = recovery_key(&asked);
    let invite = asked.secret("NEW_INVITE_CODE");
    let password = asked.needed_secret("NEW_PASSWORD", "A password for the new host: ");
    let service = match service {
        Ok(service) => Some(service),
        Err(fault) => {
            asked.fault(format!("{fault:#}"));
            None
        }
    };
    asked.settled()?;
    let (Some(host), Some(old), Some(service), Some(plc), Some(password)) =
        (host, old, service, plc, password)
    else {
        return Err(asked.faults());
    };
    let plc = PlcClient::new(migration.http.clone(), plc);
    let host = Host::new(&migration.http, host);
    let new = NewAccount {
        handle: handle.as_deref().unwrap_or(old.handle.as_str()),
        email: email.as_deref().or(old.email.as_deref()),
        password: &password.read_new()?,
        invite: invite.as_ref(),
        recovery: recovery.as_ref(),
        operation: admission::signed(migration, &plc, &old.did).await?,
    };
    let session = match ask(&host, &old, &service, &new).await {
        Ok(answer) => {
            progress::begin_anew(migration)?;
            keep(migration, Side::New, &answer)?
        }
        Err(fault) => match admission::key_wanted(&fault) {
            Some(key) => {
                admission::recommend(migration, &plc, &old.did, &key).await?;
                return Err(with_advice(&fault, ADMIT_FIRST));
            }
            // it may have been made, and the answer lost
            None => there(migration, &host, &old, new.password)
                .await
                .ok_or_else(|| refused(&fault))?,
        },
    };
    if session.did != old.did {
        migration.folder.forget(&[Side::New.file()])?;
        bail!(
            "{} made another account, {}, which is not kept",
            host.url(),
            session.did
        );
    }
    print(&said(&session, &host));
    if let Some(pds) = session
        .pds()
        .filter(|pds| Some(pds) != old.pds().as_ref() && pds != host.url().as_str())
    {
        eprintln!(
            "entryway: its repository goes to another host: export NEW_PDS={} NEW_LOGIN_PDS={}",
            plain(&pds),
            host.url()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// A session of the account, where an earlier try has made it.
async fn there(
    migration: &Migration,
    host: &Host<'_>,
    old: &Session,
    password: &SecretText,
) -> Option<Session> {
    let session = again(migration, host, old, password).await.ok()?;
    eprintln!("entryway: the account is there already");
    Some(session)
}

struct NewAccount<'a> {
    handle: &'a str,
    email: Option<&'a str>,
    password: &'a SecretText,
    invite: Option<&'a SecretText>,
    recovery: Option<&'a PublicKey>,
    /// That lets the new host change the identity.
    operation: Option<Value>,
}

async fn ask(
    host: &Host<'_>,
    old: &Session,
    service: &Token,
    new: &NewAccount<'_>,
) -> Result<Value, CallFault> {
    let mut input = json!({ "did": old.did, "handle": new.handle, "password": new.password.expose() });
    let more = [
        ("email", new.email),
        ("inviteCode", new.invite.map(SecretText::expose)),
    ];
    if let Some(input) = input.as_object_mut() {
        let given = more
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        input.extend(given);
        let recovery = new.recovery.map(PublicKey::to_did_key);
        input.extend(recovery.map(|key| ("recoveryKey".to_owned(), key.into())));
        let operation = new.operation.clone();
        input.extend(operation.map(|operation| ("plcOp".to_owned(), operation)));
    }
    let invite = new.invite.map(SecretText::expose).unwrap_or_default();
    let secrets = [new.password.expose(), invite];
    host.have_done(&Call::to(CREATE_ACCOUNT).by(service), Some(&input), &secrets)
        .await
}

fn service_token(migration: &Migration) -> anyhow::Result<Token> {
    let Some((token, claims)) = service_auth::read(migration)? else {
        let path = migration.folder.path(service_auth::FILE);
        bail!("{} is missing: service-auth writes it", path.display());
    };
    if claims.seconds_left(Clock::system().now()).is_none() {
        bail!("the service token has expired, it is good for minutes: run service-auth again");
    }
    Ok(token)
}

fn refused(fault: &CallFault) -> anyhow::Error {
    let advice = match fault.refusal() {
        Some(("UnsupportedDomain" | "InvalidHandle" | "HandleNotAvailable", _)) => {
            "set NEW_HANDLE to a handle under a domain of the new host, or to your own domain where its record names the \
             DID"
        }
        Some(("InvalidInviteCode", _)) => {
            "ask the operator of the new host for an invite code: NEW_INVITE_CODE"
        }
        Some((error, _)) if error.starts_with("BadJwt") || error == "JwtExpired" => {
            "run service-auth again, with NEW_SERVICE_DID as the DID of the host that makes the account"
        }
        _ => return explained(fault, Side::New),
    };
    with_advice(fault, advice)
}

const ADMIT_FIRST: &str = "the new host changes the identity itself, and has to be let first: plc-request-token, plc-sign \
                           (which adds that key and nothing else), then service-auth and create again";
