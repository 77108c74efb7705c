//! The address of an account, confirmed and changed, and the second factor that goes with it (contract 2.4, R-486).

use entryway_core::email_change::AddressWarrant;
use entryway_scope::Did;
use entryway_tests::{Engine, Reply, TestServer, both_engines};
use serde_json::{Value, json};

use crate::scene::{
    CONFIRM_EMAIL, CREATE_SESSION, GET_SESSION, REQUEST_EMAIL_CONFIRMATION, REQUEST_EMAIL_UPDATE, Session,
    UPDATE_EMAIL, code_of, lived_in, sign_in,
};
use crate::service_tokens::token::Signer;
use crate::xrpc::{assert_refused, procedure, query};

both_engines!(
    an_address_is_confirmed_through_the_pds_and_directly,
    a_confirmed_address_changes_by_a_code_and_is_unconfirmed_then,
    an_unconfirmed_address_changes_without_one,
    an_address_that_somebody_else_has_is_refused_and_the_code_stays_good,
    signing_in_takes_a_code_once_that_was_asked_for_and_until_it_is_dropped_by_one,
    each_field_of_a_confirmation_missing_wrong_or_oversized_is_refused,
    each_field_of_a_change_missing_wrong_or_oversized_is_refused,
    what_is_no_body_of_these_methods_is_refused,
);

async fn update(server: &TestServer, session: &Session, body: &Value) -> Reply {
    let call = procedure(UPDATE_EMAIL).bearer(&session.access);
    call.json(body).send(server).await
}

async fn request_update(server: &TestServer, session: &Session) -> Value {
    let call = procedure(REQUEST_EMAIL_UPDATE).bearer(&session.access);
    let reply = call.send(server).await;
    assert_eq!(reply.code(), 200, "{reply:?}");
    reply.json()
}

/// The address, whether it is confirmed, and whether it is a second factor.
async fn facts(server: &TestServer, session: &Session) -> Value {
    let reply = query(GET_SESSION).bearer(&session.access).send(server).await;
    let json = reply.json();
    json!([json["email"], json["emailConfirmed"], json["emailAuthFactor"]])
}

/// Takes the confirmation from an address.
async fn put(server: &TestServer, did: &Did, email: &str) {
    let email = email.to_owned().try_into().unwrap();
    let now = server.clock().now();
    let changed = server
        .app()
        .store()
        .change_email(did, &email, AddressWarrant::Operator, now);
    changed.await.unwrap();
}

async fn an_address_is_confirmed_through_the_pds_and_directly(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    let asked = procedure(REQUEST_EMAIL_CONFIRMATION).bearer(&signer.token(REQUEST_EMAIL_CONFIRMATION));
    let asked = asked.send(server).await;
    assert_eq!((asked.code(), asked.text()), (200, ""));
    let letter = server.letter(1).await;
    assert_eq!(letter.to, "carol@mail.example");
    assert_eq!(letter.subject, "Confirm your address at localhost");
    assert!(letter.text.contains("carol.test"));
    let body = json!({ "email": " Carol@Mail.Example", "token": code_of(&letter) });
    let confirmed = procedure(CONFIRM_EMAIL)
        .bearer(&signer.token(CONFIRM_EMAIL))
        .json(&body);
    let confirmed = confirmed.send(server).await;
    assert_eq!((confirmed.code(), confirmed.text()), (200, ""));
    let seen = query(GET_SESSION)
        .bearer(&signer.token(GET_SESSION))
        .send(server)
        .await;
    assert_eq!(seen.json()["emailConfirmed"], true);

    let alice = signer.world.settle(&signer.world.hosts[0], "alice.test").await;
    put(server, &alice.did, "alice2@mail.example").await;
    let session = Session::begin(server, &alice).await;
    let asked = procedure(REQUEST_EMAIL_CONFIRMATION)
        .bearer(&session.access)
        .send(server)
        .await;
    assert_eq!(asked.code(), 200, "{asked:?}");
    let code = code_of(&server.letter(2).await);
    let body = json!({ "email": "alice2@mail.example", "token": code });
    let confirmed = procedure(CONFIRM_EMAIL)
        .bearer(&session.access)
        .json(&body)
        .send(server)
        .await;
    assert_eq!(confirmed.code(), 200, "{confirmed:?}");
    assert_eq!(
        facts(server, &session).await,
        json!(["alice2@mail.example", true, false])
    );
}

