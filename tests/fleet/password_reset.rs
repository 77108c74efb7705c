//! A forgotten password (R-260, R-429, contract 2.4).

use entryway_oauth::revocation::Revoked;
use entryway_tests::{
    Client, Engine, FeedClient, Mail, TestServer, alice as person, both_engines, log, login, secrets,
};
use serde_json::{Value, json};

use crate::scene::{
    CREATE_APP_PASSWORD, GET_SESSION, REQUEST_PASSWORD_RESET, RESET_PASSWORD, Session, code_of, lived_in,
    refresh, sign_in,
};
use crate::xrpc::{assert_refused, procedure, query};

both_engines!(
    a_reset_ends_all_that_the_old_password_began_and_is_told,
    nobody_learns_whether_an_address_is_that_of_an_account,
    an_account_that_is_taken_down_or_at_rest_gets_its_code,
    each_field_of_asking_missing_wrong_or_oversized_is_refused,
    each_field_of_choosing_missing_wrong_or_oversized_is_refused_and_the_code_stays_good,
    what_is_no_body_of_these_methods_is_refused,
    codes_are_not_guessed_without_end,
    the_most_talkative_log_holds_no_code_and_no_address,
);

const NEW: &str = "the password after it";

async fn ask(server: &TestServer, email: &str) {
    let reply = procedure(REQUEST_PASSWORD_RESET)
        .json(&json!({ "email": email }))
        .send(server)
        .await;
    assert_eq!((reply.code(), reply.text()), (200, ""), "{email}");
}

/// The code of the letter of this number, once it is good.
async fn sent(server: &TestServer, number: usize) -> String {
    let letter = server.letter(number).await;
    server.app().letters_are_sent().await;
    code_of(&letter)
}

// R-260, R-429, D8
async fn a_reset_ends_all_that_the_old_password_began_and_is_told(engine: Engine) {
    let reader = FeedClient::named("a gate");
    let server = &TestServer::start_with(engine, |config| config.feed_readers = vec![reader.reader()]).await;
    let client = Client::new();
    let tokens = login(server, &client, person()).await;
    let owner = Session::of(&sign_in(server, "alice.test", &person().password).await);
    let made = procedure(CREATE_APP_PASSWORD)
        .bearer(&owner.access)
        .json(&json!({ "name": "bot" }));
    let app_password = made.send(server).await.member("password");
    let bot = Session::of(&sign_in(server, "alice.test", &app_password).await);
    server.clock().advance(1);
    ask(server, "alice@mail.example").await;
    let letter = server.letter(1).await;
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        ("alice@mail.example", "Choose a new password at localhost")
    );
    let code = sent(server, 1).await;
    // the letter alone ends nothing
    assert_eq!(refresh(server, &owner.refresh).await.code(), 200);
    secrets::record(NEW);
    let body = json!({ "token": code, "password": NEW });
    let reset = procedure(RESET_PASSWORD).json(&body).send(server).await;
    assert_eq!((reset.code(), reset.text()), (200, ""));

    let ended = client.refresh(&tokens.refresh_token).send(server).await;
    assert_eq!(
        (ended.code(), ended.member("error").as_str()),
        (400, "invalid_grant")
    );
    for session in [&owner, &bot] {
        let refreshed = refresh(server, &session.refresh).await;
        assert_refused(&refreshed, 400, "ExpiredToken", "Token has been revoked");
        let seen = query(GET_SESSION).bearer(&session.access).send(server).await;
        assert_refused(&seen, 400, "ExpiredToken", "Token has been revoked");
    }
    // resources refuse the access token from here on
    let told = reader.page(server, "after=0").await;
    let sub = person().did.parse().unwrap();
    let of_account = told.events.iter().map(|event| event.subject.clone());
    let of_account: Vec<Revoked> = of_account.collect();
    let [Revoked::Account { sub: whose, sessions }] = &of_account[..] else {
        panic!("one event: {of_account:?}");
    };
    assert_eq!((whose, sessions.len()), (&sub, 1));

    let old = sign_in(server, "alice.test", &person().password).await;
    assert_eq!(old.code(), 401);
    Session::of(&sign_in(server, "alice.test", NEW).await);
    // what the person gave an app is no part of what they forgot
    Session::of(&sign_in(server, "alice.test", &app_password).await);
    let again = procedure(RESET_PASSWORD).json(&body).send(server).await;
    assert_refused(&again, 400, "InvalidToken", "Token is invalid");
}

