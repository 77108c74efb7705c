//! What outlives the process, what several instances share, and requests nobody waits for.

use std::pin::pin;
use std::task::Poll;

use entryway_tests::{
    Browser, Client, Endpoint, Engine, TestServer, Tokens, alice, bob, both_engines, login, push_and_approve,
};
use tokio::runtime::Handle;

const GRANT: (u16, &str) = (400, "invalid_grant");

fn refusal((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

//
async fn a_restart_costs_nobody_anything(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let keys = server.get(&server.path(Endpoint::Jwks)).await.json();
    // one request at each place a login can have come to
    let unopened = client.push(&server).await;
    let at_sign_in = client.push(&server).await;
    let mut first_browser = Browser::new();
    let sign_in_page = first_browser.open(&server, &at_sign_in).await;
    let at_consent = client.push(&server).await;
    let mut second_browser = Browser::new();
    let consent_page = second_browser.reach_consent(&server, &at_consent, bob()).await;
    let (answered, landing) = push_and_approve(&server, &client, bob()).await;

    let server = server.restarted().await;
    assert_eq!(server.get(&server.path(Endpoint::Jwks)).await.json(), keys);
    // the nonce from before is good, or this would be asked for another one
    let refreshed = Tokens::of(&client.refresh(&tokens.refresh_token).once().send(&server).await);
    assert_eq!(refreshed.unverified().1["sid"], tokens.unverified().1["sid"]);
    let consent = first_browser.sign_in(&server, &sign_in_page, alice()).await;
    for (pushed, landing) in [
        (
            &unopened,
            Browser::new().approve(&server, &unopened, alice()).await,
        ),
        (
            &at_sign_in,
            first_browser
                .press(&server, &consent, "Authorize", &[])
                .await
                .left(),
        ),
        (
            &at_consent,
            second_browser
                .press(&server, &consent_page, "Authorize", &[])
                .await
                .left(),
        ),
        (&answered, landing),
    ] {
        Tokens::of(&client.exchange(pushed, landing.code()).send(&server).await);
    }
    // and both browsers know their account
    for mut browser in [first_browser, second_browser] {
        let pushed = client.push(&server).await;
        assert_eq!(
            browser.open(&server, &pushed).await.buttons()[1..],
            ["Authorize", "Deny access"]
        );
    }
}

//
async fn what_was_over_before_a_restart_is_over_after_it(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (spent, landing) = push_and_approve(&server, &client, alice()).await;
    let of_code = Tokens::of(&client.exchange(&spent, landing.code()).send(&server).await);
    let revoked = login(&server, &client, alice()).await;
    client.revoke(&revoked.access_token).send(&server).await;
    let first = login(&server, &client, alice()).await;
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(&server).await);
    let third = Tokens::of(&client.refresh(&second.refresh_token).send(&server).await);
    let proof = client.prove(&server, Endpoint::Token);
    let fourth = Tokens::of(
        &client
            .refresh(&third.refresh_token)
            .proofs_given(&[&proof])
            .send(&server)
            .await,
    );
    let denied = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.reach_consent(&server, &denied, bob()).await;
    browser.press(&server, &page, "Deny access", &[]).await.left();
    let mut signed_out = browser.clone();
    let home = browser
        .open_url(&server, &format!("{}/", server.issuer()))
        .await
        .page();
    browser
        .press(&server, &home, "Sign out of this device", &[])
        .await
        .page();

    let server = server.restarted().await;
    let replayed = client
        .refresh(&fourth.refresh_token)
        .proofs_given(&[&proof])
        .send(&server)
        .await;
    assert_eq!(replayed.refusal(), refusal((400, "invalid_dpop_proof")));
    Tokens::of(&client.refresh(&fourth.refresh_token).send(&server).await);
    assert_eq!(
        client
            .refresh(&revoked.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client
            .exchange(&spent, landing.code())
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client
            .refresh(&of_code.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client.refresh(&first.refresh_token).send(&server).await.refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client
            .refresh(&fourth.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(signed_out.open(&server, &denied).await.refusal().0, 400);
    let pushed = client.push(&server).await;
    assert_eq!(
        signed_out.open(&server, &pushed).await.buttons(),
        ["Sign in", "Cancel"]
    );
}

// proofs, challenges and nonces
async fn two_instances_share_what_may_be_used_once(engine: Engine) {
    let (one, client) = (TestServer::start(engine).await, Client::new());
    let other = one.another_instance().await;
    client.push(&one).await;
    let nonce = client.nonce();

    let proof = client.prove(&one, Endpoint::Par);
    assert_eq!(client.par().proofs_given(&[&proof]).send(&one).await.code(), 201);
    for server in [&other, &one] {
        let replay = client.par().proofs_given(&[&proof]).send(server).await;
        assert_eq!(replay.refusal(), refusal((400, "invalid_dpop_proof")));
    }
    let call = client.par();
    assert_eq!(call.clone().send(&one).await.code(), 201);
    assert_eq!(
        call.send(&other).await.refusal(),
        refusal((400, "invalid_request"))
    );
    // a nonce of one is good at the other, which issues the same
    let proof = client.prove(&other, Endpoint::Par);
    assert_eq!(
        client.par().proofs_given(&[&proof]).send(&other).await.code(),
        201
    );
    assert_eq!(client.nonce(), nonce);
}

// requests, browsers, codes and sessions
async fn a_login_may_wander_between_two_instances(engine: Engine) {
    let (one, client) = (TestServer::start(engine).await, Client::new());
    let other = one.another_instance().await;
    let mut browser = Browser::new();
    for (here, there) in [(&one, &other), (&other, &one)] {
        let pushed = client.push_with(here, |call| call.with("prompt", "login")).await;
        let page = browser.open(there, &pushed).await;
        let page = browser.sign_in(here, &page, alice()).await;
        let landing = browser.press(there, &page, "Authorize", &[]).await.left();
        let first = Tokens::of(&client.exchange(&pushed, landing.code()).send(here).await);
        let second = Tokens::of(&client.refresh(&first.refresh_token).send(there).await);
        // a lost answer, asked for elsewhere
        let again = Tokens::of(&client.refresh(&first.refresh_token).send(here).await);
        assert_eq!(again.refresh_token, second.refresh_token);
        let third = Tokens::of(&client.refresh(&second.refresh_token).send(there).await);
        // a replay here ends it there
        assert_eq!(
            client.refresh(&first.refresh_token).send(here).await.refusal(),
            refusal(GRANT)
        );
        assert_eq!(
            client.refresh(&third.refresh_token).send(there).await.refusal(),
            refusal(GRANT)
        );
    }
}

//
async fn a_code_spent_at_one_instance_is_a_replay_at_the_other(engine: Engine) {
    let (one, client) = (TestServer::start(engine).await, Client::new());
    let other = one.another_instance().await;
    let (pushed, landing) = push_and_approve(&one, &client, alice()).await;
    let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(&one).await);
    assert_eq!(
        client
            .exchange(&pushed, landing.code())
            .send(&other)
            .await
            .refusal(),
        refusal(GRANT)
    );
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&one).await.refusal(),
        refusal(GRANT)
    );
}

// neither a revocation nor a sign-out waits for a cache
async fn what_one_instance_ends_is_over_at_the_other(engine: Engine) {
    let (one, client) = (TestServer::start(engine).await, Client::new());
    let other = one.another_instance().await;
    let tokens = login(&one, &client, alice()).await;
    let tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(&other).await);
    client.revoke(&tokens.access_token).send(&one).await;
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&other).await.refusal(),
        refusal(GRANT)
    );

    let mut browser = Browser::new();
    let pushed = client.push(&one).await;
    browser.approve(&one, &pushed, bob()).await;
    let mut same = browser.clone();
    let home = browser.open_url(&one, &format!("{}/", one.issuer())).await.page();
    browser
        .press(&one, &home, "Sign out of this device", &[])
        .await
        .page();
    let pushed = client.push(&other).await;
    assert_eq!(same.open(&other, &pushed).await.buttons(), ["Sign in", "Cancel"]);
}

