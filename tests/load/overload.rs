//! More than the server can do, whether or not it answers: refreshes at a fixed rate, on many connections.

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::cores::{self, resident_mib};
use crate::drive::{Caller, Callers, drive};
use crate::line::{Failure, Line};
use crate::options::Options;
use crate::refresh;
use crate::target::Target;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    /// How many times its capacity is asked of it.
    #[arg(long, default_value_t = 3.0)]
    times: f64,
    /// Connections on which that is asked.
    #[arg(long, default_value_t = 512)]
    lines: usize,
}

/// What came back, and how long that took.
#[derive(Default)]
struct Answers {
    accepted: Vec<Duration>,
    shed: Vec<Duration>,
    /// Neither of them.
    failures: Vec<Failure>,
    /// Not asked, since every connection waited for an answer.
    unasked: usize,
    resident_mib: Vec<f64>,
}

/// Somebody with a connection.
struct Client {
    caller: Box<dyn Caller>,
    line: Line,
}

/// Finds out how much it can do with as many connections as it is told, then asks for more.
pub(crate) async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let options = &arguments.options;
    cores::keep_to(options.own_core())?;
    let target = Target::start(&options.server, options, None).await;
    let mut callers = refresh::callers(&target, arguments.lines, arguments.lines).await?;
    let at_capacity = options
        .connections
        .first()
        .copied()
        .unwrap_or(16)
        .min(callers.len());
    let few = callers.split_off(callers.len() - at_capacity);
    let (few, capacity) = drive(&target, few, options.window()).await?;
    callers.extend(few);
    let rate = capacity.per_second * arguments.times;
    let answers = offer(&target, callers, rate, options.window().timed).await?;
    let seconds = options.window().timed.as_secs_f64();
    if !answers.failures.is_empty() {
        bail!(
            "answers that are neither a refresh nor 503: {:?}",
            answers.failures
        );
    }
    let figures = json!({
        "operation": "overload",
        "connections": arguments.lines,
        "capacity_per_second": capacity.per_second,
        "capacity_p50_ms": capacity.p50_ms,
        "capacity_p99_ms": capacity.p99_ms,
        "offered_per_second": rate,
        "unasked": answers.unasked,
        "accepted_per_second": count(answers.accepted.len()) / seconds,
        "accepted_p50_ms": of_thousand(&answers.accepted, 500),
        "accepted_p99_ms": of_thousand(&answers.accepted, 990),
        "shed_per_second": count(answers.shed.len()) / seconds,
        "shed_p50_ms": of_thousand(&answers.shed, 500),
        "shed_p99_ms": of_thousand(&answers.shed, 990),
        "goodput": count(answers.accepted.len()) / seconds / capacity.per_second,
        "resident_mib": answers.resident_mib,
    });
    if options.json {
        println!("{figures}");
    } else {
        println!("{figures:#}");
    }
    Ok(())
}

/// Asks so often, for so long, and waits for the last answers.
async fn offer(target: &Target, callers: Callers, rate: f64, duration: Duration) -> anyhow::Result<Answers> {
    let connect = |caller| Client {
        caller,
        line: Line::to(target.address),
    };
    let mut idle: Vec<Client> = callers.into_iter().map(connect).collect();
    let mut busy = FuturesUnordered::new();
    let mut answers = Answers::default();
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (begun, mut asked) = (Instant::now(), 0.0);
    loop {
        tokio::select! {
            _ = ticks.tick(), if begun.elapsed() < duration => {
                let elapsed = begun.elapsed().min(duration).as_secs_f64();
                // at the beginning, in the middle, at the end
                if elapsed >= duration.as_secs_f64() * count(answers.resident_mib.len()) / 2.0 * ALMOST {
                    answers.resident_mib.push(resident_mib(target.id)?);
                }
                while asked < elapsed * rate {
                    asked += 1.0;
                    match idle.pop() {
                        Some(client) => busy.push(once(client)),
                        None => answers.unasked += 1,
                    }
                }
            }
            Some(done) = busy.next() => {
                let (client, ended, latency) = done;
                idle.push(client);
                match ended {
                    Ok(()) => answers.accepted.push(latency),
                    Err(error) => match error.downcast::<Failure>()? {
                        Failure::Refused(503) => answers.shed.push(latency),
                        failure => answers.failures.push(failure),
                    },
                }
            }
            else => break,
        }
        if begun.elapsed() >= duration && busy.is_empty() {
            break;
        }
    }
    answers.accepted.sort();
    answers.shed.sort();
    Ok(answers)
}

async fn once(mut client: Client) -> (Client, anyhow::Result<()>, Duration) {
    let begun = Instant::now();
    let ended = client.caller.operate(&mut client.line).await;
    (client, ended, begun.elapsed())
}

/// Of sorted latencies, in milliseconds; none where there are none.
fn of_thousand(latencies: &[Duration], part: usize) -> Option<f64> {
    let last = latencies.len().checked_sub(1)?;
    Some(latencies[last * part / 1000].as_secs_f64() * 1e3)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// So that the last look falls within the time.
const ALMOST: f64 = 0.98;
