use super::super::bench::{Bench, NOON, count, race};
use super::super::devices::{is_live, sign_in};
use super::super::on_both_engines;
use super::{client, consent, granted, opened, redeem, session};
use crate::{Decision, Redemption, Revocation};
use entryway_core::session::{EndReason, Ended, Session};
use entryway_scope::Did;

async fn revoke_all(bench: &Bench, did: &Did) -> Revocation {
    bench.store.revoke_all_grants(did, NOON).await.unwrap()
}

async fn end_everything(bench: &Bench, did: &Did) -> Revocation {
    bench.store.end_everything(did, NOON).await.unwrap()
}

/// How many events the feed has.
async fn told(bench: &Bench) -> u64 {
    bench.store.feed_position().await.unwrap().head
}

//
async fn all_apps_of_an_account_end_and_nobody_else_s(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let hers = [
        session(bench, &alice, &client(1)).await,
        session(bench, &alice, &client(1)).await,
        session(bench, &alice, &client(2)).await,
    ];
    let remembered = consent(bench, &alice, &client(3), "atproto", "atproto").await;
    let his = session(bench, &bob, &client(1)).await;
    let device = sign_in(bench, &alice).await;
    let before = told(bench).await;
    assert_eq!(
        revoke_all(bench, &alice).await,
        Revocation::Revoked { sessions: 3 }
    );
    assert_eq!(told(bench).await, before + 1);
    let ended = Some(Ended {
        at: NOON,
        reason: EndReason::Revoked,
    });
    for one in &hers {
        assert_eq!(bench.stored(one.id).await.ended, ended);
        assert_eq!(granted(bench, &one.client_id, &alice).await, None);
    }
    // nor does a code that waits give anything
    let late = Session {
        client_id: client(3),
        ..bench.new_session(&alice)
    };
    assert_eq!(redeem(bench, remembered, &late).await, Redemption::Gone);
    assert_eq!(bench.stored(his.id).await.ended, None);
    assert!(granted(bench, &client(1), &bob).await.is_some());
    assert!(is_live(bench, &device, NOON).await);
    assert_eq!(revoke_all(bench, &alice).await, Revocation::Unknown);
    assert_eq!(told(bench).await, before + 1);
}

//
async fn everything_of_an_account_ends_its_devices_too(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let one = session(bench, &alice, &client(1)).await;
    let devices = [sign_in(bench, &alice).await, sign_in(bench, &alice).await];
    let (other, his) = (sign_in(bench, &bob).await, session(bench, &bob, &client(1)).await);
    assert_eq!(
        end_everything(bench, &alice).await,
        Revocation::Revoked { sessions: 1 }
    );
    assert!(bench.stored(one.id).await.ended.is_some());
    for device in &devices {
        assert!(!is_live(bench, device, NOON).await);
    }
    assert!(is_live(bench, &other, NOON).await);
    assert_eq!(bench.stored(his.id).await.ended, None);
    assert_eq!(end_everything(bench, &alice).await, Revocation::Unknown);
    // a device alone is something, too
    sign_in(bench, &alice).await;
    assert_eq!(
        end_everything(bench, &alice).await,
        Revocation::Revoked { sessions: 0 }
    );
}

/// Half consent, a quarter each ends all apps or everything: nobody waits in a circle, one order is found, and no
/// code is good without a grant.
async fn ends_of_everything_at_once_with_consents_leave_no_code_without_a_grant(bench: &Bench) {
    let did = bench.account().await.did;
    let mut waiting = Vec::new();
    for number in 0..32 {
        waiting.push((opened(bench, &client(number), "atproto").await, bench.digest()));
    }
    race(|number| {
        let (store, did) = (bench.store.clone(), did.clone());
        let ((id, browser), code) = waiting[number / 2];
        async move {
            match number % 4 {
                1 => drop(store.revoke_all_grants(&did, NOON).await.unwrap()),
                3 => drop(store.end_everything(&did, NOON).await.unwrap()),
                _ => {
                    let scope = super::set("atproto");
                    let approval = super::approval(&did, &scope, code, NOON);
                    let approved = store.approve_request(id, browser, approval, NOON).await.unwrap();
                    assert!(matches!(approved, Decision::Decided(_)));
                }
            }
        }
    })
    .await;
    for (number, (_, code)) in waiting.iter().enumerate() {
        let session = Session {
            client_id: client(number),
            ..bench.new_session(&did)
        };
        let is_granted = granted(bench, &client(number), &did).await.is_some();
        let redeemed = redeem(bench, *code, &session).await == Redemption::Redeemed;
        assert_eq!(redeemed, is_granted, "{number}");
    }
}

async fn of_many_ends_of_everything_at_once_one_counts(bench: &Bench) {
    let did = bench.account().await.did;
    session(bench, &did, &client(1)).await;
    sign_in(bench, &did).await;
    let answers = race(|_| {
        let (store, did) = (bench.store.clone(), did.clone());
        async move { store.end_everything(&did, NOON).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Revocation::Revoked { sessions: 1 }), 1);
    assert_eq!(count(&answers, &Revocation::Unknown), 63);
}

on_both_engines![
    all_apps_of_an_account_end_and_nobody_else_s,
    everything_of_an_account_ends_its_devices_too,
    ends_of_everything_at_once_with_consents_leave_no_code_without_a_grant,
    of_many_ends_of_everything_at_once_one_counts,
];
