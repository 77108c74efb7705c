//! `com.atproto.server.getServiceAuth`: a token with which an app calls another service as the account.
//!
//! <https://atproto.com/specs/xrpc>, "Inter-Service Authentication (JWT)". The one thing here that a permission to
//! call methods is good for: nothing is passed on to other services.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;
use entryway_identity::did::SigningKey;
use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Act, Did, Nsid, ServiceId};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Caller, Pds, no_such_repo};
use crate::xrpc::{Failure, Params};

/// A token for one method of a service, or for all of them.
pub(super) async fn get_service_auth(
    State(pds): State<Pds>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let Audience(audience) = params.required("aud")?;
    let method = params.optional::<Nsid>("lxm")?;
    let now = (pds.0.clock)();
    let expires_at = expiry(params.optional("exp")?, method.as_ref(), now)?;
    if let Some(method) = &method
        && ServiceMethod::parse(method.as_str()).is_some()
    {
        let message = format!("lxm: no service token is given for {method}");
        return Err(Failure::invalid_request(message));
    }
    caller.check(Act::Rpc {
        method: method.as_ref(),
        audience: &audience,
    })?;
    let mut token_id = [0; 16];
    (pds.0.entropy)(&mut token_id);
    let mut claims = json!({
        "iss": caller.did(),
        "aud": audience,
        "iat": now.seconds(),
        "exp": expires_at.seconds(),
        "jti": HEXLOWER.encode(&token_id),
    });
    if let Some(method) = method {
        claims["lxm"] = json!(method);
    }
    let state = pds.state();
    let account = state.accounts.by_did(caller.did()).ok_or_else(no_such_repo)?;
    Ok(Json(json!({ "token": signed(&claims, &account.signing_key.0) })))
}

/// When the token ends: in a minute, or when it is asked to, and within the hour if it is for one method.
fn expiry(asked: Option<i64>, method: Option<&Nsid>, now: Timestamp) -> Result<Timestamp, Failure> {
    let refused = |message: &str| Err(Failure::new(StatusCode::BAD_REQUEST, "BadExpiration", message));
    let Some(asked) = asked.map(Timestamp::from_seconds) else {
        return Ok(now + SHORT);
    };
    match asked - now {
        left if left < Seconds(0) => refused("exp: expected a time to come"),
        left if left > LONG => refused("exp: expected at most an hour from now"),
        left if left > SHORT && method.is_none() => {
            refused("exp: expected at most a minute from now for a token without lxm")
        }
        _ => Ok(asked),
    }
}

fn signed(claims: &Value, key: &SigningKey) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "typ": "JWT", "alg": "ES256K" });
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Whom a token is for: a DID, with the name of a service or without.
struct Audience(String);

impl FromStr for Audience {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if Did::parse(text).is_ok() || ServiceId::parse(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected a DID, or a DID with the name of a service after #")
        }
    }
}

/// How long a token is good that nobody asked to be good for longer.
const SHORT: Seconds = Seconds::minutes(1);

/// How long it may be asked to be.
const LONG: Seconds = Seconds::minutes(60);
