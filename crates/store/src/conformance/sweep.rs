use super::bench::{Bench, NOON, WINDOW, execute};
use super::on_both_engines;
use crate::verbs::browsers::BrowserRow;
use crate::verbs::sweep::MARKS_FOR_A_ROW;
use crate::{
    Allowance, Counting, DECIDED_REQUEST_KEPT, Decision, ENDED_SESSION_KEPT, Engine, Remembered, Rotation,
    SessionEnd, SignInBegin, SignInEnd, Swept,
};
use entryway_core::device::Device;
use entryway_core::session::EndReason;
use entryway_core::sign_in::{SignIn, SignInId};
use entryway_oauth::time::{Seconds, Timestamp};

async fn sweep(bench: &Bench, now: Timestamp) -> Swept {
    bench.store.sweep(now, 100).await.unwrap()
}

async fn a_pending_request_goes_when_it_is_over(bench: &Bench) {
    let id = bench.request().await;
    let end = NOON + Seconds::minutes(5);
    assert_eq!(sweep(bench, end - Seconds(1)).await.requests, 0);
    assert!(bench.store.peek_request(id, NOON).await.unwrap().is_some());
    assert_eq!(sweep(bench, end).await.requests, 1);
    assert_eq!(bench.store.peek_request(id, NOON).await.unwrap(), None);
}

//
async fn a_code_is_recognised_for_a_day_after_it_is_over(bench: &Bench) {
    let (_, code) = bench.session().await;
    let end = NOON + Seconds(60) + DECIDED_REQUEST_KEPT;
    assert_eq!(sweep(bench, end - Seconds(1)).await.requests, 0);
    let replay = bench.store.replay_code(code, end).await.unwrap();
    assert_eq!(replay, SessionEnd::Ended);
    assert_eq!(sweep(bench, end).await.requests, 1);
    assert_eq!(bench.store.code(code).await.unwrap(), None);
}

async fn a_denied_request_goes_a_day_after_its_decision(bench: &Bench) {
    let (id, browser) = bench.opened_request().await;
    let denied = bench.store.deny_request(id, browser, None, NOON).await.unwrap();
    assert!(matches!(denied, Decision::Decided(_)));
    let end = NOON + DECIDED_REQUEST_KEPT;
    assert_eq!(sweep(bench, end - Seconds(1)).await.requests, 0);
    assert_eq!(sweep(bench, end).await.requests, 1);
}

async fn a_mark_goes_when_its_time_has_passed(bench: &Bench) {
    let mark = bench.mark();
    bench.store.remember_mark(mark, NOON).await.unwrap();
    let before = mark.expires_at - Seconds(1);
    assert_eq!(sweep(bench, before).await.marks, 0);
    let remembered = bench.store.remember_mark(mark, before).await.unwrap();
    assert_eq!(remembered, Remembered::Replayed);
    assert_eq!(sweep(bench, mark.expires_at).await.marks, 1);
}

async fn a_browser_session_goes_when_it_is_over(bench: &Bench) {
    let row = BrowserRow {
        id: bench.digest(),
        data: vec![1],
        expires_at: NOON + Seconds(60),
    };
    bench.store.create_browser(row.clone()).await.unwrap();
    assert_eq!(sweep(bench, row.expires_at - Seconds(1)).await.browsers, 0);
    assert_eq!(
        bench.store.browser(row.id, NOON).await.unwrap().as_ref(),
        Some(&row)
    );
    assert_eq!(bench.store.browser(row.id, row.expires_at).await.unwrap(), None);
    assert_eq!(sweep(bench, row.expires_at).await.browsers, 1);
}

