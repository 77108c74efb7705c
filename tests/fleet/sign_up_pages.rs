//! Signing up on the pages: by oneself, and in the middle of an app's request (demand 10).

use entryway_core::handle::HandleDomains;
use entryway_core::invite::{Invitation, Invite, InviteCode};
use entryway_scope::{Did, Handle};
use entryway_store::HostState;
use entryway_tests::{
    Browser, Client, Engine, Form, Page, Step, Tokens, Trouble, World, both_engines, secrets,
};

both_engines!(
    somebody_signs_up_by_themselves_and_sees_their_account,
    an_app_that_wishes_a_new_account_gets_one_in_the_same_request,
    sign_in_and_sign_up_lead_to_each_other_and_on_with_the_request,
    what_cannot_be_is_refused_on_the_form_with_what_was_typed,
    an_invite_is_asked_for_where_one_is_needed_and_counted,
    the_same_form_sent_again_goes_on_where_the_first_stopped,
    the_same_form_sent_twice_makes_one_account,
    where_no_host_is_open_nobody_is_led_to_sign_up,
    another_site_signs_nobody_up,
    so_many_forms_of_one_address_are_taken_and_no_more,
);

/// One who signs up, with a password of their own.
struct Person {
    name: &'static str,
    password: &'static str,
}

const CAROL: Person = Person {
    name: "carol",
    password: "four words in a row",
};

impl Person {
    fn email(&self) -> String {
        format!("{}@mail.example", self.name)
    }

    fn fill(&self, page: &Page) -> Form {
        secrets::record(self.password);
        page.form("Create account")
            .with("handle", self.name)
            .with("email", &self.email())
            .with("password", self.password)
    }
}

/// The page that a link with this text leads to.
async fn follow(browser: &mut Browser, world: &World, page: &Page, text: &str) -> Page {
    let link = page.all("a").find(|link| link.text == text);
    let link = link.unwrap_or_else(|| panic!("no link {text} in {}", page.text));
    let url = page.url.join(link.attribute("href").unwrap()).unwrap();
    browser.open_url(&world.server, url.as_str()).await.page()
}

fn leads_to(page: &Page, text: &str) -> bool {
    page.all("a").any(|link| link.text == text)
}

async fn open(browser: &mut Browser, world: &World, path: &str) -> Page {
    let url = format!("{}{path}", world.server.issuer());
    browser.open_url(&world.server, &url).await.page()
}

async fn did_of(world: &World, handle: &str) -> Option<Did> {
    let handle = Handle::parse(handle).unwrap();
    let owner = world.server.app().store().handle_owner(&handle).await.unwrap();
    owner.map(|owner| owner.did)
}

async fn somebody_signs_up_by_themselves_and_sees_their_account(engine: Engine) {
    let world = World::start(engine, 1).await;
    let mut browser = Browser::new();
    let sign_in = open(&mut browser, &world, "/account").await;
    let page = follow(&mut browser, &world, &sign_in, "Create an account").await;
    assert_eq!(
        page.heading(),
        "Create an account for every app of the AT Protocol"
    );
    let account = browser.submit(&world.server, &CAROL.fill(&page)).await.page();
    assert!(
        account.text.contains("Your account is ready."),
        "{}",
        account.text
    );
    assert!(account.text.contains("@carol.test"), "{}", account.text);

    let did = did_of(&world, "carol.test").await.unwrap();
    let stored = world.server.app().store().account(&did).await.unwrap().unwrap();
    assert_eq!(stored.pds_did, world.hosts[0].did.as_str());
    assert_eq!(stored.email.as_deref(), Some("carol@mail.example"));
    assert_eq!(stored.email_confirmed_at, None);
    // what was chosen opens it elsewhere, by either name
    for name in ["carol.test", "carol@mail.example"] {
        let mut elsewhere = Browser::new();
        let page = open(&mut elsewhere, &world, "/account/sign-in").await;
        let fields = [("username", name), ("password", CAROL.password)];
        let page = elsewhere
            .press(&world.server, &page, "Sign in", &fields)
            .await
            .page();
        assert!(page.text.contains(did.as_str()), "{}", page.text);
    }
}

