//! Revocation (RFC 7009): whatever of a session is presented, the whole session ends.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Request;
use serde_json::json;

use entryway_core::code::CodeState;
use entryway_core::revoke::{self, Presented};
use entryway_core::session::{EndReason, Session};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::secret::{AuthorizationCode, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_store::{Remembered, Spoiling};

use crate::app::App;
use crate::clients::Need;
use crate::extract::{body, proof};
use crate::failure::Failure;
use crate::oauth::client;

pub(crate) async fn post(State(app): State<App>, request: Request<Body>) -> Response {
    end(&app, request).await.unwrap_or_else(Failure::into_json)
}

/// Answers 200 whether or not there was anything to end, so that it is no oracle.
async fn end(app: &App, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    let (parts, parameters) = body::parameters(request, body::Accepts::FormOrJson).await?;
    let token = parameters.required("token")?;
    // optional: RFC 7009 knows no proof, and plain clients send none
    let proof = proof::presented(app, &parts, &app.endpoints().revoke, now)?;
    let caller =
        client::Caller::identify(app, &parts, &parameters, Need::Running, proof.as_ref(), now).await?;
    // RFC 7009 section 2.1: a confidential client authenticates
    caller.key()?;
    caller.spend(app, now).await?;
    if let Some(proof) = &proof
        && app.store().remember_mark(proof::mark(proof), now).await? == Remembered::Replayed
    {
        return Err(Denial::ProofReplayed.into());
    }
    let caller = Caller {
        app,
        client: caller.client().id.clone(),
        proof,
        now,
    };
    match revoke::classify(token, &app.keys().refresh_tokens, &app.keys().public()) {
        Presented::AccessToken(id) => caller.end_session(id, |_| true).await?,
        Presented::RefreshToken(token) => {
            let genuine = |session: &Session| app.keys().refresh_tokens.is_genuine(&token, session);
            caller.end_session(token.session(), genuine).await?;
        }
        Presented::Code(code) => caller.end_code(&code).await?,
        Presented::Garbage => {}
    }
    Ok(Json(json!({})).into_response())
}

struct Caller<'a> {
    app: &'a App,
    client: ClientId,
    proof: Option<Proof>,
    now: Timestamp,
}

impl Caller<'_> {
    async fn end_session(&self, id: SessionId, genuine: impl Fn(&Session) -> bool) -> Result<(), Failure> {
        let Some(facts) = self.app.store().session(id).await? else {
            return Ok(());
        };
        if genuine(&facts.session) && revoke::may_end(&facts.session, &self.client, self.proof.as_ref()) {
            self.app
                .store()
                .end_session(id, EndReason::Revoked, self.now)
                .await?;
            tracing::info!(client.id = %self.client, account.did = %facts.session.did, "session revoked");
        }
        Ok(())
    }

    async fn end_code(&self, code: &AuthorizationCode) -> Result<(), Failure> {
        let Some(facts) = self.app.store().code(code.digest()).await? else {
            return Ok(());
        };
        let (owner, bound) = (&facts.request.client_id, facts.request.jkt);
        if !revoke::owns(owner, bound, &self.client, self.proof.as_ref()) {
            return Ok(());
        }
        if self.app.store().spoil_code(code.digest(), self.now).await? == Spoiling::Spoiled {
            return Ok(());
        }
        // it was exchanged, before the look or since: what it gave ends
        match self
            .app
            .store()
            .code(code.digest())
            .await?
            .map(|facts| facts.state)
        {
            Some(CodeState::Redeemed(id)) => self.end_session(id, |_| true).await,
            _ => Ok(()),
        }
    }
}
