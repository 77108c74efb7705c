//! Sign-in without a question: for clients nobody can pass for, and for what was granted before.

use entryway_oauth::client_id::ClientId;
use entryway_scope::Did;
use entryway_store::{Revocation, TrustedClient};
use entryway_tests::{
    Browser, Call, Client, ClientSite, Engine, NamedKey, Page, Pushed, Step, TestServer, Tokens, alice,
    at_once, bob, both_engines,
};

const BOTH: &str = "atproto transition:generic";

/// A client that has alice's consent for [`BOTH`], and the browser she gave it in.
struct Scene {
    site: ClientSite,
    server: TestServer,
    client: Client,
    browser: Browser,
}

impl Scene {
    async fn confidential(engine: Engine) -> Self {
        let (site, key) = (ClientSite::http().await, NamedKey::generate("key-1"));
        let client = site.confidential_client("/client.json", &key);
        Self::begin(engine, site, client).await
    }

    async fn public(engine: Engine) -> Self {
        let site = ClientSite::http().await;
        let client = site.public_client("/client.json");
        Self::begin(engine, site, client).await
    }

    async fn begin(engine: Engine, site: ClientSite, client: Client) -> Self {
        let server = TestServer::start(engine).await;
        let mut browser = Browser::new();
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, alice()).await.code();
        Self {
            site,
            server,
            client,
            browser,
        }
    }

    /// Pushes a request that is changed so, and opens it.
    async fn open(&mut self, change: impl FnOnce(Call) -> Call) -> (Pushed, Step) {
        let pushed = self.client.push_with(&self.server, change).await;
        let url = pushed.url(&self.server);
        let step = self.browser.open_url(&self.server, &url).await;
        (pushed, step)
    }

    /// A request is granted without a page, and its code is good for tokens of this scope.
    async fn assert_silent(&mut self, change: impl FnOnce(Call) -> Call, scope: &str) {
        let (pushed, step) = self.open(change).await;
        let landing = step.left();
        assert_eq!(landing.parameter("state"), Some(pushed.state.as_str()));
        assert_eq!(landing.parameter("iss"), Some(self.server.issuer()));
        let exchange = self.client.exchange(&pushed, landing.code());
        let tokens = Tokens::of(&exchange.send(&self.server).await);
        assert_eq!((tokens.scope.as_str(), tokens.sub.as_str()), (scope, alice().did));
        assert_eq!(tokens.unverified().1["sub"], alice().did);
    }

    /// A request that must not be asked about is refused with this code.
    async fn assert_refused(&mut self, change: impl FnOnce(Call) -> Call, code: &str) {
        let (_, step) = self.open(|call| change(none(call))).await;
        let landing = step.left();
        assert_eq!(landing.parameter("error"), Some(code));
        assert_eq!(landing.parameter("code"), None);
    }

    /// A request leads to the consent page.
    async fn assert_asked(&mut self, change: impl FnOnce(Call) -> Call) -> Page {
        let (_, step) = self.open(change).await;
        let page = step.page();
        assert!(page.buttons().contains(&"Authorize"), "{}", page.text);
        page
    }
}

fn none(call: Call) -> Call {
    call.with("prompt", "none")
}

fn hinted(call: Call) -> Call {
    call.with("login_hint", "alice.test")
}

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
    scene
        .browser
        .press(&scene.server, &page, "Authorize", &[])
        .await
        .left()
        .code();
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

// whoever has its redirect URI can pass for it
async fn a_public_client_is_asked_about_every_time(engine: Engine) {
    let mut scene = Scene::public(engine).await;
    scene.assert_refused(|call| call, "consent_required").await;
    scene.assert_refused(hinted, "consent_required").await;
    for _ in 0..2 {
        let page = scene.assert_asked(hinted).await;
        scene
            .browser
            .press(&scene.server, &page, "Authorize", &[])
            .await
            .left()
            .code();
    }
}

//
async fn a_public_client_that_the_operator_trusts_is_not_asked_about_again(engine: Engine) {
    let mut scene = Scene::public(engine).await;
    let id = ClientId::parse(scene.client.id()).unwrap();
    let trusted = TrustedClient {
        client_id: id.clone(),
        name: "Skylight".to_owned(),
        first_party: false,
        logo: None,
    };
    let store = scene.server.app().store().clone();
    store
        .trust_client(trusted, scene.server.clock().now())
        .await
        .unwrap();
    scene.assert_silent(none, BOTH).await;
    scene.assert_silent(hinted, BOTH).await;
    let wider = |call: Call| call.with("scope", "atproto transition:email");
    scene.assert_refused(wider, "consent_required").await;
    // trust is no consent
    scene.browser = Browser::new();
    let pushed = scene.client.push(&scene.server).await;
    scene.browser.reach_consent(&scene.server, &pushed, bob()).await;
    scene.assert_refused(|call| call, "consent_required").await;
    store.distrust_client(&id).await.unwrap();
    scene.assert_refused(|call| call, "consent_required").await;
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
    scene.assert_refused(hinted, "consent_required").await;
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
    scene.assert_refused(hinted, "consent_required").await;
    scene.assert_asked(hinted).await;
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
    a_confidential_client_is_not_asked_about_again,
    a_sign_in_leads_straight_back_to_a_client_that_was_granted_before,
    more_than_was_granted_is_asked_about,
    what_was_unticked_is_asked_about_again,
    a_public_client_is_asked_about_every_time,
    a_public_client_that_the_operator_trusts_is_not_asked_about_again,
    a_consent_is_that_of_one_account_to_one_client,
    a_grant_that_was_taken_back_is_asked_for_again,
    a_sign_in_that_is_old_or_over_is_asked_for_again,
    an_account_that_is_not_as_it_was_is_not_signed_in_silently,
    a_silent_answer_is_given_to_whoever_opens_the_request_and_once,
    of_many_tabs_one_gets_the_code,
}
