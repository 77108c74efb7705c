use super::bench::{Bench, NOON, count, race, request, scope};
use super::on_both_engines;
use crate::{NewSession, Redemption, SessionEnd, Spoiling};
use entryway_core::account::Account;
use entryway_core::code::{CodeFacts, CodeState};
use entryway_core::session::{EndReason, Ended, Session};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};

/// When the codes of the bench are over.
const END: Timestamp = Timestamp::from_seconds(NOON.seconds() + 60);

async fn redeem(bench: &Bench, code: Digest, session: &Session, now: Timestamp) -> Redemption {
    let new = NewSession { session };
    let redemption = bench.store.redeem_code(code, new, bench.mark(), now);
    redemption.await.unwrap()
}

fn facts(account: &Account, state: CodeState) -> CodeFacts {
    CodeFacts {
        request: request(),
        scope: scope(),
        account: account.clone(),
        authenticated_at: NOON,
        code_expires_at: END,
        state,
    }
}

async fn state(bench: &Bench, code: Digest) -> CodeState {
    bench.store.code(code).await.unwrap().unwrap().state
}

async fn a_code_stands_for_what_was_granted(bench: &Bench) {
    let (code, account) = bench.code().await;
    let found = bench.store.code(code).await.unwrap();
    assert_eq!(found, Some(facts(&account, CodeState::Open)));
    assert_eq!(bench.store.code(bench.digest()).await.unwrap(), None);
}

async fn a_redeemed_code_names_the_session_it_gave(bench: &Bench) {
    let (code, account) = bench.code().await;
    let session = bench.new_session(&account.did);
    assert_eq!(redeem(bench, code, &session, NOON).await, Redemption::Redeemed);
    let found = bench.store.code(code).await.unwrap();
    assert_eq!(found, Some(facts(&account, CodeState::Redeemed(session.id))));
    assert_eq!(bench.stored(session.id).await, session);
}

async fn a_code_is_over_at_its_second(bench: &Bench) {
    for (now, expected) in [
        (END - Seconds(1), Redemption::Redeemed),
        (END, Redemption::Gone),
        (END + Seconds(1), Redemption::Gone),
    ] {
        let (code, account) = bench.code().await;
        let session = bench.new_session(&account.did);
        assert_eq!(redeem(bench, code, &session, now).await, expected, "{now}");
        let begun = bench.store.session(session.id).await.unwrap();
        assert_eq!(begun.is_some(), expected == Redemption::Redeemed);
    }
}

//
async fn a_code_presented_twice_ends_the_session_it_gave(bench: &Bench) {
    let (session, code) = bench.session().await;
    let second = bench.new_session(&session.did);
    let late = END + Seconds(500);
    assert_eq!(
        redeem(bench, code, &second, late).await,
        Redemption::AlreadyRedeemed
    );
    let reason = EndReason::CodeReplayed;
    let ended = Some(Ended { at: late, reason });
    assert_eq!(bench.stored(session.id).await.ended, ended);
    assert_eq!(bench.store.session(second.id).await.unwrap(), None);
    let again = redeem(bench, code, &second, late + Seconds(1)).await;
    assert_eq!(again, Redemption::AlreadyRedeemed);
    assert_eq!(bench.stored(session.id).await.ended, ended, "the first end stays");
}

async fn a_replayed_proof_redeems_and_ends_nothing(bench: &Bench) {
    let (code, account) = bench.code().await;
    let session = bench.new_session(&account.did);
    let (new, proof) = (NewSession { session: &session }, bench.mark());
    bench.store.remember_mark(proof, NOON).await.unwrap();
    let replay = || async {
        let redemption = bench.store.redeem_code(code, new, proof, NOON);
        assert_eq!(redemption.await.unwrap(), Redemption::ProofReplayed);
    };
    replay().await;
    assert_eq!(state(bench, code).await, CodeState::Open);
    assert_eq!(redeem(bench, code, &session, NOON).await, Redemption::Redeemed);
    replay().await;
    assert_eq!(bench.stored(session.id).await.ended, None);
}

//
async fn of_many_redemptions_at_once_one_gives_a_session_and_the_others_end_it(bench: &Bench) {
    for _ in 0..4 {
        let (code, account) = bench.code().await;
        let answers = race(|_| {
            let (store, proof) = (bench.store.clone(), bench.mark());
            let session = bench.new_session(&account.did);
            async move {
                let new = NewSession { session: &session };
                store.redeem_code(code, new, proof, NOON).await.unwrap()
            }
        })
        .await;
        assert_eq!(count(&answers, &Redemption::Redeemed), 1, "{answers:?}");
        assert_eq!(count(&answers, &Redemption::AlreadyRedeemed), 63, "{answers:?}");
        let CodeState::Redeemed(given) = state(bench, code).await else {
            panic!("the code was redeemed");
        };
        let ended = bench.stored(given).await.ended.map(|ended| ended.reason);
        assert_eq!(ended, Some(EndReason::CodeReplayed));
    }
}

