//! Documents without a fault, and what is said of changed ones.

use serde_json::{Value, json};

use super::{Reading, Severity, read};
use crate::client_id::ClientId;

/// Where the documents are.
pub(super) const ID: &str = "https://app.example/client-metadata.json";
/// Where the document of a client under development is.
pub(super) const LOCAL_ID: &str = "http://127.0.0.1:3000/client-metadata.json";
/// In the place of a member: leave it out.
pub(super) const ABSENT: &str = "(absent)";

/// A public client on the web.
pub(super) fn web() -> Value {
    json!({
        "client_id": ID,
        "client_name": "Example App",
        "client_uri": "https://app.example",
        "logo_uri": "https://cdn.example/logo.png",
        "tos_uri": "https://legal.example/terms",
        "policy_uri": "https://legal.example/privacy",
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "atproto transition:generic",
        "redirect_uris": ["https://app.example/callback"],
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": true
    })
}

/// An app on people's own devices.
pub(super) fn native() -> Value {
    changed(
        &web(),
        json!({
            "application_type": "native",
            "redirect_uris": ["example.app:/callback", "https://app.example/callback", "http://127.0.0.1/", "http://[::1]/"]
        }),
    )
}

/// A client with keys of its own in its document.
pub(super) fn confidential() -> Value {
    changed(
        &web(),
        json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks": {"keys": [key("key-1")]}
        }),
    )
}

/// A client under development on this machine.
pub(super) fn local() -> Value {
    changed(
        &web(),
        json!({
            "client_id": LOCAL_ID,
            "client_uri": "http://127.0.0.1:3000",
            "logo_uri": "http://localhost:3000/logo.png",
            "redirect_uris": ["http://127.0.0.1:3000/callback", "http://[::1]/callback", "http://localhost:3000/callback"],
        }),
    )
}

/// A public key for ES256.
pub(super) fn key(kid: &str) -> Value {
    json!({
        "kty": "EC",
        "crv": "P-256",
        "kid": kid,
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
    })
}

/// The document with these members instead.
pub(super) fn changed(document: &Value, change: Value) -> Value {
    let mut document = document.clone();
    let members = document.as_object_mut().unwrap();
    let Value::Object(change) = change else {
        panic!("{change}")
    };
    for (name, value) in change {
        if value == ABSENT {
            members.remove(&name).unwrap();
        } else {
            members.insert(name, value);
        }
    }
    document
}

/// Reads a document where it says it is, or at [`ID`].
pub(super) fn reading(document: &Value) -> Reading {
    let id = if document["client_id"] == LOCAL_ID {
        LOCAL_ID
    } else {
        ID
    };
    read_at(id, document.to_string().as_bytes())
}

pub(super) fn read_at(id: &str, body: &[u8]) -> Reading {
    let reading = read(&ClientId::parse(id).unwrap(), body);
    let errors = reading
        .findings
        .iter()
        .take_while(|one| one.severity == Severity::Error)
        .count();
    let warnings = reading.findings[errors..]
        .iter()
        .all(|one| one.severity == Severity::Warning);
    assert!(warnings, "errors come first: {reading:?}");
    assert_eq!(reading.client.is_none(), errors > 0, "{reading:?}");
    for finding in &reading.findings {
        let text = finding.to_string();
        let fits = |b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
        assert!(text.bytes().all(fits) && !text.ends_with('.'), "RFC 6749: {text}");
    }
    reading
}

/// What is said of a document: rule and sentence of each finding, a warning in brackets.
pub(super) fn said(document: &Value) -> Vec<String> {
    lines(&reading(document))
}

pub(super) fn lines(reading: &Reading) -> Vec<String> {
    let line = |one: &super::Finding| match one.severity {
        Severity::Error => format!("{} {one}", one.rule.id),
        Severity::Warning => format!("({} {one})", one.rule.id),
    };
    reading.findings.iter().map(line).collect()
}

/// Every change alone, and what is said then.
pub(super) fn check(document: &Value, table: Vec<(Value, &[&str])>) {
    assert_eq!(said(document), [""; 0], "{document}");
    for (change, expected) in table {
        assert_eq!(said(&changed(document, change.clone())), expected, "{change}");
    }
}
