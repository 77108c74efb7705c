//! `login-source` and `login-new`: a session of each side, by password.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::config::SecretText;
use crate::output::print;
use crate::secret_input::typed;

use super::Migration;
use super::fault::{CallFault, plain};
use super::host::{Call, Host};
use super::reason::{Reason, explained, with_advice};
use super::session::{Session, Side};

/// Signs in where the account is.
pub(super) async fn to_source(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let host = asked.login_host(Side::Old);
    let identifier = asked.text(&IDENTIFIERS, "the handle or the e-mail address of the account");
    let factor = asked.secret("OLD_AUTH_FACTOR_TOKEN");
    let password = asked.needed_secret("OLD_PASSWORD", "Password at the source: ");
    asked.settled()?;
    let (Some(host), Some(identifier), Some(password)) = (host, identifier, password) else {
        return Err(asked.faults());
    };
    let host = Host::new(&migration.http, host);
    let given = Credentials {
        identifier: &identifier,
        password: &password.read()?,
        factor: factor.as_ref(),
    };
    let answer = match session(&host, &given).await {
        Err(fault)
            if Reason::of(&fault) == Some(Reason::Factor)
                && factor.is_none()
                && io::stdin().is_terminal() =>
        {
            let code = SecretText::new(&typed("Code from the letter: ")?);
            let given = Credentials {
                factor: Some(&code),
                ..given
            };
            session(&host, &given).await
        }
        answer => answer,
    };
    let answer = answer.map_err(|fault| refused(&fault, &identifier))?;
    let session = keep(migration, Side::Old, &answer)?;
    print(&said(&session, &host));
    if let Some(pds) = session.pds() {
        print(&format!("repository\t{}", plain(&pds)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Signs in at the new host, where the account was made by an earlier step.
pub(super) async fn to_new(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let host = asked.login_host(Side::New);
    let old = asked.session(&migration.folder, Side::Old);
    let password = asked.needed_secret("NEW_PASSWORD", "Password at the new host: ");
    asked.settled()?;
    let (Some(host), Some(old), Some(password)) = (host, old, password) else {
        return Err(asked.faults());
    };
    let host = Host::new(&migration.http, host);
    let session = again(migration, &host, &old, &password.read()?).await;
    let session = session.map_err(|fault| explained(&fault, Side::New))?;
    print(&said(&session, &host));
    Ok(ExitCode::SUCCESS)
}

/// A session at the new host for the account that was made there, kept.
pub(super) async fn again(
    migration: &Migration,
    host: &Host<'_>,
    old: &Session,
    password: &SecretText,
) -> Result<Session, CallFault> {
    let given = Credentials {
        identifier: old.did.as_str(),
        password,
        factor: None,
    };
    let answer = session(host, &given).await?;
    let kept = keep(migration, Side::New, &answer);
    kept.map_err(|error| CallFault::Here(format!("{error:#}")))
}

struct Credentials<'a> {
    identifier: &'a str,
    password: &'a SecretText,
    factor: Option<&'a SecretText>,
}

async fn session(host: &Host<'_>, given: &Credentials<'_>) -> Result<Value, CallFault> {
    let mut input = json!({ "identifier": given.identifier, "password": given.password.expose() });
    if let (Some(factor), Some(input)) = (given.factor, input.as_object_mut()) {
        input.insert("authFactorToken".to_owned(), factor.expose().into());
    }
    let factor = given.factor.map(SecretText::expose).unwrap_or_default();
    let call = Call::to("com.atproto.server.createSession");
    host.have_done(&call, Some(&input), &[given.password.expose(), factor])
        .await
}

/// Keeps an answer that is a session.
///
/// # Errors
/// One that is none; a folder that cannot be written to.
pub(super) fn keep(migration: &Migration, side: Side, answer: &Value) -> anyhow::Result<Session> {
    let session = Session::of(answer);
    let session =
        session.ok_or_else(|| anyhow::anyhow!("the {} host answered without a session", side.name()))?;
    migration.folder.write(side.file(), answer)?;
    let path = migration.folder.path(side.file());
    eprintln!("entryway: the session is in {}", path.display());
    Ok(session)
}

/// Who is signed in where. Not a token.
pub(super) fn said(session: &Session, host: &Host<'_>) -> String {
    format!("signed in\t{}\t{}\t{}", session.did, session.handle, host.url())
}

// A12: a host knows one of the two names, and says the same of a wrong password
fn refused(fault: &CallFault, identifier: &str) -> anyhow::Error {
    if Reason::of(fault) != Some(Reason::Login) {
        return explained(fault, Side::Old);
    }
    let other = if identifier.contains('@') {
        "handle"
    } else {
        "e-mail address"
    };
    let advice = format!(
        "where the password is right, set OLD_IDENTIFIER to the {other} of the account, or OLD_LOGIN_PDS to where it \
         signs in, and do this again. A password with $, ! or a backslash is best typed: unset OLD_PASSWORD"
    );
    with_advice(fault, &advice)
}

/// The variables that name the account, the first of which counts.
pub(super) const IDENTIFIERS: [&str; 3] = ["OLD_IDENTIFIER", "OLD_HANDLE", "HANDLE"];