// R-524, D4: whoever asked goes away at every point at which the server waits for something
async fn a_refresh_that_nobody_waits_for_loses_and_forks_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut tokens = login(&server, &client, alice()).await;
    let session = tokens.unverified().1["sid"].clone();
    let (mut half_steps, mut abandoned) = (0, 0);
    loop {
        let refresh = client.refresh(&tokens.refresh_token).try_send(&server);
        let gone = abandon(refresh, half_steps).await;
        let again = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
        assert_eq!(again.unverified().1["sid"], session);
        if let Some(reply) = gone {
            assert_eq!(Tokens::of(&reply.unwrap()).refresh_token, again.refresh_token);
            if abandoned > 1 {
                break;
            }
            // the database answered before anybody had to wait: once more
            half_steps = 1;
        } else {
            (half_steps, abandoned) = (half_steps + 1, abandoned + 1);
        }
        tokens = again;
    }
    assert_eq!(server.database().count("oauth_session").await, 1);
}

//
async fn an_exchange_that_nobody_waits_for_leaves_no_usable_duplicate(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut half_steps, mut abandoned) = (0, 0);
    loop {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        let exchange = client.exchange(&pushed, landing.code()).try_send(&server);
        let gone = abandon(exchange, half_steps).await;
        let again = client.exchange(&pushed, landing.code()).send(&server).await;
        if let Some(reply) = gone {
            // it came to an end, so the second was a replay, which ends what the first gave
            let tokens = Tokens::of(&reply.unwrap());
            assert_eq!(again.refusal(), refusal(GRANT));
            assert_eq!(
                client
                    .refresh(&tokens.refresh_token)
                    .send(&server)
                    .await
                    .refusal(),
                refusal(GRANT)
            );
            if abandoned > 1 {
                break;
            }
            half_steps = 1;
            continue;
        }
        if again.code() == 200 {
            Tokens::of(
                &client
                    .refresh(&Tokens::of(&again).refresh_token)
                    .send(&server)
                    .await,
            );
        } else {
            assert_eq!(again.refusal(), refusal(GRANT));
        }
        (half_steps, abandoned) = (half_steps + 1, abandoned + 1);
    }
}

