//! Whose clients need not ask again: those nobody can pass for.

use std::collections::BTreeSet;

use entryway_oauth::client_id::ClientId;
use entryway_store::TrustedClient;
use entryway_tests::{
    Browser, Call, Client, ClientSite, Document, Engine, NamedKey, Step, TestServer, Tokens, alice, bob,
    both_engines,
};

use super::{BOTH, Scene, hinted, none};

//
async fn a_confidential_client_is_not_asked_about_again(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    scene.assert_silent(none, BOTH).await;
    scene.assert_silent(hinted, BOTH).await;
    scene.assert_silent(|call| none(hinted(call)), BOTH).await;
    scene
        .assert_silent(|call| none(call).with("login_hint", alice().did), BOTH)
        .await;
    let less = |call: Call| none(call).with("scope", "atproto");
    scene.assert_silent(less, "atproto").await;
    // nobody named the account: the page is where another one may be taken
    let page = scene.assert_asked(|call| call).await;
    assert!(
        page.buttons().contains(&"Use another account"),
        "{:?}",
        page.buttons()
    );
    // a client that wants the page gets it
    scene
        .assert_asked(|call| hinted(call).with("prompt", "consent"))
        .await;
    let (_, step) = scene.open(|call| hinted(call).with("prompt", "login")).await;
    assert!(step.page().buttons().contains(&"Sign in"));
}

// whoever has its redirect URI can pass for it
async fn a_public_client_is_asked_about_every_time(engine: Engine) {
    let mut scene = Scene::public(engine).await;
    for _ in 0..2 {
        scene.assert_refused(|call| call, "login_required").await;
        scene.assert_refused(hinted, "login_required").await;
        let page = scene.assert_asked(hinted).await;
        scene.authorize(&page).await;
    }
}

//
async fn a_public_client_that_the_operator_trusts_is_not_asked_about_again(engine: Engine) {
    let mut scene = Scene::public(engine).await;
    trust(&scene.server, &scene.client).await;
    // trust is no consent, and what was granted before anybody vouched for it may have been granted to somebody else
    scene.assert_refused(|call| call, "login_required").await;
    let page = scene.assert_asked(hinted).await;
    scene.authorize(&page).await;
    scene.assert_silent(none, BOTH).await;
    scene.assert_silent(hinted, BOTH).await;
    let wider = |call: Call| call.with("scope", "atproto transition:email");
    scene.assert_refused(wider, "consent_required").await;
    let theirs = scene.browser.clone();
    scene.browser = Browser::new();
    let pushed = scene.client.push(&scene.server).await;
    scene.browser.reach_consent(&scene.server, &pushed, bob()).await;
    scene.assert_refused(|call| call, "login_required").await;
    scene.browser = theirs;
    let id = ClientId::parse(scene.client.id()).unwrap();
    scene.server.app().store().distrust_client(&id).await.unwrap();
    scene.assert_refused(|call| call, "login_required").await;
    scene.assert_asked(hinted).await;
}

/// The operator's word for a client.
async fn trust(server: &TestServer, client: &Client) {
    let trusted = TrustedClient {
        client_id: ClientId::parse(client.id()).unwrap(),
        name: "Skylight".to_owned(),
        first_party: true,
        logo: None,
    };
    let now = server.clock().now();
    server.app().store().trust_client(trusted, now).await.unwrap();
}

// R-161, RFC 8252 section 8.6: any program on the device can pass for it, whatever the operator thinks of it
async fn a_trusted_app_that_is_answered_on_the_device_is_asked_about_every_time(engine: Engine) {
    for uri in [
        "example.app:/callback",
        "http://127.0.0.1/callback",
        "http://[::1]/callback",
    ] {
        let site = ClientSite::https("app.example").await;
        let server = TestServer::start_beside(engine, &[&site], |_| ()).await;
        let document = Document::public(&site.url("/native.json"))
            .with("application_type", "native")
            .with("redirect_uris", vec![uri]);
        site.serve("/native.json", document);
        let client = Client::with(&site.url("/native.json"), uri, BOTH);
        trust(&server, &client).await;
        let mut scene = Scene::at(server, site, client).await;
        scene.assert_asked(hinted).await;
        scene.assert_refused(|call| call, "login_required").await;
        scene.assert_refused(hinted, "login_required").await;
    }
}

// a consent given to whoever said to be this client is no consent to the one that proves it, and the
// session is as long as the page said
async fn a_client_that_becomes_confidential_after_the_page_gains_nothing_by_it(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let key = NamedKey::generate("key-1");
    let client = site.public_client("/client.json");
    let answer = Document::public(client.id()).answer();
    site.serve("/client.json", answer.header("cache-control", "no-store"));
    let mut browser = Browser::new();
    let pushed = client.push(&server).await;
    let page = browser.reach_consent(&server, &pushed, alice()).await;
    assert!(page.text.contains("Access ends after 14 days"), "{}", page.text);
    let landing = browser.press(&server, &page, "Authorize", &[]).await.left();
    site.serve("/client.json", Document::confidential(client.id(), &[&key]));
    let client = client.asserting_with(&key);
    let exchange = client.exchange(&pushed, landing.code()).send(&server).await;
    let tokens = Tokens::of(&exchange);
    let silent = client.push_with(&server, none).await;
    let landing = browser.open_url(&server, &silent.url(&server)).await.left();
    assert_eq!(landing.parameter("error"), Some("login_required"));
    server.clock().advance(14 * 24 * 60 * 60);
    let late = client.refresh(&tokens.refresh_token).send(&server).await;
    assert_eq!(late.refusal(), (400, "invalid_grant".to_owned()));
}

// a link that any site may follow does not tell who is signed in
async fn a_client_anybody_can_be_does_not_learn_who_is_signed_in(engine: Engine) {
    let site = ClientSite::http().await;
    let server = TestServer::start(engine).await;
    let client = site.public_client("/client.json");
    let mut signed_in = Browser::new();
    let pushed = client.push(&server).await;
    signed_in.approve(&server, &pushed, alice()).await.code();
    let mut answers = BTreeSet::new();
    for browser in [Browser::new(), signed_in] {
        for hint in ["", "alice.test", "bob.test", alice().did, "nobody.test"] {
            let pushed = client
                .push_with(&server, |call| none(call).with("login_hint", hint))
                .await;
            let url = pushed.url(&server);
            let step = browser.clone().open_url(&server, &url).await;
            answers.insert(match step {
                Step::Left(landing) => landing.parameter("error").map(str::to_owned),
                Step::Page(page) => Some(page.heading().to_owned()),
            });
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

both_engines! {
    a_confidential_client_is_not_asked_about_again,
    a_public_client_is_asked_about_every_time,
    a_public_client_that_the_operator_trusts_is_not_asked_about_again,
    a_trusted_app_that_is_answered_on_the_device_is_asked_about_every_time,
    a_client_that_becomes_confidential_after_the_page_gains_nothing_by_it,
    a_client_anybody_can_be_does_not_learn_who_is_signed_in,
}
