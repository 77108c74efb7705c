mod order;

use super::bench::{Bench, NOON, WINDOW, account, execute, hash, race, request};
use super::on_both_engines;
use crate::{
    FeedPosition, NewSession, PasswordChange, REVOCATION_KEPT, Redemption, Revocation, Rotation, SessionEnd,
    Store, ToldRevocation,
};
use entryway_core::policy::ACCESS_TOKEN_LIFETIME_MAX;
use entryway_core::session::{EndReason, Ended, Session};
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::revocation::{Revoked, SESSIONS_MAX};
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::{Seconds, Timestamp};

/// Everything that was told and is kept.
async fn told(store: &Store) -> Vec<ToldRevocation> {
    store.revocations_after(0, 1_000).await.unwrap()
}

async fn position(bench: &Bench) -> (u64, u64) {
    let FeedPosition { head, oldest } = bench.store.feed_position().await.unwrap();
    (head, oldest)
}

fn event(seq: u64, revoked: Revoked, revoked_at: Timestamp) -> ToldRevocation {
    ToldRevocation {
        seq,
        revoked_at,
        over_at: revoked_at + ACCESS_TOKEN_LIFETIME_MAX,
        revoked,
    }
}

fn of_session(id: SessionId) -> Revoked {
    Revoked::Session { sessions: vec![id] }
}

/// Makes the session as often again, and gives the new ids.
async fn multiply(bench: &Bench, session: &Session, times: usize) -> Vec<SessionId> {
    let copies: Vec<SessionId> = (0..times).map(|_| bench.new_session(&session.did).id).collect();
    let columns = "did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at";
    let rows = copies.iter().map(|id| {
        format!(
            "select '{id}', {columns} from oauth_session where id = '{}'",
            session.id
        )
    });
    let rows = rows.collect::<Vec<_>>().join(" union all ");
    let statement = format!("insert into oauth_session (id, {columns}) {rows}");
    execute(&bench.database.url, &statement).await;
    copies
}

async fn a_feed_begins_empty(bench: &Bench) {
    assert_eq!(position(bench).await, (0, 1));
    assert_eq!(told(&bench.store).await, []);
}

async fn whatever_ends_a_session_tells_of_it(bench: &Bench) {
    let (store, later) = (&bench.store, NOON + Seconds(7));
    let mut expected = Vec::new();
    let mut expect = |revoked| expected.push(event(expected.len() as u64 + 1, revoked, later));

    for reason in EndReason::ALL {
        let (session, _) = bench.session().await;
        let ended = store.end_session(session.id, reason, later).await.unwrap();
        assert_eq!(ended, SessionEnd::Ended);
        expect(of_session(session.id));
    }

    let (session, code) = bench.session().await;
    assert_eq!(store.replay_code(code, later).await.unwrap(), SessionEnd::Ended);
    expect(of_session(session.id));

    let (session, code) = bench.session().await;
    let again = bench.new_session(&session.did);
    let new = NewSession { session: &again };
    let redemption = store.redeem_code(code, new, bench.mark(), later).await.unwrap();
    assert_eq!(redemption, Redemption::AlreadyRedeemed);
    expect(of_session(session.id));

    let (session, _) = bench.session().await;
    for (generation, rotation) in [
        (0, Rotation::Rotated),
        (1, Rotation::Rotated),
        (0, Rotation::Replayed),
    ] {
        assert_eq!(bench.rotate(session.id, generation, later).await, rotation);
    }
    expect(of_session(session.id));

    let (session, _) = bench.session().await;
    let revoked = store.revoke_grant(&session.did, &session.client_id, later).await;
    assert_eq!(revoked.unwrap(), Revocation::Revoked { sessions: 1 });
    expect(Revoked::Grant {
        sub: session.did.clone(),
        client_id: session.client_id.to_string(),
        sessions: vec![session.id],
    });

    let (session, _) = bench.session().await;
    let ended = store.end_sessions_of_account(&session.did, EndReason::Revoked, later);
    assert_eq!(ended.await.unwrap(), 1);
    let of_account = |session: &Session| Revoked::Account {
        sub: session.did.clone(),
        sessions: vec![session.id],
    };
    expect(of_account(&session));

    let (session, _) = bench.session().await;
    let changed = store.change_password(&session.did, &hash("second"), later).await;
    assert_eq!(changed.unwrap(), PasswordChange::Changed);
    let reason = EndReason::PasswordChanged;
    assert_eq!(
        bench.stored(session.id).await.ended,
        Some(Ended { at: later, reason })
    );
    expect(of_account(&session));

    let jkt = Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap();
    store.tell_key_revoked(jkt, later).await.unwrap();
    expect(Revoked::Key { jkt });

    assert_eq!(told(store).await, expected);
    assert_eq!(position(bench).await, (expected.len() as u64, 1));
}

