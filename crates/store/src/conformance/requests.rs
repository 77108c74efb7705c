use super::bench::{Bench, NOON, count, race, request, scope};
use super::on_both_engines;
use crate::{Admission, Approval, Basis, Binding, Decision, Mark, NewRequest, PendingRequest};
use entryway_core::request::{AuthorizationRequest, LoginHint, Prompt, ResponseMode};
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Handle;

/// When the requests of the bench are over.
const END: Timestamp = Timestamp::from_seconds(NOON.seconds() + 300);

/// How long one may stay open at most.
const OPEN_MAX: Seconds = Seconds::minutes(30);

fn new(id: Digest, challenge: Mark, proof: Option<Mark>, request: &AuthorizationRequest) -> NewRequest<'_> {
    NewRequest {
        id,
        request,
        challenge,
        proof,
        expires_at: END,
    }
}

fn pending(expires_at: Timestamp) -> PendingRequest {
    PendingRequest {
        request: request(),
        admitted_at: NOON,
        expires_at,
    }
}

async fn bind(bench: &Bench, id: Digest, browser: Digest, now: Timestamp) -> Binding {
    bench
        .store
        .bind_request(id, browser, now, now + Seconds(300), OPEN_MAX)
        .await
        .unwrap()
}

async fn approve(bench: &Bench, id: Digest, browser: Digest, now: Timestamp) -> Decision {
    let account = bench.account().await;
    let approval = Approval {
        basis: Basis::Page,
        did: &account.did,
        scope: &scope(),
        code: bench.digest(),
        code_expires_at: now + Seconds(60),
        authenticated_at: now,
    };
    bench
        .store
        .approve_request(id, browser, approval, now)
        .await
        .unwrap()
}

async fn an_admitted_request_is_found_as_it_was_pushed(bench: &Bench) {
    let full = AuthorizationRequest {
        response_mode: ResponseMode::FormPost,
        prompt: Some(Prompt::SelectAccount),
        login_hint: Some(LoginHint::Handle(Handle::parse("alice.test").unwrap())),
        jkt: Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        ..request()
    };
    for request in [request(), full] {
        let id = bench.digest();
        let new = new(id, bench.mark(), None, &request);
        let admission = bench.store.admit_request(new, NOON).await.unwrap();
        assert_eq!(admission, Admission::Admitted);
        let found = bench.store.peek_request(id, NOON).await.unwrap().unwrap();
        assert_eq!(
            found,
            PendingRequest {
                request,
                ..pending(END)
            }
        );
    }
}

async fn a_request_is_over_at_its_second(bench: &Bench) {
    let (id, browser) = bench.opened_request().await;
    for (now, is_there) in [(END - Seconds(1), true), (END, false), (END + Seconds(1), false)] {
        let found = bench.store.peek_request(id, now).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{now}");
    }
    for now in [END, END + Seconds(1)] {
        assert_eq!(bind(bench, id, browser, now).await, Binding::Unknown);
        assert_eq!(approve(bench, id, browser, now).await, Decision::Gone);
        let denied = bench.store.deny_request(id, browser, None, now).await.unwrap();
        assert_eq!(denied, Decision::Gone);
    }
    let decided = approve(bench, id, browser, END - Seconds(1)).await;
    assert_eq!(decided, Decision::Decided(request()));
}

//
async fn a_code_challenge_serves_one_request_until_it_is_forgotten(bench: &Bench) {
    let (challenge, request) = (bench.mark(), request());
    let admit = async |now| {
        let id = bench.digest();
        let new = new(id, challenge, Some(bench.mark()), &request);
        let admission = bench.store.admit_request(new, now).await.unwrap();
        let stored = bench.store.peek_request(id, NOON).await.unwrap();
        assert_eq!(stored.is_some(), admission == Admission::Admitted);
        admission
    };
    let forgotten = challenge.expires_at;
    assert_eq!(admit(NOON).await, Admission::Admitted);
    assert_eq!(admit(NOON).await, Admission::ChallengeReused);
    assert_eq!(admit(forgotten - Seconds(1)).await, Admission::ChallengeReused);
    assert_eq!(admit(forgotten).await, Admission::Admitted);
}

