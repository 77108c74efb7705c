//! Tokens whose issuer takes some of them back.

use std::time::Duration;

use entryway_oauth::revocation::{RevocationEvent, Revoked};
use entryway_oauth::time::Seconds;
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::TrustedIssuer;
use crate::feed::{FeedLimits, Revocations, WhenStale};
use crate::scene::{ISSUER, KEY, NEXT_KEY, NOW, OTHER_ISSUER, OTHER_KEY, Scene, at, issuer, keys, public};

/// An issuer whose revocations are followed, and one whose are not.
fn scene(limits: FeedLimits) -> (Scene, Arc<Revocations>) {
    let revocations = Revocations::new(limits);
    let followed = TrustedIssuer::new(issuer(ISSUER), keys(&[KEY, NEXT_KEY]));
    let issuers = vec![
        followed.with_revocations(Arc::clone(&revocations)),
        TrustedIssuer::new(issuer(OTHER_ISSUER), keys(&[OTHER_KEY])),
    ];
    (Scene::believing(issuers, Limits::default()), revocations)
}

/// The issuer said this as its latest word, that many seconds before now.
fn told(revocations: &Revocations, subject: Option<Revoked>, seconds_ago: u64) {
    if let Some(subject) = subject {
        let event = RevocationEvent {
            iss: issuer(ISSUER),
            seq: 1,
            iat: NOW,
            until: NOW + Seconds::minutes(15),
            subject,
        };
        revocations.admit(&event, at(NOW)).unwrap();
    }
    let as_of = at(NOW).steady.saturating_sub(Duration::from_secs(seconds_ago));
    revocations.complete(1, as_of, at(NOW));
}

fn session(number: u64) -> Revoked {
    let session = SessionId::parse(&format!("ses-{number:032x}")).unwrap();
    Revoked::Session {
        sessions: vec![session],
    }
}

fn key(scalar: [u8; 32]) -> Revoked {
    let jkt = public(scalar).thumbprint();
    Revoked::Key { jkt }
}

//
#[test]
fn a_revoked_session_or_key_is_refused_at_once_though_its_token_was_believed() {
    // the scene's token is of session 2 and signed by KEY
    for (subject, fine) in [
        (None, true),
        (Some(session(3)), true),
        (Some(key(NEXT_KEY)), true),
        (Some(session(2)), false),
        (Some(key(KEY)), false),
    ] {
        let (scene, revocations) = scene(FeedLimits::default());
        told(&revocations, None, 0);
        let token = scene.token();
        assert!(scene.present(&token).is_ok());
        told(&revocations, subject.clone(), 0);
        for _ in 0..2 {
            let outcome = scene.present(&token).map(|_| ());
            let expected = if fine {
                Ok(())
            } else {
                Err(InvalidToken::Revoked.into())
            };
            assert_eq!(outcome, expected, "{subject:?}");
        }
    }
}

#[test]
fn stale_knowledge_lets_nobody_in_and_signs_nobody_out() {
    for (seconds_ago, fine) in [(0, true), (60, true), (61, false), (86_400, false)] {
        let (scene, revocations) = scene(FeedLimits::default());
        told(&revocations, None, seconds_ago);
        let outcome = scene.present(&scene.token()).map(|_| ());
        let expected = if fine {
            Ok(())
        } else {
            Err(Refusal::RevocationsStale)
        };
        assert_eq!(outcome, expected, "{seconds_ago}");
    }
    let (scene, _) = scene(FeedLimits::default());
    let refusal = scene.present(&scene.token()).unwrap_err();
    assert_eq!(refusal, Refusal::RevocationsStale, "nothing was read yet");
    let response = scene.verifier.refuse(&refusal, at(NOW));
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "10");
    assert!(!response.headers().contains_key("www-authenticate"));
}

#[test]
fn an_operator_may_let_stale_knowledge_do() {
    let limits = FeedLimits {
        when_stale: WhenStale::Accept,
        ..FeedLimits::default()
    };
    let (scene, revocations) = scene(limits);
    assert!(scene.present(&scene.token()).is_ok());
    told(&revocations, Some(session(2)), 86_400);
    let refusal = scene.present(&scene.token()).unwrap_err();
    assert_eq!(refusal, InvalidToken::Revoked.into());
}

#[test]
fn a_token_that_names_no_session_could_not_be_revoked() {
    let (scene, revocations) = scene(FeedLimits::default());
    told(&revocations, None, 0);
    let unnamed = json!({"sid": null});
    let token = scene.token_with(&json!({}), &unnamed);
    assert_eq!(
        scene.present(&token).unwrap_err(),
        InvalidToken::SessionUnnamed.into()
    );
    let other = json!({"sid": null, "iss": OTHER_ISSUER});
    let token = scene.token_by(OTHER_KEY, &json!({}), &other);
    assert!(scene.present(&token).is_ok());
}

// no issuer ends the sessions of another
#[test]
fn what_one_issuer_revokes_is_nothing_to_another() {
    let (scene, revocations) = scene(FeedLimits::default());
    told(&revocations, Some(session(2)), 0);
    told(&revocations, Some(key(OTHER_KEY)), 0);
    let token = scene.token_by(OTHER_KEY, &json!({}), &json!({"iss": OTHER_ISSUER}));
    assert!(scene.present(&token).is_ok());
}

#[test]
fn a_revoked_caller_burns_no_proof() {
    let (scene, revocations) = scene(FeedLimits::default());
    let request = scene.headers();
    assert_eq!(scene.verify(&request).unwrap_err(), Refusal::RevocationsStale);
    told(&revocations, None, 0);
    assert!(scene.verify(&request).is_ok());
}
