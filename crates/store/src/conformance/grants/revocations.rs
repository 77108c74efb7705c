use super::super::bench::{Bench, NOON, account, count, execute, race};
use super::super::on_both_engines;
use super::{approval, client, consent, granted, opened, redeem, revoke, session, set};
use crate::{Decision, NewSession, Redemption, Revocation};
use entryway_core::session::{EndReason, Ended, Session};
use entryway_scope::Did;

async fn revoking_ends_the_live_sessions_of_that_account_and_client_only(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let first = session(bench, &alice, &client(1)).await;
    let second = session(bench, &alice, &client(1)).await;
    let ended = session(bench, &alice, &client(1)).await;
    let end = bench
        .store
        .end_session(ended.id, EndReason::RefreshReplayed, NOON);
    end.await.unwrap();
    let others = [
        session(bench, &alice, &client(2)).await,
        session(bench, &bob, &client(1)).await,
    ];
    assert_eq!(
        revoke(bench, &alice, &client(1)).await,
        Revocation::Revoked { sessions: 2 }
    );
    for (session, reason) in [
        (&first, EndReason::Revoked),
        (&second, EndReason::Revoked),
        (&ended, EndReason::RefreshReplayed),
    ] {
        let expected = Some(Ended { at: NOON, reason });
        assert_eq!(bench.stored(session.id).await.ended, expected);
    }
    for other in &others {
        assert_eq!(bench.stored(other.id).await, *other);
        assert!(granted(bench, &other.client_id, &other.did).await.is_some());
    }
    assert_eq!(granted(bench, &client(1), &alice).await, None);
    assert_eq!(revoke(bench, &alice, &client(1)).await, Revocation::Unknown);
    assert_eq!(
        revoke(bench, &account(9_999).did, &client(1)).await,
        Revocation::Unknown
    );
}

async fn a_session_that_is_over_is_not_ended_again(bench: &Bench) {
    let did = bench.account().await.did;
    let session = session(bench, &did, &client(1)).await;
    let revoked = bench
        .store
        .revoke_grant(&did, &session.client_id, session.expires_at);
    assert_eq!(revoked.await.unwrap(), Revocation::Revoked { sessions: 0 });
    assert_eq!(bench.stored(session.id).await, session);
}

/// As the first release left it, which remembered no grants.
async fn sessions_without_a_remembered_grant_end_too(bench: &Bench) {
    let did = bench.account().await.did;
    let session = session(bench, &did, &client(1)).await;
    execute(&bench.database.url, "delete from client_grant").await;
    assert_eq!(
        revoke(bench, &did, &client(1)).await,
        Revocation::Revoked { sessions: 1 }
    );
    assert!(bench.stored(session.id).await.ended.is_some());
}

async fn a_code_that_waits_gives_no_session_after_its_grant_was_revoked(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let consent = async |did: &Did, number| {
        (
            did.clone(),
            consent(bench, did, &client(number), "atproto", "atproto").await,
        )
    };
    let cases = [
        (consent(&alice, 1).await, Redemption::Gone),
        (consent(&alice, 1).await, Redemption::Gone),
        (consent(&alice, 2).await, Redemption::Redeemed),
        (consent(&bob, 1).await, Redemption::Redeemed),
    ];
    assert_eq!(
        revoke(bench, &alice, &client(1)).await,
        Revocation::Revoked { sessions: 0 }
    );
    for ((did, code), expected) in cases {
        let session = bench.new_session(&did);
        assert_eq!(redeem(bench, code, &session).await, expected, "{did}");
    }
    // a person who grants it again is not stopped by that
    session(bench, &alice, &client(1)).await;
}

