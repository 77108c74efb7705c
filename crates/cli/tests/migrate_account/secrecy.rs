//! No secret is said, whatever a host says (A1).

use serde_json::json;

use super::host::{Answer, Host};
use super::{PASSWORD, Person, session};

/// Repeats everything that it was sent in its refusal.
fn parrot() -> Host {
    Host::answering(|asked| {
        let said = format!("no: {} {}", asked.authorization, asked.body.replace('"', " "));
        Answer::refusal(400, &said, &said)
    })
}

const STEPS: [&str; 14] = [
    "login-source",
    "source-session-status",
    "refresh-session",
    "service-auth",
    "create",
    "login-new",
    "import",
    "plc-recommended",
    "plc-request-token",
    "plc-sign",
    "plc-submit",
    "status",
    "activate",
    "deactivate-source",
];

#[test]
fn a_host_that_repeats_what_it_was_sent_makes_no_step_say_it() {
    let (old, new) = (parrot(), parrot());
    let person = Person::with(&[
        ("OLD_PDS", &old.url),
        ("OLD_HANDLE", "carol.test"),
        ("OLD_PASSWORD", PASSWORD),
        ("OLD_AUTH_FACTOR_TOKEN", "FACTOR-TOKEN"),
        ("NEW_PDS", &new.url),
        ("NEW_SERVICE_DID", "did:web:new.test"),
        ("NEW_PASSWORD", "a password for the new host"),
        ("NEW_INVITE_CODE", "an-invite-code"),
        ("PLC_TOKEN", "PLCTO-KEN12"),
        ("PLC_DIRECTORY", &old.url),
    ]);
    person.is_signed_in();
    // a token with claims, good for ever
    let token = "eyJhbGciOiJFUzI1NksifQ.eyJpc3MiOiJkIiwiYXVkIjoiYSIsImV4cCI6OTk5OTk5OTk5OX0.c2ln";
    person.has("service_auth_create_account.json", &json!({ "token": token }));
    person.has(
        "plc_recommended.json",
        &json!({ "rotationKeys": ["did:key:zQ3"] }),
    );
    let secrets = [
        PASSWORD,
        "a password for the new host",
        "FACTOR-TOKEN",
        "an-invite-code",
        "PLCTO-KEN12",
        "access-token",
        "refresh-token",
        token,
    ];
    for step in STEPS {
        let run = person.does(step, &["--yes"]);
        assert_ne!(run.status, Some(0), "{step}");
        for secret in secrets {
            assert!(
                !run.stdout.contains(secret) && !run.stderr.contains(secret),
                "{step}: {}",
                run.stderr
            );
        }
    }
    let methods: Vec<String> = new
        .asked()
        .iter()
        .map(|asked| asked.method().to_owned())
        .collect();
    assert!(
        methods.contains(&"com.atproto.server.createAccount".to_owned()),
        "{methods:?}"
    );
}

// A14
#[test]
fn commands_for_curl_have_none_and_nothing_is_done() {
    let host = parrot();
    let person = Person::with(&[
        ("OLD_PDS", &host.url),
        ("OLD_PASSWORD", PASSWORD),
        ("HANDLE", "carol.test"),
    ]);
    person.has("old_session.json", &session("old"));
    for step in STEPS {
        let run = person.does(step, &["--print-curl"]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert!(run.stdout.contains("curl -sS"), "{step}");
        for secret in [PASSWORD, "access-token", "refresh-token"] {
            assert!(!run.stdout.contains(secret), "{step}");
        }
    }
    assert!(host.asked().is_empty());
}
