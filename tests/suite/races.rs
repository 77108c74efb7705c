//! Sixty-four at once, where one may win: over the router, so that everything between two verbs is raced too.

mod browsers;

use std::collections::BTreeSet;

use entryway_tests::{
    Call, Client, Endpoint, Engine, Pkce, Reply, TestServer, Tokens, alice, at_once, both_engines, login,
    push_and_approve,
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

/// The same, half of them at each of two instances.
async fn all_at_either(servers: [&TestServer; 2], call: &Call) -> Vec<Reply> {
    let ask = |place: usize| {
        let (server, call) = (servers[place % 2].clone(), call.clone());
        async move { call.send(&server).await }
    };
    at_once((0..MANY).map(ask)).await
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

// the database decides, not the instance
async fn two_instances_let_no_more_win_than_one(engine: Engine) {
    let (one, client) = (TestServer::start(engine).await, Client::new());
    let servers = [&one, &one.another_instance().await];
    let tokens = login(&one, &client, alice()).await;
    let replies = all_at_either(servers, &client.refresh(&tokens.refresh_token)).await;
    let successors: BTreeSet<String> = replies
        .iter()
        .map(|reply| Tokens::of(reply).refresh_token)
        .collect();
    assert_eq!(successors.len(), 1);

    let (pushed, landing) = push_and_approve(&one, &client, alice()).await;
    let replies = all_at_either(servers, &client.exchange(&pushed, landing.code())).await;
    let tokens = Tokens::of(winner(&replies, GRANT));
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&one).await.refusal(),
        refusal(GRANT)
    );

    let proof = client.prove(&one, Endpoint::Revoke);
    let call = client.revoke(&tokens.access_token).proofs_given(&[&proof]);
    winner(&all_at_either(servers, &call).await, (400, "invalid_dpop_proof"));
    winner(
        &all_at_either(servers, &client.par()).await,
        (400, "invalid_request"),
    );
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

both_engines! {
    one_code_gives_one_session_and_ends_it_when_it_is_replayed,
    a_code_is_redeemed_or_spoiled_and_never_both,
    one_refresh_token_has_one_successor_however_many_ask,
    several_generations_at_once_leave_one_lineage_or_none,
    two_instances_let_no_more_win_than_one,
    one_proof_is_accepted_once,
    one_challenge_is_admitted_once,
    a_revocation_amid_refreshes_leaves_nothing_that_works,
    a_revocation_amid_exchanges_leaves_nothing_that_works,
}
