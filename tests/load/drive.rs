//! Many callers at once, each on a connection that it keeps, and a window in which they are timed.

use std::cell::{Cell, OnceCell};
use std::pin::pin;
use std::time::{Duration, Instant};

use axum::body::Body;
use entryway_tests::Reply;
use futures_util::TryStreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use http::Request;
use http::header::CONTENT_TYPE;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::cores::{Meter, Used};
use crate::figures::{Load, Sample};
use crate::line::{Failure, Line};
use crate::signer::Signer;
use crate::target::Target;

/// Does one operation after the other.
#[async_trait::async_trait(?Send)]
pub(crate) trait Caller {
    /// Does it once, with as many requests as that takes. A [`Failure`] is counted; any other error ends the run.
    async fn operate(&mut self, line: &mut Line) -> anyhow::Result<()>;

    /// Whether each operation uses up what has to be made before.
    fn needs_stock(&self) -> bool {
        false
    }

    /// Makes that until then; throws away what is left from an earlier round.
    async fn stock(&mut self, _line: &mut Line, _until: Instant) -> anyhow::Result<()> {
        Ok(())
    }

    /// Whether all of that is used up.
    fn is_spent(&self) -> bool {
        false
    }
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

/// Has each operate again and again for as long as the window says; gives them back for another round.
///
/// Where stock is needed it is made first, for twice as long as would count, and then used up without a warm-up.
pub(crate) async fn drive(
    target: &Target,
    callers: Callers,
    window: Window,
) -> anyhow::Result<(Callers, Load)> {
    let needs_stock = callers.iter().any(|caller| caller.needs_stock());
    let (callers, window) = if needs_stock {
        let until = Instant::now() + (window.timed * 2).min(STOCK_AGE_MAX);
        let stocking: FuturesUnordered<_> = callers
            .into_iter()
            .map(|caller| stock(target, caller, until))
            .collect();
        let warm_up = Duration::ZERO;
        (stocking.try_collect().await?, Window { warm_up, ..window })
    } else {
        (callers, window)
    };
    let phase = Cell::new(Phase::WarmingUp);
    let operating: FuturesUnordered<_> = callers
        .into_iter()
        .map(|caller| repeat(target, caller, &phase))
        .collect();
    let meter = OnceCell::new();
    let timing = async {
        sleep(window.warm_up).await;
        phase.set(Phase::Timed);
        let meter = meter.get_or_init(|| Meter::begin(target.id));
        sleep(window.timed).await;
        phase.set(Phase::Over);
        meter.read()
    };
    let operated = pin!(operating.try_collect::<Vec<_>>());
    let (operated, used) = match select(operated, pin!(timing)).await {
        // all stock is used up
        Either::Left((operated, _)) => (
            operated,
            meter.get().map_or_else(|| Ok(Used::default()), Meter::read),
        ),
        Either::Right((used, operated)) => (operated.await, used),
    };
    let (callers, samples): (Callers, Vec<Sample>) = operated?.into_iter().unzip();
    let load = Load::of(Sample::together(samples), used?, target.id)?;
    Ok((callers, load))
}

/// A code is good for a minute, and its exchange takes less time than what leads to it.
const STOCK_AGE_MAX: Duration = Duration::from_secs(30);

async fn stock(
    target: &Target,
    mut caller: Box<dyn Caller>,
    until: Instant,
) -> anyhow::Result<Box<dyn Caller>> {
    let mut line = Line::to(target.address);
    caller.stock(&mut line, until).await?;
    Ok(caller)
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
    let mut line = Line::to(target.address);
    let mut sample = Sample::default();
    // the phase has to be told before the first operation of a stock
    yield_now().await;
    while phase.get() != Phase::Over && !caller.is_spent() {
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
pub(crate) fn ended(operated: anyhow::Result<()>) -> anyhow::Result<Result<(), Failure>> {
    match operated {
        Ok(()) => Ok(Ok(())),
        Err(error) => error.downcast::<Failure>().map(Err),
    }
}
