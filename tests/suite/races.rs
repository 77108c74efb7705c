//! Sixty-four at once, where one may win: over the router, so that everything between two verbs is raced too.

use std::collections::BTreeSet;

use entryway_tests::{
    Browser, Call, Client, Endpoint, Engine, Form, Page, Pkce, Reply, Step, TestServer, Tokens, alice,
    at_once, bob, both_engines, login, push_and_approve,
};

/// Status and code.
type Refused = (u16, &'static str);

const MANY: usize = 64;
const GRANT: Refused = (400, "invalid_grant");

fn refusal((status, code): Refused) -> (u16, String) {
    (status, code.to_owned())
}

/// The answers to all of these, made at once.
async fn all(server: &TestServer, calls: impl IntoIterator<Item = Call>) -> Vec<Reply> {
    let ask = |call: Call| {
        let server = server.clone();
        async move { call.send(&server).await }
    };
    at_once(calls.into_iter().map(ask)).await
}

/// The winners; everybody else was refused so.
#[track_caller]
fn winners(replies: &[Reply], refused: Refused) -> Vec<&Reply> {
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status.is_success());
    for reply in lost {
        assert_eq!(reply.refusal(), refusal(refused), "{reply:?}");
    }
    won
}

/// The only winner.
#[track_caller]
fn winner(replies: &[Reply], refused: Refused) -> &Reply {
    let won = winners(replies, refused);
    assert_eq!(won.len(), 1, "{} won", won.len());
    won[0]
}

