//! The token endpoint and the revocation endpoint, through the `oauth2` crate's client.

use std::fmt;
use std::pin::Pin;

use data_encoding::HEXLOWER;
use http::StatusCode;
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AccessToken, AuthorizationCode, ClientId, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, RevocableToken as _,
    StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenType,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::Demo;
use super::authorization::form_post;
use super::channel::Channel;
use super::discovery::same;
use super::outbound::Undelivered;
use super::permissions::Asked;
use super::problem::{Problem, Refusal};
use super::server::AuthorizationServer;

/// Bytes of a token's digest that are shown.
const FINGERPRINT_BYTES: usize = 4;

/// The only type of token an atproto server gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DpopTokenType {
    /// Bound to the key of the proof. `oauth2` lower-cases the word before it is read.
    #[serde(rename = "DPoP", alias = "dpop")]
    Dpop,
}

impl TokenType for DpopTokenType {}

/// What atproto adds to a token response.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AtprotoFields {
    /// The DID of the account the tokens are for.
    sub: String,
}

impl ExtraTokenFields for AtprotoFields {}

type TokenAnswer = StandardTokenResponse<AtprotoFields, DpopTokenType>;

type Client = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The tokens of one session.
pub(super) struct Tokens {
    /// What the PDS takes.
    pub(super) access: AccessToken,
    /// What brings the next access token, if the server gave one.
    refresh: Option<RefreshToken>,
    /// What the person granted.
    pub(super) scope: String,
    /// Seconds since the epoch, if the server told.
    pub(super) expires_at: Option<i64>,
}

impl Tokens {
    /// The beginning of the access token's digest: enough to see that it changed, useless for anything else.
    pub(super) fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.access.secret());
        HEXLOWER.encode(&digest[..FINGERPRINT_BYTES])
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tokens")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The `oauth2` client for one authorization server.
pub(super) fn client(demo: &Demo, server: &AuthorizationServer) -> Client {
    oauth2::Client::new(ClientId::new(demo.client_id.clone()))
        .set_redirect_uri(RedirectUrl::from_url(demo.redirect_uri.clone()))
        .set_auth_uri(server.authorization_endpoint.clone())
        .set_token_uri(server.token_endpoint.clone())
}

/// Exchanges the code of a sign-in for tokens of `did`.
pub(super) async fn exchange_code(
    channel: Channel,
    server: &AuthorizationServer,
    did: &str,
    code: AuthorizationCode,
    verifier: PkceCodeVerifier,
    asked: &Asked,
) -> Result<Tokens, Problem> {
    const TITLE: &str = "Exchange the code for tokens";
    let http = sender(&channel, TITLE);
    let answer = client(&channel.demo, server)
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .map_err(|error| token_problem(TITLE, server, error))?;
    accepted(&channel.demo, &answer, did, Before::Asked(asked))
}

/// Exchanges the refresh token for new tokens.
///
/// # Errors
///
/// [`Problem::SessionEnded`] if the server says `invalid_grant`: the session was revoked, or is too old.
pub(super) async fn refresh(
    channel: Channel,
    server: &AuthorizationServer,
    did: &str,
    tokens: &Tokens,
) -> Result<Tokens, Problem> {
    const TITLE: &str = "Refresh the tokens";
    let Some(refresh_token) = &tokens.refresh else {
        let refusal = Refusal::new("no_refresh_token", Some("the server gave no refresh token"));
        return Err(Problem::SessionEnded(refusal));
    };
    let http = sender(&channel, TITLE);
    let answer = client(&channel.demo, server)
        .exchange_refresh_token(refresh_token)
        .request_async(&http)
        .await
        .map_err(|error| match token_problem(TITLE, server, error) {
            Problem::Refused { refusal, .. } if refusal.error == "invalid_grant" => {
                Problem::SessionEnded(refusal)
            }
            other => other,
        })?;
    accepted(&channel.demo, &answer, did, Before::Held(tokens))
}

