//! The token endpoint: code exchange and refresh (RFC 6749, RFC 9449 section 5).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Request;

use entryway_core::code::{Closed, CodeFacts};
use entryway_core::refresh::Refresh;
use entryway_core::session::{EndReason, Session};
use entryway_core::{code, refresh};
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::{AuthorizationCode, Digest, SessionId};
use entryway_oauth::time::Timestamp;
use entryway_store::{NewSession, Redemption, Rotation};

use crate::app::App;
use crate::clients::Need;
use crate::extract::{body, proof};
use crate::failure::Failure;
use crate::oauth::client::Named;
use crate::oauth::issued::{Issued, TokenResponse};

pub(crate) async fn post(State(app): State<App>, request: Request<Body>) -> Response {
    grant(&app, request).await.unwrap_or_else(Failure::into_json)
}

async fn grant(app: &App, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    let (parts, parameters) = body::parameters(request, body::Accepts::FormOrJson).await?;
    let call = Call {
        proof: proof::required(app, &parts, &app.endpoints().token, now)?,
        named: Named::read(&parts, &parameters)?,
        parameters: &parameters,
        now,
    };
    let response = match parameters.required("grant_type")? {
        "authorization_code" => exchange_code(app, call).await?,
        "refresh_token" => refresh_session(app, call).await?,
        _ => return Err(Denial::GrantTypeUnsupported.into()),
    };
    Ok(Json(response).into_response())
}

/// What both grants need. Nothing is fetched for a client before code or token are known to be its own.
struct Call<'a> {
    parameters: &'a Parameters,
    named: Named<'a>,
    proof: Proof,
    now: Timestamp,
}

async fn exchange_code(app: &App, call: Call<'_>) -> Result<TokenResponse, Failure> {
    let code = AuthorizationCode::parse(call.parameters.required("code")?)?.digest();
    let facts = app.store().code(code).await?.ok_or(Denial::CodeUnknown)?;
    if let Err(closed) = code::first_look(&facts, &call.named.id) {
        return Err(not_opened(app, code, &facts, closed, call.now).await?);
    }
    let need = Need::Running(facts.request.client_key.as_ref());
    let caller = call
        .named
        .identify(app, need, Some(&call.proof), call.now)
        .await?;
    let presented = code::Presented {
        client: caller.client(),
        client_key: caller.key()?,
        parameters: call.parameters,
        proof: &call.proof,
    };
    if let Err(closed) = code::decide(&facts, presented, call.now) {
        return Err(not_opened(app, code, &facts, closed, call.now).await?);
    }
    let id = SessionId::from_entropy(app.chance().bytes()?);
    let session = code::session(
        &facts,
        presented,
        id,
        app.chance().bytes()?,
        app.policy(),
        call.now,
    );
    let issued = Issued::new(
        app,
        &session,
        refresh::grantee(&session, &facts.account),
        session.scope.clone(),
        call.now,
    )
    .await?;
    let new = NewSession { session: &session };
    caller.spend(app, call.now).await?;
    match app
        .store()
        .redeem_code(code, new, proof::mark(&call.proof), call.now)
        .await?
    {
        Redemption::Redeemed => {
            let refreshes = caller.client().refreshes;
            let refresh_token = refreshes.then(|| app.keys().refresh_tokens.mint(id, &session.salt, 0));
            Ok(issued.response(refresh_token.as_ref()))
        }
        Redemption::ProofReplayed => Err(Denial::ProofReplayed.into()),
        Redemption::AlreadyRedeemed | Redemption::Gone => Err(Denial::CodeUnknown.into()),
    }
}

/// What a code that does not open has for consequence.
async fn not_opened(
    app: &App,
    code: Digest,
    facts: &CodeFacts,
    closed: Closed,
    now: Timestamp,
) -> Result<Failure, Failure> {
    let denial = match closed {
        Closed::Refuse(denial) => denial,
        Closed::Spoil(denial) => {
            app.store().spoil_code(code).await?;
            denial
        }
        Closed::Replayed => {
            app.store().replay_code(code, now).await?;
            tracing::warn!(client.id = %facts.request.client_id, account.did = %facts.account.did, "code replayed");
            Denial::CodeUnknown
        }
    };
    Ok(denial.into())
}

async fn refresh_session(app: &App, call: Call<'_>) -> Result<TokenResponse, Failure> {
    let key = &app.keys().refresh_tokens;
    let token = key.parse(call.parameters.required("refresh_token")?)?;
    let facts = app
        .store()
        .session(token.session())
        .await?
        .ok_or(Denial::RefreshTokenUnknown)?;
    let (session, account) = (&facts.session, &facts.account);
    refresh::check_holder(session, &token, &call.named.id, &call.proof, key)?;
    let need = Need::Running(session.client_key.as_ref());
    let caller = call
        .named
        .identify(app, need, Some(&call.proof), call.now)
        .await?;
    let presented = refresh::Presented {
        token: &token,
        client: caller.client(),
        client_key: caller.authenticated(),
        published: caller.published(),
        proof: &call.proof,
        scope: call.parameters.optional("scope"),
    };
    let decided = refresh::decide(session, account, presented, key, app.policy(), call.now)?;
    let (mark, window) = (proof::mark(&call.proof), app.policy().lost_answer_window);
    let rotate = || {
        app.store()
            .rotate_refresh(session.id, token.generation(), window, mark, call.now)
    };
    let scope = match decided {
        Refresh::Grant(scope) => scope,
        Refresh::End(denial) => {
            app.store()
                .end_session(session.id, EndReason::ClientKeyRemoved, call.now)
                .await?;
            tracing::warn!(client.id = %session.client_id, account.did = %session.did, "session ended, its client's key was withdrawn");
            return Err(denial.into());
        }
        Refresh::Judge(denial) => {
            return Err(match rotate().await? {
                Rotation::Replayed => replayed(session).into(),
                _ => denial.into(),
            });
        }
    };
    let issued = Issued::new(app, session, refresh::grantee(session, account), scope, call.now).await?;
    caller.spend(app, call.now).await?;
    match rotate().await? {
        Rotation::Rotated | Rotation::Repeated => {
            let next = key.mint(session.id, &session.salt, token.generation() + 1);
            Ok(issued.response(Some(&next)))
        }
        Rotation::Replayed => Err(replayed(session).into()),
        Rotation::Ended | Rotation::Unknown => Err(Denial::RefreshTokenUnknown.into()),
        Rotation::ProofReplayed => Err(Denial::ProofReplayed.into()),
    }
}

fn replayed(session: &Session) -> Denial {
    tracing::warn!(client.id = %session.client_id, account.did = %session.did, "refresh token replayed");
    Denial::RefreshTokenReplayed
}
