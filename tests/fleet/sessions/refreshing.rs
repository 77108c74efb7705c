//! What refresh tokens are good for, and for how long.

use std::collections::BTreeSet;

use entryway_tests::{Engine, Reply, at_once, both_engines};

use crate::scene::{DELETE_SESSION, GET_SESSION, Session, lived_in, refresh};
use crate::xrpc::{assert_refused, procedure, query, unverified};

const HOUR: i64 = 3600;

fn jti(token: &str) -> String {
    unverified(token).1["jti"].as_str().unwrap().to_owned()
}

#[track_caller]
fn assert_revoked(reply: &Reply) {
    assert_refused(reply, 400, "ExpiredToken", "Token has been revoked");
}

// two hours, and the same successor each time
async fn a_token_that_was_rotated_away_gives_the_same_successor_for_two_hours(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let first = Session::begin(server, &alice).await;
    let second = Session::of(&refresh(server, &first.refresh).await);
    assert_ne!(jti(&first.refresh), jti(&second.refresh));
    for seconds in [0, 60, 2 * HOUR - 61] {
        server.clock().advance(seconds);
        let again = Session::of(&refresh(server, &first.refresh).await);
        assert_eq!(jti(&again.refresh), jti(&second.refresh), "{seconds}");
        let seen = query(GET_SESSION).bearer(&again.access).send(server).await;
        assert_eq!(seen.code(), 200);
    }
    server.clock().advance(1);
    assert_revoked(&refresh(server, &first.refresh).await);
    // and that ends nothing
    let third = Session::of(&refresh(server, &second.refresh).await);
    assert_eq!(refresh(server, &third.refresh).await.code(), 200);
}

async fn a_refresh_token_lives_for_ninety_days_from_its_making(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let mut session = Session::begin(server, &alice).await;
    for _ in 0..3 {
        server.clock().advance(90 * 24 * HOUR - 1);
        session = Session::of(&refresh(server, &session.refresh).await);
    }
    server.clock().advance(90 * 24 * HOUR);
    let over = refresh(server, &session.refresh).await;
    assert_refused(&over, 400, "ExpiredToken", "Token has expired");
}

// R-479, attack: the races of several tabs, and of whoever copied the token
async fn sixty_four_refreshes_of_one_token_at_once_give_one_lineage(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    let all = at_once((0..64).map(|_| {
        let (server, token) = (server.clone(), session.refresh.clone());
        async move { Session::of(&refresh(&server, &token).await) }
    }));
    let successors: BTreeSet<String> = all.await.iter().map(|next| jti(&next.refresh)).collect();
    assert_eq!(successors.len(), 1, "{successors:?}");
    let next = Session::of(&refresh(server, &session.refresh).await);
    assert_eq!(BTreeSet::from([jti(&next.refresh)]), successors);
    let after = Session::of(&refresh(server, &next.refresh).await);
    assert_ne!(jti(&after.refresh), jti(&next.refresh));
}

// R-480, contract 6 item 13
async fn signing_out_ends_the_whole_session_with_whichever_of_its_tokens(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    for age in [0, 60, 3 * HOUR, 91 * 24 * HOUR] {
        let first = Session::begin(server, &alice).await;
        let other = Session::begin(server, &alice).await;
        let second = Session::of(&refresh(server, &first.refresh).await);
        server.clock().advance(age);
        let sign_out = procedure(DELETE_SESSION).bearer(&first.refresh);
        for _ in 0..2 {
            let reply = sign_out.clone().send(server).await;
            assert_eq!((reply.code(), reply.text()), (200, ""), "{age}");
        }
        if age < 90 * 24 * HOUR {
            assert_revoked(&refresh(server, &second.refresh).await);
            assert_revoked(&refresh(server, &first.refresh).await);
            assert_eq!(refresh(server, &other.refresh).await.code(), 200, "{age}");
        }
        if age < 900 {
            let seen = query(GET_SESSION).bearer(&second.access).send(server).await;
            assert_revoked(&seen);
        }
    }
}

async fn nobody_signs_out_with_what_is_no_refresh_token(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    let sign_out = procedure(DELETE_SESSION);
    let missing = sign_out.clone().send(server).await;
    assert_refused(&missing, 401, "AuthMissing", "Authentication Required");
    for token in [session.access.as_str(), "x", "a.b.c"] {
        let reply = sign_out.clone().bearer(token).send(server).await;
        assert_refused(&reply, 400, "InvalidToken", "Token could not be verified");
    }
    let basic = sign_out.header("authorization", "Basic eDp5").send(server).await;
    assert_refused(&basic, 400, "InvalidToken", "Unexpected authorization type");
    assert_eq!(refresh(server, &session.refresh).await.code(), 200);
}

// contract 6 item 14
async fn a_session_follows_its_account_to_another_host(engine: Engine) {
    let (mut world, _, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let there = world.add_host().await;
    let server = &world.server;
    let store = server.app().store();
    store
        .rehome_account(&alice.did, there.did.as_str())
        .await
        .unwrap();
    let stale = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_refused(&stale, 400, "ExpiredToken", "Token has expired");
    let moved = Session::of(&refresh(server, &session.refresh).await);
    assert_eq!(unverified(&moved.access).1["aud"], there.did.as_str());
    let seen = query(GET_SESSION).bearer(&moved.access).send(server).await;
    assert_eq!(seen.code(), 200);
}

both_engines! {
    a_token_that_was_rotated_away_gives_the_same_successor_for_two_hours,
    a_refresh_token_lives_for_ninety_days_from_its_making,
    sixty_four_refreshes_of_one_token_at_once_give_one_lineage,
    signing_out_ends_the_whole_session_with_whichever_of_its_tokens,
    nobody_signs_out_with_what_is_no_refresh_token,
    a_session_follows_its_account_to_another_host,
}
