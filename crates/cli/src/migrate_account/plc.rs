//! `plc-recommended`, `plc-request-token` and `plc-sign`: up to an operation that is signed, and not sent (A19, A20, A21).

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use entryway_identity::plc::Operation;
use entryway_server::plc::PlcClient;

use crate::config::SecretText;
use crate::output::print;

use super::Migration;
use super::fault::CallFault;
use super::host::{Call, Host};
use super::plc_change::{RECOMMENDED, Recommended, directory, in_a_directory, newest, recovery_key};
use super::plc_difference::Difference;
use super::plc_submit::{SIGNED, endpoint_is_new};
use super::reason::{explained, with_advice};
use super::session::{Session, Side};

/// Asks the new host, and shows it.
pub(super) async fn recommended(migration: &Migration) -> anyhow::Result<ExitCode> {
    let (host, session) = migration.signed_in(Side::New)?;
    let call = Call::to("com.atproto.identity.getRecommendedDidCredentials").by(&session.access_jwt);
    let answer = host
        .query(&call)
        .await
        .map_err(|fault| explained(&fault, Side::New))?;
    let recommended = Recommended::deserialize(&answer);
    let recommended = recommended.map_err(|_| anyhow!("{} recommends what is no identity", host.url()))?;
    migration.folder.write(RECOMMENDED, &answer)?;
    // nothing of it is a secret
    print(&crate::output::printable_json(&recommended)?);
    eprintln!(
        "entryway: it is in {}",
        migration.folder.path(RECOMMENDED).display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Has a letter sent, or takes the code from an answer that has it.
pub(super) async fn request_token(migration: &Migration) -> anyhow::Result<ExitCode> {
    let (host, session) = migration.signed_in(Side::Old)?;
    in_a_directory(&session.did)?;
    let call = Call::to("com.atproto.identity.requestPlcOperationSignature").by(&session.access_jwt);
    let answer = host
        .have_done(&call, None, &[])
        .await
        .map_err(|fault| explained(&fault, Side::Old))?;
    // one of before is good no more
    migration.folder.forget(&[TOKEN])?;
    if answer.get("token").is_some_and(Value::is_string) {
        migration.folder.write(TOKEN, &answer)?;
        print(&format!(
            "the code is in {}",
            migration.folder.path(TOKEN).display()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    print("a code is on its way by letter");
    eprintln!("entryway: plc-sign asks for it; or read -rs PLC_TOKEN; export PLC_TOKEN");
    Ok(ExitCode::SUCCESS)
}

/// Has the change signed, looks whether it is the one that was asked for, and shows it.
pub(super) async fn sign(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let source = asked.repo_host(Side::Old);
    let new = asked.repo_host(Side::New);
    let session = asked.session(&migration.folder, Side::Old);
    let plc = directory(&asked);
    let recovery = recovery_key(&asked);
    let recommended = Recommended::read(migration);
    if let Err(fault) = &recommended {
        asked.fault(format!("{fault:#}"));
    }
    let mailed = mailed(migration)?;
    let token = match mailed {
        Some(token) if asked.secret("PLC_TOKEN").is_none() => Some(super::variables::Needed::Given(token)),
        _ => asked.needed_secret("PLC_TOKEN", "Code from the letter: "),
    };
    asked.settled()?;
    let (Some(source), Some(new), Some(session), Some(plc), Some(token)) = (source, new, session, plc, token)
    else {
        return Err(asked.faults());
    };
    in_a_directory(&session.did)?;
    let plc = PlcClient::new(migration.http.clone(), plc);
    let (last, now) = newest(&plc, &session.did).await?;
    let recommended = recommended?.under(recovery.as_ref());
    let wanted = recommended.applied_to(&now)?;
    // before the code is spent
    if !recommended.moves_nothing() {
        endpoint_is_new(&wanted, &new)?;
    }
    let difference = Difference::between(&now, &wanted);
    if difference.is_nothing() {
        print("the identity says all of it already: nothing is to be signed");
        return Ok(ExitCode::SUCCESS);
    }
    let source = Host::new(&migration.http, source);
    let answer = signed(&source, &session, &json!(wanted), &token.read()?).await?;
    let operation = answer
        .get("operation")
        .cloned()
        .map(serde_json::from_value::<Operation>);
    let Some(Ok(operation)) = operation else {
        bail!("{} answered with no operation", source.url());
    };
    if operation.data() != Some(&wanted) || operation.prev() != Some(last.as_str()) {
        bail!(
            "{} signed another change than the one that was asked for, which is not kept",
            source.url()
        );
    }
    if operation.signer(&now.rotation_keys).is_err() {
        bail!(
            "{} signed with a key that may not change this identity any more",
            source.url()
        );
    }
    migration.folder.write(SIGNED, &answer)?;
    migration.folder.forget(&[TOKEN])?;
    print(&difference.to_string());
    let sender = if recommended.moves_nothing() {
        "create"
    } else {
        "plc-submit"
    };
    eprintln!(
        "entryway: signed, and not sent: it is in {}, and {sender} sends it",
        migration.folder.path(SIGNED).display()
    );
    Ok(ExitCode::SUCCESS)
}

async fn signed(
    source: &Host<'_>,
    session: &Session,
    wanted: &Value,
    token: &SecretText,
) -> anyhow::Result<Value> {
    let mut input = wanted.clone();
    if let Some(input) = input.as_object_mut() {
        input.insert("token".to_owned(), token.expose().into());
    }
    let call = Call::to("com.atproto.identity.signPlcOperation").by(&session.access_jwt);
    match source.have_done(&call, Some(&input), &[token.expose()]).await {
        Ok(answer) => Ok(answer),
        Err(fault) => Err(refused(source, session, &fault).await),
    }
}

/// One name of a refusal is for the session and for the code: whether the session is good says which it is.
async fn refused(source: &Host<'_>, session: &Session, fault: &CallFault) -> anyhow::Error {
    let is_of_a_token = fault
        .refusal()
        .is_some_and(|(error, _)| matches!(error, "ExpiredToken" | "InvalidToken"));
    let says_scope = fault
        .refusal()
        .is_some_and(|(_, message)| message.contains("scope"));
    let call = Call::to("com.atproto.server.getSession").by(&session.access_jwt);
    if is_of_a_token && !says_scope && source.query(&call).await.is_ok() {
        let advice = "the code is spent, too old or mistyped: plc-request-token sends another one";
        return with_advice(fault, advice);
    }
    explained(fault, Side::Old)
}

/// The code that an answer had.
fn mailed(migration: &Migration) -> anyhow::Result<Option<SecretText>> {
    let answer: Option<Value> = migration.folder.read(TOKEN)?;
    let token = answer.as_ref().and_then(|answer| answer.get("token")?.as_str());
    Ok(token.map(SecretText::new))
}

/// Where the code is, where the source answers with it.
const TOKEN: &str = "plc_token.json";
