//! What counts without a page: what was granted to a client that was known, and not taken back since.

use super::super::bench::{Bench, NOON, hash, race, request};
use super::super::on_both_engines;
use super::{approval, client, consent, granted, opened, redeem, revoke, session, set};
use crate::{
    Admission, Approval, Basis, Binding, Decision, NewRequest, PasswordChange, Redemption, TrustedClient,
};
use entryway_core::request::AuthorizationRequest;
use entryway_core::session::Session;
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::jwk::{Algorithm, Thumbprint};
use entryway_oauth::redirect::RedirectUri;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Seconds;
use entryway_scope::Did;

const BOTH: &str = "atproto transition:generic";

/// A request of a client that authenticated, or is answered at this place.
async fn opened_by(bench: &Bench, redirect_uri: &str, has_key: bool, asked: &str) -> (Digest, Digest) {
    let (id, browser) = (bench.digest(), bench.digest());
    let request = AuthorizationRequest {
        client_id: client(1),
        redirect_uri: RedirectUri::parse(redirect_uri).unwrap(),
        scope: set(asked),
        client_key: has_key.then(key),
        ..request()
    };
    let end = NOON + Seconds::minutes(5);
    let new = NewRequest {
        id,
        request: &request,
        challenge: bench.mark(),
        proof: None,
        expires_at: end,
    };
    let admitted = bench.store.admit_request(new, NOON).await.unwrap();
    assert_eq!(admitted, Admission::Admitted);
    let bound = bench
        .store
        .bind_request(id, browser, NOON, end, Seconds::minutes(5));
    assert!(matches!(bound.await.unwrap(), Binding::Bound(_)));
    (id, browser)
}

fn key() -> ClientKey {
    ClientKey {
        kid: "key-1".to_owned(),
        algorithm: Algorithm::ES256,
        jkt: Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap(),
    }
}

/// A request of a client that is known by its key.
async fn opened_with_key(bench: &Bench) -> (Digest, Digest) {
    opened_by(bench, WEB, true, BOTH).await
}

const WEB: &str = "https://app.example/cb";
const APP: &str = "com.example.app:/cb";

async fn approve(
    bench: &Bench,
    did: &Did,
    (id, browser): (Digest, Digest),
    basis: Basis,
) -> (Decision, Digest) {
    let (scope, code) = (set(BOTH), bench.digest());
    let approval = Approval {
        basis,
        ..approval(did, &scope, code, NOON)
    };
    let decision = bench.store.approve_request(id, browser, approval, NOON).await;
    (decision.unwrap(), code)
}

/// What becomes of a request that is approved without a page.
async fn remembered(bench: &Bench, did: &Did, request: (Digest, Digest)) -> bool {
    match approve(bench, did, request, Basis::Remembered).await.0 {
        Decision::Decided(_) => true,
        Decision::ConsentGone => false,
        Decision::Gone => panic!("the request is gone"),
    }
}

async fn trust(bench: &Bench) {
    let trusted = TrustedClient {
        client_id: client(1),
        name: "Skylight".to_owned(),
        first_party: false,
        logo: None,
    };
    bench.store.trust_client(trusted, NOON).await.unwrap();
}

async fn known(bench: &Bench, client_id: &ClientId, did: &Did) -> Option<bool> {
    let dids = std::slice::from_ref(did);
    let standing = bench.store.standing(client_id, dids).await.unwrap();
    standing.grant_of(did).map(|grant| grant.known)
}

//
async fn only_what_a_known_client_was_granted_counts_without_a_page(bench: &Bench) {
    for (consent_at, with_key, then_at, then_key, expected) in [
        (WEB, true, WEB, true, true),
        (WEB, true, APP, true, true),
        (WEB, false, WEB, false, false),
        (WEB, false, WEB, true, false),
        (WEB, true, WEB, false, false),
    ] {
        let did = bench.account().await.did;
        let first = opened_by(bench, consent_at, with_key, BOTH).await;
        let (decision, _) = approve(bench, &did, first, Basis::Page).await;
        assert!(matches!(decision, Decision::Decided(_)));
        assert_eq!(known(bench, &client(1), &did).await, Some(with_key));
        let second = opened_by(bench, then_at, then_key, BOTH).await;
        let case = format!("{consent_at} {with_key} {then_at} {then_key}");
        assert_eq!(remembered(bench, &did, second).await, expected, "{case}");
    }
}

//
async fn trust_makes_known_whoever_is_answered_on_the_web(bench: &Bench) {
    trust(bench).await;
    for (redirect_uri, expected) in [(WEB, true), (APP, false), ("http://127.0.0.1:4000/", false)] {
        let did = bench.account().await.did;
        let first = opened_by(bench, redirect_uri, false, BOTH).await;
        approve(bench, &did, first, Basis::Page).await;
        assert_eq!(known(bench, &client(1), &did).await, Some(expected));
        let second = opened_by(bench, redirect_uri, false, BOTH).await;
        assert_eq!(remembered(bench, &did, second).await, expected, "{redirect_uri}");
    }
    let did = bench.account().await.did;
    approve(bench, &did, opened_by(bench, WEB, false, BOTH).await, Basis::Page).await;
    bench.store.distrust_client(&client(1)).await.unwrap();
    let late = opened_by(bench, WEB, false, BOTH).await;
    assert!(!remembered(bench, &did, late).await);
}

