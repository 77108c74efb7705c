//! Refresh and its tolerance for lost answers (D4).

use std::collections::BTreeSet;

use entryway_core::password::NewPassword;
use entryway_scope::Did;
use entryway_tests::{
    Call, Client, Engine, Key, TestServer, Tokens, alice, bob, both_engines, login, push_and_approve,
};

const GRANT: (u16, &str) = (400, "invalid_grant");

fn refusal((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

async fn refresh(server: &TestServer, client: &Client, token: &str) -> Tokens {
    Tokens::of(&client.refresh(token).send(server).await)
}

//
async fn a_refresh_gives_new_tokens_of_the_same_session(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    let second = refresh(&server, &client, &first.refresh_token).await;
    let third = refresh(&server, &client, &second.refresh_token).await;
    let all = [&first, &second, &third];
    let different: BTreeSet<&str> = all
        .iter()
        .flat_map(|one| [one.access_token.as_str(), &one.refresh_token])
        .collect();
    assert_eq!(different.len(), 6);
    for one in all {
        assert_eq!(
            (&one.scope, &one.sub, one.expires_in),
            (&first.scope, &first.sub, 900)
        );
        let claims = one.unverified().1;
        assert_eq!(claims["sid"], first.unverified().1["sid"]);
        assert_eq!(claims["cnf"]["jkt"], client.key().thumbprint());
        let random = one.refresh_token.strip_prefix("ref-").unwrap();
        assert!(random.len() >= 43 && !random.contains('.'));
    }
}

// D4, R-264, demand 8: the second before the window ends, that second, and the one after
async fn a_lost_answer_may_be_asked_for_again_within_a_minute(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (seconds, fine) in [(0, true), (59, true), (60, true), (61, false)] {
        let first = login(&server, &client, alice()).await;
        let lost = refresh(&server, &client, &first.refresh_token).await;
        server.clock().advance(seconds);
        let again = client.refresh(&first.refresh_token).send(&server).await;
        if fine {
            let again = Tokens::of(&again);
            assert_eq!(again.refresh_token, lost.refresh_token, "after {seconds} s");
            assert_ne!(again.access_token, lost.access_token);
            refresh(&server, &client, &again.refresh_token).await;
        } else {
            //
            assert_eq!(again.refusal(), refusal(GRANT), "after {seconds} s");
            assert_eq!(
                client.refresh(&lost.refresh_token).send(&server).await.refusal(),
                refusal(GRANT)
            );
        }
    }
}

// D4: asking again does not make the window longer
async fn the_window_begins_with_the_rotation_and_not_with_the_last_repeat(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    refresh(&server, &client, &first.refresh_token).await;
    server.clock().advance(40);
    refresh(&server, &client, &first.refresh_token).await;
    server.clock().advance(40);
    assert_eq!(
        client.refresh(&first.refresh_token).send(&server).await.refusal(),
        refusal(GRANT)
    );
}

// D4, R-240, R-241
async fn a_repeat_after_the_successor_was_used_ends_the_session(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    let second = refresh(&server, &client, &first.refresh_token).await;
    let third = refresh(&server, &client, &second.refresh_token).await;
    let spent = client.refresh(&first.refresh_token).send(&server).await;
    assert_eq!(spent.refusal(), refusal(GRANT));
    for token in [&first, &second, &third] {
        let reply = client.refresh(&token.refresh_token).send(&server).await;
        assert_eq!(reply.refusal(), refusal(GRANT));
    }
}

// D4: neither the good token nor a spent one lets a stranger end anything
async fn a_stranger_is_refused_and_ends_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let stranger = Client::named("stranger");
    let first = login(&server, &client, alice()).await;
    let second = refresh(&server, &client, &first.refresh_token).await;
    let third = refresh(&server, &client, &second.refresh_token).await;
    server.clock().advance(3600);
    for token in [&first, &second, &third] {
        let good = client.refresh(&token.refresh_token);
        let attempts = [
            ("another key", good.clone().signed_by(&Key::generate()), GRANT),
            ("another client", stranger.refresh(&token.refresh_token), GRANT),
            (
                "another client with the key",
                stranger.refresh(&token.refresh_token).signed_by(client.key()),
                GRANT,
            ),
            (
                "no proof",
                good.clone().without_proof(),
                (400, "invalid_dpop_proof"),
            ),
            (
                "a bad signature",
                good.clone()
                    .proof(|draft| draft.signature = Some("AA".repeat(43))),
                (400, "invalid_dpop_proof"),
            ),
            (
                "a stale nonce",
                good.clone()
                    .once()
                    .proof(|draft| draft.claims["nonce"] = "stale".into()),
                (400, "use_dpop_nonce"),
            ),
            (
                "no nonce",
                good.clone().once().proof(|draft| draft.without_claim("nonce")),
                (400, "use_dpop_nonce"),
            ),
            (
                "another endpoint",
                good.clone()
                    .proof(|draft| draft.claims["htu"] = "http://localhost:2583/oauth/par".into()),
                (400, "invalid_dpop_proof"),
            ),
            (
                "a secret",
                good.clone().with("client_secret", "x"),
                (401, "invalid_client"),
            ),
            (
                "a bogus client",
                good.clone().with("client_id", "x"),
                (400, "invalid_client_metadata"),
            ),
        ];
        for (name, call, expected) in attempts {
            assert_eq!(call.send(&server).await.refusal(), refusal(expected), "{name}");
        }
    }
    refresh(&server, &client, &third.refresh_token).await;
}

//
async fn the_scope_narrows_for_one_token_and_never_widens(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut tokens = login(&server, &client, alice()).await;
    for (asked, given) in [
        ("atproto", Some("atproto")),
        ("transition:generic atproto", Some("transition:generic atproto")),
        ("atproto transition:email", None),
        ("atproto transition:generic transition:email", None),
        ("transition:generic", None),
        ("atproto  transition:generic", None),
        ("atproto repo:*", None),
        ("", Some("atproto transition:generic")),
    ] {
        let reply = client
            .refresh(&tokens.refresh_token)
            .with("scope", asked)
            .send(&server)
            .await;
        match given {
            None => assert_eq!(reply.refusal(), refusal((400, "invalid_scope")), "{asked}"),
            Some(given) => {
                tokens = Tokens::of(&reply);
                assert_eq!(
                    (tokens.scope.as_str(), tokens.unverified().1["scope"].as_str()),
                    (given, Some(given))
                );
            }
        }
    }
    assert_eq!(
        refresh(&server, &client, &tokens.refresh_token).await.scope,
        "atproto transition:generic"
    );
}

//
async fn a_session_of_a_public_client_lasts_two_weeks(engine: Engine) {
    let fortnight = 14 * 24 * 60 * 60;
    for (seconds, lifetime) in [
        (fortnight - 1000, Some(900)),
        (fortnight - 1, Some(1)),
        (fortnight, None),
        (fortnight + 1, None),
    ] {
        let (server, client) = (TestServer::start(engine).await, Client::new());
        let first = login(&server, &client, alice()).await;
        server.clock().advance(1000);
        let second = refresh(&server, &client, &first.refresh_token).await;
        server.clock().advance(seconds - 1000);
        let reply = client.refresh(&second.refresh_token).send(&server).await;
        match lifetime {
            // and no access token outlives it
            Some(seconds) => assert_eq!(Tokens::of(&reply).expires_in, seconds),
            None => assert_eq!(reply.refusal(), refusal(GRANT), "{seconds}"),
        }
    }
}

//
async fn what_is_no_refresh_token_is_refused_like_an_unknown_one(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let code = landing.code().to_owned();
    let tokens = Tokens::of(&client.exchange(&pushed, &code).send(&server).await);
    let good = tokens.refresh_token.as_str();
    let other_server = TestServer::start(engine).await;
    let foreign = login(&other_server, &client, alice()).await.refresh_token;
    let mut flipped = good.to_owned();
    flipped.replace_range(40..41, if &good[40..41] == "A" { "B" } else { "A" });
    for bad in [
        "x",
        "ref-",
        &good[..good.len() - 1],
        &format!("{good}A"),
        &format!("{good}="),
        &good.to_uppercase(),
        &flipped,
        &foreign,
        &tokens.access_token,
        &code,
        &pushed.request_uri,
        &format!(" {good}"),
        "ref-\u{fc}",
        &"A".repeat(16 * 1024),
        &format!("ref-{}", "A".repeat(70)),
    ] {
        let reply = client.refresh(bad).send(&server).await;
        assert_eq!(reply.refusal(), refusal(GRANT), "{bad:.40}");
    }
    let refused: [fn(Call) -> Call; 4] = [
        |call| call.without("refresh_token"),
        |call| call.with("refresh_token", ""),
        |call| call.twice("refresh_token"),
        |call| call.twice("grant_type"),
    ];
    for change in refused {
        let reply = change(client.refresh(good)).send(&server).await;
        assert_eq!(reply.refusal(), refusal((400, "invalid_request")));
    }
    refresh(&server, &client, good).await;
}

//
async fn a_session_rests_while_its_account_is_switched_off(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    for status in ["deactivated", "taken_down"] {
        server
            .database()
            .execute(&format!("update account set status = '{status}'"))
            .await;
        let reply = client.refresh(&tokens.refresh_token).send(&server).await;
        assert_eq!(reply.refusal(), refusal(GRANT), "{status}");
    }
}

//
async fn a_changed_password_ends_sessions_and_consents(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mine = login(&server, &client, alice()).await;
    let theirs = login(&server, &client, bob()).await;
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    server.clock().advance(1);
    let app = server.app();
    let hash = app
        .passwords()
        .hash(&NewPassword::parse("another password").unwrap())
        .await
        .unwrap();
    let (did, now) = (Did::parse(alice().did).unwrap(), server.clock().now());
    app.store().change_password(&did, &hash, now).await.unwrap();
    let exchange = client.exchange(&pushed, landing.code()).send(&server).await;
    assert_eq!(exchange.refusal(), refusal(GRANT));
    let refreshed = client.refresh(&mine.refresh_token).send(&server).await;
    assert_eq!(refreshed.refusal(), refusal(GRANT));
    refresh(&server, &client, &theirs.refresh_token).await;
}

// R-241, D4: a replay is a replay, whatever else is wrong with the request
async fn a_replay_with_other_faults_ends_the_session_too(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    let second = refresh(&server, &client, &first.refresh_token).await;
    let wider = |token: &Tokens| {
        client
            .refresh(&token.refresh_token)
            .with("scope", "atproto transition:email")
    };
    // within the window it may be a lost answer
    let refused = (400, "invalid_scope");
    assert_eq!(wider(&first).send(&server).await.refusal(), refusal(refused));
    assert_eq!(wider(&second).send(&server).await.refusal(), refusal(refused));
    let third = refresh(&server, &client, &second.refresh_token).await;
    assert_eq!(wider(&first).send(&server).await.refusal(), refusal(GRANT));
    let refreshed = client.refresh(&third.refresh_token).send(&server).await;
    assert_eq!(refreshed.refusal(), refusal(GRANT));
}

// the account's PDS as it is now
async fn a_refresh_follows_the_account_to_another_pds(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    server
        .database()
        .execute("update account set pds_did = 'did:web:elsewhere.test'")
        .await;
    let second = refresh(&server, &client, &first.refresh_token).await;
    assert_eq!(first.unverified().1["aud"], alice().pds);
    assert_eq!(second.unverified().1["aud"], "did:web:elsewhere.test");
}

//
async fn a_key_is_the_same_however_it_is_written(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let decorated = client.refresh(&tokens.refresh_token).proof(|draft| {
        let jwk = draft.header["jwk"].as_object_mut().unwrap();
        for (name, value) in [("kid", "k"), ("use", "sig"), ("alg", "ES256")] {
            jwk.insert(name.to_owned(), value.into());
        }
        jwk.insert("ext".to_owned(), true.into());
        jwk.insert("key_ops".to_owned(), serde_json::json!(["verify"]));
    });
    assert_eq!(decorated.send(&server).await.code(), 200);
}

both_engines! {
    a_refresh_gives_new_tokens_of_the_same_session,
    a_lost_answer_may_be_asked_for_again_within_a_minute,
    the_window_begins_with_the_rotation_and_not_with_the_last_repeat,
    a_repeat_after_the_successor_was_used_ends_the_session,
    a_stranger_is_refused_and_ends_nothing,
    the_scope_narrows_for_one_token_and_never_widens,
    a_session_of_a_public_client_lasts_two_weeks,
    what_is_no_refresh_token_is_refused_like_an_unknown_one,
    a_session_rests_while_its_account_is_switched_off,
    a_changed_password_ends_sessions_and_consents,
    a_replay_with_other_faults_ends_the_session_too,
    a_refresh_follows_the_account_to_another_pds,
    a_key_is_the_same_however_it_is_written,
}