async fn an_app_that_wishes_a_new_account_gets_one_in_the_same_request(engine: Engine) {
    let (world, client, mut browser) = (World::start(engine, 1).await, Client::new(), Browser::new());
    let pushed = client
        .push_with(&world.server, |call| {
            call.with("prompt", "create").with("login_hint", "carol.test")
        })
        .await;
    let page = browser.open(&world.server, &pushed).await;
    assert!(page.heading().starts_with("Create an account to continue to"));
    // the hint is a wish for the handle
    assert_eq!(page.input("handle").attribute("value"), Some("carol"));
    let form = CAROL.fill(&page);
    let consent = browser.submit(&world.server, &form).await.page();
    assert!(consent.text.contains("carol.test"), "{}", consent.text);
    let landing = browser
        .press(&world.server, &consent, "Authorize", &[])
        .await
        .left();
    let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(&world.server).await);
    let did = did_of(&world, "carol.test").await.unwrap();
    assert_eq!(tokens.sub, did.as_str());
    assert_eq!(tokens.unverified().1["aud"], world.hosts[0].did.as_str());
    // and is signed in on this device
    let next = client.push(&world.server).await;
    let page = browser.open(&world.server, &next).await;
    assert!(page.buttons().contains(&"Authorize"), "{}", page.text);
}

async fn sign_in_and_sign_up_lead_to_each_other_and_on_with_the_request(engine: Engine) {
    let (world, client) = (World::start(engine, 1).await, Client::new());
    let resident = world.settle(&world.hosts[0], "alice.test").await;
    // who was to sign up has an account
    let mut browser = Browser::new();
    let pushed = client
        .push_with(&world.server, |call| call.with("prompt", "create"))
        .await;
    let page = browser.open(&world.server, &pushed).await;
    let page = follow(&mut browser, &world, &page, "Sign in instead").await;
    assert!(page.heading().starts_with("Sign in"), "{}", page.heading());
    let wrong = [("username", "alice.test"), ("password", "not the password")];
    let page = browser
        .press(&world.server, &page, "Sign in", &wrong)
        .await
        .page();
    assert_eq!(page.status(), 401);
    let right = [("username", "alice.test"), ("password", &*resident.password)];
    let page = browser
        .press(&world.server, &page, "Sign in", &right)
        .await
        .page();
    assert!(page.buttons().contains(&"Authorize"), "{}", page.text);
    // the next app that wishes a new account: the one there is can be taken all the same
    let pushed = client
        .push_with(&world.server, |call| call.with("prompt", "create"))
        .await;
    let page = browser.open(&world.server, &pushed).await;
    assert!(page.heading().starts_with("Create an account"));
    let page = follow(&mut browser, &world, &page, "Sign in instead").await;
    let form = page.form_beginning("@alice.test");
    let page = browser.submit(&world.server, &form).await.page();
    assert!(page.buttons().contains(&"Authorize"), "{}", page.text);

    // who was to sign in has none
    let mut browser = Browser::new();
    let pushed = client.push(&world.server).await;
    let page = browser.open(&world.server, &pushed).await;
    let page = follow(&mut browser, &world, &page, "Create an account").await;
    let page = browser.submit(&world.server, &CAROL.fill(&page)).await.page();
    assert!(page.text.contains("carol.test"), "{}", page.text);
    browser
        .press(&world.server, &page, "Authorize", &[])
        .await
        .left()
        .code();

    // where the app named the account, a new one would not do
    let pushed = client
        .push_with(&world.server, |call| call.with("login_hint", "alice.test"))
        .await;
    let mut browser = Browser::new();
    let page = browser.open(&world.server, &pushed).await;
    assert!(!leads_to(&page, "Create an account"));
    let sign_up = page.url.as_str().replace("/authorize?", "/authorize/sign-up?");
    let page = browser.open_url(&world.server, &sign_up).await.page();
    assert_eq!(page.input("username").attribute("value"), Some("alice.test"));
}

