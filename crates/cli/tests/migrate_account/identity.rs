//! The identity changes as its person was shown, or not at all (A21).

use entryway_identity::did::SigningKey;
use entryway_identity::plc::{Operation, PlcData, UnsignedOperation};
use entryway_scope::Handle;
use serde_json::{Value, json};

use super::host::{Answer, Asked, Host};
use super::{DID, Person};

pub(crate) const CODE: &str = "ABCDE-FGHIJ";

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32]).unwrap()
}

pub(crate) fn did_key(seed: u8) -> String {
    key(seed).public_key().to_did_key()
}

/// An identity whose only rotation key is the first, on this host.
pub(crate) fn data(pds: &str, rotation: u8, repo: u8) -> PlcData {
    let handle = Handle::parse("carol.test").unwrap();
    PlcData::account(&handle, &key(repo).public_key(), pds, vec![did_key(rotation)])
}

pub(crate) fn genesis() -> Operation {
    UnsignedOperation::genesis(data("https://old.example", 1, 2)).sign(&key(1))
}

/// A source that is the directory too, and signs with this.
pub(crate) fn source(sign: impl Fn(&Value) -> Operation + Send + 'static) -> Host {
    Host::answering(move |asked: &Asked| match asked.method() {
        "com.atproto.identity.signPlcOperation" => Answer::json(&json!({ "operation": sign(&asked.json()) })),
        "com.atproto.server.getSession" => Answer::json(&json!({ "did": DID })),
        // the log of the directory
        _ => Answer::json(&json!(genesis())),
    })
}

/// Signs what it is asked for.
pub(crate) fn honest(asked: &Value, signer: u8) -> Operation {
    let mut asked = asked.clone();
    asked.as_object_mut().unwrap().remove("token").unwrap();
    let data: PlcData = serde_json::from_value(asked).unwrap();
    UnsignedOperation::update(&genesis(), data).sign(&key(signer))
}

fn person(source: &Host, new: &Host) -> Person {
    let person = Person::with(&[
        ("OLD_PDS", &source.url),
        ("NEW_PDS", &new.url),
        ("PLC_DIRECTORY", &source.url),
        ("PLC_TOKEN", CODE),
    ]);
    person.is_signed_in();
    let wanted = data(&new.url, 3, 4);
    person.has("plc_recommended.json", &json!(wanted));
    person
}

fn nothing() -> Host {
    Host::answering(|_| Answer::json(&json!({})))
}