/// Half redeem while half revoke: no session is alive in the end.
async fn no_redemption_slips_past_a_revocation(bench: &Bench) {
    let did = bench.account().await.did;
    let mut codes = Vec::new();
    for _ in 0..32 {
        let session = Session {
            client_id: client(1),
            ..bench.new_session(&did)
        };
        codes.push((
            consent(bench, &did, &client(1), "atproto", "atproto").await,
            session,
        ));
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
                    .revoke_grant(&did, &client(1), NOON)
                    .await
                    .map(drop)
                    .unwrap();
            }
        }
    })
    .await;
    for (_, session) in &codes {
        let alive = bench.store.session(session.id).await.unwrap();
        assert!(alive.is_none_or(|facts| facts.session.ended.is_some()));
    }
    assert_eq!(revoke(bench, &did, &client(1)).await, Revocation::Unknown);
}

async fn of_many_revocations_at_once_one_counts(bench: &Bench) {
    let did = bench.account().await.did;
    session(bench, &did, &client(1)).await;
    let answers = race(|_| {
        let (store, did) = (bench.store.clone(), did.clone());
        async move { store.revoke_grant(&did, &client(1), NOON).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Revocation::Revoked { sessions: 1 }), 1);
    assert_eq!(count(&answers, &Revocation::Unknown), 63);
}

/// Half consent while half revoke: whatever comes last, grant and codes fit together.
async fn consents_and_revocations_at_once_leave_no_code_without_a_grant(bench: &Bench) {
    for _ in 0..4 {
        let did = bench.account().await.did;
        let mut waiting = Vec::new();
        for _ in 0..32 {
            waiting.push((opened(bench, &client(1), "atproto").await, bench.digest()));
        }
        race(|number| {
            let (store, did) = (bench.store.clone(), did.clone());
            let ((id, browser), code) = waiting[number / 2];
            async move {
                if number % 2 == 1 {
                    store
                        .revoke_grant(&did, &client(1), NOON)
                        .await
                        .map(drop)
                        .unwrap();
                    return;
                }
                let scope = set("atproto");
                let approval = approval(&did, &scope, code, NOON);
                let approved = store.approve_request(id, browser, approval, NOON).await.unwrap();
                assert!(matches!(approved, Decision::Decided(_)));
            }
        })
        .await;
        let mut redeemed = 0;
        for (_, code) in &waiting {
            let session = Session {
                client_id: client(1),
                ..bench.new_session(&did)
            };
            if redeem(bench, *code, &session).await == Redemption::Redeemed {
                redeemed += 1;
            }
        }
        let is_granted = granted(bench, &client(1), &did).await.is_some();
        assert!(
            redeemed == 0 || is_granted,
            "{redeemed} codes were good without a grant"
        );
        let expected = if is_granted {
            Revocation::Revoked { sessions: redeemed }
        } else {
            Revocation::Unknown
        };
        assert_eq!(revoke(bench, &did, &client(1)).await, expected);
    }
}

/// A person takes back everything at once: nobody waits in a circle.
async fn revocations_of_many_clients_at_once_all_count(bench: &Bench) {
    let did = bench.account().await.did;
    let mut sessions = Vec::new();
    for number in 0..64 {
        sessions.push(session(bench, &did, &client(number)).await);
        consent(bench, &did, &client(number), "atproto", "atproto").await;
    }
    let answers = race(|number| {
        let (store, did) = (bench.store.clone(), did.clone());
        async move { store.revoke_grant(&did, &client(number), NOON).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Revocation::Revoked { sessions: 1 }), 64);
    for session in sessions {
        assert!(bench.stored(session.id).await.ended.is_some());
    }
}

on_both_engines![
    revoking_ends_the_live_sessions_of_that_account_and_client_only,
    a_session_that_is_over_is_not_ended_again,
    sessions_without_a_remembered_grant_end_too,
    a_code_that_waits_gives_no_session_after_its_grant_was_revoked,
    no_redemption_slips_past_a_revocation,
    of_many_revocations_at_once_one_counts,
    revocations_of_many_clients_at_once_all_count,
    consents_and_revocations_at_once_leave_no_code_without_a_grant,
];
