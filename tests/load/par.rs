//! Pushed authorization requests, each with a challenge of its own.

use axum::body::Body;
use entryway_tests::{Client, Endpoint, Process, Reply, Service as _};
use http::Request;

use crate::drive::{Answer, Caller, form_request, read_answer};
use crate::signer::{Signer, random_text};

/// One client that pushes request after request.
pub(crate) struct Pusher {
    path: String,
    signer: Signer,
    /// What is the same in every request.
    form: String,
}

/// As many clients as connections.
pub(crate) fn callers(process: &Process, connections: usize) -> anyhow::Result<Vec<Pusher>> {
    let pushers = (0..connections).map(|number| {
        let client = Client::named(&format!("callback/{number}"));
        let form = client.par().without("state").without("code_challenge").body();
        Ok(Pusher {
            path: process.path(Endpoint::Par),
            signer: Signer::new(client.key(), process.url(Endpoint::Par))?,
            form: String::from_utf8(form)?,
        })
    });
    pushers.collect()
}

impl Caller for Pusher {
    fn request(&mut self) -> anyhow::Result<Request<Body>> {
        let (state, challenge) = (random_text()?, random_text()?);
        let form = format!("{}&state={state}&code_challenge={challenge}", self.form);
        form_request(&self.path, &self.signer, form)
    }

    fn receive(&mut self, reply: &Reply) -> anyhow::Result<Answer> {
        read_answer(reply, 201, &mut self.signer)
    }
}
