//! The order of events while many write: nobody ever sees a later one before an earlier one.

use super::super::bench::{Bench, NOON, RACERS, count, hash, race};
use super::super::on_both_engines;
use super::{multiply, told};
use crate::{Engine, NewSession, SessionEnd, Store};
use entryway_core::session::EndReason;
use entryway_oauth::secret::SessionId;

/// Reads until so many events were seen, as a follower does: each must be the next one.
async fn follow(store: Store, until: u64) -> Vec<SessionId> {
    let (mut cursor, mut sessions) = (0, Vec::new());
    while cursor < until {
        let head = store.feed_position().await.unwrap().head;
        for event in store.revocations_after(cursor, 10).await.unwrap() {
            assert_eq!(event.seq, cursor + 1, "a gap");
            cursor = event.seq;
            sessions.extend(event.revoked.sessions());
        }
        // what the head has counted can be read: a follower at its number has missed nothing
        let caught_up = store.revocations_after(cursor, 1_000).await.unwrap();
        assert!(
            cursor + caught_up.len() as u64 >= head,
            "the head is ahead of the events"
        );
        tokio::task::yield_now().await;
    }
    sessions
}

async fn nobody_sees_a_gap_while_sixty_four_write(bench: &Bench) {
    let mut sessions = Vec::new();
    for _ in 0..RACERS {
        let (session, code) = bench.session().await;
        multiply(bench, &session, 1).await;
        sessions.push((session, code));
    }
    // every second one ends two sessions, the others one
    let another = Store::open(&bench.database.url).await.unwrap();
    let readers = [&bench.store, &another].map(|store| tokio::spawn(follow(store.clone(), 64)));
    race(|number| {
        // on PostgreSQL half of them are another instance
        let other = number % 4 < 2 && bench.store.engine() == Engine::Postgres;
        let store = if other {
            another.clone()
        } else {
            bench.store.clone()
        };
        let (session, code) = sessions[number].clone();
        async move {
            match number % 4 {
                0 => drop(store.replay_code(code, NOON).await.unwrap()),
                1 => drop(
                    store
                        .revoke_grant(&session.did, &session.client_id, NOON)
                        .await
                        .unwrap(),
                ),
                2 => drop(
                    store
                        .end_session(session.id, EndReason::Revoked, NOON)
                        .await
                        .unwrap(),
                ),
                _ => drop(
                    store
                        .change_password(&session.did, &hash("second"), NOON)
                        .await
                        .unwrap(),
                ),
            }
        }
    })
    .await;
    for reader in readers {
        let mut named = reader.await.unwrap();
        assert_eq!(named.len(), 96);
        named.sort();
        named.dedup();
        assert_eq!(named.len(), 96, "each session ends once");
    }
    another.close().await;
}

async fn of_many_ends_of_one_session_one_is_told(bench: &Bench) {
    let (session, code) = bench.session().await;
    bench.rotate(session.id, 0, NOON).await;
    bench.rotate(session.id, 1, NOON).await;
    let ended = race(|number| {
        let (store, session, proof) = (bench.store.clone(), session.clone(), bench.mark());
        async move {
            match number % 4 {
                0 => store.replay_code(code, NOON).await.unwrap() == SessionEnd::Ended,
                1 => {
                    let end = store.end_session(session.id, EndReason::Revoked, NOON);
                    end.await.unwrap() == SessionEnd::Ended
                }
                2 => {
                    let all = store.end_sessions_of_account(&session.did, EndReason::Revoked, NOON);
                    all.await.unwrap() == 1
                }
                _ => {
                    let replay = store.rotate_refresh(session.id, 0, super::WINDOW, proof, NOON);
                    replay.await.unwrap() == crate::Rotation::Replayed
                }
            }
        }
    })
    .await;
    assert_eq!(count(&ended, &true), 1);
    let told = told(&bench.store).await;
    assert_eq!((told.len(), told[0].revoked.sessions()), (1, &[session.id][..]));
}

// half exchange codes while half change the password: no session is alive in the end
async fn no_redemption_slips_past_a_change_of_password(bench: &Bench) {
    let (session, _) = bench.session().await;
    let did = &session.did;
    let mut codes = Vec::new();
    for _ in 0..RACERS / 2 {
        let (code, account) = bench.code().await;
        // all of one account
        let theirs = format!(
            "update auth_request set did = '{did}' where did = '{}'",
            account.did
        );
        super::execute(&bench.database.url, &theirs).await;
        codes.push((code, bench.new_session(did)));
    }
    race(|number| {
        let (store, proof, did) = (bench.store.clone(), bench.mark(), did.clone());
        let (code, session) = codes[number / 2].clone();
        async move {
            if number % 2 == 0 {
                let new = NewSession { session: &session };
                store.redeem_code(code, new, proof, NOON).await.map(drop).unwrap();
            } else {
                store
                    .change_password(&did, &hash("second"), NOON)
                    .await
                    .map(drop)
                    .unwrap();
            }
        }
    })
    .await;
    let mut ended = vec![session.id];
    for (_, session) in &codes {
        let Some(facts) = bench.store.session(session.id).await.unwrap() else {
            continue;
        };
        assert!(facts.session.ended.is_some());
        ended.push(session.id);
    }
    let told = told(&bench.store).await;
    let mut named: Vec<SessionId> = told
        .iter()
        .flat_map(|event| event.revoked.sessions())
        .copied()
        .collect();
    named.sort();
    ended.sort();
    assert_eq!(named, ended);
}

on_both_engines![
    nobody_sees_a_gap_while_sixty_four_write,
    of_many_ends_of_one_session_one_is_told,
    no_redemption_slips_past_a_change_of_password,
];
