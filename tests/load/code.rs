//! Exchanges of codes, of which a stock is made before anything is timed.

use std::collections::VecDeque;
use std::time::Instant;

use async_trait::async_trait;

use crate::browser::Browser;
use crate::client::Approved;
use crate::client::Client;
use crate::drive::{Caller, Callers};
use crate::line::Line;
use crate::target::Target;

/// One client with codes that nobody has exchanged yet.
struct Exchanger {
    client: Client,
    browser: Browser,
    stock: VecDeque<Approved>,
}

/// As many clients as connections, for people who are signed in: one after the other, since a server lets only so many
/// passwords be tried at once.
pub(crate) async fn callers(target: &Target, connections: usize) -> anyhow::Result<Callers> {
    let mut line = Line::to(target.address);
    let mut exchangers: Callers = Vec::new();
    for number in 0..connections {
        let mut client = Client::new(target, number)?;
        let mut browser = Browser::new(target, target.account(number));
        client.log_in(&mut line, &mut browser).await?;
        exchangers.push(Box::new(Exchanger {
            client,
            browser,
            stock: VecDeque::new(),
        }));
    }
    Ok(exchangers)
}

#[async_trait(?Send)]
impl Caller for Exchanger {
    fn needs_stock(&self) -> bool {
        true
    }

    async fn stock(&mut self, line: &mut Line, until: Instant) -> anyhow::Result<()> {
        self.stock.clear();
        while Instant::now() < until {
            let pushed = self.client.push(line).await?;
            let approved = self.client.approve(line, &mut self.browser, pushed).await?;
            self.stock.push_back(approved);
        }
        Ok(())
    }

    fn is_spent(&self) -> bool {
        self.stock.is_empty()
    }

    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()> {
        // the oldest first, before it is too old
        match self.stock.pop_front() {
            Some(approved) => self.client.exchange(line, &approved).await.map(drop),
            None => Ok(()),
        }
    }
}
