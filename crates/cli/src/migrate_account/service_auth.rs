//! `service-auth`: the source's word for the new host that its account is coming (A7, A8, A17).

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde::Deserialize;

use entryway_oauth::issuer::Issuer;
use entryway_scope::Did;
use entryway_server::Clock;

use crate::output::print;
use crate::usage::Usage;

use super::Migration;
use super::claims::ServiceClaims;
use super::fault::{CallFault, plain};
use super::host::{Call, Host};
use super::reason::explained;
use super::session::{Session, Side, Token};

/// The method it is good for.
pub(super) const CREATE_ACCOUNT: &str = "com.atproto.server.createAccount";
/// Where it is kept.
pub(super) const FILE: &str = "service_auth_create_account.json";

/// Gets it, and shows what it says.
pub(super) async fn run(migration: &Migration) -> anyhow::Result<ExitCode> {
    let asked = migration.variables.asked();
    let source = asked.repo_host(Side::Old);
    let login = asked.login_host(Side::New);
    let audience = asked.given(&["NEW_SERVICE_DID"]).map(str::to_owned);
    let session = asked.session(&migration.folder, Side::Old);
    asked.settled()?;
    let (Some(source), Some(login), Some(session)) = (source, login, session) else {
        return Err(asked.faults());
    };
    let audience = match audience {
        Some(given) => audience_given(migration, &given).await?,
        None => asked_of(migration, login).await?,
    };
    let host = Host::new(&migration.http, source);
    let answer = wanted(&host, &session, &audience).await?;
    migration.folder.write(FILE, &answer)?;
    eprintln!(
        "entryway: the token is in {}",
        migration.folder.path(FILE).display()
    );
    let Some((_, claims)) = read(migration)? else {
        bail!("{} answered with no token", host.url());
    };
    if claims.iss != session.did.as_str() || claims.aud != audience.as_str() {
        bail!(
            "{} gave a token for something else, with aud {}",
            host.url(),
            plain(&claims.aud)
        );
    }
    let left = claims.seconds_left(Clock::system().now()).unwrap_or_default();
    let method = plain(claims.lxm.as_deref().unwrap_or("any method"));
    print(&format!(
        "service token\t{}\taud {}\t{method}\t{left} seconds",
        session.did, audience
    ));
    Ok(ExitCode::SUCCESS)
}

/// The token in the folder, with what it says.
///
/// # Errors
/// A file that has none.
pub(super) fn read(migration: &Migration) -> anyhow::Result<Option<(Token, ServiceClaims)>> {
    #[derive(Deserialize)]
    struct Answer {
        token: Token,
    }
    let Some(Answer { token }) = migration.folder.read(FILE)? else {
        return Ok(None);
    };
    let claims = ServiceClaims::of(&token);
    let claims = claims.ok_or_else(|| anyhow!("the token in {FILE} is none: run service-auth again"))?;
    Ok(Some((token, claims)))
}

async fn wanted(host: &Host<'_>, session: &Session, audience: &Did) -> anyhow::Result<serde_json::Value> {
    let ends = Clock::system()
        .now()
        .seconds()
        .saturating_add(TOKEN_SECONDS)
        .to_string();
    let wanted = [("aud", audience.as_str()), ("lxm", CREATE_ACCOUNT)];
    let method = "com.atproto.server.getServiceAuth";
    let call = Call::to(method)
        .asking(wanted.into_iter().chain([("exp", ends.as_str())]))
        .by(&session.access_jwt);
    let answer = match host.query(&call).await {
        // clocks differ: its own time has to do
        Err(fault) if fault.refusal().is_some_and(|(error, _)| error == "BadExpiration") => {
            host.query(&Call::to(method).asking(wanted).by(&session.access_jwt))
                .await
        }
        answer => answer,
    };
    answer.map_err(|fault| explained(&fault, Side::Old))
}

// A8
async fn audience_given(migration: &Migration, given: &str) -> anyhow::Result<Did> {
    if let Ok(did) = Did::parse(given) {
        return Ok(did);
    }
    let expected = "NEW_SERVICE_DID must be a DID, and not a URL: no PDS takes a token for a URL";
    let Ok(url) = Issuer::parse(given.trim_end_matches('/')) else {
        return Err(Usage("NEW_SERVICE_DID must be a DID such as did:web:pds.example.com".to_owned()).into());
    };
    let said = match Host::new(&migration.http, url).did().await {
        Ok(did) => format!("{expected}. That of {} is {did}", plain(given)),
        Err(fault) => format!(
            "{expected}; which one {} has cannot be known: {fault}",
            plain(given)
        ),
    };
    Err(Usage(said).into())
}

async fn asked_of(migration: &Migration, login: Issuer) -> anyhow::Result<Did> {
    let host = Host::new(&migration.http, login);
    let did = host.did().await;
    did.map_err(|fault: CallFault| {
        anyhow!("{fault}\nentryway: set NEW_SERVICE_DID, or NEW_LOGIN_PDS to another host")
    })
}

/// For somebody who types, and waits for a letter in between. Hosts give an hour at most.
const TOKEN_SECONDS: i64 = 15 * 60;
