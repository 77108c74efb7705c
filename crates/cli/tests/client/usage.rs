//! Arguments that cannot be used: exit status 2, and a sentence that says what can.

use crate::binary::entryway;

/// The first line on standard error of a command that was refused.
fn refused(arguments: &[&str]) -> String {
    let run = entryway(arguments);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (Some(2), ""),
        "{arguments:?} {}",
        run.stderr
    );
    run.stderr.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_pin_an_authority_or_an_origin_that_is_none_is_refused_with_its_form() {
    let form = "expected NAME=ADDRESS or NAME=ADDRESS:PORT, such as app.test=127.0.0.1:8443";
    let name = "expected a host name before the =, such as app.test; localhost cannot be moved";
    let origin = "must be a bare origin such as https://entryway.example, without path or trailing slash";
    for command in [&["dev"][..], &["client", "lint", "http://localhost"]] {
        for (argument, value, expected) in [
            ("--resolve", "app.test", form),
            ("--resolve", "localhost=127.0.0.1", name),
        ] {
            let said = refused(&[command, &[argument, value]].concat());
            let expected =
                format!("error: invalid value '{value}' for '--resolve <NAME=ADDR[:PORT]>': {expected}");
            assert_eq!(said, expected);
        }
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(
            refused(&[command, &["--extra-ca", manifest]].concat()),
            format!(
                "entryway: --extra-ca {manifest} must be a file with a certificate authority in PEM, \
                 -----BEGIN CERTIFICATE----- and so on"
            )
        );
        assert_eq!(
            refused(&[command, &["--extra-ca", "/nowhere.pem"]].concat()),
            "entryway: --extra-ca /nowhere.pem must be a file with a certificate authority in PEM, \
             -----BEGIN CERTIFICATE----- and so on: No such file or directory (os error 2)"
        );
    }
    for (argument, value, expected) in [
        ("--origin", "https://login.test/", origin),
        (
            "--origin",
            "http://login.test",
            "must be https, plain http is for loopback hosts only",
        ),
        ("--pds-origin", "pds.test", origin),
        (
            "--pds-origin",
            "https://192.0.2.1",
            "must name its host by a domain name such as https://pds.test, a did:web has no addresses",
        ),
    ] {
        let expected = format!("error: invalid value '{value}' for '{argument} <URL>': {expected}");
        assert_eq!(refused(&["dev", argument, value]), expected);
    }
}

#[test]
fn what_is_linted_must_be_there() {
    assert_eq!(
        refused(&["client", "lint", "nowhere.json"]),
        "entryway: nowhere.json is neither a URL nor a file that can be read: No such file or directory (os error 2)"
    );
    assert_eq!(
        refused(&["client", "lint"]),
        "error: the following required arguments were not provided:"
    );
}

#[test]
fn who_is_trusted_needs_a_document_and_a_database() {
    let app = "https://app.test/client-metadata.json";
    let nowhere = "/nowhere";
    let database = "entryway: --data-dir /nowhere: \
                    expected a directory that entryway dev --data-dir was run with";
    let client_id = "entryway: client_id must be an https URL, or http://localhost for development";
    for (arguments, expected) in [
        (vec!["trust", "app", "--data-dir", nowhere], client_id),
        (vec!["distrust", "app", "--data-dir", nowhere], client_id),
        (
            vec!["trust", "http://localhost", "--data-dir", nowhere],
            "entryway: client_id must be the URL of a document, http://localhost is everybody's",
        ),
        (
            vec!["trust", app, "--data-dir", nowhere, "--logo", "/nowhere.png"],
            "entryway: --logo /nowhere.png cannot be read: No such file or directory (os error 2)",
        ),
        (
            vec!["trust", app, "--data-dir", nowhere, "--logo", "Cargo.toml"],
            "entryway: --logo Cargo.toml must be a picture in PNG, JPEG or WebP",
        ),
        (vec!["trust", app, "--data-dir", nowhere], database),
        (vec!["trusted", "--data-dir", nowhere], database),
        (vec!["distrust", app, "--data-dir", nowhere], database),
        (
            vec!["trusted"],
            "error: the following required arguments were not provided:",
        ),
        (
            vec!["trusted", "--data-dir", nowhere, "--database", "sqlite://x"],
            "error: the argument '--data-dir <DIR>' cannot be used with '--database <URL>'",
        ),
    ] {
        assert_eq!(refused(&[&["client"], &arguments[..]].concat()), expected);
    }
}
