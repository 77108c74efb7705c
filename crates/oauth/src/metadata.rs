//! What the service says of itself (RFC 8414), and what a resource says of it (RFC 9728).

use serde::{Deserialize, Serialize};

use crate::issuer::Issuer;
use crate::jwk::Algorithm;
use crate::revocation;

/// The paths the router serves, below the issuer's origin; metadata is made from these (D10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Authorization endpoint.
    pub authorize: String,
    /// Pushed authorization requests.
    pub par: String,
    /// Token endpoint.
    pub token: String,
    /// Revocation endpoint.
    pub revoke: String,
    /// Key set.
    pub jwks: String,
    /// Revocation feed.
    pub revocations: String,
}

impl Endpoints {
    /// The endpoints under a prefix such as `/oauth`.
    pub fn under(prefix: &str) -> Self {
        let path = |name| format!("{prefix}/{name}");
        Self {
            authorize: path("authorize"),
            par: path("par"),
            token: path("token"),
            revoke: path("revoke"),
            jwks: path("jwks"),
            revocations: format!("{prefix}{}", revocation::PATH),
        }
    }
}

/// The document at `/.well-known/oauth-authorization-server`.
///
/// `protected_resources` is left out: a client that finds it incomplete refuses to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "members are named and defined by RFC 8414, 9126, 9207 and 9449"
)]
#[expect(clippy::struct_excessive_bools, reason = "the document has these five")]
pub struct AuthorizationServerMetadata {
    pub issuer: Issuer,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub revocation_endpoint: String,
    pub jwks_uri: String,
    pub scopes_supported: Vec<String>,
    pub subject_types_supported: Vec<String>,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<String>,
    pub grant_types_supported: Vec<String>,
    pub code_challenge_methods_supported: Vec<String>,
    pub prompt_values_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    pub dpop_signing_alg_values_supported: Vec<String>,
    pub authorization_response_iss_parameter_supported: bool,
    pub require_pushed_authorization_requests: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    pub client_id_metadata_document_supported: bool,
    pub ui_locales_supported: Vec<String>,
    /// An extension of ours, registered nowhere: where resources follow revocations ([`crate::revocation`]).
    /// Named where somebody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_feed_endpoint: Option<String>,
}

impl AuthorizationServerMetadata {
    /// The document of a service with this issuer and these endpoints.
    pub fn new(issuer: &Issuer, endpoints: &Endpoints) -> Self {
        let list = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>();
        let algorithms = list(&Algorithm::NAMES);
        Self {
            issuer: issuer.clone(),
            authorization_endpoint: issuer.url(&endpoints.authorize),
            token_endpoint: issuer.url(&endpoints.token),
            pushed_authorization_request_endpoint: issuer.url(&endpoints.par),
            revocation_endpoint: issuer.url(&endpoints.revoke),
            jwks_uri: issuer.url(&endpoints.jwks),
            scopes_supported: list(&SCOPES_SUPPORTED),
            subject_types_supported: list(&["public"]),
            response_types_supported: list(&["code"]),
            response_modes_supported: list(&["query", "fragment", "form_post"]),
            grant_types_supported: list(&["authorization_code", "refresh_token"]),
            code_challenge_methods_supported: list(&["S256"]),
            prompt_values_supported: list(&["none", "login", "consent", "select_account", "create"]),
            token_endpoint_auth_methods_supported: list(&["none", "private_key_jwt"]),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_methods_supported: list(&["none", "private_key_jwt"]),
            dpop_signing_alg_values_supported: algorithms,
            authorization_response_iss_parameter_supported: true,
            require_pushed_authorization_requests: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: true,
            require_request_uri_registration: true,
            client_id_metadata_document_supported: true,
            ui_locales_supported: list(&["en-US"]),
            revocation_feed_endpoint: None,
        }
    }
}

/// The static scope values every server of the profile lists; resource scopes cannot be enumerated.
pub const SCOPES_SUPPORTED: [&str; 4] = [
    "atproto",
    "transition:generic",
    "transition:email",
    "transition:chat.bsky",
];

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn no_member_is_an_empty_list() {
        let issuer = Issuer::parse("https://entryway.example").unwrap();
        let document = AuthorizationServerMetadata::new(&issuer, &Endpoints::under("/api/atproto/oauth"));
        let json = serde_json::to_value(&document).unwrap();
        for (name, value) in json.as_object().unwrap() {
            assert_ne!(value, &serde_json::json!([]), "{name}");
        }
        assert_eq!(
            json["pushed_authorization_request_endpoint"],
            "https://entryway.example/api/atproto/oauth/par"
        );
    }
}
