//! What is no host of accounts, or not the one that was named.

use std::net::TcpListener;

use super::host::{Answer, Host};
use super::{PASSWORD, Person, session};

fn log_in(url: &str) -> (Person, super::Run) {
    let person = Person::with(&[
        ("OLD_PDS", url),
        ("OLD_IDENTIFIER", "carol@example.com"),
        ("OLD_PASSWORD", PASSWORD),
    ]);
    let run = person.does("login-source", &[]);
    assert!(!person.file("old_session.json").exists());
    (person, run)
}

#[test]
fn a_password_does_not_follow_a_redirect() {
    let elsewhere = Host::answering(|_| Answer::json(&session("old")));
    for status in [301, 302, 307, 308] {
        let to = format!(
            "location: {}/xrpc/com.atproto.server.createSession?p=secret",
            elsewhere.url
        );
        let host = Host::answering(move |_| Answer::of(status, to.clone(), ""));
        let (_, run) = log_in(&host.url);
        assert_eq!(run.status, Some(1));
        let expected = format!(
            "{} sends com.atproto.server.createSession elsewhere, to {}: name the host itself, nothing is sent after a \
             redirect",
            host.url, elsewhere.url
        );
        assert_eq!(run.told(), [expected]);
    }
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn a_page_is_no_answer() {
    for status in [200, 404, 502] {
        let host =
            Host::answering(move |_| Answer::of(status, "content-type: text/html", "<h1>\u{1b}[2J</h1>"));
        let (_, run) = log_in(&host.url);
        let expected = format!(
            "{} does not answer com.atproto.server.createSession as a PDS does, but with status {status} and text/html",
            host.url
        );
        assert_eq!((run.status, run.told()), (Some(1), vec![expected.as_str()]));
    }
}

#[test]
fn an_answer_without_a_session_is_not_kept() {
    let host =
        Host::answering(|_| Answer::of(200, "content-type: application/json", "{\"did\":\"did:plc:x\"}"));
    let (_, run) = log_in(&host.url);
    assert_eq!(run.told(), ["the source host answered without a session"]);
}

#[test]
fn an_answer_longer_than_any_is_not_read_to_its_end() {
    let long = format!("{{\"did\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let host = Host::answering(move |_| Answer::of(200, "content-type: application/json", long.clone()));
    let (_, run) = log_in(&host.url);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("longer than 1048576 bytes"), "{}", run.stderr);
}

#[test]
fn plain_http_is_for_this_machine() {
    for url in [
        "http://pds.example.com",
        "ftp://pds.example.com",
        "pds.example.com",
        "https://u:p@pds.example.com",
    ] {
        let (_, run) = log_in(url);
        let expected = "OLD_PDS must be the URL of a host such as https://pds.example.com, http is for this machine only";
        assert_eq!((run.status, run.told()), (Some(2), vec![expected]), "{url}");
    }
}

#[test]
fn nobody_there_is_said_so() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (_, run) = log_in(&format!("http://localhost:{free}"));
    assert_eq!(run.status, Some(1));
    assert!(
        run.told()[0].contains("has no answer: no connection could be made"),
        "{}",
        run.stderr
    );
}