async fn a_replayed_proof_admits_nothing_and_uses_no_challenge_up(bench: &Bench) {
    let (proof, challenge, request) = (bench.mark(), bench.mark(), request());
    let admit = async |challenge, proof| {
        let new = new(bench.digest(), challenge, proof, &request);
        bench.store.admit_request(new, NOON).await.unwrap()
    };
    assert_eq!(admit(bench.mark(), Some(proof)).await, Admission::Admitted);
    assert_eq!(admit(challenge, Some(proof)).await, Admission::ProofReplayed);
    assert_eq!(admit(challenge, None).await, Admission::Admitted);
}

async fn of_many_requests_with_one_challenge_one_is_admitted(bench: &Bench) {
    let challenge = bench.mark();
    let answers = race(|_| {
        let (store, id, proof) = (bench.store.clone(), bench.digest(), bench.mark());
        async move {
            let request = request();
            let new = new(id, challenge, Some(proof), &request);
            store.admit_request(new, NOON).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Admission::Admitted), 1);
    assert_eq!(count(&answers, &Admission::ChallengeReused), 63);
}

async fn of_many_requests_with_one_proof_one_is_admitted(bench: &Bench) {
    let proof = bench.mark();
    let answers = race(|_| {
        let (store, id, challenge) = (bench.store.clone(), bench.digest(), bench.mark());
        async move {
            let request = request();
            let new = new(id, challenge, Some(proof), &request);
            store.admit_request(new, NOON).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Admission::Admitted), 1);
    assert_eq!(count(&answers, &Admission::ProofReplayed), 63);
}

//
async fn looking_at_a_request_binds_it_to_nobody(bench: &Bench) {
    let id = bench.request().await;
    bench.store.peek_request(id, NOON).await.unwrap();
    assert_eq!(
        bind(bench, id, bench.digest(), NOON).await,
        Binding::Bound(pending(END))
    );
}

async fn the_first_browser_keeps_the_request(bench: &Bench) {
    let (id, first, second) = (bench.request().await, bench.digest(), bench.digest());
    assert_eq!(bind(bench, id, first, NOON).await, Binding::Bound(pending(END)));
    assert_eq!(bind(bench, id, second, NOON).await, Binding::OpenedElsewhere);
    assert_eq!(bind(bench, id, first, NOON).await, Binding::Bound(pending(END)));
    assert_eq!(bind(bench, bench.digest(), first, NOON).await, Binding::Unknown);
    // nor may the second one decide
    assert_eq!(approve(bench, id, second, NOON).await, Decision::Gone);
    let denied = bench.store.deny_request(id, second, None, NOON).await.unwrap();
    assert_eq!(denied, Decision::Gone);
}

async fn a_request_nobody_opened_cannot_be_decided(bench: &Bench) {
    let (id, browser) = (bench.request().await, bench.digest());
    assert_eq!(approve(bench, id, browser, NOON).await, Decision::Gone);
    let denied = bench.store.deny_request(id, browser, None, NOON).await.unwrap();
    assert_eq!(denied, Decision::Gone);
}

async fn opening_again_extends_up_to_the_cap_and_never_shortens(bench: &Bench) {
    let (id, browser) = bench.opened_request().await;
    let cap = NOON + OPEN_MAX;
    for (wanted, expected) in [
        (END - Seconds(1), END),
        (END, END),
        (END + Seconds(1), END + Seconds(1)),
        (cap - Seconds(1), cap - Seconds(1)),
        (cap + Seconds(1), cap),
        (cap + Seconds(900), cap),
        (END, cap),
    ] {
        let bound = bench
            .store
            .bind_request(id, browser, NOON, wanted, OPEN_MAX)
            .await;
        assert_eq!(bound.unwrap(), Binding::Bound(pending(expected)), "{wanted}");
    }
    let short = bench
        .store
        .bind_request(id, browser, NOON, cap + Seconds(9), Seconds(1))
        .await;
    assert_eq!(
        short.unwrap(),
        Binding::Bound(pending(cap)),
        "a smaller cap shortens nothing"
    );
}

async fn of_many_browsers_at_once_one_gets_the_request(bench: &Bench) {
    let id = bench.request().await;
    let answers = race(|_| {
        let (store, browser) = (bench.store.clone(), bench.digest());
        async move {
            let binding = store.bind_request(id, browser, NOON, END, OPEN_MAX);
            binding.await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Binding::Bound(pending(END))), 1);
    assert_eq!(count(&answers, &Binding::OpenedElsewhere), 63);
}

async fn a_decided_request_is_unknown_to_browsers(bench: &Bench) {
    let (approved, browser) = bench.opened_request().await;
    let decided = approve(bench, approved, browser, NOON).await;
    assert_eq!(decided, Decision::Decided(request()));
    let (denied, other) = bench.opened_request().await;
    let decided = bench.store.deny_request(denied, other, None, NOON).await.unwrap();
    assert_eq!(decided, Decision::Decided(request()));
    for (id, browser) in [(approved, browser), (denied, other)] {
        assert_eq!(bench.store.peek_request(id, NOON).await.unwrap(), None);
        assert_eq!(bind(bench, id, browser, NOON).await, Binding::Unknown);
        assert_eq!(approve(bench, id, browser, NOON).await, Decision::Gone);
    }
}

async fn of_many_decisions_at_once_one_counts(bench: &Bench) {
    let (id, browser) = bench.opened_request().await;
    let did = bench.account().await.did;
    let answers = race(|number| {
        let (store, code, did) = (bench.store.clone(), bench.digest(), did.clone());
        async move {
            if number % 2 == 0 {
                return store.deny_request(id, browser, None, NOON).await.unwrap();
            }
            let scope = scope();
            let approval = Approval {
                basis: Basis::Page,
                did: &did,
                scope: &scope,
                code,
                code_expires_at: NOON + Seconds(60),
                authenticated_at: NOON,
            };
            let approved = store.approve_request(id, browser, approval, NOON);
            approved.await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Decision::Decided(request())), 1);
    assert_eq!(count(&answers, &Decision::Gone), 63);
}

async fn approving_as_nobody_is_a_fault_and_decides_nothing(bench: &Bench) {
    let (id, browser) = bench.opened_request().await;
    let approval = Approval {
        basis: Basis::Page,
        did: &super::bench::account(9_999).did,
        scope: &scope(),
        code: bench.digest(),
        code_expires_at: END,
        authenticated_at: NOON,
    };
    let approved = bench.store.approve_request(id, browser, approval, NOON).await;
    let fault = approved.unwrap_err().to_string();
    assert_eq!(fault, "the database failed in approve_request");
    assert_eq!(
        approve(bench, id, browser, NOON).await,
        Decision::Decided(request())
    );
}

on_both_engines![
    an_admitted_request_is_found_as_it_was_pushed,
    a_request_is_over_at_its_second,
    a_code_challenge_serves_one_request_until_it_is_forgotten,
    a_replayed_proof_admits_nothing_and_uses_no_challenge_up,
    of_many_requests_with_one_challenge_one_is_admitted,
    of_many_requests_with_one_proof_one_is_admitted,
    looking_at_a_request_binds_it_to_nobody,
    the_first_browser_keeps_the_request,
    a_request_nobody_opened_cannot_be_decided,
    opening_again_extends_up_to_the_cap_and_never_shortens,
    of_many_browsers_at_once_one_gets_the_request,
    a_decided_request_is_unknown_to_browsers,
    of_many_decisions_at_once_one_counts,
    approving_as_nobody_is_a_fault_and_decides_nothing,
];