async fn of_many_redemptions_with_one_proof_one_gives_a_session_that_lives(bench: &Bench) {
    let (code, account) = bench.code().await;
    let proof = bench.mark();
    let answers = race(|_| {
        let store = bench.store.clone();
        let session = bench.new_session(&account.did);
        async move {
            let new = NewSession { session: &session };
            store.redeem_code(code, new, proof, NOON).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Redemption::Redeemed), 1, "{answers:?}");
    assert_eq!(count(&answers, &Redemption::ProofReplayed), 63, "{answers:?}");
    let CodeState::Redeemed(given) = state(bench, code).await else {
        panic!("the code was redeemed");
    };
    assert_eq!(bench.stored(given).await.ended, None);
}

//
async fn a_spoiled_code_gives_nothing(bench: &Bench) {
    let (code, account) = bench.code().await;
    let spoil = || async { bench.store.spoil_code(code).await.unwrap() };
    assert_eq!(spoil().await, Spoiling::Spoiled);
    assert_eq!(spoil().await, Spoiling::Gone);
    let session = bench.new_session(&account.did);
    assert_eq!(redeem(bench, code, &session, NOON).await, Redemption::Gone);
    let found = bench.store.code(code).await.unwrap();
    assert_eq!(found, Some(facts(&account, CodeState::Spoiled)));
    let unknown = bench.store.spoil_code(bench.digest()).await.unwrap();
    assert_eq!(unknown, Spoiling::Gone);
}

async fn a_redeemed_code_cannot_be_spoiled(bench: &Bench) {
    let (session, code) = bench.session().await;
    assert_eq!(bench.store.spoil_code(code).await.unwrap(), Spoiling::Gone);
    assert_eq!(state(bench, code).await, CodeState::Redeemed(session.id));
}

async fn of_many_at_once_a_code_is_redeemed_or_spoiled(bench: &Bench) {
    let (code, account) = bench.code().await;
    let gains = race(|number| {
        let (store, proof) = (bench.store.clone(), bench.mark());
        let session = bench.new_session(&account.did);
        async move {
            if number % 2 == 0 {
                return store.spoil_code(code).await.unwrap() == Spoiling::Spoiled;
            }
            let new = NewSession { session: &session };
            store.redeem_code(code, new, proof, NOON).await.unwrap() == Redemption::Redeemed
        }
    })
    .await;
    assert_eq!(count(&gains, &true), 1);
}

//
async fn a_replay_seen_early_ends_the_session_once(bench: &Bench) {
    let (session, code) = bench.session().await;
    let answers = race(|_| {
        let store = bench.store.clone();
        async move { store.replay_code(code, NOON).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SessionEnd::Ended), 1);
    assert_eq!(count(&answers, &SessionEnd::AlreadyEnded), 63);
    let ended = bench.stored(session.id).await.ended.map(|ended| ended.reason);
    assert_eq!(ended, Some(EndReason::CodeReplayed));
    let (open, _) = bench.code().await;
    for code in [open, bench.digest()] {
        let end = bench.store.replay_code(code, NOON).await.unwrap();
        assert_eq!(end, SessionEnd::Unknown);
    }
}

/// The code comes back, again and again, while its session is refreshed with the very proofs that the
/// replays use: nobody waits in a circle.
async fn replays_under_refreshes_end_the_session(bench: &Bench) {
    for _ in 0..4 {
        let (session, code) = bench.session().await;
        let proofs: Vec<_> = (0..8).map(|_| bench.mark()).collect();
        race(|number| {
            let (store, proof) = (bench.store.clone(), proofs[number % 8]);
            let (session, other) = (session.id, bench.new_session(&session.did));
            async move {
                if number % 2 == 0 {
                    let new = NewSession { session: &other };
                    store.redeem_code(code, new, proof, NOON).await.map(drop)
                } else {
                    let rotation = store.rotate_refresh(session, 0, Seconds(60), proof, NOON);
                    rotation.await.map(drop)
                }
                .unwrap();
            }
        })
        .await;
        let redemption = redeem(bench, code, &bench.new_session(&session.did), NOON).await;
        assert_eq!(redemption, Redemption::AlreadyRedeemed);
        assert!(bench.stored(session.id).await.ended.is_some());
    }
}

async fn a_session_that_cannot_begin_leaves_the_code_open(bench: &Bench) {
    let (existing, _) = bench.session().await;
    let (code, account) = bench.code().await;
    let taken = Session {
        did: account.did.clone(),
        ..existing.clone()
    };
    let (new, proof) = (NewSession { session: &taken }, bench.mark());
    let fault = bench.store.redeem_code(code, new, proof, NOON).await.unwrap_err();
    assert_eq!(fault.to_string(), "the database failed in redeem_code");
    assert_eq!(state(bench, code).await, CodeState::Open);
    let session = bench.new_session(&account.did);
    let new = NewSession { session: &session };
    let again = bench.store.redeem_code(code, new, proof, NOON).await.unwrap();
    assert_eq!(again, Redemption::Redeemed, "not even the proof was used up");
}

on_both_engines![
    a_code_stands_for_what_was_granted,
    a_redeemed_code_names_the_session_it_gave,
    a_code_is_over_at_its_second,
    a_code_presented_twice_ends_the_session_it_gave,
    a_replayed_proof_redeems_and_ends_nothing,
    of_many_redemptions_at_once_one_gives_a_session_and_the_others_end_it,
    of_many_redemptions_with_one_proof_one_gives_a_session_that_lives,
    a_spoiled_code_gives_nothing,
    a_redeemed_code_cannot_be_spoiled,
    of_many_at_once_a_code_is_redeemed_or_spoiled,
    a_replay_seen_early_ends_the_session_once,
    replays_under_refreshes_end_the_session,
    a_session_that_cannot_begin_leaves_the_code_open,
];
