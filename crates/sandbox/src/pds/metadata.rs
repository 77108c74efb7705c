//! What the PDS says of itself to OAuth clients and to everybody.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Pds;

/// `/.well-known/oauth-protected-resource` (RFC 9728; ).
pub(super) async fn protected_resource(State(pds): State<Pds>) -> Json<Value> {
    let settings = pds.settings();
    Json(json!({
        "resource": settings.origin,
        "authorization_servers": [settings.issuer],
        "scopes_supported": SCOPES,
        "bearer_methods_supported": ["header"],
        "dpop_bound_access_tokens_required": true,
    }))
}

/// `com.atproto.server.describeServer`.
pub(super) async fn describe_server(State(pds): State<Pds>) -> Json<Value> {
    Json(json!({
        "did": pds.settings().did,
        "availableUserDomains": [".test"],
        "inviteCodeRequired": false,
        "phoneVerificationRequired": false,
        "links": {},
        "contact": {},
    }))
}

/// `/xrpc/_health`.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// What a client may ask for and get something by here. Stock clients want the list to be there.
const SCOPES: [&str; 4] = [
    "atproto",
    "transition:generic",
    "transition:email",
    "transition:chat.bsky",
];
