//! Whole logins of people whom their browser remembers: PAR, the page, consent, the exchange.
//!
//! Everybody signs in once, before anything is timed: what a password costs is for `create-session` to say.

use async_trait::async_trait;

use crate::browser::Browser;
use crate::client::Client;
use crate::drive::{Caller, Callers};
use crate::line::Line;
use crate::target::Target;

/// One person with one app.
struct Person {
    client: Client,
    browser: Browser,
}

/// As many people as connections, all of them signed in.
pub(crate) async fn callers(target: &Target, connections: usize) -> anyhow::Result<Callers> {
    let mut line = Line::to(target.address);
    let mut people: Callers = Vec::new();
    for number in 0..connections {
        let mut person = Person {
            client: Client::new(target, number)?,
            browser: Browser::new(target, target.account(number)),
        };
        person.operate(&mut line).await?;
        people.push(Box::new(person));
    }
    Ok(people)
}

#[async_trait(?Send)]
impl Caller for Person {
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()> {
        self.client.log_in(line, &mut self.browser).await.map(drop)
    }
}