async fn what_cannot_be_is_refused_on_the_form_with_what_was_typed(engine: Engine) {
    let world = World::start_with(engine, 1, |config| {
        config.handles.domains = HandleDomains::parse(&[".test", ".people.example.com"]).unwrap();
    })
    .await;
    world.settle(&world.hosts[0], "alice.test").await;
    let (client, mut browser) = (Client::new(), Browser::new());
    let pushed = client
        .push_with(&world.server, |call| call.with("prompt", "create"))
        .await;
    let page = browser.open(&world.server, &pushed).await;
    assert_eq!(page.all("option").count(), 2);
    for (field, typed, reason) in [
        ("handle", "alice", "That handle is not free."),
        ("handle", "Alice.TEST", "That handle is not free."),
        ("handle", "admin", "That handle is not free."),
        (
            "handle",
            "al",
            "It must have 3 to 18 characters in front of the domain.",
        ),
        ("handle", "no handle", "That cannot be a handle."),
        ("handle", "", "Choose a handle."),
        (
            "handle",
            "carol.elsewhere.com",
            "That handle is not given out here.",
        ),
        (
            "email",
            "alice@mail.example",
            "An account has that address already.",
        ),
        ("email", "carol@localhost", "We cannot write to that address."),
        ("email", "", "Type your e-mail address."),
        ("password", "seven77", "It must be 8 to 256 characters."),
        ("password", "", "Choose a password."),
    ] {
        let form = CAROL.fill(&page).also("domain", ".test").with(field, typed);
        let again = browser.submit(&world.server, &form).await.page();
        assert_eq!(again.status(), 400, "{field} {typed}");
        let error = again.with_id(&format!("{field}-error"));
        assert!(error.text.contains(reason), "{field} {typed}: {}", error.text);
        assert_eq!(again.input(field).attribute("aria-invalid"), Some("true"));
        for name in ["handle", "email"] {
            let kept = again.input(name).attribute("value").unwrap_or_default();
            let sent = form.value(name).to_ascii_lowercase();
            assert!(sent.starts_with(&kept.to_ascii_lowercase()), "{name}: {kept}");
            assert_eq!(kept.is_empty(), sent.is_empty(), "{name}");
        }
        assert_eq!(again.input("password").attribute("value"), None);
        assert!(!again.reply.text().contains(CAROL.password));
    }
    assert_eq!(did_of(&world, "carol.test").await, None);
    // and the form still works, under the other domain
    let form = CAROL.fill(&page).also("domain", ".people.example.com");
    let consent = browser.submit(&world.server, &form).await.page();
    assert!(
        consent.text.contains("carol.people.example.com"),
        "{}",
        consent.text
    );
}

async fn an_invite_is_asked_for_where_one_is_needed_and_counted(engine: Engine) {
    let world = World::start_with(engine, 1, |config| config.invitation = Invitation::Required).await;
    let code = InviteCode::from_entropy("localhost", [7; 10]);
    let invite = Invite {
        code: code.clone(),
        uses_max: 1,
        disabled: false,
        for_account: "admin".to_owned(),
        created_by: "admin".to_owned(),
        created_at: world.server.clock().now(),
        used: 0,
        uses: Vec::new(),
    };
    world
        .server
        .app()
        .store()
        .create_invites(&[invite])
        .await
        .unwrap();
    let mut browser = Browser::new();
    let page = open(&mut browser, &world, "/account/new").await;
    for (typed, reason) in [
        ("", "Type your invite code."),
        ("nonsense", "That invite code is not good."),
        ("localhost-22222-22222", "That invite code is not good."),
    ] {
        let form = CAROL.fill(&page).with("invite", typed);
        let again = browser.submit(&world.server, &form).await.page();
        assert!(again.with_id("invite-error").text.contains(reason), "{typed}");
    }
    let form = CAROL.fill(&page).with("invite", code.as_str());
    let account = browser.submit(&world.server, &form).await.page();
    assert!(account.text.contains("@carol.test"), "{}", account.text);
    let used = world.server.app().store().invite(&code).await.unwrap().unwrap();
    let by: Vec<_> = used.uses.into_iter().map(|one| one.used_by).collect();
    assert_eq!(by, [did_of(&world, "carol.test").await.unwrap()]);
    // for one person only
    let form = form.with("handle", "dave").with("email", "dave@mail.example");
    let again = browser.submit(&world.server, &form).await.page();
    assert_eq!(again.status(), 400);
    assert!(again.with_id("invite-error").text.contains("used up"));
}

/// The PDS does not answer, and does later.
async fn the_same_form_sent_again_goes_on_where_the_first_stopped(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let front = world.hosts[0].front.as_ref().unwrap();
    let (client, mut browser) = (Client::new(), Browser::new());
    let pushed = client
        .push_with(&world.server, |call| call.with("prompt", "create"))
        .await;
    let page = browser.open(&world.server, &pushed).await;
    front.fail("createAccount", 1, Trouble::Page(502));
    let later = browser.submit(&world.server, &CAROL.fill(&page)).await.page();
    assert_eq!(later.status(), 503);
    assert!(later.with_id("sign-up-error").text.contains("Nothing is lost"));
    assert_eq!(later.input("handle").attribute("value"), Some("carol"));
    assert_eq!(later.input("password").attribute("value"), None);
    let form = later.form("Create account").with("password", CAROL.password);
    let consent = browser.submit(&world.server, &form).await.page();
    assert!(consent.buttons().contains(&"Authorize"), "{}", consent.text);
    // one account, and the request it was made in is answered
    assert_eq!(front.asked("createAccount").len(), 2);
    let landing = browser
        .press(&world.server, &consent, "Authorize", &[])
        .await
        .left();
    let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(&world.server).await);
    assert_eq!(
        Some(tokens.sub),
        did_of(&world, "carol.test").await.map(String::from)
    );
}

