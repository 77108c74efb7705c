//! Revocation.

use std::collections::BTreeSet;

use entryway_tests::{
    Call, Client, Encoding, Engine, Key, TestServer, Tokens, alice, bob, both_engines, login,
    push_and_approve,
};

fn grant() -> (u16, String) {
    (400, "invalid_grant".to_owned())
}

/// A session after two refreshes: every token it ever gave, the newest last.
async fn session(server: &TestServer, client: &Client) -> [Tokens; 3] {
    let first = login(server, client, alice()).await;
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(server).await);
    let third = Tokens::of(&client.refresh(&second.refresh_token).send(server).await);
    [first, second, third]
}

// any token of the session, with a proof and without, in either encoding
async fn any_token_of_a_session_ends_it(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (number, kind) in [
        (0, "refresh"),
        (1, "refresh"),
        (2, "refresh"),
        (0, "access"),
        (2, "access"),
    ] {
        for (with_proof, encoding, hint) in [
            (true, Encoding::Form, ""),
            (false, Encoding::Form, "access_token"),
            (true, Encoding::Json, "refresh_token"),
            (false, Encoding::Json, "foo"),
        ] {
            let tokens = session(&server, &client).await;
            let token = if kind == "refresh" {
                &tokens[number].refresh_token
            } else {
                &tokens[number].access_token
            };
            let call = client.revoke(token).encoded(encoding);
            let call = if with_proof { call } else { call.without_proof() };
            let call = if hint.is_empty() {
                call
            } else {
                call.with("token_type_hint", hint)
            };
            for _ in 0..2 {
                let reply = call.clone().send(&server).await;
                assert_eq!(
                    (reply.code(), reply.text()),
                    (200, "{}"),
                    "{kind} {number} {with_proof} {hint}"
                );
                assert_eq!(reply.header("cache-control"), Some("no-store"));
            }
            let refresh = client.refresh(&tokens[2].refresh_token).send(&server).await;
            assert_eq!(refresh.refusal(), grant(), "{kind} {number} {with_proof} {hint}");
        }
    }
}

// a code, before and after its exchange
async fn a_code_ends_what_it_gave_or_would_have_given(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for with_proof in [true, false] {
        let revoke = |code: &str| {
            let call = client.revoke(code);
            if with_proof { call } else { call.without_proof() }
        };
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        assert_eq!(revoke(landing.code()).send(&server).await.code(), 200);
        assert_eq!(
            client
                .exchange(&pushed, landing.code())
                .send(&server)
                .await
                .refusal(),
            grant()
        );

        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(&server).await);
        assert_eq!(revoke(landing.code()).send(&server).await.code(), 200);
        assert_eq!(
            client
                .refresh(&tokens.refresh_token)
                .send(&server)
                .await
                .refusal(),
            grant()
        );
    }
}

// also after it expired
async fn an_expired_access_token_still_ends_its_session(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    server.clock().advance(3600);
    assert_eq!(
        client.revoke(&tokens.access_token).send(&server).await.code(),
        200
    );
    assert_eq!(
        client
            .refresh(&tokens.refresh_token)
            .send(&server)
            .await
            .refusal(),
        grant()
    );
}

