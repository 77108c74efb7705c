//! Refreshes of sessions that began with real logins.

use std::collections::VecDeque;

use anyhow::Context as _;
use async_trait::async_trait;
use entryway_tests::{Client, Endpoint, Process, Service as _, alice, bob, login};
use serde::Deserialize;

use crate::drive::{Caller, Callers, send_form};
use crate::line::Line;
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
) -> anyhow::Result<Callers> {
    let sessions = sessions.max(connections);
    let mut refreshers: Callers = Vec::new();
    for number in 0..connections {
        let client = Client::named(&format!("callback/{number}"));
        let mut tokens = VecDeque::new();
        for session in (number..sessions).step_by(connections) {
            let account = if session.is_multiple_of(2) { alice() } else { bob() };
            tokens.push_back(login(process, &client, account).await.refresh_token);
        }
        let form = client.refresh("").without("refresh_token").body();
        refreshers.push(Box::new(Refresher {
            path: process.path(Endpoint::Token),
            signer: Signer::new(client.key(), process.url(Endpoint::Token))?,
            form: String::from_utf8(form)?,
            tokens,
        }));
    }
    Ok(refreshers)
}

#[derive(Deserialize)]
struct Refreshed {
    refresh_token: String,
}

#[async_trait(?Send)]
impl Caller for Refresher {
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()> {
        let token = self.tokens.pop_front().context("a session")?;
        let form = format!("{}&refresh_token={token}", self.form);
        // whatever becomes of it: a token whose answer was lost is good once more
        self.tokens.push_back(token);
        let reply = send_form(line, &self.path, &mut self.signer, &form, 200).await?;
        let refreshed: Refreshed = serde_json::from_slice(&reply.body)?;
        if let Some(last) = self.tokens.back_mut() {
            *last = refreshed.refresh_token;
        }
        Ok(())
    }
}
