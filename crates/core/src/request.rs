//! What PAR admits: an authorization request with nothing left to doubt in it.

use serde::{Deserialize, Serialize};

use entryway_oauth::client::Client;
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::form::Parameters;
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::pkce::CodeChallenge;
use entryway_oauth::redirect::RedirectUri;
use entryway_oauth::secret::Digest;
use entryway_scope::{Did, Handle, InvalidScope, ScopeSet};

use crate::policy::{Policy, ProofAtPar};

/// An admitted request. Everything in it was validated against the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// Echoed in the answer, never interpreted.
    pub state: String,
    /// What is asked for; contains `atproto`.
    pub scope: ScopeSet,
    /// What the code's verifier must hash to.
    pub code_challenge: CodeChallenge,
    /// What the client wishes to happen.
    pub prompt: Option<Prompt>,
    /// Which account the client expects.
    pub login_hint: Option<LoginHint>,
    /// The key bound at PAR; without one it is bound at the token request (D7).
    pub jkt: Option<Thumbprint>,
    /// The key the client authenticated with at PAR; a public client has none.
    #[serde(default)]
    pub client_key: Option<ClientKey>,
}

impl AuthorizationRequest {
    /// The account that alone may answer, if the client named one. With `prompt=create` the hint is a wish
    /// for the handle of the new account: see [`Self::wished_handle`].
    pub fn named_account(&self) -> Option<&LoginHint> {
        self.login_hint
            .as_ref()
            .filter(|_| self.prompt != Some(Prompt::Create))
    }

    /// The handle that the client wishes the new account to have; the person may take another.
    pub fn wished_handle(&self) -> Option<&Handle> {
        match (self.prompt, &self.login_hint) {
            (Some(Prompt::Create), Some(LoginHint::Handle(handle))) => Some(handle),
            _ => None,
        }
    }

    /// Whether an account that does not exist yet may answer.
    pub fn is_for_new_accounts_too(&self) -> bool {
        self.prompt != Some(Prompt::None) && self.named_account().is_none()
    }

    /// What to remember so that the challenge cannot serve a second request.
    pub fn challenge_mark(&self) -> Digest {
        let client = self.client_id.as_str().as_bytes();
        Digest::of_parts(&[b"challenge", client, self.code_challenge.as_str().as_bytes()])
    }
}

/// How the answer reaches the client (OAuth 2.0 multiple response types, form post response mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect.
    Query,
    /// In its fragment.
    Fragment,
    /// In a form the browser posts.
    FormPost,
}

impl ResponseMode {
    fn parse(text: Option<&str>) -> Result<Self, Denial> {
        match text {
            None | Some("query") => Ok(Self::Query),
            Some("fragment") => Ok(Self::Fragment),
            Some("form_post") => Ok(Self::FormPost),
            Some(_) => Err(Denial::ParameterInvalid {
                name: "response_mode",
                expected: "must be query, fragment or form_post",
            }),
        }
    }
}

/// What the client asks the page to do first (OpenID Connect Core section 3.1.2.1, and Initiating User
/// Registration 1.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Ask for nothing: answer at once or refuse.
    None,
    /// Ask for the password even where somebody is signed in.
    Login,
    /// Ask for consent.
    Consent,
    /// Ask which account.
    SelectAccount,
    /// Offer a new account.
    Create,
}

impl Prompt {
    pub(crate) fn parse(text: &str) -> Result<Self, Denial> {
        match text {
            "login" => Ok(Self::Login),
            "consent" => Ok(Self::Consent),
            "select_account" => Ok(Self::SelectAccount),
            "none" => Ok(Self::None),
            "create" => Ok(Self::Create),
            _ => Err(Denial::ParameterInvalid {
                name: "prompt",
                expected: "must be none, login, consent, select_account or create",
            }),
        }
    }
}

/// The account a client expects, by handle or DID. Never resolved, only compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginHint {
    /// By handle.
    Handle(Handle),
    /// By DID.
    Did(Did),
}

impl LoginHint {
    fn parse(text: &str) -> Result<Self, Denial> {
        let invalid = Denial::ParameterInvalid {
            name: "login_hint",
            expected: "must be a handle or a DID",
        };
        if text.starts_with("did:") {
            return Did::parse(text).map(Self::Did).map_err(|_| invalid);
        }
        Handle::parse(text).map(Self::Handle).map_err(|_| invalid)
    }

    /// The text to show and to prefill.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Handle(handle) => handle.as_str(),
            Self::Did(did) => did.as_str(),
        }
    }
}