// R-186, R-187: the same answer, which waits for no letter
async fn nobody_learns_whether_an_address_is_that_of_an_account(engine: Engine) {
    let (world, _, _) = lived_in(engine).await;
    let server = &world.server;
    server.mail(Mail::Silent);
    for email in ["alice@mail.example", "nobody@mail.example", "ALICE@MAIL.EXAMPLE"] {
        ask(server, email).await;
    }
    server.mail(Mail::Refused);
    server.app().letters_are_sent().await;
    for email in ["alice@mail.example", "nobody@mail.example"] {
        ask(server, email).await;
    }
    server.app().letters_are_sent().await;
    assert_eq!(server.letters().len(), 0);
    server.mail(Mail::Taken);
    ask(server, "nobody@mail.example").await;
    ask(server, "alice@mail.example").await;
    server.app().letters_are_sent().await;
    let to: Vec<String> = server.letters().into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, ["alice@mail.example"]);
}

async fn an_account_that_is_taken_down_or_at_rest_gets_its_code(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    for (number, status) in (1..).zip(["deactivated", "taken_down"]) {
        let statement = format!(
            "update account set status = '{status}' where did = '{}'",
            alice.did
        );
        server.database().execute(&statement).await;
        ask(server, "alice@mail.example").await;
        let code = sent(server, number).await;
        let body = json!({ "token": code, "password": format!("password for {status}") });
        let reset = procedure(RESET_PASSWORD).json(&body).send(server).await;
        assert_eq!(reset.code(), 200, "{status} {reset:?}");
    }
}

const INVALID: &str = "InvalidRequest";

async fn refused(server: &TestServer, nsid: &str, cases: &[(Value, &str, &str)]) {
    for (body, name, text) in cases {
        let reply = procedure(nsid).json(body).send(server).await;
        assert_refused(&reply, 400, name, text);
    }
}

async fn each_field_of_asking_missing_wrong_or_oversized_is_refused(engine: Engine) {
    let (world, _, _) = lived_in(engine).await;
    let no_address = "email must be an address such as name@example.com, of at most 254 characters";
    let cases = [
        (json!({}), INVALID, "email is required"),
        (json!({ "email": 1 }), INVALID, "email must be a string"),
        (json!({ "email": "alice.test" }), INVALID, no_address),
        (json!({ "email": "a".repeat(60_000) }), INVALID, no_address),
    ];
    refused(&world.server, REQUEST_PASSWORD_RESET, &cases).await;
    world.server.app().letters_are_sent().await;
    assert_eq!(world.server.letters().len(), 0);
}

async fn each_field_of_choosing_missing_wrong_or_oversized_is_refused_and_the_code_stays_good(
    engine: Engine,
) {
    let (world, _, _) = lived_in(engine).await;
    let server = &world.server;
    ask(server, "alice@mail.example").await;
    let code = sent(server, 1).await;
    let long = "a".repeat(60_000);
    let no_password = "password must be 8 to 256 characters";
    let cases = [
        (json!({ "password": NEW }), INVALID, "token is required"),
        (json!({ "token": code }), INVALID, "password is required"),
        (
            json!({ "token": 1, "password": NEW }),
            INVALID,
            "token must be a string",
        ),
        (
            json!({ "token": code, "password": 1 }),
            INVALID,
            "password must be a string",
        ),
        (
            json!({ "token": code, "password": "short" }),
            "InvalidPassword",
            no_password,
        ),
        (
            json!({ "token": code, "password": "a".repeat(257) }),
            "InvalidPassword",
            no_password,
        ),
        (
            json!({ "token": code, "password": long }),
            "InvalidPassword",
            no_password,
        ),
        (
            json!({ "token": long, "password": NEW }),
            "InvalidToken",
            "Token is invalid",
        ),
    ];
    refused(server, RESET_PASSWORD, &cases).await;
    let body = json!({ "token": code, "password": NEW });
    assert_eq!(
        procedure(RESET_PASSWORD).json(&body).send(server).await.code(),
        200
    );
}