//
async fn a_stranger_ends_nothing_and_learns_nothing(engine: Engine) {
    let (server, client, stranger) = (
        TestServer::start(engine).await,
        Client::new(),
        Client::named("stranger"),
    );
    let tokens = login(&server, &client, alice()).await;
    let (pushed, landing) = push_and_approve(&server, &client, bob()).await;
    let forged = {
        let (message, _) = tokens.access_token.rsplit_once('.').unwrap();
        format!("{message}.{}", "A".repeat(86))
    };
    let mut flipped = tokens.refresh_token.clone();
    flipped.replace_range(40..41, if &flipped[40..41] == "A" { "B" } else { "A" });
    let attempts: Vec<(&str, Call)> = vec![
        ("another client", stranger.revoke(&tokens.refresh_token)),
        (
            "another client, access token",
            stranger.revoke(&tokens.access_token),
        ),
        ("another client, code", stranger.revoke(landing.code())),
        (
            "another client without a proof",
            stranger.revoke(&tokens.refresh_token).without_proof(),
        ),
        (
            "another client with the key",
            stranger.revoke(&tokens.refresh_token).signed_by(client.key()),
        ),
        (
            "another key",
            client.revoke(&tokens.refresh_token).signed_by(&Key::generate()),
        ),
        (
            "another key, access token",
            client.revoke(&tokens.access_token).signed_by(&Key::generate()),
        ),
        (
            "another key, code",
            client.revoke(landing.code()).signed_by(&Key::generate()),
        ),
        ("a forged access token", client.revoke(&forged)),
        ("a flipped refresh token", client.revoke(&flipped)),
        ("nothing that was ever given", client.revoke("x")),
        (
            "an unknown code",
            client.revoke(&format!("cod-{}", "0".repeat(64))),
        ),
        ("text", client.revoke("\u{fc}\u{1f600}")),
        ("a request_uri", client.revoke(&pushed.request_uri)),
    ];
    let mut answers = BTreeSet::new();
    for (name, call) in attempts {
        let reply = call.send(&server).await;
        let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        answers.insert((reply.code(), reply.text().to_owned(), headers));
        assert_eq!(answers.len(), 1, "{name}");
    }
    assert_eq!(answers.first().unwrap().0, 200);
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&server).await.code(),
        200
    );
    assert_eq!(
        client
            .exchange(&pushed, landing.code())
            .send(&server)
            .await
            .code(),
        200
    );
}

// what is not right is refused, and ends nothing
async fn a_refused_revocation_ends_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let good = client.revoke(&tokens.refresh_token);
    let invalid_request = (400, "invalid_request");
    let cases = [
        ("no token", good.clone().without("token"), invalid_request),
        ("empty token", good.clone().with("token", ""), invalid_request),
        ("token twice", good.clone().twice("token"), invalid_request),
        ("no client_id", good.clone().without("client_id"), invalid_request),
        (
            "client_id twice",
            good.clone().twice("client_id"),
            invalid_request,
        ),
        (
            "hint twice",
            good.clone().with("token_type_hint", "x").twice("token_type_hint"),
            invalid_request,
        ),
        (
            "bogus client_id",
            good.clone().with("client_id", "x"),
            (400, "invalid_client_metadata"),
        ),
        (
            "a secret",
            good.clone().with("client_secret", "x"),
            (401, "invalid_client"),
        ),
        (
            "text",
            good.clone().header("content-type", "text/plain"),
            (415, "invalid_request"),
        ),
        (
            "a broken proof",
            good.clone().proofs_given(&["x.y.z"]),
            (400, "invalid_dpop_proof"),
        ),
        (
            "two proofs",
            good.clone().proofs_given(&["x", "y"]),
            (400, "invalid_dpop_proof"),
        ),
        (
            "no nonce",
            good.clone().once().proof(|d| d.without_claim("nonce")),
            (400, "use_dpop_nonce"),
        ),
    ];
    for (name, call, (status, code)) in cases {
        assert_eq!(
            call.send(&server).await.refusal(),
            (status, code.to_owned()),
            "{name}"
        );
    }
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&server).await.code(),
        200
    );
}

// other sessions live on
async fn one_session_ends_and_no_other(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mine, again, theirs) = (
        login(&server, &client, alice()).await,
        login(&server, &client, alice()).await,
        login(&server, &client, bob()).await,
    );
    assert_eq!(client.revoke(&mine.refresh_token).send(&server).await.code(), 200);
    assert_eq!(
        client.refresh(&mine.refresh_token).send(&server).await.refusal(),
        grant()
    );
    for other in [again, theirs] {
        assert_eq!(
            client.refresh(&other.refresh_token).send(&server).await.code(),
            200
        );
    }
}

both_engines! {
    any_token_of_a_session_ends_it,
    a_code_ends_what_it_gave_or_would_have_given,
    an_expired_access_token_still_ends_its_session,
    a_stranger_ends_nothing_and_learns_nothing,
    a_refused_revocation_ends_nothing,
    one_session_ends_and_no_other,
}