async fn a_confirmed_address_changes_by_a_code_and_is_unconfirmed_then(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    let body = json!({ "email": "new@mail.example" });
    let refused = update(server, &session, &body).await;
    assert_refused(&refused, 400, "TokenRequired", "confirmation token required");
    let empty = update(
        server,
        &session,
        &json!({ "email": "new@mail.example", "token": "" }),
    )
    .await;
    assert_refused(&empty, 400, "TokenRequired", "confirmation token required");
    assert_eq!(
        request_update(server, &session).await,
        json!({ "tokenRequired": true })
    );
    let letter = server.letter(1).await;
    // to the present address: whoever has the session alone does not see it
    assert_eq!(letter.to, "alice@mail.example");
    let code = code_of(&letter);
    let body = json!({ "email": "New@Mail.example", "token": code });
    let changed = update(server, &session, &body).await;
    assert_eq!((changed.code(), changed.text()), (200, ""));
    assert_eq!(
        facts(server, &session).await,
        json!(["new@mail.example", false, false])
    );
    // the new address is a name of the account, and the former is none
    assert_eq!(
        sign_in(server, "new@mail.example", &alice.password).await.code(),
        200
    );
    assert_eq!(
        sign_in(server, "alice@mail.example", &alice.password)
            .await
            .code(),
        401
    );
    // said again, there is nothing to do
    let again = update(server, &session, &json!({ "email": "new@mail.example" })).await;
    assert_eq!(again.code(), 200, "{again:?}");
}

async fn an_unconfirmed_address_changes_without_one(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    put(server, &alice.did, "mistyped@mail.example").await;
    assert_eq!(
        request_update(server, &session).await,
        json!({ "tokenRequired": false })
    );
    assert_eq!(server.letters().len(), 0);
    let changed = update(server, &session, &json!({ "email": "right@mail.example" })).await;
    assert_eq!(changed.code(), 200, "{changed:?}");
    assert_eq!(
        facts(server, &session).await,
        json!(["right@mail.example", false, false])
    );
}

async fn an_address_that_somebody_else_has_is_refused_and_the_code_stays_good(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    world.settle(&host, "bobby.test").await;
    request_update(server, &session).await;
    let code = code_of(&server.letter(1).await);
    let taken = update(
        server,
        &session,
        &json!({ "email": "Bobby@mail.example", "token": code }),
    )
    .await;
    assert_refused(
        &taken,
        400,
        "InvalidRequest",
        "email is in use by another account",
    );
    assert_eq!(
        facts(server, &session).await,
        json!(["alice@mail.example", true, false])
    );
    let free = update(
        server,
        &session,
        &json!({ "email": "free@mail.example", "token": code }),
    )
    .await;
    assert_eq!(free.code(), 200, "{free:?}");
}

// R-486, as the official app asks for it: the present address, and the factor
async fn signing_in_takes_a_code_once_that_was_asked_for_and_until_it_is_dropped_by_one(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    let on = json!({ "email": "alice@mail.example", "emailAuthFactor": true });
    for _ in 0..2 {
        assert_eq!(update(server, &session, &on).await.code(), 200);
        assert_eq!(
            facts(server, &session).await,
            json!(["alice@mail.example", true, true])
        );
    }
    let asked = sign_in(server, "alice.test", &alice.password).await;
    assert_eq!(
        (asked.code(), asked.member("error").as_str()),
        (401, "AuthFactorTokenRequired")
    );
    let sign_in_code = code_of(&server.letter(1).await);
    let off = |code: Option<&str>| json!({ "email": "alice@mail.example", "emailAuthFactor": false, "token": code });
    let refused = update(server, &session, &off(None)).await;
    assert_refused(&refused, 400, "TokenRequired", "confirmation token required");
    // the code that signs in does not do for it
    let refused = update(server, &session, &off(Some(&sign_in_code))).await;
    assert_refused(&refused, 400, "InvalidToken", "Token is invalid");
    request_update(server, &session).await;
    let code = code_of(&server.letter(2).await);
    // and the code that drops it does not sign in
    let body = json!({ "identifier": "alice.test", "password": alice.password, "authFactorToken": code });
    let refused = procedure(CREATE_SESSION).json(&body).send(server).await;
    assert_refused(&refused, 400, "InvalidToken", "Token is invalid");
    let dropped = update(server, &session, &off(Some(&code))).await;
    assert_eq!(dropped.code(), 200, "{dropped:?}");
    assert_eq!(
        facts(server, &session).await,
        json!(["alice@mail.example", true, false])
    );
    assert_eq!(sign_in(server, "alice.test", &alice.password).await.code(), 200);
    // by letters to an address that nobody confirmed nobody could sign in any more
    let both = json!({ "email": "new@mail.example", "emailAuthFactor": true });
    let text = "emailAuthFactor needs an address that was confirmed: confirm it first";
    assert_refused(
        &update(server, &session, &both).await,
        400,
        "InvalidRequest",
        text,
    );
    put(server, &alice.did, "new@mail.example").await;
    assert_refused(
        &update(server, &session, &both).await,
        400,
        "InvalidRequest",
        text,
    );
}

