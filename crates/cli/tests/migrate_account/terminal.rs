//! What is asked at a terminal, and shown to nobody (A13).

use serde_json::json;

use super::host::{Answer, Host};
use super::identity::{CODE, data, genesis, honest, key, source};
use super::screen::Terminal;
use super::{PASSWORD, Person, session};

use entryway_identity::plc::UnsignedOperation;

#[test]
fn a_password_and_the_code_that_is_asked_for_then_are_typed_unseen() {
    let host = Host::answering(|asked| match asked.json().get("authFactorToken") {
        Some(_) => Answer::json(&session("old")),
        None => Answer::refusal(401, "AuthFactorTokenRequired", "A sign in code has been sent"),
    });
    let person = Person::with(&[("OLD_PDS", &host.url), ("HANDLE", "carol.test")]);
    let mut terminal = Terminal::open(person.command("login-source"));
    terminal.answer("Password at the source: ", PASSWORD);
    terminal.answer("\nCode from the letter: ", "ABCDE-12345");
    let (status, _, shown) = terminal.end();
    assert_eq!((status, shown.as_str()), (Some(0), ""));
    let expected =
        json!({"identifier": "carol.test", "password": PASSWORD, "authFactorToken": "ABCDE-12345"});
    assert_eq!(host.asked().last().unwrap().json(), expected);
}

#[test]
fn a_new_password_that_is_mistyped_makes_no_account() {
    let host = Host::answering(|_| Answer::json(&session("new")));
    let person = Person::with(&[("OLD_PDS", "http://localhost:9"), ("NEW_PDS", &host.url)]);
    person.has("old_session.json", &session("old"));
    let token = "eyJhbGciOiJFUzI1NksifQ.eyJpc3MiOiJkIiwiYXVkIjoiYSIsImV4cCI6OTk5OTk5OTk5OX0.c2ln";
    person.has("service_auth_create_account.json", &json!({ "token": token }));
    let mut terminal = Terminal::open(person.command("create"));
    terminal.answer("A password for the new host: ", "typed password");
    terminal.answer("\nThe same again: ", "typed pasword");
    let said = "\nentryway: the second password is another than the first\n";
    assert_eq!(terminal.end(), (Some(2), said.to_owned(), String::new()));
    assert!(host.asked().is_empty());
}

// A21
#[test]
fn an_identity_changes_after_a_yes_and_nothing_else() {
    for (answer, status, sent) in [
        ("yes", Some(0), 1),
        ("y", Some(1), 0),
        ("no", Some(1), 0),
        ("", Some(1), 0),
    ] {
        let directory = source(|asked| honest(asked, 1));
        let new = Host::answering(|_| Answer::json(&json!({})));
        let person = Person::with(&[
            ("NEW_PDS", &new.url),
            ("PLC_DIRECTORY", &directory.url),
            ("PLC_TOKEN", CODE),
        ]);
        person.is_signed_in();
        let moving = UnsignedOperation::update(&genesis(), data(&new.url, 3, 4)).sign(&key(1));
        person.has("plc_signed_operation.json", &json!({ "operation": moving }));
        let mut terminal = Terminal::open(person.command("plc-submit"));
        terminal.answer("Change did:plc:ewvi7nxzyoun6zhxrhs64oiz so? Type yes: ", answer);
        assert_eq!((terminal.end().0, new.asked().len()), (status, sent), "{answer}");
    }
}
