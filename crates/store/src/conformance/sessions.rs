use super::bench::{Bench, NOON, WINDOW, count, execute, race};
use super::on_both_engines;
use crate::{NewSession, Redemption, Rotation, SessionEnd, SessionFacts};
use entryway_core::session::{EndReason, Ended, Session};
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::jwk::Algorithm;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Seconds;

async fn a_session_is_loaded_as_it_began_with_its_account(bench: &Bench) {
    let (session, _) = bench.session().await;
    let account = bench.store.account(&session.did).await.unwrap().unwrap();
    assert_eq!(
        bench.store.session(session.id).await.unwrap(),
        Some(SessionFacts {
            session: session.clone(),
            account
        })
    );
    let nobodys = SessionId::from_entropy([9; 16]);
    assert_eq!(bench.store.session(nobodys).await.unwrap(), None);
}

//
async fn the_key_its_client_authenticated_with_stays_with_the_session(bench: &Bench) {
    for kid in ["key-1", "did:key:zDn\"a", "\u{1f511} \\", &"k".repeat(256)] {
        let (code, account) = bench.code().await;
        let session = Session {
            client_key: Some(ClientKey {
                kid: kid.to_owned(),
                algorithm: Algorithm::EdDSA,
                jkt: bench.new_session(&account.did).jkt,
            }),
            ..bench.new_session(&account.did)
        };
        let new = NewSession { session: &session };
        let redeemed = bench.store.redeem_code(code, new, bench.mark(), NOON).await;
        assert_eq!(redeemed.unwrap(), Redemption::Redeemed);
        assert_eq!(bench.stored(session.id).await, session);
        bench.rotate(session.id, 0, NOON).await;
        assert_eq!(bench.stored(session.id).await.client_key, session.client_key);
    }
}

async fn a_key_that_no_verb_wrote_is_a_fault(bench: &Bench) {
    let (session, _) = bench.session().await;
    execute(&bench.database.url, "update oauth_session set client_key = '{}'").await;
    let fault = bench.store.session(session.id).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "table oauth_session holds an impossible value in column client_key"
    );
}

//
async fn a_session_ends_for_any_reason(bench: &Bench) {
    for reason in EndReason::ALL {
        let (session, _) = bench.session().await;
        let end = bench.store.end_session(session.id, reason, NOON).await;
        assert_eq!(end.unwrap(), SessionEnd::Ended);
        let ended = Some(Ended { at: NOON, reason });
        assert_eq!(bench.stored(session.id).await.ended, ended);
    }
}

async fn a_refresh_moves_the_generation_and_the_instant(bench: &Bench) {
    let (session, _) = bench.session().await;
    let later = NOON + Seconds(600);
    assert_eq!(bench.rotate(session.id, 0, later).await, Rotation::Rotated);
    let expected = Session {
        generation: 1,
        rotated_at: later,
        ..session.clone()
    };
    assert_eq!(bench.stored(session.id).await, expected);
}

// D4
async fn the_last_spent_generation_repeats_until_its_window_closes(bench: &Bench) {
    for (after, expected) in [
        (Seconds(0), Rotation::Repeated),
        (Seconds(59), Rotation::Repeated),
        (Seconds(60), Rotation::Repeated),
        (Seconds(61), Rotation::Replayed),
        // another instance whose clock is behind
        (Seconds(-5), Rotation::Repeated),
    ] {
        let (session, _) = bench.session().await;
        bench.rotate(session.id, 0, NOON).await;
        let before = bench.stored(session.id).await;
        assert_eq!(
            bench.rotate(session.id, 0, NOON + after).await,
            expected,
            "{after:?}"
        );
        let stored = bench.stored(session.id).await;
        assert_eq!(stored == before, expected == Rotation::Repeated, "{after:?}");
    }
}

//
async fn a_spent_generation_ends_the_session_once_its_successor_was_used(bench: &Bench) {
    let (session, _) = bench.session().await;
    for generation in 0..2 {
        assert_eq!(
            bench.rotate(session.id, generation, NOON).await,
            Rotation::Rotated
        );
    }
    assert_eq!(
        bench.rotate(session.id, 0, NOON + Seconds(1)).await,
        Rotation::Replayed
    );
    let ended = Ended {
        at: NOON + Seconds(1),
        reason: EndReason::RefreshReplayed,
    };
    assert_eq!(bench.stored(session.id).await.ended, Some(ended));
    for generation in 0..4 {
        let rotation = bench.rotate(session.id, generation, NOON + Seconds(2)).await;
        assert_eq!(rotation, Rotation::Ended, "{generation}");
    }
    assert_eq!(
        bench.stored(session.id).await.ended,
        Some(ended),
        "the first end stays"
    );
}

