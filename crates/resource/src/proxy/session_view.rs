//! What a call may see of the account's session (R-381).

use bytes::Bytes;
use serde_json::{Map, Value};

use super::fault::GateFault;

/// Bytes of an answer of `getSession`; one with a long DID document has five thousand.
pub(super) const BYTES_MAX: usize = 256 * 1024;

/// The answer without the e-mail address and what is known of it.
///
/// # Errors
/// [`GateFault::UpstreamBroken`] for what is no object: nothing is shown of what cannot be read.
pub(super) fn without_email(body: &[u8]) -> Result<Bytes, GateFault> {
    let mut members: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| GateFault::UpstreamBroken)?;
    members.retain(|name, _| !name.to_ascii_lowercase().starts_with("email"));
    let body = serde_json::to_vec(&members).map_err(|_| GateFault::UpstreamBroken)?;
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-381
    #[test]
    fn nothing_of_the_email_address_is_left() {
        let whole = br#"{"did":"did:web:a.example","email":"a@b.example","handle":"a.example",
            "emailConfirmed":true,"emailAuthFactor":false,"emailNew":"x","active":true,
            "didDoc":{"email":"public"},"email":"again"}"#;
        let left: Value = serde_json::from_slice(&without_email(whole).unwrap()).unwrap();
        assert_eq!(
            left,
            serde_json::json!({"did": "did:web:a.example", "handle": "a.example", "active": true,
                "didDoc": {"email": "public"}})
        );
    }

    #[test]
    fn what_is_no_object_is_not_shown() {
        for body in [
            "",
            "[]",
            "\"a@b.example\"",
            "{\"email\":\"a@b.example\"",
            "<html>",
        ] {
            assert!(without_email(body.as_bytes()).is_err(), "{body}");
        }
    }
}
