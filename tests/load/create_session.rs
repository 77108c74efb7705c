//! `com.atproto.server.createSession`: nearly all of it is the password's hash, which is slow on purpose.
//!
//! With the account's password that is argon2id here and scrypt at the reference, each as costly as its makers chose;
//! so it says what a sign-in costs, not whose server is better. Failed sign-ins alone are limited, and none fails here.

use anyhow::Context as _;
use async_trait::async_trait;
use axum::body::Body;
use entryway_tests::Reply;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::drive::{Caller, Callers};
use crate::line::{Failure, Line};
use crate::target::{Account, Target};

/// Which password is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Password {
    Own,
    App,
}

struct SignIn {
    input: String,
}

/// As many people as connections.
pub(crate) async fn callers(
    target: &Target,
    connections: usize,
    password: Password,
) -> anyhow::Result<Callers> {
    let mut line = Line::to(target.address);
    let mut inputs = Vec::new();
    for account in &target.accounts {
        let given = match password {
            Password::Own => account.password.clone(),
            Password::App => app_password(&mut line, account, inputs.len()).await?,
        };
        inputs.push(json!({ "identifier": account.handle, "password": given }).to_string());
    }
    let sign_ins = inputs.into_iter().cycle().take(connections);
    Ok(sign_ins
        .map(|input| -> Box<dyn Caller> { Box::new(SignIn { input }) })
        .collect())
}

async fn app_password(line: &mut Line, account: &Account, number: usize) -> anyhow::Result<String> {
    let input = json!({ "identifier": account.handle, "password": account.password });
    let session = call(line, "createSession", None, input.to_string()).await?;
    let session: Value = serde_json::from_slice(&session.body)?;
    let token = session["accessJwt"].as_str().context("a token")?;
    let name = format!("load-{number}-{}", crate::signer::random_text()?);
    let input = json!({ "name": &name[..24] }).to_string();
    let made = call(line, "createAppPassword", Some(token), input).await?;
    let made: Value = serde_json::from_slice(&made.body)?;
    Ok(made["password"].as_str().context("a password")?.to_owned())
}

async fn call(line: &mut Line, method: &str, token: Option<&str>, input: String) -> anyhow::Result<Reply> {
    let mut request =
        Request::post(format!("/xrpc/com.atproto.server.{method}")).header(CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let reply = line.ask(request.body(Body::from(input))?).await?;
    match reply.code() {
        200 => Ok(reply),
        code => Err(Failure::Refused(code).into()),
    }
}

#[async_trait(?Send)]
impl Caller for SignIn {
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()> {
        call(line, "createSession", None, self.input.clone())
            .await
            .map(drop)
    }
}
