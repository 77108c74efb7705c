use super::bench::{Bench, NOON, count, race};
use super::on_both_engines;
use crate::{Holder, Lease};
use entryway_oauth::time::{Seconds, Timestamp};

const ONE: Holder = Holder::from_entropy([1; 16]);
const OTHER: Holder = Holder::from_entropy([2; 16]);
const JOB: &str = "sweep";
const HELD: Seconds = Seconds(10);

async fn hold(bench: &Bench, holder: Holder, now: Timestamp) -> Lease {
    bench
        .store
        .hold_lease(JOB, holder, now + HELD, now)
        .await
        .unwrap()
}

async fn a_job_is_its_holders_until_its_time_has_passed(bench: &Bench) {
    for (holder, seconds, expected) in [
        (ONE, 0, Lease::Held),
        (OTHER, 0, Lease::Elsewhere),
        // held anew from here
        (ONE, 5, Lease::Held),
        (OTHER, 10, Lease::Elsewhere),
        (OTHER, 14, Lease::Elsewhere),
        // its holder was killed
        (OTHER, 15, Lease::Held),
        // and comes back
        (ONE, 15, Lease::Elsewhere),
        (OTHER, 30, Lease::Held),
    ] {
        let held = hold(bench, holder, NOON + Seconds(seconds)).await;
        assert_eq!(held, expected, "{holder:?} at {seconds}");
    }
    let another = bench.store.hold_lease("reconcile", ONE, NOON + HELD, NOON).await;
    assert_eq!(another.unwrap(), Lease::Held);
}

async fn a_job_that_is_laid_down_is_anybodys(bench: &Bench) {
    assert_eq!(hold(bench, ONE, NOON).await, Lease::Held);
    // by somebody who has it not
    bench.store.release_lease(JOB, OTHER).await.unwrap();
    assert_eq!(hold(bench, OTHER, NOON).await, Lease::Elsewhere);
    bench.store.release_lease(JOB, ONE).await.unwrap();
    assert_eq!(hold(bench, OTHER, NOON).await, Lease::Held);
}

async fn of_many_at_once_one_holds_the_job(bench: &Bench) {
    for now in [NOON, NOON + HELD] {
        let answers = race(|number| {
            let store = bench.store.clone();
            let holder = Holder::from_entropy([u8::try_from(number).unwrap(); 16]);
            async move { store.hold_lease(JOB, holder, now + HELD, now).await.unwrap() }
        });
        assert_eq!(count(&answers.await, &Lease::Held), 1);
    }
}

on_both_engines![
    a_job_is_its_holders_until_its_time_has_passed,
    a_job_that_is_laid_down_is_anybodys,
    of_many_at_once_one_holds_the_job,
];