async fn the_same_form_sent_twice_makes_one_account(engine: Engine) {
    let world = World::start(engine, 1).await;
    let mut browser = Browser::new();
    let page = open(&mut browser, &world, "/account/new").await;
    let form = CAROL.fill(&page);
    browser.submit(&world.server, &form).await.page();
    let did = did_of(&world, "carol.test").await;
    let again = browser.submit(&world.server, &form).await.page();
    assert!(again.text.contains("Your account is ready."), "{}", again.text);
    assert_eq!(did_of(&world, "carol.test").await, did);
    // but whoever does not know the password is told no more than that the handle is taken
    let mut stranger = Browser::new();
    let page = open(&mut stranger, &world, "/account/new").await;
    let form = CAROL.fill(&page).with("password", "another password");
    let refused = stranger.submit(&world.server, &form).await.page();
    assert_eq!(refused.status(), 400);
    assert!(refused.with_id("handle-error").text.contains("not free"));
}

async fn where_no_host_is_open_nobody_is_led_to_sign_up(engine: Engine) {
    let (world, client) = (World::start(engine, 1).await, Client::new());
    let store = world.server.app().store();
    store.drain_pds_host(&world.hosts[0].did).await.unwrap();
    world.forget();
    assert_eq!(store.pds_hosts().await.unwrap()[0].state, HostState::Draining);
    let mut browser = Browser::new();
    let pushed = client
        .push_with(&world.server, |call| call.with("prompt", "create"))
        .await;
    let page = browser.open(&world.server, &pushed).await;
    assert!(page.heading().starts_with("Sign in"), "{}", page.heading());
    assert!(!leads_to(&page, "Create an account"));
    let page = open(&mut browser, &world, "/account").await;
    assert!(!leads_to(&page, "Create an account"));
    let page = open(&mut browser, &world, "/account/new").await;
    assert_eq!(page.status(), 200);
    assert!(page.text.contains("No new accounts are made here"));
    let refused = browser.submit(&world.server, &CAROL.fill(&page)).await.page();
    assert!(
        refused.text.contains("No new accounts are made here"),
        "{}",
        refused.text
    );
    assert_eq!(did_of(&world, "carol.test").await, None);
}

// signing somebody up is signing them in, which another site must not do
async fn another_site_signs_nobody_up(engine: Engine) {
    let (world, client) = (World::start(engine, 1).await, Client::new());
    let pushed = client
        .push_with(&world.server, |call| call.with("prompt", "create"))
        .await;
    let (mut browser, mut attacker) = (Browser::new(), Browser::new());
    let theirs = open(&mut attacker, &world, "/account/new").await;
    let token = theirs.input("csrf").attribute("value").unwrap().to_owned();
    let pages = [
        open(&mut browser, &world, "/account/new").await,
        browser.open(&world.server, &pushed).await,
    ];
    for page in &pages {
        let filled = CAROL.fill(page);
        for form in [
            filled.clone().without("csrf"),
            filled.clone().with("csrf", ""),
            filled.clone().with("csrf", &token),
        ] {
            let refused = browser.submit(&world.server, &form).await.page();
            assert_eq!(refused.status(), 403, "{}", refused.text);
        }
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-dest", "iframe"),
        ] {
            let mut framed = browser.clone().with_header(name, value);
            let refused = framed.submit(&world.server, &filled).await;
            let Step::Page(refused) = refused else {
                panic!("left");
            };
            assert_eq!(refused.status(), 403, "{name}: {}", refused.text);
        }
    }
    assert_eq!(did_of(&world, "carol.test").await, None);
}

// with nowhere to place an account, so that each costs little
async fn so_many_forms_of_one_address_are_taken_and_no_more(engine: Engine) {
    let world = World::start_with(engine, 0, |config| config.limit_sign_ins = true).await;
    let mut browser = Browser::new();
    let page = open(&mut browser, &world, "/account/new").await;
    let form = CAROL.fill(&page);
    for _ in 0..30 {
        let refused = browser.submit(&world.server, &form).await.page();
        assert_eq!(refused.status(), 503);
    }
    let refused = browser.submit(&world.server, &form).await.page();
    assert_eq!(refused.status(), 429);
    assert!(refused.reply.header("retry-after").is_some());
    assert!(
        refused
            .with_id("sign-up-error")
            .text
            .starts_with("Too many tries.")
    );
    assert_eq!(refused.input("handle").attribute("value"), Some("carol"));
}
