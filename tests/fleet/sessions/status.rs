//! What a change of the account does to its sessions.

use entryway_core::account_change::StatusChange;
use entryway_core::password::NewPassword;
use entryway_tests::{Engine, both_engines};
use serde_json::json;

use crate::scene::{
    CREATE_APP_PASSWORD, CREATE_SESSION, DOWN, GET_SESSION, REFRESH_SESSION, Session, lived_in, refresh,
    set_status, sign_in,
};
use crate::xrpc::{assert_refused, procedure, query, unverified};

const TAKEN_DOWN: &str = "Account has been taken down";

//
async fn an_account_that_was_taken_down_gets_in_to_leave_and_no_further(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let before = Session::begin(server, &alice).await;
    set_status(server, &alice.did, DOWN).await;
    let reply = refresh(server, &before.refresh).await;
    assert_refused(&reply, 401, "AccountTakedown", TAKEN_DOWN);
    let reply = query(GET_SESSION).bearer(&before.access).send(server).await;
    assert_refused(&reply, 401, "AccountTakedown", TAKEN_DOWN);
    // only to who knows the password
    let reply = sign_in(server, "alice.test", &alice.password).await;
    assert_refused(&reply, 401, "AccountTakedown", TAKEN_DOWN);
    let reply = sign_in(server, "alice.test", "not the password").await;
    assert_refused(
        &reply,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );

    let mut asked = json!({"identifier": "alice.test", "password": alice.password, "allowTakendown": true});
    let reply = procedure(CREATE_SESSION).json(&asked).send(server).await;
    let session = Session::of(&reply);
    assert_eq!(
        (&reply.json()["active"], &reply.json()["status"]),
        (&json!(false), &json!("takendown"))
    );
    assert_eq!(unverified(&session.access).1["scope"], "com.atproto.takendown");
    // contract 6 item 16: a refresh token that cannot be used
    let reply = refresh(server, &session.refresh).await;
    assert_refused(&reply, 401, "AccountTakedown", TAKEN_DOWN);
    let reply = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_refused(&reply, 400, "InvalidToken", "Bad token scope");
    let body = json!({"name": "bot"});
    let reply = procedure(CREATE_APP_PASSWORD)
        .bearer(&session.access)
        .json(&body)
        .send(server)
        .await;
    assert_refused(&reply, 400, "InvalidToken", "Bad token scope");

    set_status(server, &alice.did, StatusChange::Restored).await;
    let reply = refresh(server, &session.refresh).await;
    assert_refused(&reply, 400, "ExpiredToken", "Token has been revoked");
    let reply = refresh(server, &before.refresh).await;
    assert_refused(&reply, 400, "ExpiredToken", "Token has been revoked");
    asked["allowTakendown"] = json!(false);
    let reply = procedure(CREATE_SESSION).json(&asked).send(server).await;
    assert_eq!(
        unverified(&Session::of(&reply).access).1["scope"],
        "com.atproto.access"
    );
}

// whoever switched an account off can switch it on again
async fn a_deactivated_account_signs_in_and_is_told_so(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let before = Session::begin(server, &alice).await;
    set_status(server, &alice.did, StatusChange::Deactivated).await;
    let told = (json!(false), json!("deactivated"));
    for reply in [
        sign_in(server, "alice.test", &alice.password).await,
        refresh(server, &before.refresh).await,
        query(GET_SESSION).bearer(&before.access).send(server).await,
    ] {
        assert_eq!(reply.code(), 200, "{reply:?}");
        let json = reply.json();
        assert_eq!((json["active"].clone(), json["status"].clone()), told);
    }
}

//
async fn another_password_ends_every_session(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, app) = (&world.server, world.server.app());
    let session = Session::begin(server, &alice).await;
    server.clock().advance(1);
    let new = "another password";
    let hash = app
        .passwords()
        .hash(&NewPassword::parse(new).unwrap())
        .await
        .unwrap();
    app.store()
        .change_password(&alice.did, &hash, server.clock().now())
        .await
        .unwrap();
    for reply in [
        procedure(REFRESH_SESSION)
            .bearer(&session.refresh)
            .send(server)
            .await,
        query(GET_SESSION).bearer(&session.access).send(server).await,
    ] {
        assert_refused(&reply, 400, "ExpiredToken", "Token has been revoked");
    }
    let old = sign_in(server, "alice.test", &alice.password).await;
    assert_refused(
        &old,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
    assert_eq!(sign_in(server, "alice.test", new).await.code(), 200);
}

both_engines! {
    an_account_that_was_taken_down_gets_in_to_leave_and_no_further,
    a_deactivated_account_signs_in_and_is_told_so,
    another_password_ends_every_session,
}