async fn a_generation_that_never_was_changes_nothing(bench: &Bench) {
    let (session, _) = bench.session().await;
    for generation in [1, 2, u32::MAX] {
        assert_eq!(
            bench.rotate(session.id, generation, NOON).await,
            Rotation::Unknown
        );
    }
    let nobodys = SessionId::from_entropy([9; 16]);
    assert_eq!(bench.rotate(nobodys, 0, NOON).await, Rotation::Unknown);
    assert_eq!(bench.stored(session.id).await, session);
}

async fn a_session_is_over_at_its_second(bench: &Bench) {
    let (session, _) = bench.session().await;
    let end = session.expires_at;
    for (now, expected) in [
        (end - Seconds(1), Rotation::Rotated),
        (end, Rotation::Ended),
        (end + Seconds(1), Rotation::Ended),
    ] {
        let generation = bench.stored(session.id).await.generation;
        assert_eq!(bench.rotate(session.id, generation, now).await, expected);
    }
}

async fn a_replayed_proof_changes_nothing_else(bench: &Bench) {
    let (session, _) = bench.session().await;
    let proof = bench.mark();
    let rotate = |presented, now| {
        bench
            .store
            .rotate_refresh(session.id, presented, WINDOW, proof, now)
    };
    assert_eq!(rotate(0, NOON).await.unwrap(), Rotation::Rotated);
    let before = bench.stored(session.id).await;
    // neither the good generation, nor the repeated one, nor one that would end the session
    for (presented, now) in [(1, NOON), (0, NOON), (0, NOON + Seconds(200)), (7, NOON)] {
        assert_eq!(
            rotate(presented, now).await.unwrap(),
            Rotation::ProofReplayed,
            "{presented}"
        );
    }
    assert_eq!(bench.stored(session.id).await, before);
    let forgotten = proof.expires_at;
    assert_eq!(rotate(1, forgotten).await.unwrap(), Rotation::Rotated);
}

async fn a_refused_refresh_uses_its_proof_up(bench: &Bench) {
    let (session, _) = bench.session().await;
    let proof = bench.mark();
    let rotate = |presented| {
        bench
            .store
            .rotate_refresh(session.id, presented, WINDOW, proof, NOON)
    };
    assert_eq!(rotate(5).await.unwrap(), Rotation::Unknown);
    assert_eq!(rotate(0).await.unwrap(), Rotation::ProofReplayed);
}

// D4
async fn of_many_refreshes_at_once_one_rotates_and_the_others_repeat_it(bench: &Bench) {
    for _ in 0..4 {
        let (session, _) = bench.session().await;
        let answers = race(|_| {
            let (store, proof) = (bench.store.clone(), bench.mark());
            async move {
                let rotation = store.rotate_refresh(session.id, 0, WINDOW, proof, NOON);
                rotation.await.unwrap()
            }
        })
        .await;
        assert_eq!(count(&answers, &Rotation::Rotated), 1, "{answers:?}");
        assert_eq!(count(&answers, &Rotation::Repeated), 63, "{answers:?}");
        let stored = bench.stored(session.id).await;
        assert_eq!((stored.generation, stored.ended), (1, None));
    }
}

