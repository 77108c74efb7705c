//! Sixty-four browsers, forms and guesses at once.

use std::collections::BTreeSet;

use entryway_tests::{
    Browser, Client, Engine, Form, Page, Step, TestServer, Tokens, alice, at_once, bob, both_engines,
};

use super::MANY;

//
async fn one_request_is_decided_once(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.reach_consent(&server, &pushed, alice()).await;
    let forms = (0..MANY).map(|place| page.form(["Authorize", "Deny access"][place % 2]));
    let left = decide(&server, &browser, forms).await;
    assert_eq!(left.len(), 1, "{left:?}");
    match &left[0] {
        Some(code) => {
            Tokens::of(&client.exchange(&pushed, code).send(&server).await);
        }
        None => assert_eq!(server.database().count("oauth_session").await, 0),
    }
    assert_eq!(browser.open(&server, &pushed).await.refusal().0, 400);
}

// two accounts of one browser
async fn two_accounts_cannot_both_approve_one_request(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let first = client.push(&server).await;
    browser.approve(&server, &first, alice()).await;
    let pushed = client
        .push_with(&server, |call| call.with("prompt", "login"))
        .await;
    let page = browser.open(&server, &pushed).await;
    let as_alice = browser.sign_in(&server, &page, alice()).await;
    let as_bob = sign_in_as_another(&server, &mut browser, &as_alice).await;
    let forms = (0..MANY).map(|place| [&as_alice, &as_bob][place % 2].form("Authorize"));
    let left = decide(&server, &browser, forms).await;
    assert_eq!(left.len(), 1, "{left:?}");
    let tokens = Tokens::of(
        &client
            .exchange(&pushed, left[0].as_ref().unwrap())
            .send(&server)
            .await,
    );
    assert!([alice().did, bob().did].contains(&tokens.sub.as_str()));
}

async fn sign_in_as_another(server: &TestServer, browser: &mut Browser, page: &Page) -> Page {
    let another = browser
        .press(server, page, "Use another account", &[])
        .await
        .page();
    browser.sign_in(server, &another, bob()).await
}

/// Sends all of these forms from one browser at once; the codes, or their absence, of those that led to the app.
async fn decide(
    server: &TestServer,
    browser: &Browser,
    forms: impl Iterator<Item = Form>,
) -> Vec<Option<String>> {
    let submit = |form: Form| {
        let (server, mut browser) = (server.clone(), browser.clone());
        async move { browser.submit(&server, &form).await }
    };
    let mut left = Vec::new();
    for step in at_once(forms.map(submit)).await {
        match step {
            Step::Left(landing) => {
                let code = landing.parameter("code").map(str::to_owned);
                assert_eq!(
                    code.is_none(),
                    landing.parameter("error") == Some("access_denied")
                );
                left.push(code);
            }
            Step::Page(page) => assert_eq!(page.refusal().0, 400),
        }
    }
    left
}

//
async fn one_browser_owns_a_request(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push(&server).await;
    let open = |mut browser: Browser| {
        let (server, pushed) = (server.clone(), pushed.clone());
        async move {
            let page = browser.open(&server, &pushed).await;
            (browser, page)
        }
    };
    let opened = at_once((0..MANY).map(|_| open(Browser::new()))).await;
    let (mut owners, others): (Vec<_>, Vec<_>) =
        opened.into_iter().partition(|(_, page)| page.status() == 200);
    assert_eq!(owners.len(), 1, "{} own it", owners.len());
    for (mut browser, page) in others {
        assert_eq!(page.refusal(), (403, "invalid_request"));
        assert_eq!(
            browser.open(&server, &pushed).await.refusal(),
            (403, "invalid_request")
        );
    }
    let (browser, page) = &mut owners[0];
    let page = browser.sign_in(&server, page, alice()).await;
    let landing = browser.press(&server, &page, "Authorize", &[]).await.left();
    Tokens::of(&client.exchange(&pushed, landing.code()).send(&server).await);
}

//
async fn no_more_guesses_are_checked_than_the_limit_says(engine: Engine) {
    let server = TestServer::start_with(engine, |config| config.limit_sign_ins = true).await;
    let client = Client::new();
    let (mut browser, page) = at_sign_in(&server, &client).await;
    let statuses = guess(&server, &browser, &page, &["alice.test"]).await;
    assert_eq!(statuses, [(401, GUESSES_MAX), (429, MANY - GUESSES_MAX)]);
    // not even the right password is checked now; another account is none of this one's business
    let right = [
        ("username", "alice.test"),
        ("password", alice().password.as_str()),
    ];
    assert_eq!(
        browser
            .press(&server, &page, "Sign in", &right)
            .await
            .page()
            .status(),
        429
    );
    browser.sign_in(&server, &page, bob()).await;
}

// a handle and its DID are one, and so are all spellings of an e-mail address
async fn a_guesser_gains_nothing_by_calling_the_account_otherwise(engine: Engine) {
    let names = [
        "alice.test",
        "@alice.test",
        "Alice.Test",
        " @ALICE.test ",
        alice().did,
    ];
    let addresses = ["alice@mail.example", " ALICE@mail.example", "Alice@Mail.Example "];
    for names in [&names[..], &addresses] {
        let server = TestServer::start_with(engine, |config| config.limit_sign_ins = true).await;
        let (browser, page) = at_sign_in(&server, &Client::new()).await;
        let statuses = guess(&server, &browser, &page, names).await;
        assert_eq!(
            statuses,
            [(401, GUESSES_MAX), (429, MANY - GUESSES_MAX)],
            "{names:?}"
        );
    }
}

/// Failures of one account and address in five minutes.
const GUESSES_MAX: usize = 30;

async fn at_sign_in(server: &TestServer, client: &Client) -> (Browser, Page) {
    let pushed = client.push(server).await;
    let mut browser = Browser::new();
    let page = browser.open(server, &pushed).await;
    (browser, page)
}

/// Sends wrong passwords for these names in turn, all at once; how often each status came.
async fn guess(server: &TestServer, browser: &Browser, page: &Page, names: &[&str]) -> Vec<(u16, usize)> {
    let submit = |place: usize| {
        let form = page.form("Sign in").with("username", names[place % names.len()]);
        let form = form.with("password", &format!("guess {place}"));
        let (server, mut browser) = (server.clone(), browser.clone());
        async move { browser.submit(&server, &form).await.page().status() }
    };
    let statuses = at_once((0..MANY).map(submit)).await;
    let known: BTreeSet<u16> = statuses.iter().copied().collect();
    let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
    known.into_iter().map(|status| (status, count(status))).collect()
}

both_engines! {
    one_request_is_decided_once,
    two_accounts_cannot_both_approve_one_request,
    one_browser_owns_a_request,
    no_more_guesses_are_checked_than_the_limit_says,
    a_guesser_gains_nothing_by_calling_the_account_otherwise,
}
