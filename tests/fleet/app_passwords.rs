//! App passwords (R-482 to R-484, contract section 2.4).

use entryway_core::account_change::StatusChange;
use entryway_core::app_password::{APP_PASSWORDS_MAX, AppPassword};
use entryway_tests::{Browser, Client, Engine, Reply, TestServer, World, alice as elsewhere, both_engines};
use serde_json::{Value, json};

use crate::scene::{
    CHECK_SIGNUP_QUEUE, CREATE_APP_PASSWORD, DOWN, GET_SESSION, LIST_APP_PASSWORDS, REVOKE_APP_PASSWORD,
    Session, lived_in, refresh, set_status, sign_in,
};
use crate::xrpc::{assert_refused, procedure, query, unverified};

async fn make(server: &TestServer, session: &Session, body: &Value) -> Reply {
    procedure(CREATE_APP_PASSWORD)
        .bearer(&session.access)
        .json(body)
        .send(server)
        .await
}

async fn revoke(server: &TestServer, session: &Session, name: &str) -> Reply {
    let call = procedure(REVOKE_APP_PASSWORD).bearer(&session.access);
    call.json(&json!({"name": name})).send(server).await
}

async fn names(server: &TestServer, session: &Session) -> Vec<String> {
    let listed = query(LIST_APP_PASSWORDS)
        .bearer(&session.access)
        .send(server)
        .await;
    assert_eq!(listed.code(), 200, "{listed:?}");
    let passwords = listed.json()["passwords"].as_array().unwrap().clone();
    passwords
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn opened(engine: Engine) -> (World, Session) {
    let (world, _, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    (world, session)
}

// R-482, R-483, A10
async fn an_app_password_opens_what_its_kind_says_and_is_shown_once(engine: Engine) {
    let (world, owner) = opened(engine).await;
    let server = &world.server;
    for (name, privileged, scope) in [
        ("bot", json!(null), "com.atproto.appPass"),
        ("reader", json!(false), "com.atproto.appPass"),
        ("chat", json!(true), "com.atproto.appPassPrivileged"),
    ] {
        let made = make(server, &owner, &json!({"name": name, "privileged": privileged})).await;
        assert_eq!(made.code(), 200, "{made:?}");
        let password = made.member("password");
        assert!(AppPassword::parse(&password).is_some());
        let is_privileged = privileged == json!(true);
        let created_at = made.member("createdAt");
        let expected = json!({
            "name": name, "password": password, "createdAt": created_at, "privileged": is_privileged,
        });
        assert_eq!(made.json(), expected);
        let session = Session::of(&sign_in(server, "alice.test", &password).await);
        assert_eq!(unverified(&session.access).1["scope"], scope, "{name}");
        let next = Session::of(&refresh(server, &session.refresh).await);
        assert_eq!(unverified(&next.access).1["scope"], scope, "{name}");

        let listed = query(LIST_APP_PASSWORDS).bearer(&owner.access).send(server).await;
        assert!(!listed.text().contains(&password));
        let entry = json!({"name": name, "createdAt": created_at, "privileged": is_privileged});
        let entries = listed.json()["passwords"].as_array().unwrap().clone();
        assert!(entries.contains(&entry), "{entries:?}");
    }
}

// R-482, A10: never the security of the account
async fn a_session_of_an_app_password_never_reaches_the_account(engine: Engine) {
    let (world, owner) = opened(engine).await;
    let server = &world.server;
    for privileged in [false, true] {
        let name = format!("privileged {privileged}");
        let made = make(server, &owner, &json!({"name": name, "privileged": privileged})).await;
        let session = Session::of(&sign_in(server, "alice.test", &made.member("password")).await);
        for call in [
            procedure(CREATE_APP_PASSWORD).json(&json!({"name": "another"})),
            query(LIST_APP_PASSWORDS),
            procedure(REVOKE_APP_PASSWORD).json(&json!({"name": name})),
        ] {
            let reply = call.bearer(&session.access).send(server).await;
            assert_refused(&reply, 400, "InvalidToken", "Bad token scope");
        }
        for nsid in [GET_SESSION, CHECK_SIGNUP_QUEUE] {
            let reply = query(nsid).bearer(&session.access).send(server).await;
            assert_eq!(reply.code(), 200, "{reply:?}");
        }
    }
    assert_eq!(
        names(server, &owner).await,
        ["privileged false", "privileged true"]
    );
}

// R-484
async fn revoking_an_app_password_ends_its_sessions_and_no_other(engine: Engine) {
    let (world, owner) = opened(engine).await;
    let server = &world.server;
    let mut begun = Vec::new();
    for name in ["one", "two"] {
        let password = make(server, &owner, &json!({"name": name}))
            .await
            .member("password");
        let session = Session::of(&sign_in(server, "alice.test", &password).await);
        let next = Session::of(&refresh(server, &session.refresh).await);
        begun.push((password, [session, next]));
    }
    for _ in 0..2 {
        let reply = revoke(server, &owner, "one").await;
        assert_eq!((reply.code(), reply.text()), (200, ""));
    }
    assert_eq!(names(server, &owner).await, ["two"]);
    let (password, sessions) = &begun[0];
    for session in sessions {
        for reply in [
            refresh(server, &session.refresh).await,
            query(GET_SESSION).bearer(&session.access).send(server).await,
        ] {
            assert_refused(&reply, 400, "ExpiredToken", "Token has been revoked");
        }
    }
    let reply = sign_in(server, "alice.test", password).await;
    assert_refused(
        &reply,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
    let (password, [_, session]) = &begun[1];
    assert_eq!(refresh(server, &session.refresh).await.code(), 200);
    assert_eq!(refresh(server, &owner.refresh).await.code(), 200);
    assert_eq!(sign_in(server, "alice.test", password).await.code(), 200);
    // the name is free again, and does not bring the old password back
    assert_eq!(make(server, &owner, &json!({"name": "one"})).await.code(), 200);
    assert_eq!(sign_in(server, "alice.test", &begun[0].0).await.code(), 401);
}

async fn a_name_or_a_kind_that_does_not_fit_is_refused(engine: Engine) {
    let (world, owner) = opened(engine).await;
    let server = &world.server;
    assert_eq!(make(server, &owner, &json!({"name": "bot"})).await.code(), 200);
    let letters = "name must be 1 to 64 characters without control characters";
    for (body, text) in [
        (json!({}), "name is required"),
        (json!({"name": null}), "name is required"),
        (json!({"name": ""}), "name is required"),
        (json!({"name": 7}), "name must be a string"),
        (json!({"name": ["bot"]}), "name must be a string"),
        (json!({"name": "   "}), letters),
        (json!({"name": "x".repeat(65)}), letters),
        (json!({"name": "x".repeat(90_000)}), letters),
        (json!({"name": "a\u{0}b"}), letters),
        (json!({"name": "a\nb"}), letters),
        (
            json!({"name": "x", "privileged": "yes"}),
            "privileged must be true or false",
        ),
        (
            json!({"name": "x", "privileged": 1}),
            "privileged must be true or false",
        ),
        (
            json!({"name": "bot"}),
            "name must differ from those of this account's other app passwords",
        ),
        (
            json!({"name": " bot "}),
            "name must differ from those of this account's other app passwords",
        ),
    ] {
        assert_refused(&make(server, &owner, &body).await, 400, "InvalidRequest", text);
    }
    for (body, text) in [
        ("", "the body must be one JSON object"),
        ("[\"bot\"]", "the body must be one JSON object"),
        (r#"{"name":"x","name":"y"}"#, "the body must name no member twice"),
    ] {
        for nsid in [CREATE_APP_PASSWORD, REVOKE_APP_PASSWORD] {
            let reply = procedure(nsid).bearer(&owner.access).raw(body).send(server).await;
            assert_refused(&reply, 400, "InvalidRequest", text);
        }
    }
    for (body, text) in [
        (json!({}), "name is required"),
        (json!({"name": 7}), "name must be a string"),
        (json!({"name": "x".repeat(65)}), letters),
    ] {
        let reply = procedure(REVOKE_APP_PASSWORD).bearer(&owner.access).json(&body);
        assert_refused(&reply.send(server).await, 400, "InvalidRequest", text);
    }
    // names are compared as they are; unknown members pass
    for body in [
        json!({"name": "Bot"}),
        json!({"name": "x".repeat(64), "unknown": {}}),
    ] {
        assert_eq!(make(server, &owner, &body).await.code(), 200);
    }
    // nobody without a session, whatever they send
    let reply = procedure(CREATE_APP_PASSWORD)
        .json(&json!({"name": "x"}))
        .send(server)
        .await;
    assert_refused(&reply, 401, "AuthMissing", "Authentication Required");
}

async fn an_account_has_a_hundred_app_passwords_at_most(engine: Engine) {
    let (world, owner) = opened(engine).await;
    let server = &world.server;
    for n in 0..APP_PASSWORDS_MAX {
        let reply = make(server, &owner, &json!({"name": format!("bot {n}")})).await;
        assert_eq!(reply.code(), 200, "{n}: {reply:?}");
    }
    let text = "an account has at most 100 app passwords, revoke one first";
    let reply = make(server, &owner, &json!({"name": "one more"})).await;
    assert_refused(&reply, 400, "InvalidRequest", text);
    revoke(server, &owner, "bot 3").await;
    assert_eq!(
        make(server, &owner, &json!({"name": "one more"})).await.code(),
        200
    );
}

// D11: on the pages an app password is a wrong one
#[tokio::test]
async fn the_sign_in_page_takes_no_app_password() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let owner = Session::of(&sign_in(&server, "alice.test", &elsewhere().password).await);
    let password = make(&server, &owner, &json!({"name": "bot"}))
        .await
        .member("password");
    assert_eq!(sign_in(&server, "alice.test", &password).await.code(), 200);
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    let fields = [("username", "alice.test"), ("password", password.as_str())];
    let again = browser.press(&server, &page, "Sign in", &fields).await.page();
    assert_eq!(again.status(), 401);
    browser.sign_in(&server, &page, elsewhere()).await;
}

// R-485: what an app may do ends with the account's takedown, and it is told nothing of it
async fn an_app_password_of_an_account_that_was_taken_down_is_a_wrong_one(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let owner = Session::begin(server, &alice).await;
    let password = make(server, &owner, &json!({"name": "bot"}))
        .await
        .member("password");
    let session = Session::of(&sign_in(server, "alice.test", &password).await);
    set_status(server, &alice.did, DOWN).await;
    let reply = sign_in(server, "alice.test", &password).await;
    assert_refused(
        &reply,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
    let reply = refresh(server, &session.refresh).await;
    assert_refused(&reply, 401, "AccountTakedown", "Account has been taken down");
    set_status(server, &alice.did, StatusChange::Restored).await;
    assert_eq!(sign_in(server, "alice.test", &password).await.code(), 200);
}

both_engines! {
    an_app_password_opens_what_its_kind_says_and_is_shown_once,
    a_session_of_an_app_password_never_reaches_the_account,
    revoking_an_app_password_ends_its_sessions_and_no_other,
    a_name_or_a_kind_that_does_not_fit_is_refused,
    an_account_has_a_hundred_app_passwords_at_most,
    an_app_password_of_an_account_that_was_taken_down_is_a_wrong_one,
}
