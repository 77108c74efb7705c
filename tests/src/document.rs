//! Client documents, right until a test changes one thing about them.

use serde_json::{Value, json};

use crate::key::NamedKey;
use crate::site::Answer;

/// A client document.
#[derive(Clone, Debug)]
pub struct Document(Value);

/// Where the clients of these documents have their answers.
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// What they ask for.
pub(crate) const SCOPE: &str = "atproto transition:generic";
/// What they declare.
const DECLARED: &str = "atproto transition:generic transition:email transition:chat.bsky";

impl Document {
    /// The document of a public web client.
    pub fn public(id: &str) -> Self {
        Self(json!({
            "client_id": id,
            "client_name": "Skylight",
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [CALLBACK],
            "scope": DECLARED,
            "token_endpoint_auth_method": "none",
            "dpop_bound_access_tokens": true,
        }))
    }

    /// The document of a confidential client, with its keys in it; the first decides the algorithm.
    pub fn confidential(id: &str, keys: &[&NamedKey]) -> Self {
        let algorithm = keys.first().map_or("ES256", |one| one.key.algorithm());
        let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
        Self::public(id)
            .with("token_endpoint_auth_method", "private_key_jwt")
            .with("token_endpoint_auth_signing_alg", algorithm)
            .with("jwks", json!({ "keys": keys }))
    }

    /// With its keys at this URL instead.
    pub fn with_keys_at(self, url: &str) -> Self {
        self.without("jwks").with("jwks_uri", url)
    }

    /// With this member, in the place of the one it had or added.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }

    /// Without this member.
    pub fn without(mut self, name: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(name);
        self
    }

    /// As JSON.
    pub const fn json(&self) -> &Value {
        &self.0
    }

    /// As its host sends it.
    pub fn answer(&self) -> Answer {
        Answer::json(&self.0)
    }
}

impl From<Document> for Answer {
    fn from(document: Document) -> Self {
        document.answer()
    }
}