//
async fn what_was_granted_unknown_is_replaced_and_never_widens(bench: &Bench) {
    let did = bench.account().await.did;
    let email = "atproto transition:email";
    for (with_key, asked, after, is_known) in [
        (false, email, email, false),
        (true, BOTH, BOTH, true),
        (false, email, BOTH, true),
    ] {
        let (id, browser) = opened_by(bench, WEB, with_key, asked).await;
        let (scope, code) = (set(asked), bench.digest());
        let approval = approval(&did, &scope, code, NOON);
        let decision = bench.store.approve_request(id, browser, approval, NOON).await;
        assert!(matches!(decision.unwrap(), Decision::Decided(_)));
        let stored = granted(bench, &client(1), &did).await.unwrap();
        assert_eq!(set(&stored), set(after), "{asked} {with_key}");
        assert_eq!(known(bench, &client(1), &did).await, Some(is_known));
    }
}

// a request that was not approved still waits, for the page
async fn what_was_revoked_meanwhile_is_not_approved_without_a_page(bench: &Bench) {
    let did = bench.account().await.did;
    approve(bench, &did, opened_with_key(bench).await, Basis::Page).await;
    let waiting = opened_with_key(bench).await;
    revoke(bench, &did, &client(1)).await;
    assert!(!remembered(bench, &did, waiting).await);
    assert_eq!(granted(bench, &client(1), &did).await, None);
    let wider = opened_by(bench, WEB, true, "atproto transition:generic transition:email").await;
    let (decision, _) = approve(bench, &did, waiting, Basis::Page).await;
    assert!(matches!(decision, Decision::Decided(_)));
    let scope = set("atproto transition:generic transition:email");
    let approval = Approval {
        basis: Basis::Remembered,
        ..approval(&did, &scope, bench.digest(), NOON)
    };
    let more = bench
        .store
        .approve_request(wider.0, wider.1, approval, NOON)
        .await;
    assert_eq!(more.unwrap(), Decision::ConsentGone);
    let (decision, _) = approve(bench, &did, waiting, Basis::Remembered).await;
    assert_eq!(decision, Decision::Gone);
}

/// One revokes while sixty-three are approved without a page: none brings the grant back, and every code that
/// came before is worth nothing.
async fn a_revocation_among_silent_approvals_is_the_last_word(bench: &Bench) {
    for _ in 0..4 {
        let did = bench.account().await.did;
        approve(bench, &did, opened_with_key(bench).await, Basis::Page).await;
        let mut waiting = Vec::new();
        for _ in 0..64 {
            waiting.push((opened_with_key(bench).await, bench.digest()));
        }
        let answers = race(|number| {
            let (store, did) = (bench.store.clone(), did.clone());
            let ((id, browser), code) = waiting[number];
            async move {
                if number == 32 {
                    store.revoke_grant(&did, &client(1), NOON).await.unwrap();
                    return None;
                }
                let scope = set(BOTH);
                let approval = Approval {
                    basis: Basis::Remembered,
                    ..approval(&did, &scope, code, NOON)
                };
                Some(store.approve_request(id, browser, approval, NOON).await.unwrap())
            }
        })
        .await;
        assert!(!answers.contains(&Some(Decision::Gone)));
        assert_eq!(granted(bench, &client(1), &did).await, None);
        for (_, code) in waiting {
            let session = Session {
                client_id: client(1),
                ..bench.new_session(&did)
            };
            assert_eq!(redeem(bench, code, &session).await, Redemption::Gone);
        }
    }
}

/// Thirty-two revoke while thirty-two are approved without a page.
async fn many_revocations_and_silent_approvals_at_once_wait_in_no_circle(bench: &Bench) {
    let did = bench.account().await.did;
    approve(bench, &did, opened_with_key(bench).await, Basis::Page).await;
    let mut waiting = Vec::new();
    for _ in 0..32 {
        waiting.push((opened_with_key(bench).await, bench.digest()));
    }
    race(|number| {
        let (store, did) = (bench.store.clone(), did.clone());
        let ((id, browser), code) = waiting[number / 2];
        async move {
            if number % 2 == 0 {
                store.revoke_grant(&did, &client(1), NOON).await.unwrap();
                return;
            }
            let scope = set(BOTH);
            let approval = Approval {
                basis: Basis::Remembered,
                ..approval(&did, &scope, code, NOON)
            };
            store.approve_request(id, browser, approval, NOON).await.unwrap();
        }
    })
    .await;
    assert_eq!(granted(bench, &client(1), &did).await, None);
}

