mod connected;
mod everything;
mod knowing;
mod revocations;

use super::bench::{Bench, NOON, account, count, race, request};
use super::on_both_engines;
use crate::{
    Admission, Approval, Basis, Binding, Decision, NewRequest, NewSession, Redemption, Revocation,
    TrustedClient,
};
use entryway_core::request::AuthorizationRequest;
use entryway_core::session::Session;
use entryway_core::trust::Standing;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, ScopeSet};

fn client(number: usize) -> ClientId {
    ClientId::parse(&format!("http://localhost?scope=atproto&redirect_uri={number}")).unwrap()
}

fn set(wire: &str) -> ScopeSet {
    ScopeSet::parse(wire).unwrap()
}

/// A request of that client for that scope, and the browser that opened it.
async fn opened(bench: &Bench, client_id: &ClientId, asked: &str) -> (Digest, Digest) {
    let (id, browser) = (bench.digest(), bench.digest());
    let request = AuthorizationRequest {
        client_id: client_id.clone(),
        scope: set(asked),
        ..request()
    };
    let new = NewRequest {
        id,
        request: &request,
        challenge: bench.mark(),
        proof: None,
        expires_at: NOON + Seconds::minutes(5),
    };
    let admitted = bench.store.admit_request(new, NOON).await.unwrap();
    assert_eq!(admitted, Admission::Admitted);
    let end = NOON + Seconds::minutes(5);
    let bound = bench
        .store
        .bind_request(id, browser, NOON, end, Seconds::minutes(5));
    assert!(matches!(bound.await.unwrap(), Binding::Bound(_)));
    (id, browser)
}

fn approval<'a>(did: &'a Did, scope: &'a ScopeSet, code: Digest, now: Timestamp) -> Approval<'a> {
    Approval {
        basis: Basis::Page,
        did,
        scope,
        code,
        code_expires_at: now + Seconds(60),
        authenticated_at: now,
    }
}

/// An answer to it that grants this, and the code that comes of it.
async fn answer(
    bench: &Bench,
    did: &Did,
    (id, browser): (Digest, Digest),
    granted: &str,
    now: Timestamp,
) -> (Decision, Digest) {
    let (scope, code) = (set(granted), bench.digest());
    let approval = approval(did, &scope, code, now);
    let decision = bench.store.approve_request(id, browser, approval, now);
    (decision.await.unwrap(), code)
}

/// The code of a consent.
async fn consent(bench: &Bench, did: &Did, client_id: &ClientId, asked: &str, granted: &str) -> Digest {
    let opened = opened(bench, client_id, asked).await;
    let (decision, code) = answer(bench, did, opened, granted, NOON).await;
    assert!(matches!(decision, Decision::Decided(_)));
    code
}

async fn redeem(bench: &Bench, code: Digest, session: &Session) -> Redemption {
    let new = NewSession { session };
    let redeemed = bench.store.redeem_code(code, new, bench.mark(), NOON);
    redeemed.await.unwrap()
}

/// A live session of a client that was granted something.
async fn session(bench: &Bench, did: &Did, client_id: &ClientId) -> Session {
    let code = consent(bench, did, client_id, "atproto", "atproto").await;
    let session = Session {
        client_id: client_id.clone(),
        ..bench.new_session(did)
    };
    assert_eq!(redeem(bench, code, &session).await, Redemption::Redeemed);
    session
}

async fn granted(bench: &Bench, client_id: &ClientId, did: &Did) -> Option<String> {
    let standing = bench
        .store
        .standing(client_id, std::slice::from_ref(did))
        .await
        .unwrap();
    standing.granted_by(did).map(ScopeSet::to_string)
}

async fn revoke(bench: &Bench, did: &Did, client_id: &ClientId) -> Revocation {
    bench.store.revoke_grant(did, client_id, NOON).await.unwrap()
}

//
async fn what_was_granted_is_remembered_of_account_and_client(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    assert_eq!(granted(bench, &client(1), &alice).await, None);
    consent(bench, &alice, &client(1), "atproto transition:email", "atproto").await;
    assert_eq!(
        granted(bench, &client(1), &alice).await.as_deref(),
        Some("atproto")
    );
    assert_eq!(granted(bench, &client(1), &bob).await, None);
    assert_eq!(granted(bench, &client(2), &alice).await, None);
}

async fn a_consent_decides_what_was_asked_and_leaves_the_rest(bench: &Bench) {
    let did = bench.account().await.did;
    for (asked, given, after) in [
        (
            "atproto transition:generic",
            "atproto transition:generic",
            "atproto transition:generic",
        ),
        ("atproto", "atproto", "atproto transition:generic"),
        (
            "atproto transition:email",
            "atproto transition:email",
            "atproto transition:email transition:generic",
        ),
        (
            "atproto transition:generic",
            "atproto",
            "atproto transition:email",
        ),
        ("atproto transition:email", "atproto", "atproto"),
    ] {
        consent(bench, &did, &client(1), asked, given).await;
        let stored = granted(bench, &client(1), &did).await.unwrap();
        assert_eq!(set(&stored), set(after), "{asked} {given}");
    }
}

