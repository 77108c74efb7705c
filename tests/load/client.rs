//! A public client without a document, as both servers take it.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_tests::Key;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded::Serializer;

use crate::browser::Browser;
use crate::drive::send_form;
use crate::line::Line;
use crate::signer::{Signer, random_text};
use crate::target::{PAR, TOKEN, Target};

/// One client with one key.
pub(crate) struct Client {
    id: String,
    thumbprint: String,
    redirect_uri: String,
    par: Signer,
    token: Signer,
}

/// A request that was pushed, and what opens its code.
pub(crate) struct Pushed {
    request_uri: String,
    verifier: String,
}

/// A code, and what opens it.
pub(crate) struct Approved {
    code: String,
    verifier: String,
}

#[derive(Deserialize)]
struct PushedReply {
    request_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    refresh_token: String,
}

/// What it asks for.
pub(crate) const SCOPE: &str = "atproto transition:generic";

impl Client {
    /// The client of this caller.
    pub(crate) fn new(target: &Target, number: usize) -> anyhow::Result<Self> {
        let path = format!("callback/{number}");
        let query = Serializer::new(String::new())
            .append_pair("redirect_uri", &format!("http://127.0.0.1/{path}"))
            .append_pair("scope", SCOPE)
            .finish();
        let key = Key::generate();
        Ok(Self {
            id: format!("http://localhost?{query}"),
            thumbprint: key.thumbprint(),
            redirect_uri: format!("http://127.0.0.1:4711/{path}"),
            par: Signer::new(&key, target.url(PAR))?,
            token: Signer::new(&key, target.url(TOKEN))?,
        })
    }

    /// Its `client_id`.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// That of its key.
    pub(crate) fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Pushes a request with a challenge and a state of its own.
    pub(crate) async fn push(&mut self, line: &mut Line) -> anyhow::Result<Pushed> {
        let (verifier, state) = (random_text()?, random_text()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let form = Serializer::new(String::new())
            .append_pair("client_id", &self.id)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let reply = send_form(line, PAR, &mut self.par, &form, 201).await?;
        let reply: PushedReply = serde_json::from_slice(&reply.body).context("an answer of PAR")?;
        Ok(Pushed {
            request_uri: reply.request_uri,
            verifier,
        })
    }

    /// Has somebody approve what was pushed.
    pub(crate) async fn approve(
        &self,
        line: &mut Line,
        browser: &mut Browser,
        pushed: Pushed,
    ) -> anyhow::Result<Approved> {
        let code = browser.approve(line, &self.id, &pushed.request_uri).await?;
        Ok(Approved {
            code,
            verifier: pushed.verifier,
        })
    }

    /// Exchanges a code for tokens; gives the refresh token.
    pub(crate) async fn exchange(&mut self, line: &mut Line, approved: &Approved) -> anyhow::Result<String> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", &self.id)
            .append_pair("code", &approved.code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &approved.verifier)
            .finish();
        self.tokens(line, &form).await
    }

    /// Gives the next refresh token.
    pub(crate) async fn refresh(&mut self, line: &mut Line, refresh_token: &str) -> anyhow::Result<String> {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.id)
            .append_pair("refresh_token", refresh_token)
            .finish();
        self.tokens(line, &form).await
    }

    /// The whole way; gives the refresh token.
    pub(crate) async fn log_in(&mut self, line: &mut Line, browser: &mut Browser) -> anyhow::Result<String> {
        let pushed = self.push(line).await?;
        let approved = self.approve(line, browser, pushed).await?;
        self.exchange(line, &approved).await
    }

    async fn tokens(&mut self, line: &mut Line, form: &str) -> anyhow::Result<String> {
        let reply = send_form(line, TOKEN, &mut self.token, form, 200).await?;
        let tokens: Tokens = serde_json::from_slice(&reply.body).context("tokens")?;
        Ok(tokens.refresh_token)
    }
}
