use super::bench::{Bench, NOON, race};
use super::on_both_engines;
use crate::Swept;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::ScopeReference;

/// When the scopes of these tests are over, unless kept longer.
const END: Timestamp = Timestamp::from_seconds(NOON.seconds() + 900);

fn reference(number: usize) -> ScopeReference {
    let letter = char::from(b"abcdefgh"[number]);
    let text = format!("ref:bafkrei{letter}{}a", "7".repeat(50));
    ScopeReference::parse(&text).unwrap()
}

async fn keep(bench: &Bench, number: usize, scope: &str, end: Timestamp) {
    let reference = reference(number);
    let kept = bench.store.keep_scope(&reference, scope, end);
    kept.await.unwrap();
}

async fn scope_of(bench: &Bench, number: usize, now: Timestamp) -> Option<String> {
    bench.store.scope_of(&reference(number), now).await.unwrap()
}

async fn sweep(bench: &Bench, now: Timestamp) -> u64 {
    bench.store.sweep(now, 100).await.unwrap().scopes
}

//
async fn a_scope_is_known_by_its_reference_until_its_second(bench: &Bench) {
    let long = format!(
        "atproto{}",
        " repo:app.example.record?action=create".repeat(2_000)
    );
    keep(bench, 0, &long, END).await;
    keep(bench, 1, "atproto", END + Seconds::days(1)).await;
    for (now, expected) in [
        (NOON, Some(&long)),
        (END - Seconds(1), Some(&long)),
        (END, None),
        (END + Seconds(1), None),
    ] {
        assert_eq!(scope_of(bench, 0, now).await.as_ref(), expected, "{now}");
    }
    assert_eq!(scope_of(bench, 1, END).await.as_deref(), Some("atproto"));
    assert_eq!(scope_of(bench, 2, NOON).await, None);
}

async fn a_scope_outlives_the_last_of_its_tokens(bench: &Bench) {
    for (kept_until, end) in [
        (END, END),
        (END, END),
        (END + Seconds(1), END + Seconds(1)),
        (END - Seconds(1), END + Seconds(1)),
        (END, END + Seconds(1)),
    ] {
        keep(bench, 0, "atproto", kept_until).await;
        let before = scope_of(bench, 0, end - Seconds(1)).await;
        assert_eq!(before.as_deref(), Some("atproto"), "{kept_until}");
        assert_eq!(scope_of(bench, 0, end).await, None, "{kept_until}");
    }
}

/// A token means what it meant when it was signed.
async fn a_reference_never_comes_to_mean_another_scope(bench: &Bench) {
    keep(bench, 0, "atproto", END).await;
    keep(bench, 0, "atproto account:email", END + Seconds(60)).await;
    assert_eq!(scope_of(bench, 0, END).await.as_deref(), Some("atproto"));
}

async fn a_scope_goes_when_no_token_names_it(bench: &Bench) {
    keep(bench, 0, "atproto", END).await;
    keep(bench, 1, "atproto", END + Seconds(1)).await;
    assert_eq!(sweep(bench, END - Seconds(1)).await, 0);
    assert_eq!(scope_of(bench, 0, NOON).await.as_deref(), Some("atproto"));
    assert_eq!(sweep(bench, END).await, 1);
    assert_eq!(scope_of(bench, 0, NOON).await, None);
    assert_eq!(scope_of(bench, 1, END).await.as_deref(), Some("atproto"));
    // and may come back
    keep(bench, 0, "atproto", END + Seconds(60)).await;
    assert_eq!(scope_of(bench, 0, END).await.as_deref(), Some("atproto"));
}

async fn a_sweep_takes_no_more_scopes_than_its_limit(bench: &Bench) {
    for number in 0..5 {
        keep(bench, number, "atproto", END).await;
    }
    for (scopes, is_full) in [(2, true), (2, true), (1, false), (0, false)] {
        let swept = bench.store.sweep(END, 2).await.unwrap();
        let expected = Swept {
            scopes,
            ..Swept::default()
        };
        assert_eq!((swept, swept.reached(2)), (expected, is_full));
    }
}

async fn of_many_keepings_at_once_the_longest_counts(bench: &Bench) {
    race(|number| {
        let end = END + Seconds(i64::try_from(number * 37 % 64).unwrap());
        let (store, reference) = (bench.store.clone(), reference(0));
        async move {
            let kept = store.keep_scope(&reference, "atproto", end);
            kept.await.unwrap();
        }
    })
    .await;
    let last = END + Seconds(63);
    assert_eq!(
        scope_of(bench, 0, last - Seconds(1)).await.as_deref(),
        Some("atproto")
    );
    assert_eq!(scope_of(bench, 0, last).await, None);
}

/// A scope that is over comes to be named again while it is swept: whoever was told it is kept is right.
async fn a_sweep_never_takes_what_is_being_kept(bench: &Bench) {
    for round in 0..8 {
        let now = END + Seconds::days(round);
        for number in 0..4 {
            keep(bench, number, "atproto", now).await;
        }
        race(|number| {
            let store = bench.store.clone();
            async move {
                if number % 2 == 0 {
                    store.sweep(now, 100).await.unwrap();
                    return;
                }
                let reference = reference(number / 2 % 4);
                let kept = store.keep_scope(&reference, "atproto", now + Seconds(1));
                kept.await.unwrap();
                let found = store.scope_of(&reference, now).await.unwrap();
                assert_eq!(found.as_deref(), Some("atproto"));
            }
        })
        .await;
        for number in 0..4 {
            assert_eq!(scope_of(bench, number, now).await.as_deref(), Some("atproto"));
        }
    }
}

on_both_engines![
    a_scope_is_known_by_its_reference_until_its_second,
    a_scope_outlives_the_last_of_its_tokens,
    a_reference_never_comes_to_mean_another_scope,
    a_scope_goes_when_no_token_names_it,
    a_sweep_takes_no_more_scopes_than_its_limit,
    of_many_keepings_at_once_the_longest_counts,
    a_sweep_never_takes_what_is_being_kept,
];
