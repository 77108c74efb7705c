//! Refreshes of sessions that began with real logins.

use std::collections::VecDeque;

use anyhow::Context as _;
use async_trait::async_trait;

use crate::browser::Browser;
use crate::client::Client;
use crate::drive::{Caller, Callers};
use crate::line::Line;
use crate::target::Target;

/// One client that refreshes its sessions in turn.
struct Refresher {
    client: Client,
    /// The token of each session; the first is the next.
    tokens: VecDeque<String>,
}

/// As many clients as connections, which share the sessions evenly.
pub(crate) async fn callers(target: &Target, connections: usize, sessions: usize) -> anyhow::Result<Callers> {
    let mut line = Line::to(target.address);
    let mut browsers = [0, 1].map(|number| Browser::new(target, target.account(number)));
    let mut refreshers: Callers = Vec::new();
    for number in 0..connections {
        let mut client = Client::new(target, number)?;
        let mut tokens = VecDeque::new();
        for session in (number..sessions.max(connections)).step_by(connections) {
            let browser = &mut browsers[session % 2];
            tokens.push_back(client.log_in(&mut line, browser).await?);
        }
        refreshers.push(refresher(client, tokens));
    }
    Ok(refreshers)
}

/// A client that refreshes these in turn.
pub(crate) fn refresher(client: Client, tokens: VecDeque<String>) -> Box<dyn Caller> {
    Box::new(Refresher { client, tokens })
}

#[async_trait(?Send)]
impl Caller for Refresher {
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()> {
        let token = self.tokens.pop_front().context("a session")?;
        let refreshed = self.client.refresh(line, &token).await;
        // one whose answer was lost is good once more
        self.tokens
            .push_back(refreshed.as_ref().map_or(token, String::clone));
        refreshed.map(drop)
    }
}