//
async fn a_refusal_takes_what_was_asked_out_of_the_grant_of_that_account(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    for did in [&alice, &bob] {
        consent(bench, did, &client(1), BOTH, BOTH).await;
    }
    let deny = async |asked: &str, did: Option<&Did>| {
        let (id, browser) = opened(bench, &client(1), asked).await;
        let denied = bench.store.deny_request(id, browser, did, NOON).await.unwrap();
        assert!(matches!(denied, Decision::Decided(_)));
        granted(bench, &client(1), &alice).await
    };
    assert_eq!(deny(BOTH, None).await.as_deref(), Some(BOTH));
    assert_eq!(deny(BOTH, Some(&bob)).await.as_deref(), Some(BOTH));
    assert_eq!(granted(bench, &client(1), &bob).await, None);
    let left = deny("atproto transition:email", Some(&alice)).await;
    assert_eq!(left.as_deref(), Some("transition:generic"));
    assert_eq!(deny("transition:generic", Some(&alice)).await, None);
    assert_eq!(deny(BOTH, Some(&alice)).await, None);
}

/// A refusal that does not count takes nothing.
async fn a_late_refusal_takes_nothing(bench: &Bench) {
    let did = bench.account().await.did;
    consent(bench, &did, &client(1), BOTH, BOTH).await;
    let (id, browser) = opened(bench, &client(1), BOTH).await;
    let late = NOON + Seconds::minutes(5);
    for (browser, now) in [(bench.digest(), NOON), (browser, late)] {
        let denied = bench.store.deny_request(id, browser, Some(&did), now).await;
        assert_eq!(denied.unwrap(), Decision::Gone);
    }
    assert_eq!(granted(bench, &client(1), &did).await.as_deref(), Some(BOTH));
}

async fn change_password(bench: &Bench, did: &Did, seconds: i64) {
    let (new, now) = (hash("second"), NOON + Seconds(seconds));
    let changed = bench.store.change_password(did, &new, now).await;
    assert_eq!(changed.unwrap(), PasswordChange::Changed);
}

//
async fn a_changed_password_takes_back_every_grant_of_that_account(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    for did in [&alice, &bob] {
        for number in [1, 2] {
            session(bench, did, &client(number)).await;
        }
    }
    change_password(bench, &alice, 1).await;
    for number in [1, 2] {
        assert_eq!(granted(bench, &client(number), &alice).await, None);
        assert!(granted(bench, &client(number), &bob).await.is_some());
    }
    // and one that was on its way is not remembered; one of the new password is
    for (authenticated, expected) in [(0, None), (1, Some("atproto"))] {
        let (id, browser) = opened(bench, &client(1), "atproto").await;
        let scope = set("atproto");
        let approval = approval(&alice, &scope, bench.digest(), NOON + Seconds(authenticated));
        let approved = bench.store.approve_request(id, browser, approval, NOON).await;
        assert!(matches!(approved.unwrap(), Decision::Decided(_)));
        assert_eq!(granted(bench, &client(1), &alice).await.as_deref(), expected);
    }
}

/// Whichever comes first, nothing that was given with the old password is left.
async fn no_consent_slips_past_a_change_of_password(bench: &Bench) {
    for _ in 0..4 {
        let did = bench.account().await.did;
        let mut waiting = Vec::new();
        for number in 0..64 {
            waiting.push((opened(bench, &client(number), BOTH).await, bench.digest()));
        }
        race(|number| {
            let (store, did) = (bench.store.clone(), did.clone());
            let ((id, browser), code) = waiting[number];
            async move {
                if number == 32 {
                    let (new, now) = (hash("second"), NOON + Seconds(1));
                    let changed = store.change_password(&did, &new, now).await;
                    assert_eq!(changed.unwrap(), PasswordChange::Changed);
                    return;
                }
                let scope = set(BOTH);
                let approval = approval(&did, &scope, code, NOON);
                store.approve_request(id, browser, approval, NOON).await.unwrap();
            }
        })
        .await;
        for number in 0..64 {
            assert_eq!(granted(bench, &client(number), &did).await, None);
        }
    }
}

on_both_engines![
    only_what_a_known_client_was_granted_counts_without_a_page,
    trust_makes_known_whoever_is_answered_on_the_web,
    what_was_granted_unknown_is_replaced_and_never_widens,
    what_was_revoked_meanwhile_is_not_approved_without_a_page,
    a_revocation_among_silent_approvals_is_the_last_word,
    many_revocations_and_silent_approvals_at_once_wait_in_no_circle,
    a_refusal_takes_what_was_asked_out_of_the_grant_of_that_account,
    a_late_refusal_takes_nothing,
    a_changed_password_takes_back_every_grant_of_that_account,
    no_consent_slips_past_a_change_of_password,
];