async fn a_sign_in_goes_when_it_has_ended_or_is_over(bench: &Bench) {
    let did = bench.account().await.did;
    let sign_in = async |number| {
        let one = SignIn {
            id: SignInId::from_entropy([number; 16]),
            did: did.clone(),
            browser: bench.digest(),
            device: Device::default(),
            created_at: NOON,
            last_seen_at: NOON,
            expires_at: NOON + Seconds(60),
        };
        let begun = bench.store.begin_sign_in(one.clone()).await.unwrap();
        assert_eq!(begun, SignInBegin::Begun);
        one
    };
    let (over, ended) = (sign_in(1).await, sign_in(2).await);
    assert_eq!(sweep(bench, over.expires_at - Seconds(1)).await.sign_ins, 0);
    let end = bench.store.end_sign_in(&did, ended.id, NOON + Seconds(30)).await;
    assert_eq!(end.unwrap(), SignInEnd::Ended);
    assert_eq!(sweep(bench, NOON + Seconds(29)).await.sign_ins, 0);
    assert_eq!(sweep(bench, NOON + Seconds(30)).await.sign_ins, 1);
    let left = bench.store.devices(&did, over.browser, NOON).await.unwrap();
    assert_eq!(left.listed, std::slice::from_ref(&over));
    assert_eq!(sweep(bench, over.expires_at).await.sign_ins, 1);
}

async fn a_session_goes_a_month_after_its_end(bench: &Bench) {
    let (ended, _) = bench.session().await;
    let (expired, _) = bench.session().await;
    let end = bench.store.end_session(ended.id, EndReason::Revoked, NOON).await;
    assert_eq!(end.unwrap(), SessionEnd::Ended);
    for (since, gone, kept) in [
        (NOON, ended.id, Some(expired.id)),
        (expired.expires_at, expired.id, None),
    ] {
        let due = since + ENDED_SESSION_KEPT;
        assert_eq!(sweep(bench, due - Seconds(1)).await.sessions, 0);
        assert!(bench.store.session(gone).await.unwrap().is_some());
        assert_eq!(sweep(bench, due).await.sessions, 1);
        assert_eq!(bench.store.session(gone).await.unwrap(), None);
        if let Some(kept) = kept {
            assert!(bench.store.session(kept).await.unwrap().is_some());
        }
    }
}

async fn a_count_of_attempts_goes_when_it_is_over(bench: &Bench) {
    let of = [bench.digest(), bench.digest()].map(|of| Allowance { of, most: 1 });
    let end = NOON + Seconds(60);
    let counted = bench.store.count_attempt(of, end, NOON).await.unwrap();
    assert_eq!(counted, Counting::Counted);
    assert_eq!(sweep(bench, end - Seconds(1)).await.attempts, 0);
    let counted = bench
        .store
        .count_attempt(of, end, end - Seconds(1))
        .await
        .unwrap();
    assert_eq!(counted, Counting::Exceeded);
    assert_eq!(sweep(bench, end).await.attempts, 2);
}

async fn a_sweep_takes_no_more_than_its_limit(bench: &Bench) {
    for _ in 0..5 {
        let row = BrowserRow {
            id: bench.digest(),
            data: vec![1],
            expires_at: NOON,
        };
        bench.store.create_browser(row).await.unwrap();
    }
    let late = NOON + Seconds::days(1);
    for (swept, is_full) in [(2, true), (2, true), (1, false), (0, false)] {
        let sweep = bench.store.sweep(late, 2).await.unwrap();
        let expected = Swept {
            browsers: swept,
            ..Swept::default()
        };
        assert_eq!((sweep, sweep.reached(2)), (expected, is_full));
    }
}

async fn sweeps_at_once_do_not_disturb_verbs(bench: &Bench) {
    let mut sessions = Vec::new();
    for _ in 0..16 {
        sessions.push(bench.session().await.0.id);
        bench.request().await;
    }
    let late = NOON + Seconds::days(2);
    let swept = super::bench::race(|number| {
        let (store, proof) = (bench.store.clone(), bench.mark());
        let id = sessions[number % 16];
        async move {
            if number < 16 {
                let rotation = store.rotate_refresh(id, 0, Seconds(60), proof, NOON);
                assert_eq!(rotation.await.unwrap(), crate::Rotation::Rotated);
                0
            } else {
                store.sweep(late, 3).await.unwrap().requests
            }
        }
    })
    .await;
    // on PostgreSQL a sweep leaves what another one is at
    let rest = bench.store.sweep(late, 100).await.unwrap().requests;
    assert_eq!(swept.iter().sum::<u64>() + rest, 32);
}