async fn of_many_refreshes_with_one_proof_one_rotates_and_the_others_are_refused(bench: &Bench) {
    let (session, _) = bench.session().await;
    let proof = bench.mark();
    let answers = race(|_| {
        let store = bench.store.clone();
        async move {
            let rotation = store.rotate_refresh(session.id, 0, WINDOW, proof, NOON);
            rotation.await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Rotation::Rotated), 1, "{answers:?}");
    assert_eq!(count(&answers, &Rotation::ProofReplayed), 63, "{answers:?}");
    assert_eq!(bench.stored(session.id).await.generation, 1);
}

/// Generations 0 to 63 at once: whatever the order, the lineage never forks and never skips.
async fn refreshes_of_all_generations_at_once_leave_one_lineage(bench: &Bench) {
    for _ in 0..4 {
        let (session, _) = bench.session().await;
        let answers = race(|number| {
            let (store, proof) = (bench.store.clone(), bench.mark());
            let presented = u32::try_from(number % 8).unwrap();
            async move {
                let rotation = store.rotate_refresh(session.id, presented, WINDOW, proof, NOON);
                rotation.await.unwrap()
            }
        })
        .await;
        let stored = bench.stored(session.id).await;
        let rotated = count(&answers, &Rotation::Rotated);
        assert_eq!(
            usize::try_from(stored.generation).unwrap(),
            rotated,
            "{answers:?}"
        );
        let replayed = count(&answers, &Rotation::Replayed);
        assert!(replayed <= 1, "the session ends once: {answers:?}");
        assert_eq!(stored.ended.is_some(), replayed == 1, "{answers:?}");
    }
}

async fn a_session_ends_once_and_keeps_its_reason(bench: &Bench) {
    let (session, _) = bench.session().await;
    let end = |reason, now| bench.store.end_session(session.id, reason, now);
    assert_eq!(end(EndReason::Revoked, NOON).await.unwrap(), SessionEnd::Ended);
    let later = NOON + Seconds(9);
    assert_eq!(
        end(EndReason::RefreshReplayed, later).await.unwrap(),
        SessionEnd::AlreadyEnded
    );
    let ended = Ended {
        at: NOON,
        reason: EndReason::Revoked,
    };
    assert_eq!(bench.stored(session.id).await.ended, Some(ended));
    let nobodys = SessionId::from_entropy([9; 16]);
    let unknown = bench.store.end_session(nobodys, EndReason::Revoked, NOON).await;
    assert_eq!(unknown.unwrap(), SessionEnd::Unknown);
}

async fn of_many_ends_at_once_one_counts(bench: &Bench) {
    let (session, _) = bench.session().await;
    let answers = race(|_| {
        let store = bench.store.clone();
        async move {
            let end = store.end_session(session.id, EndReason::Revoked, NOON);
            end.await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &SessionEnd::Ended), 1);
    assert_eq!(count(&answers, &SessionEnd::AlreadyEnded), 63);
}

/// Half end it while half refresh it: nothing is rotated after the end.
async fn a_session_that_ends_under_refreshes_stays_ended(bench: &Bench) {
    let (session, _) = bench.session().await;
    race(|number| {
        let (store, proof) = (bench.store.clone(), bench.mark());
        async move {
            if number % 2 == 0 {
                let end = store.end_session(session.id, EndReason::Revoked, NOON);
                end.await.map(drop).unwrap();
            } else {
                let rotation = store.rotate_refresh(session.id, 0, WINDOW, proof, NOON);
                rotation.await.map(drop).unwrap();
            }
        }
    })
    .await;
    let stored = bench.stored(session.id).await;
    assert_eq!(stored.ended.map(|ended| ended.reason), Some(EndReason::Revoked));
    assert!(stored.generation <= 1);
    assert_eq!(
        bench.rotate(session.id, stored.generation, NOON).await,
        Rotation::Ended
    );
}

async fn the_sessions_of_an_account_end_together_and_nobody_elses(bench: &Bench) {
    let (others, _) = bench.session().await;
    let (session, _) = bench.session().await;
    let end = |now| {
        let reason = EndReason::Revoked;
        bench.store.end_sessions_of_account(&session.did, reason, now)
    };
    assert_eq!(
        end(session.expires_at).await.unwrap(),
        0,
        "what is over is not alive"
    );
    assert_eq!(end(NOON).await.unwrap(), 1);
    assert_eq!(end(NOON).await.unwrap(), 0);
    assert!(bench.stored(session.id).await.ended.is_some());
    assert_eq!(bench.stored(others.id).await, others);
}

on_both_engines![
    a_session_is_loaded_as_it_began_with_its_account,
    the_key_its_client_authenticated_with_stays_with_the_session,
    a_key_that_no_verb_wrote_is_a_fault,
    a_session_ends_for_any_reason,
    a_refresh_moves_the_generation_and_the_instant,
    the_last_spent_generation_repeats_until_its_window_closes,
    a_spent_generation_ends_the_session_once_its_successor_was_used,
    a_generation_that_never_was_changes_nothing,
    a_session_is_over_at_its_second,
    a_replayed_proof_changes_nothing_else,
    a_refused_refresh_uses_its_proof_up,
    of_many_refreshes_at_once_one_rotates_and_the_others_repeat_it,
    of_many_refreshes_with_one_proof_one_rotates_and_the_others_are_refused,
    refreshes_of_all_generations_at_once_leave_one_lineage,
    a_session_ends_once_and_keeps_its_reason,
    of_many_ends_at_once_one_counts,
    a_session_that_ends_under_refreshes_stays_ended,
    the_sessions_of_an_account_end_together_and_nobody_elses,
];