/// Decides whether a pushed request is admitted (RFC 9126, R-102 to R-138).
///
/// `proof` is the verified DPoP proof, if one came. The client is already known to be the one of
/// `client_id`, and has authenticated with `client_key` if it is a confidential one. Does not look for the
/// permission sets it asks for. Does not check whether challenge or proof were used before: the verb that stores the
/// request does.
///
/// # Errors
/// The [`Denial`] of the first parameter that is not right.
pub fn admit(
    parameters: &Parameters,
    client: &Client,
    client_key: Option<ClientKey>,
    proof: Option<&Proof>,
    policy: &Policy,
) -> Result<AuthorizationRequest, Denial> {
    refuse_what_is_not_taken(parameters)?;
    if parameters.required("response_type")? != "code" {
        return Err(Denial::ResponseTypeUnsupported);
    }
    let redirect_uri = client.redirect_uri(parameters.required("redirect_uri")?)?;
    let code_challenge = challenge(parameters)?;
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri,
        response_mode: ResponseMode::parse(parameters.optional("response_mode"))?,
        state: state(parameters)?,
        scope: scope(parameters, client)?,
        code_challenge,
        prompt: parameters.optional("prompt").map(Prompt::parse).transpose()?,
        login_hint: parameters
            .optional("login_hint")
            .map(LoginHint::parse)
            .transpose()?,
        jkt: bound_key(parameters, proof, policy)?,
        client_key,
    })
}

fn refuse_what_is_not_taken(parameters: &Parameters) -> Result<(), Denial> {
    // RFC 9126 section 2.1
    if parameters.has("request_uri") {
        return Err(Denial::ParameterInvalid {
            name: "request_uri",
            expected: "must not be pushed, it is what this endpoint answers with",
        });
    }
    if parameters.has("request") {
        return Err(Denial::RequestObjectUnsupported);
    }
    if parameters.has("authorization_details") {
        return Err(Denial::ParameterInvalid {
            name: "authorization_details",
            expected: "is not supported",
        });
    }
    match parameters.optional("display") {
        None | Some("page" | "popup" | "touch") => Ok(()),
        Some(_) => Err(Denial::ParameterInvalid {
            name: "display",
            expected: "must be page, popup or touch",
        }),
    }
}

fn challenge(parameters: &Parameters) -> Result<CodeChallenge, Denial> {
    let challenge = parameters.required("code_challenge")?;
    // RFC 7636 section 4.3: an absent method means plain, which the profile forbids
    if parameters.optional("code_challenge_method") != Some("S256") {
        return Err(Denial::ParameterInvalid {
            name: "code_challenge_method",
            expected: "must be S256",
        });
    }
    CodeChallenge::parse(challenge)
}

fn state(parameters: &Parameters) -> Result<String, Denial> {
    let state = parameters.required("state")?;
    if state.len() > STATE_BYTES_MAX {
        return Err(Denial::ParameterInvalid {
            name: "state",
            expected: "is longer than 2048 bytes",
        });
    }
    Ok(state.to_owned())
}

fn scope(parameters: &Parameters, client: &Client) -> Result<ScopeSet, Denial> {
    let scope = ScopeSet::parse(parameters.required("scope")?).map_err(scope_denial)?;
    if !scope.contains_str("atproto") {
        return Err(Denial::ScopeInvalid {
            expected: "must include atproto".to_owned(),
        });
    }
    for value in scope.iter() {
        if !client.scope.contains(value) {
            return Err(Denial::ScopeUndeclared {
                value: shortened(value.as_str()),
            });
        }
    }
    Ok(scope)
}

fn scope_denial(reason: InvalidScope) -> Denial {
    Denial::ScopeInvalid {
        expected: shortened(&format!("is not valid: {reason}")),
    }
}

/// Scope values keep to the characters an error may hold; this keeps them short.
fn shortened(text: &str) -> String {
    text.chars()
        .filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\'))
        .take(200)
        .collect()
}

fn bound_key(
    parameters: &Parameters,
    proof: Option<&Proof>,
    policy: &Policy,
) -> Result<Option<Thumbprint>, Denial> {
    let invalid = Denial::ParameterInvalid {
        name: "dpop_jkt",
        expected: "must be a SHA-256 JWK thumbprint",
    };
    let named = match parameters.optional("dpop_jkt") {
        Some(text) => Some(Thumbprint::parse(text).ok_or(invalid)?),
        None => None,
    };
    match (proof.map(Proof::thumbprint), named) {
        (Some(proven), Some(named)) if proven != named => Err(Denial::KeyThumbprintMismatch),
        (None, None) if policy.proof_at_par == ProofAtPar::Required => Err(Denial::ProofMissing),
        (proven, named) => Ok(proven.or(named)),
    }
}

/// Bytes of `state`.
const STATE_BYTES_MAX: usize = 2048;

#[cfg(test)]
mod tests;