async fn what_is_no_body_of_these_methods_is_refused(engine: Engine) {
    let (world, _, _) = lived_in(engine).await;
    let server = &world.server;
    for nsid in [REQUEST_PASSWORD_RESET, RESET_PASSWORD] {
        for body in [
            "",
            "[]",
            "null",
            r#"{"token":"a","token":"b"}"#,
            r#"{"email":"a","email":"b"}"#,
        ] {
            let reply = procedure(nsid).raw(body).send(server).await;
            assert_eq!(
                (reply.code(), reply.member("error").as_str()),
                (400, INVALID),
                "{body}"
            );
        }
        let huge = json!({ "email": "a".repeat(200_000), "token": "x" });
        assert_eq!(procedure(nsid).json(&huge).send(server).await.code(), 413);
    }
}

// R-499, R-501
async fn codes_are_not_guessed_without_end(engine: Engine) {
    let server = &TestServer::start_with(engine, |config| config.limit_sign_ins = true).await;
    let guess = async |server: &TestServer| {
        let body = json!({ "token": "AAAAA-AAAAA", "password": NEW });
        procedure(RESET_PASSWORD).json(&body).send(server).await
    };
    for _ in 0..30 {
        assert_refused(&guess(server).await, 400, "InvalidToken", "Token is invalid");
    }
    assert_refused(
        &guess(server).await,
        429,
        "RateLimitExceeded",
        "Rate Limit Exceeded",
    );
    let elsewhere = server.seen_from("192.0.2.7");
    assert_refused(&guess(&elsewhere).await, 400, "InvalidToken", "Token is invalid");
    // and whoever signs in from there is not held up
    let signed_in = sign_in(server, "alice.test", &person().password).await;
    assert_eq!(signed_in.code(), 200);
}

// R-513, A1
async fn the_most_talkative_log_holds_no_code_and_no_address(engine: Engine) {
    let capture = log::capture();
    let before = secrets::count();
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    ask(server, "alice@mail.example").await;
    let code = sent(server, 1).await;
    ask(server, "nobody-at-all@mail.example").await;
    server.mail(Mail::Refused);
    ask(server, "alice@mail.example").await;
    server.app().letters_are_sent().await;
    for typed in [code.as_str(), &code.to_lowercase()] {
        let body = json!({ "token": typed, "password": NEW });
        procedure(RESET_PASSWORD).json(&body).send(server).await;
        procedure(RESET_PASSWORD).raw(typed).send(server).await;
        procedure(REQUEST_PASSWORD_RESET)
            .json(&json!({ "email": typed }))
            .send(server)
            .await;
    }
    secrets::record(NEW);
    let issued = secrets::since(before);
    let heard = capture.heard();
    let found: Vec<&str> = secrets::found_in(&heard, &issued).into_iter().collect();
    assert_eq!(found, Vec::<&str>::new());
    let heard = String::from_utf8(heard).unwrap();
    for nowhere in [code.to_lowercase().as_str(), "nobody-at-all@mail.example"] {
        assert!(!heard.contains(nowhere));
    }
    let did = format!("account.did={}", alice.did);
    for event in ["code sent", "password reset", "a letter was not sent"] {
        let mut lines = heard.lines().filter(|line| line.contains(event));
        assert!(lines.any(|line| line.contains(&did)), "{event}");
    }
}