/// Drops the future after so many half steps: an even number when it is about to be polled, an odd one when it has
/// been and waits. Its output if it was done by then.
///
/// What it had begun is done when this returns: left to itself it could come after whatever is asked next, and then
/// be the replay of it that it looks like.
async fn abandon<T>(future: impl Future<Output = T>, half_steps: usize) -> Option<T> {
    let runtime = Handle::current().metrics();
    let tasks = runtime.num_alive_tasks();
    let output = poll_for(future, half_steps).await;
    while runtime.num_alive_tasks() > tasks {
        tokio::task::yield_now().await;
    }
    output
}

async fn poll_for<T>(future: impl Future<Output = T>, half_steps: usize) -> Option<T> {
    let (mut future, mut left) = (pin!(future), half_steps);
    std::future::poll_fn(|context| {
        let Some(after) = left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        match (future.as_mut().poll(context), after.checked_sub(1)) {
            (Poll::Ready(output), _) => Poll::Ready(Some(output)),
            (Poll::Pending, None) => Poll::Ready(None),
            (Poll::Pending, Some(after)) => {
                left = after;
                Poll::Pending
            }
        }
    })
    .await
}

both_engines! {
    a_restart_costs_nobody_anything,
    what_was_over_before_a_restart_is_over_after_it,
    two_instances_share_what_may_be_used_once,
    a_login_may_wander_between_two_instances,
    a_code_spent_at_one_instance_is_a_replay_at_the_other,
    what_one_instance_ends_is_over_at_the_other,
    a_refresh_that_nobody_waits_for_loses_and_forks_nothing,
    an_exchange_that_nobody_waits_for_leaves_no_usable_duplicate,
}
