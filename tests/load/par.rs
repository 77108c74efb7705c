//! Pushed authorization requests, each with a challenge of its own.

use async_trait::async_trait;
use entryway_tests::{Answer, Client, ClientSite, Document, NamedKey};

use crate::drive::{Caller, Callers, send_form};
use crate::line::Line;
use crate::signer::{Asserter, Signer, random_text};
use crate::target::{PAR, Target};

/// One client that pushes request after request.
pub(crate) struct Pusher {
    signer: Signer,
    asserter: Option<Asserter>,
    /// What is the same in every request.
    form: String,
}

/// Which clients push.
#[derive(Clone, Copy)]
pub(crate) enum Pushers<'a> {
    /// Virtual clients, which have no document.
    Loopback,
    /// Public clients whose document is kept after the first request.
    Kept(&'a ClientSite),
    /// Confidential ones, whose assertion is one more signature and one more mark.
    Confidential(&'a ClientSite),
    /// Public clients whose document is fetched for every request.
    Fetched(&'a ClientSite),
}

impl Pushers<'_> {
    /// As many clients as connections.
    pub(crate) fn callers(self, target: &Target, connections: usize) -> anyhow::Result<Callers> {
        (0..connections)
            .map(|number| -> anyhow::Result<Box<dyn Caller>> { Ok(Box::new(self.caller(target, number)?)) })
            .collect()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Kept(_) => "kept",
            Self::Confidential(_) => "confidential",
            Self::Fetched(_) => "fetched",
        }
    }

    fn caller(self, target: &Target, number: usize) -> anyhow::Result<Pusher> {
        // of its own, so that nothing is kept of another kind
        let path = format!("/{}-{number}/client.json", self.name());
        let mut asserter = None;
        let client = match self {
            Self::Loopback => Client::named(&format!("callback/{number}")),
            Self::Kept(site) => site.public_client(&path),
            Self::Confidential(site) => {
                let key = NamedKey::generate("key-1");
                let id = site.url(&path);
                asserter = Some(Asserter::new(&key, &id, &target.issuer)?);
                site.publish(&path, Document::confidential(&id, &[&key]))
            }
            Self::Fetched(site) => {
                let client = site.public_client(&path);
                let answer = Answer::from(Document::public(client.id()));
                site.serve(&path, answer.header("cache-control", "no-store"));
                client
            }
        };
        let form = client.par().without("state").without("code_challenge").body();
        Ok(Pusher {
            signer: Signer::new(client.key(), target.url(PAR))?,
            asserter,
            form: String::from_utf8(form)?,
        })
    }
}

#[async_trait(?Send)]
impl Caller for Pusher {
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()> {
        let (state, challenge) = (random_text()?, random_text()?);
        let mut form = format!("{}&state={state}&code_challenge={challenge}", self.form);
        if let Some(asserter) = &self.asserter {
            form.push_str(ASSERTION);
            form.push_str(&asserter.assertion()?);
        }
        send_form(line, PAR, &mut self.signer, &form, 201).await?;
        Ok(())
    }
}

const ASSERTION: &str = "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";
