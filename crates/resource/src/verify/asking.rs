//! Requests that wait for what an issuer says.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use entryway_scope::ScopeReference;
use http::StatusCode;
use serde_json::json;

use super::*;
use crate::scene::{ISSUER, KEY, METHOD, NEXT_KEY, NOW, PATH, Scene, headers, issuer, public};
use crate::{IssuerKeys, IssuerScopes, IssuerSilent, KeySource, ScopeSource, TrustedIssuer};

/// The issuer of the scene, asked for everything; a test says what it publishes.
#[derive(Debug)]
struct Asked(Mutex<Published>);

#[derive(Debug)]
struct Published {
    keys: Option<Vec<[u8; 32]>>,
    scope: Result<Option<&'static str>, ()>,
}

#[async_trait]
impl KeySource for Asked {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        tokio::task::yield_now().await;
        let published = self.0.lock().unwrap();
        let keys = published
            .keys
            .as_ref()
            .ok_or_else(|| IssuerSilent::because("down"))?;
        let keys: Vec<_> = keys.iter().map(|key| public(*key).canonical_json()).collect();
        Ok(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into())
    }
}

#[async_trait]
impl ScopeSource for Asked {
    async fn scope(&self, _: &ScopeReference) -> Result<Option<String>, IssuerSilent> {
        tokio::task::yield_now().await;
        let scope = self.0.lock().unwrap().scope;
        let scope = scope.map_err(|()| IssuerSilent::because("down"))?;
        Ok(scope.map(str::to_owned))
    }
}

fn scene() -> (Scene, Arc<Asked>) {
    let asked = Arc::new(Asked(Mutex::new(Published {
        keys: Some(vec![KEY]),
        scope: Ok(Some(SCOPE)),
    })));
    let keys = IssuerKeys::published(Arc::clone(&asked) as Arc<dyn KeySource>);
    let scopes = IssuerScopes::dereferenced(Arc::clone(&asked) as Arc<dyn ScopeSource>);
    let trusted = TrustedIssuer::new(issuer(ISSUER), keys).with_scopes(scopes);
    (Scene::believing(vec![trusted], Limits::default()), asked)
}

impl Asked {
    fn publish(&self, keys: Option<&[[u8; 32]]>) {
        self.0.lock().unwrap().keys = keys.map(<[_]>::to_vec);
    }
}

/// So long after the start by the steady clock, while the calendar stands still: only keys age.
fn clock(seconds: u64) -> Clock {
    Arc::new(move || Moment {
        wall: NOW,
        steady: Duration::from_secs(seconds),
    })
}

async fn present(scene: &Scene, token: &str, seconds: u64) -> Result<Verified, Refusal> {
    let request = headers(token, &scene.proof(token));
    let (verifier, clock) = (&scene.verifier, clock(seconds));
    verifier.verify(METHOD, PATH, &request, &clock).await
}

// R-346
#[tokio::test]
async fn a_new_key_of_the_issuer_is_learnt_from_the_first_token_it_signed() {
    let (scene, asked) = scene();
    assert!(present(&scene, &scene.token(), 0).await.is_ok());
    asked.publish(Some(&[KEY, NEXT_KEY]));
    let next = scene.token_by(NEXT_KEY, &json!({}), &json!({}));
    assert_eq!(
        present(&scene, &next, 9).await.unwrap_err(),
        InvalidToken::Signature.into()
    );
    assert!(present(&scene, &next, 10).await.is_ok());
}

// a key is withdrawn because somebody else has it
#[tokio::test]
async fn tokens_of_a_withdrawn_key_are_refused_though_they_were_believed() {
    let (scene, asked) = scene();
    let token = scene.token();
    assert!(present(&scene, &token, 0).await.is_ok());
    asked.publish(Some(&[NEXT_KEY]));
    assert!(present(&scene, &token, 299).await.is_ok());
    let refused = present(&scene, &token, 300).await.unwrap_err();
    assert_eq!(refused, InvalidToken::Signature.into());
    assert!(!scene.verifier.tokens.has_believed(&token));
}

/// How many of sixty-four simultaneous calls pass, each with a token of its own that this key signed.
async fn passing(scene: &Scene, key: [u8; 32], seconds: u64) -> usize {
    let tokens: Vec<String> = (0..64)
        .map(|n| {
            scene.token_by(
                key,
                &json!({}),
                &json!({"jti": format!("tok-{n:024x}{seconds:08x}")}),
            )
        })
        .collect();
    let calls = tokens.iter().map(|token| present(scene, token, seconds));
    let outcomes = futures_util::future::join_all(calls).await;
    outcomes.iter().filter(|outcome| outcome.is_ok()).count()
}