const INVALID: &str = "InvalidRequest";

/// Each of these is refused so, and nothing becomes of it.
async fn refused(engine: Engine, nsid: &str, cases: &[(Value, &str, &str)]) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    for (body, name, text) in cases {
        let reply = procedure(nsid)
            .bearer(&session.access)
            .json(body)
            .send(server)
            .await;
        assert_refused(&reply, 400, name, text);
    }
    let before = json!(["alice@mail.example", true, false]);
    assert_eq!(facts(server, &session).await, before);
    assert_eq!(server.letters().len(), 0);
}

async fn each_field_of_a_confirmation_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let long = "a".repeat(60_000);
    let (no, right) = ("email is not the address of this account", "alice@mail.example");
    let cases = [
        (json!({ "token": "AAAAA-AAAAA" }), INVALID, "email is required"),
        (json!({ "email": right }), INVALID, "token is required"),
        (
            json!({ "email": right, "token": "" }),
            INVALID,
            "token is required",
        ),
        (
            json!({ "email": 1, "token": "x" }),
            INVALID,
            "email must be a string",
        ),
        (
            json!({ "email": right, "token": ["x"] }),
            INVALID,
            "token must be a string",
        ),
        (json!({ "email": "x", "token": "x" }), "InvalidEmail", no),
        (
            json!({ "email": "bob@mail.example", "token": "x" }),
            "InvalidEmail",
            no,
        ),
        (json!({ "email": long, "token": "x" }), "InvalidEmail", no),
        (
            json!({ "email": right, "token": long }),
            "InvalidToken",
            "Token is invalid",
        ),
    ];
    refused(engine, CONFIRM_EMAIL, &cases).await;
}

async fn each_field_of_a_change_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let long = "a".repeat(60_000);
    let no_address = "email must be an address such as name@example.com, of at most 254 characters";
    let right = "alice@mail.example";
    let no_flag = "emailAuthFactor must be true or false";
    let cases = [
        (json!({}), INVALID, "email is required"),
        (json!({ "email": null }), INVALID, "email is required"),
        (json!({ "email": true }), INVALID, "email must be a string"),
        (json!({ "email": "alice@localhost" }), INVALID, no_address),
        (
            json!({ "email": "a@b.example\r\nBcc: c@d.example" }),
            INVALID,
            no_address,
        ),
        (json!({ "email": long }), INVALID, no_address),
        (
            json!({ "email": right, "token": 5 }),
            INVALID,
            "token must be a string",
        ),
        (
            json!({ "email": right, "token": long }),
            "InvalidToken",
            "Token is invalid",
        ),
        (
            json!({ "email": right, "emailAuthFactor": "yes" }),
            INVALID,
            no_flag,
        ),
    ];
    refused(engine, UPDATE_EMAIL, &cases).await;
}

async fn what_is_no_body_of_these_methods_is_refused(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    for nsid in [CONFIRM_EMAIL, UPDATE_EMAIL] {
        let call = || procedure(nsid).bearer(&session.access);
        for body in [
            "",
            "[]",
            "{",
            r#"{"email":"alice@mail.example","email":"b@mail.example"}"#,
        ] {
            let reply = call().raw(body).send(server).await;
            assert_eq!(
                (reply.code(), reply.member("error").as_str()),
                (400, INVALID),
                "{body}"
            );
        }
        let huge = json!({ "email": "a".repeat(200_000) });
        assert_eq!(call().json(&huge).send(server).await.code(), 413);
    }
}
