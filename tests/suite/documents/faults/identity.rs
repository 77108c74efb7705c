//! Who the client is, and what it may ask for.

use serde_json::{Value, json};

use super::{Fault, MARKER};

pub(super) fn faults() -> Vec<Fault> {
    let other = format!("https://app.example/{MARKER}");
    vec![
        ("client_id", Value::Null, "client_id must be a string"),
        (
            "client_id",
            json!(other),
            "client_id must be exactly the URL the document is fetched from",
        ),
        (
            "application_type",
            json!(MARKER),
            "application_type must be web or native",
        ),
        (
            "application_type",
            json!(["web"]),
            "application_type must be a string",
        ),
        (
            "grant_types",
            json!("authorization_code"),
            "grant_types must be an array of strings",
        ),
        (
            "grant_types",
            json!([]),
            "grant_types must include authorization_code",
        ),
        (
            "grant_types",
            json!(["refresh_token"]),
            "grant_types must include authorization_code",
        ),
        (
            "grant_types",
            json!(["authorization_code", "implicit"]),
            "grant_types[1] must be authorization_code or refresh_token",
        ),
        (
            "grant_types",
            json!(["authorization_code", MARKER]),
            "grant_types[1] must be authorization_code or refresh_token",
        ),
        (
            "grant_types",
            json!(["authorization_code", "authorization_code"]),
            "grant_types[1] must not be listed twice",
        ),
        (
            "grant_types",
            json!(["authorization_code", 1]),
            "grant_types[1] must be a string",
        ),
        (
            "response_types",
            json!(["token"]),
            "response_types must include code",
        ),
        (
            "response_types",
            json!(["code token"]),
            "response_types must include code",
        ),
        (
            "response_types",
            json!("code"),
            "response_types must be an array of strings",
        ),
        ("scope", json!("transition:generic"), "scope must include atproto"),
        ("scope", json!(["atproto"]), "scope must be a string"),
        (
            "scope",
            json!("atproto atproto"),
            "scope[1] must not be listed twice",
        ),
        (
            "dpop_bound_access_tokens",
            json!(false),
            "dpop_bound_access_tokens must be true",
        ),
        (
            "dpop_bound_access_tokens",
            json!("true"),
            "dpop_bound_access_tokens must be the JSON value true, without quotation marks",
        ),
    ]
}
