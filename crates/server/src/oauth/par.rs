//! Pushed authorization requests (RFC 9126).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use serde::Serialize;

use entryway_core::request;
use entryway_oauth::denial::Denial;
use entryway_oauth::secret::RequestUri;
use entryway_store::{Admission, Mark, NewRequest};

use crate::app::App;
use crate::clients::Need;
use crate::extract::{body, proof};
use crate::failure::Failure;
use crate::oauth::client::Named;

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: i64,
}

pub(crate) async fn post(State(app): State<App>, request: Request<Body>) -> Response {
    push(&app, request).await.unwrap_or_else(Failure::into_json)
}

async fn push(app: &App, request: Request<Body>) -> Result<Response, Failure> {
    let now = app.now();
    let (parts, parameters) = body::parameters(request, body::Accepts::FormOrJson).await?;
    let proof = proof::presented(app, &parts, &app.endpoints().par, now)?;
    let named = Named::read(&parts, &parameters)?;
    let caller = named.identify(app, Need::Fresh, proof.as_ref(), now).await?;
    let client_key = caller.key()?.cloned();
    let admitted = request::admit(
        &parameters,
        caller.client(),
        client_key,
        proof.as_ref(),
        app.policy(),
    )?;
    app.sets().of_request(&admitted.scope, now).await?;
    let request_uri = RequestUri::from_entropy(app.chance().bytes()?);
    let lifetime = app.policy().request_lifetime;
    let challenge = Mark {
        digest: admitted.challenge_mark(),
        expires_at: now + app.policy().challenge_memory,
    };
    let new = NewRequest {
        id: request_uri.digest(),
        request: &admitted,
        challenge,
        proof: proof.as_ref().map(proof::mark),
        expires_at: now + lifetime,
    };
    caller.spend(app, now).await?;
    match app.store().admit_request(new, now).await? {
        Admission::Admitted => {
            let pushed = Pushed {
                request_uri: request_uri.expose().to_owned(),
                expires_in: lifetime.0,
            };
            Ok((StatusCode::CREATED, Json(pushed)).into_response())
        }
        Admission::ProofReplayed => Err(Denial::ProofReplayed.into()),
        Admission::ChallengeReused => Err(Denial::ChallengeReused.into()),
    }
}
