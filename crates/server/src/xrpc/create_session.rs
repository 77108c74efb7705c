//! `com.atproto.server.createSession`: a session for who knows a password.

use axum::body::Body;
use axum::extract::State;
use http::Request;

use entryway_core::account::Account;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::legacy_session::{Credential, Factor, SignIn, TakenDown, sign_in};
use entryway_core::password::PresentedPassword;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;

use super::session::{self, Session};
use super::{Failure, body, caller};
use crate::app::App;
use crate::credentials::{self, AppPasswords};
use crate::failure::Fault;
use crate::life::codes;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.createSession";

/// What is asked for.
struct Asked<'a> {
    identifier: &'a str,
    password: PresentedPassword,
    code: Option<&'a str>,
    taken_down: TakenDown,
}

impl<'a> Asked<'a> {
    fn read(input: &'a Input) -> Result<Self, XrpcDenial> {
        Ok(Self {
            identifier: input.required_text("identifier")?,
            code: input.text("authFactorToken")?.filter(|code| !code.is_empty()),
            taken_down: match input.flag("allowTakendown")? {
                Some(true) => TakenDown::Allow,
                Some(false) | None => TakenDown::Refuse,
            },
            // last, so that what is wrong with the request is said whatever the password is
            password: PresentedPassword::parse(input.required_text("password")?)?,
        })
    }
}

pub(super) async fn post(State(app): State<App>, request: Request<Body>) -> Result<Session, Failure> {
    let (parts, input) = body::input(request).await?;
    let asked = Asked::read(&input)?;
    let (address, now) = (caller::address(&app, &parts).await?, app.now());
    let taken = AppPasswords::Taken;
    let checked = credentials::check(&app, asked.identifier, &asked.password, taken, address).await?;
    let account = checked.account.ok_or(XrpcDenial::CredentialsWrong)?;
    let (factor, code) = match checked.credential {
        Credential::AccountPassword => factor(&app, &account, asked.code, now).await?,
        Credential::AppPassword { .. } | Credential::Wrong => (Factor::NotAsked, None),
    };
    let session = match sign_in(Some(&account), checked.credential, factor, asked.taken_down)? {
        SignIn::Begin(basis) => session::begin(&app, &account, basis, code, now).await?,
        SignIn::Challenge => {
            codes::send(&app, &account, EmailTokenPurpose::AuthFactor, address).await?;
            return Err(XrpcDenial::AuthFactorTokenRequired.into());
        }
    };
    checked.attempt.take_back(app.now()).await;
    tracing::info!(account.did = %account.did, "session begun");
    Ok(session)
}

/// How the second factor stands; and the code to use up, if it is right.
async fn factor(
    app: &App,
    account: &Account,
    presented: Option<&str>,
    now: Timestamp,
) -> Result<(Factor, Option<Digest>), Fault> {
    if !account.email_auth_factor {
        return Ok((Factor::NotAsked, None));
    }
    let Some(presented) = presented else {
        return Ok((Factor::Missing, None));
    };
    let purpose = EmailTokenPurpose::AuthFactor;
    match codes::checked(app, &account.did, purpose, presented, now).await {
        Ok(digest) => Ok((Factor::Right, Some(digest))),
        Err(Failure::Denial(denial)) => Ok((Factor::Wrong(denial), None)),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}