// the others are replays, which end what the first was given
async fn one_code_gives_one_session_and_ends_it_when_it_is_replayed(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let replies = all(&server, vec![client.exchange(&pushed, landing.code()); MANY]).await;
    let tokens = Tokens::of(winner(&replies, GRANT));
    assert_eq!(server.database().count("oauth_session").await, 1);
    assert_eq!(
        client
            .refresh(&tokens.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client
            .exchange(&pushed, landing.code())
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
}

// sixty-three strangers' guesses of the verifier neither win nor let two win
async fn a_code_is_redeemed_or_spoiled_and_never_both(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let good = client.exchange(&pushed, landing.code());
    let calls = (0..MANY).map(|place| match place % 2 {
        0 => good.clone(),
        _ => good.clone().with("code_verifier", &Pkce::new().verifier),
    });
    let replies = all(&server, calls).await;
    let won = winners(&replies, GRANT);
    assert!(won.len() <= 1, "{} won", won.len());
    assert_eq!(server.database().count("oauth_session").await, won.len());
    for reply in won {
        let refresh = client
            .refresh(&Tokens::of(reply).refresh_token)
            .send(&server)
            .await;
        // ended, since another good exchange came after it
        assert_eq!(refresh.refusal(), refusal(GRANT));
    }
    assert_eq!(good.send(&server).await.refusal(), refusal(GRANT));
}

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

// D4, R-239, R-264
async fn one_refresh_token_has_one_successor_however_many_ask(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut tokens = login(&server, &client, alice()).await;
    let session = tokens.unverified().1["sid"].clone();
    for _ in 0..3 {
        let replies = all(&server, vec![client.refresh(&tokens.refresh_token); MANY]).await;
        let given: Vec<Tokens> = replies.iter().map(Tokens::of).collect();
        let successors: BTreeSet<&str> = given.iter().map(|one| one.refresh_token.as_str()).collect();
        let access_tokens: BTreeSet<&str> = given.iter().map(|one| one.access_token.as_str()).collect();
        assert_eq!((successors.len(), access_tokens.len()), (1, MANY));
        assert!(given.iter().all(|one| one.unverified().1["sid"] == session));
        assert_ne!(given[0].refresh_token, tokens.refresh_token);
        tokens = given[0].clone();
    }
    // the lineage goes on, and whoever steps out of it ends it
    let last = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
    let newest = Tokens::of(&client.refresh(&last.refresh_token).send(&server).await);
    assert_eq!(server.database().count("oauth_session").await, 1);
    assert_eq!(
        client
            .refresh(&tokens.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client
            .refresh(&newest.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
}

// D4: in whatever order they come, at most one token works afterwards
async fn several_generations_at_once_leave_one_lineage_or_none(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(&server).await);
    // the first within its window while its successor is used
    let calls = (0..MANY).map(|place| client.refresh(&[&first, &second][place % 2].refresh_token));
    let replies = all(&server, calls).await;
    let mut tokens: BTreeSet<String> = winners(&replies, GRANT)
        .into_iter()
        .map(|reply| Tokens::of(reply).refresh_token)
        .collect();
    tokens.extend([first.refresh_token, second.refresh_token]);
    assert!(
        tokens.len() <= 3,
        "the first, the second and the third: {}",
        tokens.len()
    );
    // the first was repeated after its successor had been used, or the second was never used
    let mut living = 0;
    for token in &tokens {
        living += usize::from(client.refresh(token).send(&server).await.code() == 200);
    }
    assert!(living <= 1, "{living} tokens work");
}

//
async fn one_proof_is_accepted_once(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let replayed = (400, "invalid_dpop_proof");
    let tokens = login(&server, &client, alice()).await;

    let proof = client.prove(&server, Endpoint::Par);
    let before = server.database().count("auth_request").await;
    let replies = all(&server, (0..MANY).map(|_| client.par().proofs_given(&[&proof]))).await;
    assert_eq!(winner(&replies, replayed).code(), 201);
    assert_eq!(server.database().count("auth_request").await, before + 1);

    let proof = client.prove(&server, Endpoint::Token);
    let refresh = client.refresh(&tokens.refresh_token).proofs_given(&[&proof]);
    let replies = all(&server, vec![refresh; MANY]).await;
    let tokens = Tokens::of(winner(&replies, replayed));

    let proof = client.prove(&server, Endpoint::Token);
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let exchange = client.exchange(&pushed, landing.code()).proofs_given(&[&proof]);
    let replies = all(&server, vec![exchange; MANY]).await;
    for reply in &replies {
        // a replayed code is refused too, whichever is found first
        assert!(reply.code() == 200 || [replayed, GRANT].map(refusal).contains(&reply.refusal()));
    }
    assert_eq!(replies.iter().filter(|reply| reply.code() == 200).count(), 1);

    let proof = client.prove(&server, Endpoint::Revoke);
    let revoke = client.revoke(&tokens.access_token).proofs_given(&[&proof]);
    let replies = all(&server, vec![revoke; MANY]).await;
    assert_eq!(winner(&replies, replayed).code(), 200);
}

// a challenge opens one request
async fn one_challenge_is_admitted_once(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let replies = all(&server, vec![client.par_with(&Pkce::new()); MANY]).await;
    winner(&replies, (400, "invalid_request"));
    assert_eq!(server.database().count("auth_request").await, 1);
}

//
async fn a_revocation_amid_refreshes_leaves_nothing_that_works(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for kind in ["access token", "refresh token", "code"] {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(&server).await);
        let revoked = match kind {
            "access token" => tokens.access_token.as_str(),
            "refresh token" => tokens.refresh_token.as_str(),
            _ => landing.code(),
        };
        let calls = (0..MANY).map(|place| match place % 8 {
            7 => client.revoke(revoked),
            _ => client.refresh(&tokens.refresh_token),
        });
        let replies = all(&server, calls).await;
        let mut seen: BTreeSet<String> = winners(&replies, GRANT)
            .into_iter()
            // a revocation answers with nothing
            .filter(|reply| reply.text().contains("refresh_token"))
            .map(|reply| Tokens::of(reply).refresh_token)
            .collect();
        assert_eq!(
            replies
                .iter()
                .skip(7)
                .step_by(8)
                .filter(|reply| reply.code() == 200)
                .count(),
            MANY / 8
        );
        assert!(seen.len() <= 1, "{}", seen.len());
        seen.insert(tokens.refresh_token);
        for token in &seen {
            let reply = client.refresh(token).send(&server).await;
            assert_eq!(reply.refusal(), refusal(GRANT), "after revoking the {kind}");
        }
    }
}

// a code that is revoked while it is exchanged gives nothing that works
async fn a_revocation_amid_exchanges_leaves_nothing_that_works(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let calls = (0..MANY).map(|place| match place {
        0 => client.exchange(&pushed, landing.code()),
        _ => client.revoke(landing.code()),
    });
    let replies = all(&server, calls).await;
    assert!(replies[1..].iter().all(|reply| reply.code() == 200));
    if replies[0].code() == 200 {
        let token = Tokens::of(&replies[0]).refresh_token;
        assert_eq!(
            client.refresh(&token).send(&server).await.refusal(),
            refusal(GRANT)
        );
    }
    assert_eq!(
        client
            .exchange(&pushed, landing.code())
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
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
    one_code_gives_one_session_and_ends_it_when_it_is_replayed,
    a_code_is_redeemed_or_spoiled_and_never_both,
    one_request_is_decided_once,
    two_accounts_cannot_both_approve_one_request,
    one_refresh_token_has_one_successor_however_many_ask,
    several_generations_at_once_leave_one_lineage_or_none,
    one_proof_is_accepted_once,
    one_challenge_is_admitted_once,
    a_revocation_amid_refreshes_leaves_nothing_that_works,
    a_revocation_amid_exchanges_leaves_nothing_that_works,
    one_browser_owns_a_request,
    no_more_guesses_are_checked_than_the_limit_says,
    a_guesser_gains_nothing_by_calling_the_account_otherwise,
}
