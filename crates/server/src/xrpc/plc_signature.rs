//! `com.atproto.identity.requestPlcOperationSignature` and `signPlcOperation`: how an account leaves (A9, A20, A21).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::request::Parts;
use http::{Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use entryway_identity::plc::{Operation, PlcChange};
use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_oauth::xrpc_input::Input;

use super::caller::{Caller, address};
use super::{Failure, body};
use crate::app::App;
use crate::life::plc;

/// Where the code is asked for. What stands in the body is not read (A20).
pub(super) const REQUEST: &str = "/xrpc/com.atproto.identity.requestPlcOperationSignature";
/// Where an operation is signed.
pub(super) const SIGN: &str = "/xrpc/com.atproto.identity.signPlcOperation";

/// Signed, and not sent.
#[derive(Serialize)]
pub(super) struct Signed {
    operation: Operation,
}

pub(super) async fn request(State(app): State<App>, parts: Parts) -> Result<StatusCode, Failure> {
    let method = ServiceMethod::RequestPlcOperationSignature;
    let caller = Caller::of(&app, &parts, method, app.now()).await?;
    plc::request_signature(&app, &caller.account, address(&app, &parts).await?).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn sign(State(app): State<App>, request: Request<Body>) -> Result<Json<Signed>, Failure> {
    let now = app.now();
    let (parts, input) = body::input(request).await?;
    let caller = Caller::of(&app, &parts, ServiceMethod::SignPlcOperation, now).await?;
    let (change, code) = (read(&input)?, input.text("token")?);
    let operation = plc::sign(&app, &caller.account, code, change, now).await?;
    Ok(Json(Signed { operation }))
}

fn read(input: &Input) -> Result<PlcChange, XrpcDenial> {
    Ok(PlcChange {
        rotation_keys: part(input, "rotationKeys", "must be an array of strings")?,
        verification_methods: part(input, "verificationMethods", "must be an object of strings")?,
        also_known_as: part(input, "alsoKnownAs", "must be an array of strings")?,
        services: part(
            input,
            "services",
            "must be an object of services, each with type and endpoint and nothing else",
        )?,
    })
}

fn part<T: DeserializeOwned>(
    input: &Input,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, XrpcDenial> {
    let value = input.value(name).cloned();
    let read = value.map(serde_json::from_value).transpose();
    read.map_err(|_| XrpcDenial::ParameterInvalid { name, expected })
}
