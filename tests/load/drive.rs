//! Many callers at once, each on a connection that it keeps, and a window in which they are timed.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::body::Body;
use entryway_tests::{Connection, Process, Reply};
use futures_util::future::{join, try_join_all};
use http::Request;
use http::header::CONTENT_TYPE;
use tokio::time::sleep;

use crate::cores::{cpu_seconds, peak_mib};
use crate::figures::Load;
use crate::signer::Signer;

/// Makes one request after the other.
pub(crate) trait Caller {
    /// The next request.
    fn request(&mut self) -> anyhow::Result<Request<Body>>;

    /// Learns from the answer; fails if it is not one that a client expects.
    fn receive(&mut self, reply: &Reply) -> anyhow::Result<Answer>;
}

/// What a client expects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Granted,
    /// Of the first request, and again when a nonce is too old.
    NonceMissing,
}

/// How long to ask, and how much of that counts.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) warm_up: Duration,
    pub(crate) timed: Duration,
}

/// A form with a proof.
pub(crate) fn form_request(path: &str, signer: &Signer, form: String) -> anyhow::Result<Request<Body>> {
    Ok(Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("dpop", signer.proof()?)
        .body(Body::from(form))?)
}

/// Which of the two an answer is. Takes the nonce from it.
pub(crate) fn read_answer(reply: &Reply, success: u16, signer: &mut Signer) -> anyhow::Result<Answer> {
    reply.nonce().clone_into(&mut signer.nonce);
    match reply.code() {
        code if code == success => Ok(Answer::Granted),
        400 if reply.member("error") == "use_dpop_nonce" => Ok(Answer::NonceMissing),
        code => bail!("refused with {code}: {}", reply.text()),
    }
}

/// Has them ask for as long as the window says; gives them back for another round.
pub(crate) async fn drive<C: Caller>(
    process: &Process,
    callers: Vec<C>,
    window: Window,
) -> anyhow::Result<(Vec<C>, Load)> {
    let id = process.id().await;
    let phase = Cell::new(Phase::WarmingUp);
    let asking = try_join_all(callers.into_iter().map(|caller| ask(process, caller, &phase)));
    let timing = async {
        sleep(window.warm_up).await;
        phase.set(Phase::Timed);
        let (cpu, begun) = (cpu_seconds(id)?, Instant::now());
        sleep(window.timed).await;
        phase.set(Phase::Over);
        anyhow::Ok((cpu_seconds(id)? - cpu, begun.elapsed()))
    };
    let (asked, timed) = join(asking, timing).await;
    let (callers, latencies): (Vec<C>, Vec<Vec<Duration>>) = asked?.into_iter().unzip();
    let (cpu_seconds, elapsed) = timed?;
    let load = Load::of(latencies.concat(), elapsed, cpu_seconds, peak_mib(id)?)?;
    Ok((callers, load))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmingUp,
    Timed,
    Over,
}

/// Asks until it is over; gives how long each answer took that came while it counted.
async fn ask<C: Caller>(
    process: &Process,
    mut caller: C,
    phase: &Cell<Phase>,
) -> anyhow::Result<(C, Vec<Duration>)> {
    let mut connection = Connection::open(process.address()).await.context("connecting")?;
    let mut latencies = Vec::new();
    while phase.get() != Phase::Over {
        let request = caller.request()?;
        let begun = Instant::now();
        let reply = connection.ask(request).await.context("the server went away")?;
        let latency = begun.elapsed();
        let answer = caller.receive(&reply)?;
        if answer == Answer::Granted && phase.get() == Phase::Timed {
            latencies.push(latency);
        }
    }
    Ok((caller, latencies))
}