async fn what_was_not_decided_is_not_remembered(bench: &Bench) {
    let did = bench.account().await.did;
    let (id, browser) = opened(bench, &client(1), "atproto").await;
    let late = NOON + Seconds::minutes(5);
    for (browser, now) in [(bench.digest(), NOON), (browser, late)] {
        let (decision, _) = answer(bench, &did, (id, browser), "atproto", now).await;
        assert_eq!(decision, Decision::Gone);
    }
    let denied = bench.store.deny_request(id, browser, None, NOON).await.unwrap();
    assert!(matches!(denied, Decision::Decided(_)));
    let (decision, _) = answer(bench, &did, (id, browser), "atproto", NOON).await;
    assert_eq!(decision, Decision::Gone);
    assert_eq!(granted(bench, &client(1), &did).await, None);
}

async fn grants_of_several_accounts_come_in_the_order_asked(bench: &Bench) {
    let mut dids = Vec::new();
    for _ in 0..17 {
        let did = bench.account().await.did;
        consent(bench, &did, &client(1), "atproto", "atproto").await;
        dids.push(did);
    }
    let names = |standing: Standing| -> Vec<Did> {
        assert_eq!(standing.trust, None);
        standing.granted.into_iter().map(|(did, _)| did).collect()
    };
    let load = async |dids: &[Did]| names(bench.store.standing(&client(1), dids).await.unwrap());
    let nobody = account(9_999).did;
    assert_eq!(
        load(&[dids[2].clone(), nobody, dids[0].clone()]).await,
        [dids[2].clone(), dids[0].clone()]
    );
    assert_eq!(load(&[]).await, []);
    assert_eq!(load(&dids).await, dids[..16], "sixteen are looked up");
}

/// A `client_id` of 4,096 bytes that do not compress is longer than an index of PostgreSQL takes.
async fn the_longest_client_id_is_like_any_other(bench: &Bench) {
    let mut text = "http://localhost?scope=".to_owned();
    while text.len() < 4096 {
        text.push_str(&bench.digest().to_string());
    }
    let long = ClientId::parse(&text[..4096]).unwrap();
    let did = bench.account().await.did;
    let session = session(bench, &did, &long).await;
    assert_eq!(granted(bench, &long, &did).await.as_deref(), Some("atproto"));
    assert_eq!(
        revoke(bench, &did, &long).await,
        Revocation::Revoked { sessions: 1 }
    );
    assert!(bench.stored(session.id).await.ended.is_some());
    let trusted = TrustedClient {
        client_id: long.clone(),
        name: "Long".to_owned(),
        first_party: false,
        logo: None,
    };
    bench.store.trust_client(trusted, NOON).await.unwrap();
    assert!(bench.store.standing(&long, &[]).await.unwrap().trust.is_some());
}

/// Of sixty-four consents at once, each to something else, none is lost.
async fn consents_at_once_all_count(bench: &Bench) {
    let did = bench.account().await.did;
    let letter = |number: usize| char::from(b"abcdefgh"[number % 8]);
    let value = |number: usize| format!("repo:app.example.record{}{}", letter(number / 8), letter(number));
    let mut waiting = Vec::new();
    for number in 0..64 {
        waiting.push(opened(bench, &client(1), &format!("atproto {}", value(number))).await);
    }
    let answers = race(|number| {
        let (store, code, did) = (bench.store.clone(), bench.digest(), did.clone());
        let ((id, browser), scope) = (waiting[number], set(&format!("atproto {}", value(number))));
        async move {
            let approval = approval(&did, &scope, code, NOON);
            let approved = store.approve_request(id, browser, approval, NOON);
            matches!(approved.await.unwrap(), Decision::Decided(_))
        }
    })
    .await;
    assert_eq!(count(&answers, &true), 64);
    let stored = set(&granted(bench, &client(1), &did).await.unwrap());
    let all: Vec<_> = (0..64).map(value).collect();
    let expected = set(&format!("atproto {}", all.join(" ")));
    assert!(
        stored.is_subset(&expected) && expected.is_subset(&stored),
        "{stored}"
    );
}

on_both_engines![
    what_was_granted_is_remembered_of_account_and_client,
    a_consent_decides_what_was_asked_and_leaves_the_rest,
    what_was_not_decided_is_not_remembered,
    grants_of_several_accounts_come_in_the_order_asked,
    the_longest_client_id_is_like_any_other,
    consents_at_once_all_count,
];
