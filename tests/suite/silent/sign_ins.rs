//! Who is signed in when nothing is asked, and that the answer is given once.

use entryway_tests::{Browser, Engine, Step, Tokens, alice, at_once, both_engines};

use super::{BOTH, Scene, hinted, none};

// the password was asked for, and nothing else is
async fn a_sign_in_leads_straight_back_to_a_client_that_was_granted_before(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    scene.browser = Browser::new();
    let (pushed, step) = scene.open(hinted).await;
    let page = step.page();
    let fields = [("password", alice().password.as_str())];
    let landing = scene
        .browser
        .press(&scene.server, &page, "Sign in", &fields)
        .await
        .left();
    let exchange = scene.client.exchange(&pushed, landing.code());
    assert_eq!(Tokens::of(&exchange.send(&scene.server).await).scope, BOTH);
    scene.assert_silent(none, BOTH).await;
}

// a consent does not stand in for a sign-in
async fn a_sign_in_that_is_old_or_over_is_asked_for_again(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    scene.server.clock().advance(7 * 24 * 60 * 60);
    scene.assert_silent(none, BOTH).await;
    scene.server.clock().advance(1);
    scene.assert_refused(|call| call, "login_required").await;
    let page = scene.open(hinted).await.1.page();
    assert!(page.buttons().contains(&"Sign in"));
}

// nor does it for an account that is not there any more, or has another password
async fn an_account_that_is_not_as_it_was_is_not_signed_in_silently(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    scene.assert_silent(none, BOTH).await;
    let now = scene.server.now();
    for (spoil, mend) in [
        ("status = 'taken_down'".to_owned(), "status = 'active'"),
        ("status = 'deactivated'".to_owned(), "status = 'active'"),
        (
            format!("credentials_changed_at = {}", now + 1),
            "credentials_changed_at = 0",
        ),
    ] {
        let server = scene.server.clone();
        let set = async |change: &str| {
            let statement = format!("update account set {change}");
            server.database().execute(&statement).await;
        };
        set(&spoil).await;
        scene.assert_refused(|call| call, "login_required").await;
        set(mend).await;
        scene.assert_silent(none, BOTH).await;
    }
}

// a link checker closes nothing, and a code is given once
async fn a_silent_answer_is_given_to_whoever_opens_the_request_and_once(engine: Engine) {
    let mut scene = Scene::confidential(engine).await;
    let pushed = scene.client.push_with(&scene.server, none).await;
    let url = pushed.url(&scene.server);
    let path = url.strip_prefix(scene.server.issuer()).unwrap();
    let head = http::Request::head(path).body(axum::body::Body::empty()).unwrap();
    assert_eq!(scene.server.send(head).await.code(), 200);
    scene.browser.open_url(&scene.server, &url).await.left().code();
    let again = scene.browser.open_url(&scene.server, &url).await.page();
    assert_eq!(again.refusal(), (400, "invalid_request"));
}

// sixteen tabs at once, one code
async fn of_many_tabs_one_gets_the_code(engine: Engine) {
    let scene = Scene::confidential(engine).await;
    for _ in 0..4 {
        let pushed = scene.client.push_with(&scene.server, none).await;
        let tabs = (0..16).map(|_| {
            let (mut browser, server) = (scene.browser.clone(), scene.server.clone());
            let url = pushed.url(&server);
            async move { browser.open_url(&server, &url).await }
        });
        let mut codes = 0;
        for step in at_once(tabs).await {
            match step {
                Step::Left(landing) => {
                    landing.code();
                    codes += 1;
                }
                Step::Page(page) => assert_eq!(page.refusal(), (400, "invalid_request")),
            }
        }
        assert_eq!(codes, 1);
    }
}

both_engines! {
    a_sign_in_leads_straight_back_to_a_client_that_was_granted_before,
    a_sign_in_that_is_old_or_over_is_asked_for_again,
    an_account_that_is_not_as_it_was_is_not_signed_in_silently,
    a_silent_answer_is_given_to_whoever_opens_the_request_and_once,
    of_many_tabs_one_gets_the_code,
}
