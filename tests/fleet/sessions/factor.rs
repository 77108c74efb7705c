//! A code by e-mail besides the password.

use entryway_store::AuthFactorChange;
use entryway_tests::{Engine, Reply, TestServer, World, both_engines};
use serde_json::json;

use crate::scene::{CREATE_SESSION, Session, code_of, lived_in, sign_in};
use crate::xrpc::{assert_refused, procedure};

const REQUIRED: &str = "a sign-in code is required, it was sent to the e-mail address of the account";

/// The code of the last mail, which went to alice.
fn code(world: &World) -> String {
    let mail = world.server.letters().pop().unwrap();
    assert_eq!(mail.to, "alice@mail.example");
    code_of(&mail)
}

async fn with_code(server: &TestServer, password: &str, code: &str) -> Reply {
    let body = json!({"identifier": "alice.test", "password": password, "authFactorToken": code});
    procedure(CREATE_SESSION).json(&body).send(server).await
}

//
async fn an_account_that_wants_a_code_gets_one_by_mail_and_takes_it_once(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let store = server.app().store();
    let asked = store.ask_auth_factor(&alice.did).await.unwrap();
    assert_eq!(asked, AuthFactorChange::Changed);
    // who does not know the password moves nothing
    let reply = sign_in(server, "alice.test", "not the password").await;
    assert_refused(
        &reply,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
    assert_eq!(server.letters().len(), 0);
    for no_code in [None, Some("")] {
        let reply = match no_code {
            None => sign_in(server, "alice.test", &alice.password).await,
            Some(code) => with_code(server, &alice.password, code).await,
        };
        assert_refused(&reply, 401, "AuthFactorTokenRequired", REQUIRED);
    }
    // the last one counts
    assert_eq!(server.letters().len(), 2);
    let sent = code(&world);
    let invalid = (400, "InvalidToken", "Token is invalid");
    for wrong in ["AAAAA-AAAAA", "12345-67890", "x", &"A".repeat(50_000)] {
        let reply = with_code(server, &alice.password, wrong).await;
        assert_refused(&reply, invalid.0, invalid.1, invalid.2);
    }
    let reply = with_code(server, "not the password", &sent).await;
    assert_refused(
        &reply,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
    let reply = with_code(server, &alice.password, &sent.to_lowercase()).await;
    Session::of(&reply);
    assert_eq!(reply.json()["emailAuthFactor"], true);
    let reply = with_code(server, &alice.password, &sent).await;
    assert_refused(&reply, invalid.0, invalid.1, invalid.2);
}

async fn a_code_is_good_for_a_quarter_of_an_hour(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    server.app().store().ask_auth_factor(&alice.did).await.unwrap();
    for (seconds, good) in [(899, true), (900, false)] {
        sign_in(server, "alice.test", &alice.password).await;
        let sent = code(&world);
        server.clock().advance(seconds);
        let reply = with_code(server, &alice.password, &sent).await;
        if good {
            Session::of(&reply);
        } else {
            assert_refused(&reply, 400, "ExpiredToken", "Token is expired");
        }
    }
}

both_engines! {
    an_account_that_wants_a_code_gets_one_by_mail_and_takes_it_once,
    a_code_is_good_for_a_quarter_of_an_hour,
}
