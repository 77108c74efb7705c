//! A client with a key of its own for its proofs, and perhaps another for its assertions.

use std::sync::{Arc, Mutex};

use oauth2::{CsrfToken, PkceCodeChallenge};
use url::{Url, form_urlencoded};

use crate::call::Call;
use crate::key::{Key, NamedKey};
use crate::reply::Reply;
use crate::secrets;
use crate::server::Endpoint;
use crate::service::Service;

/// A client as the server sees one: an identifier, a redirect URI, a key, and the last nonce it heard.
/// One that has a key for assertions is confidential, and sends a fresh one with every call.
///
/// Clones are the same client.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    redirect_uri: String,
    scope: String,
    key: Key,
    assertion_key: Option<NamedKey>,
    nonce: Mutex<Option<String>>,
}

/// A verifier and its challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkce {
    /// What the client keeps.
    pub verifier: String,
    /// What it sends first.
    pub challenge: String,
}

/// A pushed request, and what its client remembers of it.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Whose it is.
    pub client_id: String,
    /// What PAR answered with.
    pub request_uri: String,
    /// What comes back with the code.
    pub state: String,
    /// Where it comes back to.
    pub redirect_uri: String,
    /// What opens the code.
    pub pkce: Pkce,
}

impl Client {
    /// A client that declares every static scope value, and asks for `atproto transition:generic`.
    pub fn new() -> Self {
        Self::named("callback")
    }

    /// A client with this path in its redirect URI, which makes it another client.
    pub fn named(path: &str) -> Self {
        let declared = "atproto transition:generic transition:email transition:chat.bsky";
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("redirect_uri", &format!("http://127.0.0.1/{path}"))
            .append_pair("scope", declared)
            .finish();
        let id = format!("http://localhost?{query}");
        Self::with(
            &id,
            &format!("http://127.0.0.1:4711/{path}"),
            "atproto transition:generic",
        )
    }

    /// A client with this identifier, redirect URI and scope.
    pub fn with(id: &str, redirect_uri: &str, scope: &str) -> Self {
        Self(Arc::new(Inner {
            id: id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scope: scope.to_owned(),
            key: Key::generate(),
            assertion_key: None,
            nonce: Mutex::new(None),
        }))
    }

    /// The same client with this key for its assertions, in the place of the one it had if it had one.
    pub fn asserting_with(&self, key: &NamedKey) -> Self {
        self.changed(|inner| inner.assertion_key = Some(key.clone()))
    }

    /// The same client, which asks for this scope.
    pub fn asking_for(&self, scope: &str) -> Self {
        self.changed(|inner| scope.clone_into(&mut inner.scope))
    }

    /// The same client on another device: with another key for its proofs.
    pub fn elsewhere(&self) -> Self {
        self.changed(|inner| inner.key = Key::generate())
    }

    fn changed(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let old = &self.0;
        let mut inner = Inner {
            id: old.id.clone(),
            redirect_uri: old.redirect_uri.clone(),
            scope: old.scope.clone(),
            key: old.key.clone(),
            assertion_key: old.assertion_key.clone(),
            nonce: Mutex::new(self.nonce()),
        };
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Where it wants its answers.
    pub fn redirect_uri(&self) -> &str {
        &self.0.redirect_uri
    }

    /// The key of its proofs.
    pub fn key(&self) -> &Key {
        &self.0.key
    }

    /// The key of its assertions; a public client has none.
    pub fn assertion_key(&self) -> Option<&NamedKey> {
        self.0.assertion_key.as_ref()
    }

    /// The nonce it would use next.
    pub fn nonce(&self) -> Option<String> {
        self.0.nonce.lock().unwrap().clone()
    }

    pub(crate) fn learn_nonce(&self, reply: &Reply) {
        if let Some(nonce) = reply.header("dpop-nonce") {
            *self.0.nonce.lock().unwrap() = Some(nonce.to_owned());
        }
    }

    /// A pushed authorization request.
    pub fn par(&self) -> Call {
        self.par_with(&Pkce::new())
    }

    /// A pushed authorization request with this challenge.
    pub fn par_with(&self, pkce: &Pkce) -> Call {
        let state = CsrfToken::new_random();
        let parameters = [
            ("client_id", self.id()),
            ("response_type", "code"),
            ("redirect_uri", self.redirect_uri()),
            ("scope", &self.0.scope),
            ("state", state.secret()),
            ("code_challenge", &pkce.challenge),
            ("code_challenge_method", "S256"),
        ];
        Call::new(self, Endpoint::Par, &parameters)
    }

    /// Pushes a request.
    pub async fn push(&self, server: &impl Service) -> Pushed {
        self.push_with(server, |call| call).await
    }

    /// Pushes a request that is changed first.
    pub async fn push_with(&self, server: &impl Service, change: impl FnOnce(Call) -> Call) -> Pushed {
        let pkce = Pkce::new();
        let call = change(self.par_with(&pkce));
        let (state, redirect_uri) = (
            call.value("state").to_owned(),
            call.value("redirect_uri").to_owned(),
        );
        let reply = call.send(server).await;
        assert_eq!(reply.code(), 201, "{reply:?}");
        let request_uri = reply.member("request_uri");
        Pushed {
            client_id: self.id().to_owned(),
            request_uri,
            state,
            redirect_uri,
            pkce,
        }
    }

    /// The exchange of the code that a pushed request gave.
    pub fn exchange(&self, pushed: &Pushed, code: &str) -> Call {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", self.id()),
            ("code", code),
            ("redirect_uri", &pushed.redirect_uri),
            ("code_verifier", &pushed.pkce.verifier),
        ];
        Call::new(self, Endpoint::Token, &parameters)
    }

    /// A refresh.
    pub fn refresh(&self, refresh_token: &str) -> Call {
        let parameters = [
            ("grant_type", "refresh_token"),
            ("client_id", self.id()),
            ("refresh_token", refresh_token),
        ];
        Call::new(self, Endpoint::Token, &parameters)
    }

    /// A revocation.
    pub fn revoke(&self, token: &str) -> Call {
        Call::new(
            self,
            Endpoint::Revoke,
            &[("client_id", self.id()), ("token", token)],
        )
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Pkce {
    /// A random one.
    pub fn new() -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        secrets::record(verifier.secret());
        Self {
            verifier: verifier.into_secret(),
            challenge: challenge.as_str().to_owned(),
        }
    }
}

impl Default for Pkce {
    fn default() -> Self {
        Self::new()
    }
}

impl Pushed {
    /// Where the client sends the browser.
    pub fn url(&self, server: &impl Service) -> String {
        let parameters = [("client_id", &self.client_id), ("request_uri", &self.request_uri)];
        Url::parse_with_params(&server.url(Endpoint::Authorize), parameters)
            .unwrap()
            .into()
    }
}