async fn what_ends_nothing_tells_nothing(bench: &Bench) {
    let store = &bench.store;
    let (ended, code) = bench.session().await;
    let end = store.end_session(ended.id, EndReason::Revoked, NOON).await;
    assert_eq!(end.unwrap(), SessionEnd::Ended);
    let nobody = account(9_999).did;

    for id in [ended.id, SessionId::from_entropy([9; 16])] {
        let end = store.end_session(id, EndReason::Revoked, NOON).await;
        assert_ne!(end.unwrap(), SessionEnd::Ended);
    }
    let replayed = store.replay_code(code, NOON).await.unwrap();
    assert_eq!(replayed, SessionEnd::AlreadyEnded);
    let new = NewSession {
        session: &bench.new_session(&ended.did),
    };
    let redemption = store.redeem_code(code, new, bench.mark(), NOON).await;
    assert_eq!(redemption.unwrap(), Redemption::AlreadyRedeemed);
    assert_eq!(bench.rotate(ended.id, 0, NOON).await, Rotation::Ended);
    for did in [&ended.did, &nobody] {
        let of_account = store.end_sessions_of_account(did, EndReason::Revoked, NOON);
        assert_eq!(of_account.await.unwrap(), 0);
        let grant = store.revoke_grant(did, &request().client_id, NOON).await;
        assert_ne!(grant.unwrap(), Revocation::Revoked { sessions: 1 });
        store.change_password(did, &hash("second"), NOON).await.unwrap();
    }
    // alive, refreshed, repeated, and refused for its proof
    let (alive, _) = bench.session().await;
    let proof = bench.mark();
    for (generation, expected) in [
        (0, Rotation::Rotated),
        (1, Rotation::ProofReplayed),
        (0, Rotation::ProofReplayed),
    ] {
        let rotation = store.rotate_refresh(alive.id, generation, WINDOW, proof, NOON);
        assert_eq!(rotation.await.unwrap(), expected);
    }
    assert_eq!(bench.rotate(alive.id, 0, NOON).await, Rotation::Repeated);

    assert_eq!(told(store).await, [event(1, of_session(ended.id), NOON)]);
}

/// A session that is over by itself has no token to be told of.
async fn sessions_that_are_over_are_not_told_with_the_others(bench: &Bench) {
    let (over, _) = bench.session().await;
    let copy = multiply(bench, &over, 1).await[0];
    let (now, end) = (over.expires_at, over.expires_at + Seconds(1));
    let alive = format!(
        "update oauth_session set expires_at = {} where id = '{copy}'",
        end.seconds()
    );
    execute(&bench.database.url, &alive).await;
    let ended = bench
        .store
        .end_sessions_of_account(&over.did, EndReason::Revoked, now);
    assert_eq!(ended.await.unwrap(), 1);
    let revoked = Revoked::Account {
        sub: over.did,
        sessions: vec![copy],
    };
    assert_eq!(told(&bench.store).await, [event(1, revoked, now)]);
}

