use super::bench::{Bench, NOON, count, race};
use super::on_both_engines;
use crate::{Allowance, Counting};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};

const WINDOW: Seconds = Seconds(300);

fn allowances(address: &str, most_of_address: u32, name: &str, most_of_name: u32) -> [Allowance; 2] {
    [(address, most_of_address), (name, most_of_name)].map(|(of, most)| Allowance {
        of: Digest::of(of.as_bytes()),
        most,
    })
}

async fn attempt(bench: &Bench, of: [Allowance; 2], now: Timestamp) -> Counting {
    bench.store.count_attempt(of, now + WINDOW, now).await.unwrap()
}

//
async fn attempts_are_counted_until_their_time_has_passed(bench: &Bench) {
    let of = allowances("home", 100, "alice", 2);
    for (seconds, expected) in [
        (0, Counting::Counted),
        (299, Counting::Counted),
        (299, Counting::Exceeded),
        // from the first of them on, however many came since
        (300, Counting::Counted),
        (301, Counting::Counted),
        (599, Counting::Exceeded),
        (600, Counting::Counted),
    ] {
        let counted = attempt(bench, of, NOON + Seconds(seconds)).await;
        assert_eq!(counted, expected, "{seconds}");
    }
}

// attack: refused tries on one name must neither pay back nor use up what the address may do
async fn an_attempt_that_one_allowance_refuses_counts_against_neither(bench: &Bench) {
    let alice = allowances("home", 3, "alice", 1);
    assert_eq!(attempt(bench, alice, NOON).await, Counting::Counted);
    for _ in 0..5 {
        assert_eq!(attempt(bench, alice, NOON).await, Counting::Exceeded);
    }
    for (name, expected) in [
        ("bob", Counting::Counted),
        ("carol", Counting::Counted),
        ("dan", Counting::Exceeded),
    ] {
        assert_eq!(
            attempt(bench, allowances("home", 3, name, 1), NOON).await,
            expected
        );
    }
    // the refusal by the address left dan what he has
    let elsewhere = allowances("elsewhere", 3, "dan", 1);
    assert_eq!(attempt(bench, elsewhere, NOON).await, Counting::Counted);
}

async fn what_is_taken_back_is_held_against_nobody(bench: &Bench) {
    let of = allowances("home", 1, "alice", 1);
    let digests = of.map(|allowance| allowance.of);
    for _ in 0..3 {
        assert_eq!(attempt(bench, of, NOON).await, Counting::Counted);
        bench.store.take_back_attempt(digests, NOON).await.unwrap();
    }
    // once more than was counted, and one from before
    bench.store.take_back_attempt(digests, NOON).await.unwrap();
    bench
        .store
        .take_back_attempt(digests, NOON + WINDOW)
        .await
        .unwrap();
    assert_eq!(attempt(bench, of, NOON).await, Counting::Counted);
    assert_eq!(attempt(bench, of, NOON).await, Counting::Exceeded);
}

// sixty-four at once cannot slip through together
async fn of_many_at_once_as_many_count_as_are_allowed(bench: &Bench) {
    let tries = async |most_of_address, most_of_name, now: Timestamp| {
        let answers = race(|number| {
            let store = bench.store.clone();
            let name = if number % 2 == 0 { "alice" } else { "bob" };
            let of = allowances("home", most_of_address, name, most_of_name);
            async move { store.count_attempt(of, now + WINDOW, now).await.unwrap() }
        });
        count(&answers.await, &Counting::Counted)
    };
    assert_eq!(tries(10, 64, NOON).await, 10);
    let later = NOON + WINDOW;
    assert_eq!(tries(64, 7, later).await, 14);
    // all that was refused left the address as it was
    let rest = allowances("home", 15, "carol", 2);
    assert_eq!(attempt(bench, rest, later).await, Counting::Counted);
    assert_eq!(attempt(bench, rest, later).await, Counting::Exceeded);
}

async fn counting_and_taking_back_at_once_ends_where_it_began(bench: &Bench) {
    race(|_| {
        let store = bench.store.clone();
        let of = allowances("home", 64, "alice", 64);
        async move {
            let counted = store.count_attempt(of, NOON + WINDOW, NOON).await;
            assert_eq!(counted.unwrap(), Counting::Counted);
            let digests = of.map(|allowance| allowance.of);
            store.take_back_attempt(digests, NOON).await.unwrap();
        }
    })
    .await;
    let one = allowances("home", 1, "alice", 1);
    assert_eq!(attempt(bench, one, NOON).await, Counting::Counted);
    assert_eq!(attempt(bench, one, NOON).await, Counting::Exceeded);
}

on_both_engines![
    attempts_are_counted_until_their_time_has_passed,
    an_attempt_that_one_allowance_refuses_counts_against_neither,
    what_is_taken_back_is_held_against_nobody,
    of_many_at_once_as_many_count_as_are_allowed,
    counting_and_taking_back_at_once_ends_where_it_began,
];
