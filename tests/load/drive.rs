//! Many callers at once, each on a connection that it keeps, and a window in which they are timed.

use std::cell::Cell;
use std::time::{Duration, Instant};

use axum::body::Body;
use entryway_tests::Reply;
use futures_util::future::{join, try_join_all};
use http::Request;
use http::header::CONTENT_TYPE;
use tokio::time::sleep;

use crate::cores::cpu_seconds;
use crate::figures::{Load, Sample};
use crate::line::{Failure, Line};
use crate::signer::Signer;
use crate::target::Target;

/// Does one operation after the other.
#[async_trait::async_trait(?Send)]
pub(crate) trait Caller {
    /// Does it once, with as many requests as that takes. A [`Failure`] is counted; any other error ends the run.
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()>;
}

/// Callers of any one kind.
pub(crate) type Callers = Vec<Box<dyn Caller>>;

/// How long to ask, and how much of that counts.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    pub(crate) warm_up: Duration,
    pub(crate) timed: Duration,
}

/// Sends a form with a proof, and once more where the server wants another nonce in it, as a client does.
pub(crate) async fn send_form(
    line: &mut Line,
    path: &str,
    signer: &mut Signer,
    form: &str,
    success: u16,
) -> anyhow::Result<Reply> {
    for _ in 0..=NONCES_MAX {
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("dpop", signer.proof()?)
            .body(Body::from(form.to_owned()))?;
        let reply = line.ask(request).await?;
        if let Some(nonce) = reply.header("dpop-nonce") {
            nonce.clone_into(&mut signer.nonce);
        }
        match reply.code() {
            code if code == success => return Ok(reply),
            400 if reply.member("error") == "use_dpop_nonce" => {}
            code => return Err(Failure::Refused(code).into()),
        }
    }
    Err(Failure::Refused(400).into())
}

/// One is new to the client, or has become too old.
const NONCES_MAX: usize = 1;

/// Has them operate for as long as the window says; gives them back for another round.
pub(crate) async fn drive(
    target: &Target,
    callers: Callers,
    window: Window,
) -> anyhow::Result<(Callers, Load)> {
    let phase = Cell::new(Phase::WarmingUp);
    let operating = try_join_all(callers.into_iter().map(|caller| repeat(target, caller, &phase)));
    let timing = async {
        sleep(window.warm_up).await;
        phase.set(Phase::Timed);
        let (cpu, begun) = (cpu_seconds(target.id)?, Instant::now());
        sleep(window.timed).await;
        phase.set(Phase::Over);
        anyhow::Ok((cpu_seconds(target.id)? - cpu, begun.elapsed()))
    };
    let (operated, timed) = join(operating, timing).await;
    let (callers, samples): (Callers, Vec<Sample>) = operated?.into_iter().unzip();
    let (cpu_seconds, elapsed) = timed?;
    let load = Load::of(Sample::together(samples), elapsed, cpu_seconds, target.id)?;
    Ok((callers, load))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmingUp,
    Timed,
    Over,
}

/// Operates until it is over; what ends while it counts is in the sample.
async fn repeat(
    target: &Target,
    mut caller: Box<dyn Caller>,
    phase: &Cell<Phase>,
) -> anyhow::Result<(Box<dyn Caller>, Sample)> {
    let mut line = Line::to(target.address());
    let mut sample = Sample::default();
    while phase.get() != Phase::Over {
        let begun = Instant::now();
        let operated = caller.operate(&mut line).await;
        let latency = begun.elapsed();
        let ended = ended(operated)?;
        if phase.get() == Phase::Timed {
            sample.take(ended.map(|()| latency));
        }
    }
    Ok((caller, sample))
}

/// Tells a failure, which counts, from what is wrong with this program or the machine.
fn ended(operated: anyhow::Result<()>) -> anyhow::Result<Result<(), Failure>> {
    match operated {
        Ok(()) => Ok(Ok(())),
        Err(error) => error.downcast::<Failure>().map(Err),
    }
}
