use super::super::bench::{Bench, NOON};
use super::super::on_both_engines;
use super::{answer, client, consent, opened, redeem, revoke, session, set};
use crate::{APPS_MAX, ConnectedApps, Redemption, SESSIONS_OF_APP_MAX, TrustedClient};
use entryway_core::policy::Policy;
use entryway_core::session::{EndReason, Session};
use entryway_core::trust::{Grant, Trust};
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::jwk::Algorithm;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;

async fn apps_at(bench: &Bench, did: &Did, now: Timestamp) -> ConnectedApps {
    let policy = Policy::default();
    bench.store.connected_apps(did, &policy, now).await.unwrap()
}

async fn apps(bench: &Bench, did: &Did) -> ConnectedApps {
    apps_at(bench, did, NOON).await
}

/// A session of that client as it is told, begun by a consent of its own.
async fn begun(bench: &Bench, did: &Did, number: usize, change: impl FnOnce(&mut Session)) -> Session {
    let code = consent(bench, did, &client(number), "atproto", "atproto").await;
    let mut session = Session {
        client_id: client(number),
        ..bench.new_session(did)
    };
    change(&mut session);
    assert_eq!(redeem(bench, code, &session).await, Redemption::Redeemed);
    session
}

async fn an_app_is_listed_with_what_it_was_granted_and_its_live_sessions(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    assert_eq!(apps(bench, &alice).await, ConnectedApps::default());
    let first = begun(bench, &alice, 1, |_| ()).await;
    let second = begun(bench, &alice, 1, |session| session.scope = set("atproto repo:*")).await;
    let ended = session(bench, &alice, &client(1)).await;
    let end = bench.store.end_session(ended.id, EndReason::Revoked, NOON).await;
    end.unwrap();
    begun(bench, &bob, 1, |_| ()).await;
    begun(bench, &bob, 2, |_| ()).await;
    let later = NOON + Seconds(60);
    bench.rotate(second.id, 0, later).await;
    let listed = apps_at(bench, &alice, later).await;
    assert_eq!((listed.count, listed.listed.len()), (1, 1));
    let app = &listed.listed[0];
    assert_eq!((&app.client_id, &app.trust), (&client(1), &None));
    let grant = Grant {
        scope: set("atproto"),
        known: false,
    };
    assert_eq!(app.grant, Some(grant));
    assert_eq!((app.since, app.used_at, app.session_count), (NOON, later, 2));
    let told = app
        .sessions
        .iter()
        .map(|one| (one.id, one.scope.clone(), one.rotated_at));
    let expected = [(second.id, second.scope, later), (first.id, first.scope, NOON)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let one = &app.sessions[1];
    assert_eq!((one.created_at, one.expires_at), (NOON, first.expires_at));
    assert!(!one.confidential && one.device.is_none() && one.browser.is_some());
}

/// Remembered, though nothing acts by it at present; and the other way round.
async fn a_consent_without_sessions_is_listed_and_sessions_without_a_consent_are(bench: &Bench) {
    let did = bench.account().await.did;
    consent(bench, &did, &client(1), "atproto repo:*", "atproto").await;
    let listed = apps(bench, &did).await.listed;
    assert_eq!((listed[0].session_count, listed[0].sessions.len()), (0, 0));
    assert_eq!((listed[0].since, listed[0].used_at), (NOON, NOON));
    let one = session(bench, &did, &client(2)).await;
    let denied = opened(bench, &client(2), "atproto").await;
    let deny = bench
        .store
        .deny_request(denied.0, denied.1, Some(&did), NOON)
        .await;
    deny.unwrap();
    let listed = apps(bench, &did).await.listed;
    let second = listed.iter().find(|app| app.client_id == client(2)).unwrap();
    assert_eq!((&second.grant, second.sessions[0].id), (&None, one.id));
    for number in [1, 2] {
        revoke(bench, &did, &client(number)).await;
    }
    assert_eq!(apps(bench, &did).await, ConnectedApps::default());
}

//
async fn a_session_is_listed_while_it_could_be_refreshed(bench: &Bench) {
    let [public, confidential] = [bench.account().await.did, bench.account().await.did];
    let year = |session: &mut Session| session.expires_at = NOON + Seconds::days(365);
    begun(bench, &public, 1, year).await;
    begun(bench, &confidential, 1, |session| {
        year(session);
        session.client_key = Some(ClientKey {
            kid: "key-1".to_owned(),
            algorithm: Algorithm::ES256,
            jkt: session.jkt,
        });
    })
    .await;
    for (did, days, confidential) in [(&public, 14, false), (&confidential, 180, true)] {
        for (late, is_listed) in [(-1, true), (0, false), (1, false)] {
            let now = NOON + Seconds::days(days) + Seconds(late);
            let sessions = &apps_at(bench, did, now).await.listed[0].sessions;
            assert_eq!(sessions.len(), usize::from(is_listed), "{now}");
            assert!(sessions.iter().all(|one| one.confidential == confidential));
        }
    }
    let did = bench.account().await.did;
    let short = begun(bench, &did, 1, |_| ()).await;
    for (late, is_listed) in [(-1, true), (0, false)] {
        let now = short.expires_at + Seconds(late);
        let sessions = &apps_at(bench, &did, now).await.listed[0].sessions;
        assert_eq!(sessions.len(), usize::from(is_listed), "{now}");
    }
}

//
async fn the_operator_s_word_for_an_app_is_told(bench: &Bench) {
    let did = bench.account().await.did;
    for number in [1, 2] {
        session(bench, &did, &client(number)).await;
        let trusted = TrustedClient {
            client_id: client(number * 2),
            name: format!("App {number}"),
            first_party: false,
            logo: None,
        };
        bench.store.trust_client(trusted, NOON).await.unwrap();
    }
    for app in apps(bench, &did).await.listed {
        let expected = (app.client_id == client(2)).then(|| Trust {
            name: "App 1".to_owned(),
            first_party: false,
            has_logo: false,
        });
        assert_eq!(app.trust, expected);
    }
}

async fn apps_are_listed_as_they_were_used_up_to_the_limit_and_counted_beyond(bench: &Bench) {
    let did = bench.account().await.did;
    for number in 0..APPS_MAX + 2 {
        let used = NOON + Seconds(i64::try_from(number).unwrap());
        if number % 2 == 0 {
            begun(bench, &did, number, |session| session.rotated_at = used).await;
        } else {
            let waiting = opened(bench, &client(number), "atproto").await;
            answer(bench, &did, waiting, "atproto", used).await;
        }
    }
    let listed = apps(bench, &did).await;
    assert_eq!(listed.count, u64::try_from(APPS_MAX + 2).unwrap());
    let order: Vec<_> = listed.listed.iter().map(|app| app.client_id.clone()).collect();
    let expected: Vec<_> = (2..APPS_MAX + 2).rev().map(client).collect();
    assert_eq!(order, expected);
}

async fn sessions_of_an_app_are_listed_up_to_the_limit_and_counted_beyond(bench: &Bench) {
    let did = bench.account().await.did;
    let mut made = Vec::new();
    for seconds in 0..i64::from(SESSIONS_OF_APP_MAX) + 2 {
        let used = NOON + Seconds(seconds);
        made.push(
            begun(bench, &did, 1, |session| session.rotated_at = used)
                .await
                .id,
        );
    }
    let other = begun(bench, &did, 2, |_| ()).await.id;
    let listed = apps(bench, &did).await.listed;
    let of = |place: usize| {
        let app = &listed[place];
        let sessions = app.sessions.iter().map(|one| one.id);
        (app.session_count, sessions.collect::<Vec<_>>())
    };
    let newest = made.into_iter().rev().take(SESSIONS_OF_APP_MAX as usize);
    assert_eq!(of(0), (u64::from(SESSIONS_OF_APP_MAX) + 2, newest.collect()));
    assert_eq!(of(1), (1, vec![other]));
}

on_both_engines![
    an_app_is_listed_with_what_it_was_granted_and_its_live_sessions,
    a_consent_without_sessions_is_listed_and_sessions_without_a_consent_are,
    a_session_is_listed_while_it_could_be_refreshed,
    the_operator_s_word_for_an_app_is_told,
    apps_are_listed_as_they_were_used_up_to_the_limit_and_counted_beyond,
    sessions_of_an_app_are_listed_up_to_the_limit_and_counted_beyond,
];