async fn more_sessions_than_an_event_holds_are_several_events(bench: &Bench) {
    let (session, _) = bench.session().await;
    let mut all = multiply(bench, &session, 2 * SESSIONS_MAX).await;
    all.push(session.id);
    let ended = bench
        .store
        .end_sessions_of_account(&session.did, EndReason::Revoked, NOON);
    assert_eq!(ended.await.unwrap(), 129);
    let told = told(&bench.store).await;
    let sizes: Vec<_> = told
        .iter()
        .map(|event| (event.seq, event.revoked.sessions().len()))
        .collect();
    assert_eq!(sizes, [(1, 64), (2, 64), (3, 1)]);
    let mut named: Vec<SessionId> = Vec::new();
    for event in &told {
        assert!(matches!(&event.revoked, Revoked::Account { sub, .. } if *sub == session.did));
        named.extend(event.revoked.sessions());
    }
    named.sort();
    all.sort();
    assert_eq!(named, all);
}

/// What cannot be told does not happen: no end without its event, whenever the program stops.
async fn an_end_that_cannot_be_told_is_undone(bench: &Bench) {
    let store = &bench.store;
    let (session, code) = bench.session().await;
    bench.rotate(session.id, 0, NOON).await;
    bench.rotate(session.id, 1, NOON).await;
    let before = bench.stored(session.id).await;
    execute(&bench.database.url, "drop table revocation").await;
    let (did, client_id) = (&session.did, &session.client_id);
    let end = store.end_session(session.id, EndReason::Revoked, NOON);
    assert!(end.await.is_err());
    assert!(store.replay_code(code, NOON).await.is_err());
    let replay = store.rotate_refresh(session.id, 0, WINDOW, bench.mark(), NOON);
    assert!(replay.await.is_err());
    let all = store.end_sessions_of_account(did, EndReason::Revoked, NOON);
    assert!(all.await.is_err());
    assert!(store.revoke_grant(did, client_id, NOON).await.is_err());
    let second = hash("second");
    let changed = store.change_password(did, &second, NOON + Seconds(1));
    assert!(changed.await.is_err());
    assert_eq!(bench.stored(session.id).await, before);
    let owner = store.account(did).await.unwrap().unwrap();
    assert_eq!(owner.credentials_changed_at, NOON);
}

async fn a_reader_goes_on_after_any_event(bench: &Bench) {
    let mut all = Vec::new();
    for seq in 1..=5 {
        let (session, _) = bench.session().await;
        let end = bench.store.end_session(session.id, EndReason::Revoked, NOON);
        end.await.unwrap();
        all.push(event(seq, of_session(session.id), NOON));
    }
    for (cursor, limit, expected) in [
        (0, 2, &all[..2]),
        (2, 2, &all[2..4]),
        (4, 2, &all[4..]),
        (5, 2, &[]),
        (6, 2, &[]),
        (u64::MAX, 2, &[]),
        (0, 0, &[]),
    ] {
        let after = bench.store.revocations_after(cursor, limit).await.unwrap();
        assert_eq!(after, expected, "{cursor} {limit}");
    }
}

/// An event of that moment.
async fn tell_at(bench: &Bench, now: Timestamp) {
    let jkt = bench.new_session(&account(1).did).jkt;
    bench.store.tell_key_revoked(jkt, now).await.unwrap();
}

async fn an_event_goes_a_day_after_the_last_token_and_numbers_go_on(bench: &Bench) {
    tell_at(bench, NOON).await;
    tell_at(bench, NOON + Seconds(1)).await;
    let due = NOON + ACCESS_TOKEN_LIFETIME_MAX + REVOCATION_KEPT;
    for (now, swept, expected) in [
        (due - Seconds(1), 0, (2, 1)),
        (due, 1, (2, 2)),
        (due + Seconds(1), 1, (2, 3)),
    ] {
        let done = bench.store.sweep(now, 100).await.unwrap();
        assert_eq!(
            (done.revocations, position(bench).await),
            (swept, expected),
            "{now}"
        );
    }
    tell_at(bench, due).await;
    assert_eq!(position(bench).await, (3, 3));
}

/// Instances whose clocks differ: what is kept has no gaps.
async fn an_event_that_stays_keeps_the_later_ones(bench: &Bench) {
    for ahead in [0, 100, 50, 0] {
        tell_at(bench, NOON + Seconds(ahead)).await;
    }
    let due = NOON + ACCESS_TOKEN_LIFETIME_MAX + REVOCATION_KEPT;
    for (now, expected) in [
        (due, (4, 2)),
        (due + Seconds(99), (4, 2)),
        (due + Seconds(100), (4, 5)),
    ] {
        bench.store.sweep(now, 100).await.unwrap();
        assert_eq!(position(bench).await, expected, "{now}");
    }
}

