//! Refreshes of sessions that began with real logins.

use std::collections::VecDeque;

use anyhow::Context as _;
use axum::body::Body;
use entryway_tests::{Client, Endpoint, Process, Reply, Service as _, alice, bob, login};
use http::Request;
use serde::Deserialize;

use crate::drive::{Answer, Caller, form_request, read_answer};
use crate::signer::Signer;

/// One client that refreshes its sessions in turn.
pub(crate) struct Refresher {
    path: String,
    signer: Signer,
    /// What is the same in every request.
    form: String,
    /// The token of each session; the first is the next.
    tokens: VecDeque<String>,
}

/// As many clients as connections, which share the sessions evenly.
pub(crate) async fn callers(
    process: &Process,
    connections: usize,
    sessions: usize,
) -> anyhow::Result<Vec<Refresher>> {
    let mut refreshers = Vec::new();
    for number in 0..connections {
        let client = Client::named(&format!("callback/{number}"));
        let mut tokens = VecDeque::new();
        for session in (number..sessions).step_by(connections) {
            let account = if session.is_multiple_of(2) { alice() } else { bob() };
            tokens.push_back(login(process, &client, account).await.refresh_token);
        }
        let form = client.refresh("").without("refresh_token").body();
        refreshers.push(Refresher {
            path: process.path(Endpoint::Token),
            signer: Signer::new(client.key(), process.url(Endpoint::Token))?,
            form: String::from_utf8(form)?,
            tokens,
        });
    }
    Ok(refreshers)
}

#[derive(Deserialize)]
struct Refreshed {
    refresh_token: String,
}

impl Caller for Refresher {
    fn request(&mut self) -> anyhow::Result<Request<Body>> {
        let token = self.tokens.front().context("a session")?;
        let form = format!("{}&refresh_token={token}", self.form);
        form_request(&self.path, &self.signer, form)
    }

    fn receive(&mut self, reply: &Reply) -> anyhow::Result<Answer> {
        let answer = read_answer(reply, 200, &mut self.signer)?;
        if answer == Answer::Granted {
            let refreshed: Refreshed = serde_json::from_slice(&reply.body)?;
            self.tokens.pop_front();
            self.tokens.push_back(refreshed.refresh_token);
        }
        Ok(answer)
    }
}
