use super::bench::{Bench, NOON, count, race};
use super::on_both_engines;
use crate::{Mark, Remembered};
use entryway_oauth::time::Seconds;

async fn a_mark_counts_once_until_it_may_be_forgotten(bench: &Bench) {
    let mark = bench.mark();
    let end = mark.expires_at;
    let longer = Mark {
        expires_at: end + Seconds(60),
        ..mark
    };
    for (mark, now, expected) in [
        (mark, NOON, Remembered::Fresh),
        (mark, NOON, Remembered::Replayed),
        // a replay does not keep it alive
        (longer, end - Seconds(1), Remembered::Replayed),
        (longer, end, Remembered::Fresh),
        (longer, end + Seconds(59), Remembered::Replayed),
        (longer, end + Seconds(60), Remembered::Fresh),
    ] {
        let remembered = bench.store.remember_mark(mark, now).await.unwrap();
        assert_eq!(remembered, expected, "{now}");
    }
}

async fn of_many_at_once_one_sees_a_fresh_mark(bench: &Bench) {
    for now in [NOON, NOON + Seconds::days(1)] {
        let mark = Mark {
            digest: entryway_oauth::secret::Digest::of(b"the same for both instants"),
            expires_at: now + Seconds(1),
        };
        let answers = race(|_| {
            let store = bench.store.clone();
            async move { store.remember_mark(mark, now).await.unwrap() }
        })
        .await;
        assert_eq!(count(&answers, &Remembered::Fresh), 1);
    }
}

on_both_engines![
    a_mark_counts_once_until_it_may_be_forgotten,
    of_many_at_once_one_sees_a_fresh_mark,
];
