//! Signing in, and staying so.

use serde_json::json;

use super::host::{Answer, Host};
use super::{DID, PASSWORD, Person, session};

fn carol(host: &Host) -> Person {
    Person::with(&[
        ("OLD_PDS", &host.url),
        ("OLD_HANDLE", "carol.test"),
        ("OLD_PASSWORD", PASSWORD),
    ])
}

// A11
#[test]
fn a_second_factor_is_asked_for_and_sent() {
    let host = Host::answering(|asked| match asked.json().get("authFactorToken") {
        Some(_) => Answer::json(&session("old")),
        None => Answer::refusal(401, "AuthFactorTokenRequired", "A sign in code has been sent"),
    });
    let mut person = carol(&host);
    let run = person.does("login-source", &[]);
    assert_eq!(run.status, Some(1));
    assert!(run.told()[1].contains("OLD_AUTH_FACTOR_TOKEN"), "{}", run.stderr);
    person.set("OLD_AUTH_FACTOR_TOKEN", "ABCDE-12345");
    let run = person.does("login-source", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let expected =
        json!({"identifier": "carol.test", "password": PASSWORD, "authFactorToken": "ABCDE-12345"});
    assert_eq!(host.asked().last().unwrap().json(), expected);
    assert_eq!(person.said("old_session.json"), session("old"));
}

// A15
#[test]
fn each_call_goes_to_its_own_of_three_hosts() {
    let repository = Host::answering(|_| Answer::refusal(400, "InvalidRequest", "not here"));
    let authenticated = Host::answering(|_| Answer::json(&json!({"did": DID, "active": true})));
    let login = Host::answering(|_| Answer::json(&session("old")));
    let mut person = carol(&repository);
    person.set("OLD_AUTH_PDS", &authenticated.url);
    person.set("OLD_LOGIN_PDS", &login.url);
    for step in ["login-source", "source-session-status", "refresh-session"] {
        let run = person.does(step, &[]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
    }
    let lines = |host: &Host| -> Vec<(String, String)> {
        let asked = host.asked().into_iter();
        asked.map(|asked| (asked.line, asked.authorization)).collect()
    };
    let line = |line: &str, authorization: &str| (line.to_owned(), authorization.to_owned());
    assert!(repository.asked().is_empty());
    let expected = [
        line("GET com.atproto.server.getSession", "Bearer old-access-token"),
        line(
            "POST com.atproto.identity.signPlcOperation",
            "Bearer old-access-token",
        ),
    ];
    assert_eq!(lines(&authenticated), expected);
    let expected = [
        line("POST com.atproto.server.createSession", ""),
        line(
            "POST com.atproto.server.refreshSession",
            "Bearer old-refresh-token",
        ),
    ];
    assert_eq!(lines(&login), expected);
}

// A22, A23, A24
#[test]
fn a_session_that_is_over_is_told_from_one_that_may_not() {
    for (error, message, first, advice) in [
        (
            "ExpiredToken",
            "Token has expired",
            "session\texpired",
            "refresh-session",
        ),
        (
            "InvalidToken",
            "Bearer token is expired",
            "session\texpired",
            "refresh-session",
        ),
        (
            "ExpiredToken",
            "Token has been revoked",
            "session\tended",
            "login-source",
        ),
        (
            "InvalidToken",
            "Bearer token is invalid",
            "session\tended",
            "login-source",
        ),
        (
            "AccountTakedown",
            "Account has been taken down",
            "session\ttaken down",
            "administrator",
        ),
    ] {
        let host = Host::answering(move |_| Answer::refusal(400, error, message));
        let person = carol(&host);
        person.is_signed_in();
        let run = person.does("source-session-status", &[]);
        assert_eq!(
            (run.status, run.stdout.lines().next()),
            (Some(1), Some(first)),
            "{error}"
        );
        assert!(run.told()[1].contains(advice), "{}", run.stderr);
    }
}

#[test]
fn a_session_of_somebody_else_takes_no_place() {
    let host = Host::answering(|_| {
        let mut other = session("other");
        other["did"] = json!("did:plc:z72i7hdynmk6r22z27h6tvur");
        Answer::json(&other)
    });
    let person = carol(&host);
    person.has("old_session.json", &session("old"));
    let run = person.does("refresh-session", &[]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("another session, which is not kept"),
        "{}",
        run.stderr
    );
    let kept = std::fs::read_to_string(person.file("old_session.json")).unwrap();
    assert_eq!(kept, session("old").to_string());
}
