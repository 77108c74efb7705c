//! What it says of itself, and what this server does not do.

use serde_json::json;

use super::{Fault, MARKER};

pub(super) fn faults() -> Vec<Fault> {
    vec![
        (
            "client_uri",
            json!(format!("https://{MARKER}.example/")),
            "client_uri must be at the host of client_id",
        ),
        (
            "client_uri",
            json!("javascript:alert(1)"),
            "client_uri must use https",
        ),
        (
            "logo_uri",
            json!("http://app.example/logo.png"),
            "logo_uri must use https",
        ),
        (
            "logo_uri",
            json!("data:image/png;base64,AAAA"),
            "logo_uri must use https",
        ),
        (
            "logo_uri",
            json!("https://10.0.0.1/logo.png"),
            "logo_uri must be at a public domain name",
        ),
        ("tos_uri", json!("javascript:alert(1)"), "tos_uri must use https"),
        (
            "policy_uri",
            json!("https://u:p@app.example/"),
            "policy_uri must not have a user or password",
        ),
        ("client_name", json!(17), "client_name must be a string"),
        (
            "client_secret",
            json!(MARKER),
            "client_secret must be absent, since nothing is secret in a public document",
        ),
        (
            "client_secret_expires_at",
            json!(0),
            "client_secret_expires_at must be absent, since nothing is secret in a public document",
        ),
        (
            "subject_type",
            json!("pairwise"),
            "subject_type must be public, since the subject is the DID of an account",
        ),
        (
            "id_token_signed_response_alg",
            json!("RS256"),
            "id_token_signed_response_alg must be absent, since this server neither signs nor encrypts such answers",
        ),
        (
            "tls_client_certificate_bound_access_tokens",
            json!(true),
            "tls_client_certificate_bound_access_tokens must not be true, since tokens are bound by DPoP",
        ),
    ]
}
