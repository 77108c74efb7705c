//! A new host that changes the identity itself is let first (A18).

use entryway_identity::plc::{PlcData, UnsignedOperation};
use serde_json::json;

use super::host::{Answer, Host};
use super::identity::{CODE, data, did_key, genesis, honest, key, source};
use super::{Person, session};

/// Makes the account once it may sign.
fn entryway() -> Host {
    Host::answering(|asked| {
        if asked.json().get("plcOp").is_some() {
            return Answer::json(&session("new"));
        }
        let key = did_key(6);
        let message = format!("the DID document must list the rotation key {key} of this service");
        Answer::refusal(400, "IncompatibleDidDoc", &message)
    })
}

fn person(source: &Host, new: &Host) -> Person {
    let person = Person::with(&[
        ("OLD_PDS", &source.url),
        ("NEW_PDS", &new.url),
        ("PLC_DIRECTORY", &source.url),
        ("PLC_TOKEN", CODE),
        ("NEW_PASSWORD", "a password for the new host"),
    ]);
    person.has("old_session.json", &session("old"));
    let token = "eyJhbGciOiJFUzI1NksifQ.eyJpc3MiOiJkIiwiYXVkIjoiYSIsImV4cCI6OTk5OTk5OTk5OX0.c2ln";
    person.has("service_auth_create_account.json", &json!({ "token": token }));
    person
}

#[test]
fn the_key_it_asks_for_is_signed_shown_and_sent_with_the_account() {
    let (source, new) = (source(|asked| honest(asked, 1)), entryway());
    let person = person(&source, &new);
    let run = person.does("create", &[]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.told()[1].contains("plc-request-token, plc-sign"),
        "{}",
        run.stderr
    );

    let run = person.does("plc-sign", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let keys = format!("rotation keys\n    1 {}\n  + 2 {}\n", did_key(1), did_key(6));
    assert!(run.stdout.starts_with(&keys), "{}", run.stdout);
    assert!(!run.stdout.contains("\n  - "), "{}", run.stdout);

    let before = new.asked().len();
    let run = person.does("create", &[]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert_eq!(new.asked().len(), before, "nothing is sent that nobody agreed to");
    let run = person.does("create", &["--yes"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let sent = new.asked().pop().unwrap().json();
    assert_eq!(
        sent["plcOp"],
        person.said("plc_signed_operation.json")["operation"]
    );
}

// the operation of an ordinary move would be sent before anything is at the new host
#[test]
fn an_operation_that_moves_the_identity_is_not_sent_with_the_account() {
    let (source, new) = (source(|asked| honest(asked, 1)), entryway());
    let person = person(&source, &new);
    let other_host = data(&new.url, 1, 2);
    let stranger = PlcData {
        also_known_as: vec!["at://stranger.test".to_owned()],
        ..data("https://old.example", 1, 2)
    };
    for after in [other_host, stranger] {
        let moving = UnsignedOperation::update(&genesis(), after).sign(&key(1));
        person.has("plc_signed_operation.json", &json!({ "operation": moving }));
        person.does("create", &["--yes"]);
        assert_eq!(new.asked().pop().unwrap().json().get("plcOp"), None);
    }
}