async fn a_sweep_of_events_takes_no_more_than_its_limit(bench: &Bench) {
    for _ in 0..5 {
        tell_at(bench, NOON).await;
    }
    let late = NOON + Seconds::days(3);
    for (swept, is_full, oldest) in [(2, true, 3), (2, true, 5), (1, false, 6), (0, false, 6)] {
        let done = bench.store.sweep(late, 2).await.unwrap();
        assert_eq!((done.revocations, done.reached(2)), (swept, is_full));
        assert_eq!(position(bench).await, (5, oldest));
    }
}

async fn sweeps_at_once_leave_no_gap(bench: &Bench) {
    for seconds in 0..40 {
        tell_at(bench, NOON + Seconds(seconds)).await;
    }
    let due = NOON + ACCESS_TOKEN_LIFETIME_MAX + REVOCATION_KEPT + Seconds(29);
    let swept = race(|_| {
        let store = bench.store.clone();
        async move { store.sweep(due, 3).await.unwrap().revocations }
    })
    .await;
    let mut swept: u64 = swept.iter().sum();
    while position(bench).await.1 < 31 {
        swept += bench.store.sweep(due, 100).await.unwrap().revocations;
    }
    assert_eq!(swept, 30);
    let numbers: Vec<u64> = told(&bench.store).await.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (31..=40).collect::<Vec<_>>());
}

async fn who_waits_in_this_process_is_told_at_once(bench: &Bench) {
    let mut news = bench.store.told();
    let (session, _) = bench.session().await;
    bench.rotate(session.id, 0, NOON).await;
    assert!(!news.has_changed().unwrap(), "nothing was revoked yet");
    let clone = bench.store.clone();
    let end = clone.end_session(session.id, EndReason::Revoked, NOON);
    end.await.unwrap();
    assert!(news.has_changed().unwrap());
    news.mark_unchanged();
    let again = bench
        .store
        .end_session(session.id, EndReason::Revoked, NOON)
        .await;
    assert_eq!(again.unwrap(), SessionEnd::AlreadyEnded);
    assert!(!news.has_changed().unwrap());
    let other = Store::open(&bench.database.url).await.unwrap();
    let (session, _) = bench.session().await;
    let end = other.end_session(session.id, EndReason::Revoked, NOON);
    end.await.unwrap();
    assert!(!news.has_changed().unwrap(), "other processes are not heard");
    other.close().await;
}

async fn an_event_that_no_verb_wrote_is_a_fault(bench: &Bench) {
    tell_at(bench, NOON).await;
    for (change, column) in [
        (
            "update revocation set revoked = '{\"kind\":\"other\"}'",
            "revoked",
        ),
        ("update revocation set seq = -1", "seq"),
    ] {
        execute(&bench.database.url, change).await;
        let fault = match bench.store.revocations_after(0, 10).await {
            Err(fault) => fault.to_string(),
            // a number below the first is never asked for
            Ok(events) => {
                assert_eq!((column, events.len()), ("seq", 0));
                bench.store.feed_position().await.unwrap_err().to_string()
            }
        };
        assert!(fault.contains("impossible value in column"), "{fault}");
    }
}

on_both_engines![
    a_feed_begins_empty,
    whatever_ends_a_session_tells_of_it,
    what_ends_nothing_tells_nothing,
    sessions_that_are_over_are_not_told_with_the_others,
    more_sessions_than_an_event_holds_are_several_events,
    an_end_that_cannot_be_told_is_undone,
    a_reader_goes_on_after_any_event,
    an_event_goes_a_day_after_the_last_token_and_numbers_go_on,
    an_event_that_stays_keeps_the_later_ones,
    a_sweep_of_events_takes_no_more_than_its_limit,
    sweeps_at_once_leave_no_gap,
    who_waits_in_this_process_is_told_at_once,
    an_event_that_no_verb_wrote_is_a_fault,
];
