//! What counts as granted before.

use entryway_oauth::client_id::ClientId;
use entryway_scope::Did;
use entryway_store::Revocation;
use entryway_tests::{Browser, Call, Client, Engine, Tokens, alice, at_once, bob, both_engines};
use futures_util::FutureExt as _;

use super::{BOTH, Scene, hinted, none};

//
async fn more_than_was_granted_is_asked_about(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let wider = |call: Call| call.with("scope", "atproto transition:generic transition:email");
    scene.assert_refused(wider, "consent_required").await;
    let page = scene.assert_asked(|call| hinted(wider(call))).await;
    // one thing more is granted, and what was not asked for this time stays
    let form = page.form("Authorize").without("grant.2");
    scene.browser.submit(&scene.server, &form).await.left().code();
    scene.assert_refused(wider, "consent_required").await;
    let email = |call: Call| call.with("scope", "atproto transition:email");
    let page = scene.assert_asked(|call| hinted(email(call))).await;
    scene.authorize(&page).await;
    scene
        .assert_silent(|call| none(email(call)), "atproto transition:email")
        .await;
    scene
        .assert_silent(
            |call| none(wider(call)),
            "atproto transition:generic transition:email",
        )
        .await;
}

//
async fn what_was_unticked_is_asked_about_again(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let asks = |call: Call| call.with("scope", BOTH);
    let page = scene
        .assert_asked(|call| hinted(asks(call)).with("prompt", "consent"))
        .await;
    let form = page.form("Authorize").without("grant.1");
    scene.browser.submit(&scene.server, &form).await.left().code();
    scene.assert_refused(asks, "consent_required").await;
    scene.assert_asked(hinted).await;
    scene
        .assert_silent(|call| none(call).with("scope", "atproto"), "atproto")
        .await;
}

// one account, one client, one browser
async fn a_consent_is_that_of_one_account_to_one_client(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let bob_hinted = |call: Call| call.with("login_hint", "bob.test");
    scene.assert_refused(bob_hinted, "login_required").await;
    let pushed = scene.client.push_with(&scene.server, bob_hinted).await;
    let page = scene.browser.open(&scene.server, &pushed).await;
    let fields = [("password", bob().password.as_str())];
    let page = scene
        .browser
        .press(&scene.server, &page, "Sign in", &fields)
        .await
        .page();
    assert!(page.buttons().contains(&"Authorize"));
    scene.assert_refused(bob_hinted, "consent_required").await;
    scene
        .assert_refused(|call| call, "account_selection_required")
        .await;
    scene.assert_silent(|call| none(hinted(call)), BOTH).await;
    let mine = scene.client.clone();
    let key = mine.assertion_key().unwrap();
    scene.client = scene.site.confidential_client("/other.json", key);
    scene.assert_refused(hinted, "login_required").await;
    scene.client = mine;
    scene.browser = Browser::new();
    scene.assert_refused(hinted, "login_required").await;
}

// what was taken back is asked for again; what merely ended is not
async fn a_grant_that_was_taken_back_is_asked_for_again(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let (pushed, step) = scene.open(none).await;
    let exchange = scene.client.exchange(&pushed, step.left().code());
    let tokens = Tokens::of(&exchange.send(&scene.server).await);
    let revoked = scene
        .client
        .revoke(&tokens.access_token)
        .send(&scene.server)
        .await;
    assert_eq!(revoked.code(), 200);
    let (pushed, step) = scene.open(none).await;
    let landing = step.left();
    let store = scene.server.app().store().clone();
    let (did, id) = (
        Did::parse(alice().did).unwrap(),
        ClientId::parse(scene.client.id()).unwrap(),
    );
    let now = scene.server.clock().now();
    assert!(matches!(
        store.revoke_grant(&did, &id, now).await.unwrap(),
        Revocation::Revoked { .. }
    ));
    // and what was on its way does not arrive
    let late = scene
        .client
        .exchange(&pushed, landing.code())
        .send(&scene.server)
        .await;
    assert_eq!(late.refusal(), (400, "invalid_grant".to_owned()));
    scene.assert_refused(hinted, "login_required").await;
    scene.assert_asked(hinted).await;
}

// the latest word counts
async fn what_was_denied_is_asked_about_again(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let page = scene
        .assert_asked(|call| hinted(call).with("prompt", "consent"))
        .await;
    let landing = scene
        .browser
        .press(&scene.server, &page, "Deny access", &[])
        .await
        .left();
    assert_eq!(landing.parameter("error"), Some("access_denied"));
    scene.assert_refused(hinted, "login_required").await;
    scene.assert_asked(hinted).await;
}

// a thief who consented to an app of his own is locked out with the password
async fn a_consent_does_not_outlive_the_password_it_was_given_with(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    scene.assert_silent(none, BOTH).await;
    scene.server.clock().advance(1);
    let app = scene.server.app();
    let hash = app.passwords().hash(&alice().new_password()).await.unwrap();
    let (did, now) = (Did::parse(alice().did).unwrap(), scene.server.clock().now());
    app.store().change_password(&did, &hash, now).await.unwrap();
    scene.server.clock().advance(1);
    scene.assert_refused(hinted, "login_required").await;
    // the owner is back, in another app
    let other = Client::new();
    let pushed = other.push(&scene.server).await;
    scene
        .browser
        .approve(&scene.server, &pushed, alice())
        .await
        .code();
    scene.assert_refused(hinted, "login_required").await;
    // and says yes again
    let page = scene.assert_asked(hinted).await;
    scene.authorize(&page).await;
    scene.assert_silent(none, BOTH).await;
}

// what is taken back while it is silently given stays taken back
async fn a_grant_that_is_taken_back_meanwhile_does_not_come_back(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let (did, id) = (
        Did::parse(alice().did).unwrap(),
        ClientId::parse(scene.client.id()).unwrap(),
    );
    for _ in 0..8 {
        let mut steps = Vec::new();
        for _ in 0..8 {
            let pushed = scene.client.push_with(&scene.server, none).await;
            let (mut browser, server) = (scene.browser.clone(), scene.server.clone());
            steps.push(
                async move {
                    let url = pushed.url(&server);
                    browser.open_url(&server, &url).await.left();
                }
                .boxed(),
            );
        }
        let (store, now) = (scene.server.app().store().clone(), scene.server.clock().now());
        let (did, id) = (did.clone(), id.clone());
        steps.push(
            async move {
                store.revoke_grant(&did, &id, now).await.unwrap();
            }
            .boxed(),
        );
        at_once(steps).await;
        scene.assert_refused(hinted, "login_required").await;
        let page = scene.assert_asked(hinted).await;
        scene.authorize(&page).await;
    }
}

both_engines! {
    more_than_was_granted_is_asked_about,
    what_was_unticked_is_asked_about_again,
    a_consent_is_that_of_one_account_to_one_client,
    a_grant_that_was_taken_back_is_asked_for_again,
    what_was_denied_is_asked_about_again,
    a_consent_does_not_outlive_the_password_it_was_given_with,
    a_grant_that_is_taken_back_meanwhile_does_not_come_back,
}