/// Gives the tokens back: the refresh token if there is one, because that ends the whole session.
///
/// `oauth2` refuses to build a revocation request for a server on plain http, which a server on this machine
/// is, so the form is written here; token and hint are still that crate's.
pub(super) async fn revoke(
    channel: Channel,
    server: &AuthorizationServer,
    tokens: &Tokens,
) -> Result<(), Problem> {
    const TITLE: &str = "Revoke the session";
    let Some(endpoint) = &server.revocation_endpoint else {
        return Ok(());
    };
    let token: StandardRevocableToken = match &tokens.refresh {
        Some(token) => token.clone().into(),
        None => tokens.access.clone().into(),
    };
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.secret())
        .append_pair("client_id", &channel.demo.client_id)
        .extend_pairs(token.type_hint().map(|hint| ("token_type_hint", hint)))
        .finish();
    let request = form_post(endpoint.url(), &form)?;
    let url = endpoint.url().to_string();
    let answer = channel
        .send(TITLE, request)
        .await
        .map_err(|reason| Problem::Unanswered {
            step: TITLE,
            url: url.clone(),
            reason,
        })?;
    // RFC 7009 section 2.2 says 200; some servers say 204
    if answer.status().is_success() {
        return Ok(());
    }
    match serde_json::from_slice::<BasicErrorResponse>(answer.body()) {
        Ok(refusal) => Err(Problem::Refused {
            step: TITLE,
            refusal: Refusal::from(&refusal),
        }),
        Err(_) => Err(Problem::UnexpectedAnswer {
            step: TITLE,
            url,
            status: answer.status(),
            expected: "status 200".to_owned(),
        }),
    }
}

/// The HTTP client for `oauth2`: sends each request with a proof. Its future owns all it needs, because the
/// compiler cannot show of a borrowing one inside that crate's that it may move between threads.
fn sender(channel: &Channel, title: &'static str) -> impl Fn(HttpRequest) -> Sending {
    let channel = channel.clone();
    move |request| {
        let channel = channel.clone();
        Box::pin(async move { channel.send(title, request).await })
    }
}

type Sending = Pin<Box<dyn Future<Output = Result<HttpResponse, Undelivered>> + Send>>;

/// What an answer follows.
#[derive(Clone, Copy)]
enum Before<'a> {
    Asked(&'a Asked),
    Held(&'a Tokens),
}

/// Takes the tokens of an answer if they are for the account they were asked for.
fn accepted(demo: &Demo, answer: &TokenAnswer, did: &str, before: Before<'_>) -> Result<Tokens, Problem> {
    // else a server could sign this app in to an account that never lived there
    same("the token's sub", did, &answer.extra_fields().sub)?;
    let scope = match (answer.scopes(), before) {
        (Some(scopes), _) => scopes
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
            .join(" "),
        // RFC 6749 section 5.1: left out if it is what was asked for
        (None, Before::Held(tokens)) => tokens.scope.clone(),
        (None, Before::Asked(asked)) => asked.to_string(),
    };
    if !scope.split(' ').any(|value| value == "atproto") {
        let expected = "a list with atproto".to_owned();
        return Err(Problem::Mismatch {
            what: "the token's scope",
            expected,
            found: scope,
        });
    }
    let lifetime = answer
        .expires_in()
        .and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok());
    let held = match before {
        Before::Held(tokens) => tokens.refresh.as_ref(),
        Before::Asked(_) => None,
    };
    Ok(Tokens {
        access: answer.access_token().clone(),
        // RFC 6749 section 6: the old one stays good if no new one comes
        refresh: answer.refresh_token().or(held).cloned(),
        scope,
        expires_at: lifetime.map(|lifetime| demo.now().saturating_add(lifetime)),
    })
}

fn token_problem(
    step: &'static str,
    server: &AuthorizationServer,
    error: RequestTokenError<Undelivered, BasicErrorResponse>,
) -> Problem {
    let url = server.token_endpoint.to_string();
    match error {
        RequestTokenError::ServerResponse(refusal) => Problem::Refused {
            step,
            refusal: Refusal::from(&refusal),
        },
        RequestTokenError::Request(reason) => Problem::Unanswered { step, url, reason },
        // the body that could not be read may hold tokens, so nothing of it is passed on
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Problem::UnexpectedAnswer {
            step,
            url,
            status: StatusCode::OK,
            expected: "JSON with access_token, token_type DPoP and sub".to_owned(),
        },
    }
}