async fn what_has_piled_up_goes_in_small_batches_while_sessions_are_refreshed(bench: &Bench) {
    let (mut live, mut long_over) = (Vec::new(), NOON);
    for _ in 0..4 {
        let (session, _) = bench.session().await;
        long_over = session.expires_at;
        live.push(session.id);
    }
    pile_up(bench, long_over - ENDED_SESSION_KEPT - Seconds::days(1)).await;
    let now = long_over - Seconds(1);
    let sweeping = async {
        let mut batches = Vec::new();
        loop {
            let swept = bench.store.sweep(now, BATCH).await.unwrap();
            let is_last = !swept.reached(BATCH);
            batches.push((swept.sessions, swept.marks));
            if is_last {
                return batches;
            }
        }
    };
    let refreshing = async {
        for generation in 0..25 {
            for id in &live {
                let rotation =
                    bench
                        .store
                        .rotate_refresh(*id, generation, WINDOW, bench.mark(), now - Seconds(1));
                assert_eq!(rotation.await.unwrap(), Rotation::Rotated);
            }
        }
    };
    let (batches, ()) = tokio::join!(sweeping, refreshing);
    let (bound, marks_bound) = (u64::from(BATCH), u64::from(BATCH * MARKS_FOR_A_ROW));
    assert!(
        batches
            .iter()
            .all(|(sessions, marks)| *sessions <= bound && *marks <= marks_bound)
    );
    assert_eq!(batches.iter().map(|(sessions, _)| sessions).sum::<u64>(), PILE);
    assert!(batches.iter().map(|(_, marks)| marks).sum::<u64>() >= PILE);
    for id in live {
        assert!(bench.store.session(id).await.unwrap().is_some());
    }
    assert_eq!(sweep(bench, now).await.sessions, 0);
}

/// So many rows of a kind that are over, and how many of them a sweep may take.
const PILE: u64 = 1_000;
const BATCH: u32 = 40;

/// Sessions and marks that were over at this instant.
async fn pile_up(bench: &Bench, over: Timestamp) {
    let digest = match bench.store.engine() {
        Engine::Sqlite => "randomblob(32)",
        Engine::Postgres => "sha256(cast(cast(n as text) as bytea))",
    };
    let numbers = format!(
        "with recursive number (n) as (select 1 union all select n + 1 from number where n < {PILE})"
    );
    let over = over.seconds();
    for rows in [
        format!("insert into mark (digest, expires_at) {numbers} select {digest}, {over} from number"),
        format!(
            "insert into oauth_session (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at)
            {numbers}, one as (select * from oauth_session limit 1)
            select 'over-' || n, did, client_id, scope, jkt, salt, 0, {over}, {over}, {over} from number, one"
        ),
    ] {
        execute(&bench.database.url, &rows).await;
    }
}

on_both_engines![
    what_has_piled_up_goes_in_small_batches_while_sessions_are_refreshed,
    a_pending_request_goes_when_it_is_over,
    a_code_is_recognised_for_a_day_after_it_is_over,
    a_denied_request_goes_a_day_after_its_decision,
    a_mark_goes_when_its_time_has_passed,
    a_browser_session_goes_when_it_is_over,
    a_sign_in_goes_when_it_has_ended_or_is_over,
    a_session_goes_a_month_after_its_end,
    a_count_of_attempts_goes_when_it_is_over,
    a_sweep_takes_no_more_than_its_limit,
    sweeps_at_once_do_not_disturb_verbs,
];
