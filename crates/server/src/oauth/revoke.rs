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
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::secret::{AuthorizationCode, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_store::{Remembered, Spoiling};

use crate::app::App;
use crate::clients::Need;
use crate::extract::{body, proof};
use crate::failure::Failure;
use crate::oauth::client::Named;

pub(crate) async fn post(State(app): State<App>, request: Request<Body>) -> Response {
    end(&app, request).await.unwrap_or_else(Failure::into_json)
}

/// Answers 200 whether or not there was anything to end, so that it is no oracle.
async fn end(app: &App, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    let (parts, parameters) = body::parameters(request, body::Accepts::FormOrJson).await?;
    let named = Named::read(&parts, &parameters)?;
    let token = parameters.required("token")?;
    // optional: RFC 7009 knows no proof, and plain clients send none
    let proof = proof::presented(app, &parts, &app.endpoints().revoke, now)?;
    authenticate(app, &named, proof.as_ref(), now).await?;
    if let Some(proof) = &proof
        && app.store().remember_mark(proof::mark(proof), now).await? == Remembered::Replayed
    {
        return Err(Denial::ProofReplayed.into());
    }
    let caller = Caller {
        app,
        named,
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
    named: Named<'a>,
    proof: Option<Proof>,
    now: Timestamp,
}

impl Caller<'_> {
    async fn end_session(&self, id: SessionId, genuine: impl Fn(&Session) -> bool) -> Result<(), Failure> {
        let Some(facts) = self.app.store().session(id).await? else {
            return Ok(());
        };
        let session = &facts.session;
        if !genuine(session) || !revoke::may_end(session, &self.named.id, self.proof.as_ref()) {
            return Ok(());
        }
        self.app
            .store()
            .end_session(id, EndReason::Revoked, self.now)
            .await?;
        tracing::info!(client.id = %session.client_id, account.did = %session.did, "session revoked");
        Ok(())
    }

    async fn end_code(&self, code: &AuthorizationCode) -> Result<(), Failure> {
        let Some(facts) = self.app.store().code(code.digest()).await? else {
            return Ok(());
        };
        let (owner, bound) = (&facts.request.client_id, facts.request.jkt);
        if !revoke::owns(owner, bound, &self.named.id, self.proof.as_ref()) {
            return Ok(());
        }
        if let CodeState::Redeemed(id) = facts.state {
            return self.end_session(id, |_| true).await;
        }
        if self.app.store().spoil_code(code.digest()).await? == Spoiling::Spoiled {
            return Ok(());
        }
        // it was exchanged since: what it gave ends
        match self
            .app
            .store()
            .code(code.digest())
            .await?
            .map(|facts| facts.state)
        {
            Some(CodeState::Redeemed(id)) => {
                self.app
                    .store()
                    .end_session(id, EndReason::Revoked, self.now)
                    .await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// RFC 7009 section 2.1: a confidential client authenticates.
///
/// Not while its document or keys cannot be had: whoever holds the token could only use it otherwise, and
/// a person who signs out must not have to wait for the app's host.
async fn authenticate(
    app: &App,
    named: &Named<'_>,
    proof: Option<&Proof>,
    now: Timestamp,
) -> Result<(), Failure> {
    match named.identify(app, Need::Running(None), proof, now).await {
        Ok(caller) => {
            caller.key()?;
            caller.spend(app, now).await
        }
        Err(denial @ Denial::ClientIdInvalid { .. }) => Err(denial.into()),
        Err(unavailable) => {
            tracing::info!(client.id = %named.id, denial.reason = %unavailable, "revoking without the client's document");
            Ok(())
        }
    }
}