// R-346, R-531: published before it signs, and withdrawn once what it signed has ended
#[tokio::test]
async fn a_key_that_is_rotated_under_load_costs_nobody_a_call() {
    let (scene, asked) = scene();
    assert_eq!(passing(&scene, KEY, 0).await, 64);
    asked.publish(Some(&[KEY, NEXT_KEY]));
    let (old, new) = tokio::join!(passing(&scene, KEY, 20), passing(&scene, NEXT_KEY, 20));
    assert_eq!((old, new), (64, 64));
    asked.publish(Some(&[NEXT_KEY]));
    let (old, new) = tokio::join!(passing(&scene, KEY, 319), passing(&scene, NEXT_KEY, 319));
    assert_eq!((old, new), (64, 64));
    // whoever sees first that the keys are old asks for all
    assert_eq!(passing(&scene, NEXT_KEY, 320).await, 64);
    assert_eq!(passing(&scene, KEY, 321).await, 0);
}

// R-346: nobody is signed out by an outage
#[tokio::test]
async fn an_issuer_that_is_down_is_our_fault_and_not_the_callers() {
    let (scene, asked) = scene();
    asked.publish(None);
    let refusal = present(&scene, &scene.token(), 0).await.unwrap_err();
    assert_eq!(refusal, Refusal::IssuerSilent);
    let response = scene.verifier.refuse(&refusal, clock(0)());
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "10");
    assert!(!response.headers().contains_key("www-authenticate"));
    asked.publish(Some(&[KEY]));
    assert!(present(&scene, &scene.token(), 10).await.is_ok());
    // and later, with keys that are known
    asked.publish(None);
    assert!(present(&scene, &scene.token(), 3_600).await.is_ok());
    let stranger = scene.token_by(NEXT_KEY, &json!({}), &json!({}));
    assert_eq!(
        present(&scene, &stranger, 3_601).await.unwrap_err(),
        Refusal::IssuerSilent
    );
}

// R-403
#[tokio::test]
async fn a_scope_that_a_token_refers_to_is_what_it_permits() {
    let (scene, _) = scene();
    let token = scene.token_with(&json!({}), &json!({"scope": REFERENCE}));
    for _ in 0..2 {
        let verified = present(&scene, &token, 0).await.unwrap();
        assert_eq!(verified.scope().to_string(), SCOPE);
    }
}

// contract section 3.4: an outage must not log people out
#[tokio::test]
async fn a_scope_that_cannot_be_had_now_is_no_fault_of_the_token() {
    let (scene, asked) = scene();
    let token = scene.token_with(&json!({}), &json!({"scope": REFERENCE}));
    asked.0.lock().unwrap().scope = Err(());
    assert_eq!(
        present(&scene, &token, 0).await.unwrap_err(),
        Refusal::IssuerSilent
    );
    asked.0.lock().unwrap().scope = Ok(None);
    assert_eq!(
        present(&scene, &token, 10).await.unwrap_err(),
        InvalidToken::ScopeUnknown.into()
    );
    asked.0.lock().unwrap().scope = Ok(Some(SCOPE));
    assert!(present(&scene, &token, 20).await.is_ok());
}

// R-333: nobody is asked about a token that is over, nor about one that nobody signed
#[tokio::test]
async fn only_a_token_that_holds_makes_us_ask_for_its_scope() {
    let (scene, asked) = scene();
    assert!(present(&scene, &scene.token(), 0).await.is_ok());
    asked.0.lock().unwrap().scope = Err(());
    let refer = |scalar, claims: &serde_json::Value| {
        let mut claims = claims.clone();
        claims["scope"] = json!(REFERENCE);
        scene.token_by(scalar, &json!({}), &claims)
    };
    let expired = json!({"iat": 1, "exp": 2});
    for (token, reason) in [
        (refer(KEY, &expired), InvalidToken::Expired),
        (refer(NEXT_KEY, &json!({})), InvalidToken::Signature),
        (
            refer(KEY, &json!({"aud": "did:web:other.example"})),
            InvalidToken::AudienceMismatch,
        ),
    ] {
        assert_eq!(present(&scene, &token, 1).await.unwrap_err(), reason.into());
    }
}

#[tokio::test]
async fn a_request_that_waited_is_marked_once() {
    let (scene, _) = scene();
    let token = scene.token_with(&json!({}), &json!({"scope": REFERENCE}));
    let request = headers(&token, &scene.proof(&token));
    let requests = (0..16).map(|_| async {
        let clock = clock(0);
        scene
            .verifier
            .verify(METHOD, PATH, &request, &clock)
            .await
            .is_ok()
    });
    let outcomes = futures_util::future::join_all(requests).await;
    assert_eq!(outcomes.iter().filter(|passed| **passed).count(), 1);
}

const SCOPE: &str = "atproto repo:a.b.c";
/// The CID of [`SCOPE`].
const REFERENCE: &str = "ref:bafkreiepaf2up2cybqeaa7fgr7gdqiig5irfjsv725tisrpd3gwb6kxdjm";