#[test]
fn the_change_that_was_asked_for_is_kept_shown_and_sent_once_agreed() {
    let source = source(|asked| honest(asked, 1));
    let new = nothing();
    let mut person = person(&source, &new);
    person.set("NEW_RECOVERY_KEY", &did_key(9));
    let run = person.does("plc-sign", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let expected = format!(
        "rotation keys\n  - 1 {}\n  + 1 {}\n  + 2 {}\nalso known as\n    1 at://carol.test\nservices\n  - atproto_pds \
         AtprotoPersonalDataServer https://old.example\n  + atproto_pds AtprotoPersonalDataServer {}\nverification \
         methods\n  - atproto {}\n  + atproto {}\n",
        did_key(1),
        did_key(9),
        did_key(3),
        new.url,
        did_key(2),
        did_key(4)
    );
    assert_eq!(run.stdout, expected);
    assert!(new.asked().is_empty());

    let run = person.does("plc-submit", &[]);
    assert_eq!((run.status, run.stdout), (Some(2), expected.clone()));
    assert!(new.asked().is_empty());
    let run = person.does("plc-submit", &["--yes"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let sent = new.asked();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].json(), person.said("plc_signed_operation.json"));
}

// a source that would keep the identity, or give it to somebody
#[test]
fn another_change_than_the_one_asked_for_is_not_kept() {
    let with_own_key: fn(&Value) -> Operation = |asked| {
        let mut more = asked.clone();
        more["rotationKeys"]
            .as_array_mut()
            .unwrap()
            .push(json!(did_key(7)));
        honest(&more, 1)
    };
    let elsewhere: fn(&Value) -> Operation = |_| {
        let data = data("https://evil.example", 3, 4);
        UnsignedOperation::update(&genesis(), data).sign(&key(1))
    };
    let ending: fn(&Value) -> Operation = |_| UnsignedOperation::tombstone(&genesis()).sign(&key(1));
    let by_nobody: fn(&Value) -> Operation = |asked| honest(asked, 8);
    let on_another: fn(&Value) -> Operation = |asked| {
        let other = UnsignedOperation::genesis(data("https://old.example", 1, 5)).sign(&key(1));
        let asked = honest(asked, 1);
        UnsignedOperation::update(&other, asked.data().unwrap().clone()).sign(&key(1))
    };
    for (sign, expected) in [
        (with_own_key, "signed another change"),
        (elsewhere, "signed another change"),
        (ending, "signed another change"),
        (on_another, "signed another change"),
        (by_nobody, "signed with a key that may not change this identity"),
    ] {
        let (source, new) = (source(sign), nothing());
        let person = person(&source, &new);
        let run = person.does("plc-sign", &[]);
        assert_eq!(run.status, Some(1));
        assert!(run.told()[0].contains(expected), "{}", run.stderr);
        assert!(!person.file("plc_signed_operation.json").exists());
    }
}

#[test]
fn a_code_is_not_spent_on_a_change_that_leads_elsewhere() {
    let source = source(|asked| honest(asked, 1));
    let new = nothing();
    let person = person(&source, &new);
    person.has(
        "plc_recommended.json",
        &json!(data("https://another.example", 3, 4)),
    );
    let run = person.does("plc-sign", &[]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr
            .contains("endpoint would be https://another.example, and not NEW_PDS"),
        "{}",
        run.stderr
    );
    assert!(
        source
            .asked()
            .iter()
            .all(|asked| asked.method() != "com.atproto.identity.signPlcOperation")
    );
}

#[test]
fn a_change_of_an_identity_that_changed_meanwhile_is_not_sent() {
    let source = source(|asked| honest(asked, 1));
    let new = nothing();
    let person = person(&source, &new);
    let other = UnsignedOperation::genesis(data("https://old.example", 1, 5)).sign(&key(1));
    let stale = UnsignedOperation::update(&other, data(&new.url, 3, 4)).sign(&key(1));
    person.has("plc_signed_operation.json", &json!({ "operation": stale }));
    let run = person.does("plc-submit", &["--yes"]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr
            .contains("the identity has changed since this was signed"),
        "{}",
        run.stderr
    );
    assert!(new.asked().is_empty());
}

// A9: what is spent, too old or mistyped has one cure
#[test]
fn a_code_that_is_no_good_is_told_from_a_session_that_is_none() {
    for (error, session_is_good, expected) in [
        ("InvalidToken", true, "plc-request-token sends another one"),
        ("ExpiredToken", true, "plc-request-token sends another one"),
        ("ExpiredToken", false, "refresh-session"),
        ("InvalidToken", false, "login-source"),
    ] {
        let source = Host::answering(move |asked| match asked.method() {
            "com.atproto.identity.signPlcOperation" => Answer::refusal(400, error, "Token is no good"),
            "com.atproto.server.getSession" if session_is_good => Answer::json(&json!({ "did": DID })),
            "com.atproto.server.getSession" => Answer::refusal(400, error, "no"),
            _ => Answer::json(&json!(genesis())),
        });
        let new = nothing();
        let run = person(&source, &new).does("plc-sign", &[]);
        assert_eq!(run.status, Some(1));
        assert!(run.told()[1].contains(expected), "{}", run.stderr);
    }
}

// A9
#[test]
fn a_source_that_answers_with_the_code_needs_no_letter() {
    let source = Host::answering(|asked| match asked.method() {
        "com.atproto.identity.requestPlcOperationSignature" => Answer::json(&json!({ "token": CODE })),
        "com.atproto.identity.signPlcOperation" => {
            assert_eq!(asked.json()["token"], CODE);
            Answer::json(&json!({ "operation": honest(&asked.json(), 1) }))
        }
        _ => Answer::json(&json!(genesis())),
    });
    let new = nothing();
    let mut person = person(&source, &new);
    person.set("PLC_TOKEN", "");
    let run = person.does("plc-request-token", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(!run.stdout.contains(CODE) && !run.stderr.contains(CODE));
    assert_eq!(person.said("plc_token.json"), json!({ "token": CODE }));
    let run = person.does("plc-sign", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(!person.file("plc_token.json").exists(), "it is spent");
}
