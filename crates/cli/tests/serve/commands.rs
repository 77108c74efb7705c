//! What is done by hand: migrations, and the hashes of tokens.

use std::io::Write as _;
use std::process::{Command, Stdio};

use entryway_core::account::PasswordHash;
use entryway_core::password::PresentedPassword;
use entryway_server::{Chance, Passwords};

use super::deployment::{Deployment, ROOT_KEY};

// C16
#[test]
fn migrations_are_told_before_they_are_applied() {
    let deployment = Deployment::new();
    let database = deployment.directory.path().join("entryway.sqlite");
    for (option, expected) in [("--check", Some(1)), ("--dry-run", Some(0))] {
        let (status, said, _) = deployment.run(&["migrate", option]);
        assert_eq!(status, expected);
        assert!(said.starts_with("to be applied: 0001_first_login\n"), "{said}");
        assert!(!database.exists());
    }
    let (status, said, _) = deployment.run(&["migrate"]);
    assert_eq!(status, Some(0));
    assert!(said.starts_with("applied: 0001_first_login\n"), "{said}");
    for option in [
        &["migrate", "--check"][..],
        &["migrate", "--dry-run"],
        &["migrate"],
    ] {
        let (status, said, _) = deployment.run(option);
        assert_eq!(status, Some(0));
        assert!(said.starts_with("up to date, schema "), "{said}");
    }
}

/// What hashing says of this input.
fn hashed(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_entryway"))
        .args(["admin", "hash-token"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _refused_early = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

// A3, A4
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_hashed_and_never_shown() {
    let token = "7f3a9c0e5b1d2846";
    for (arguments, quoting) in [(&[][..], true), (&["--only-hash"][..], false)] {
        let (status, hash, said) = hashed(arguments, &format!("{token}\n"));
        assert_eq!(status, Some(0), "{said}");
        assert_eq!(said.contains("$$argon2id$$"), quoting, "{said}");
        assert!(!said.contains(token) && !hash.contains(token));
        let hash = hash.strip_suffix('\n').unwrap();
        assert!(hash.starts_with("$argon2id$") && !hash.contains('\n'));
        let passwords = Passwords::new(Chance::system()).unwrap();
        let hash = PasswordHash::new(hash.to_owned());
        let presented = PresentedPassword::parse(token).unwrap();
        assert!(passwords.matches(&presented, &hash).await.unwrap());
    }
}

#[test]
fn what_is_no_token_is_not_hashed() {
    for bad in ["", "short\n", "changeme-changeme\n", "two\nlines of it\n"] {
        let (status, hash, said) = hashed(&["--only-hash"], bad);
        assert_eq!((status, hash.as_str()), (Some(2), ""), "{bad}: {said}");
    }
}

#[test]
fn keys_are_shown_by_their_public_halves() {
    let deployment = Deployment::new();
    deployment.run(&["migrate"]);
    let (status, shown, said) = deployment.run(&["keys", "show"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(shown.contains("plc rotation key did:key:zQ3sh"), "{shown}");
    assert!(!shown.contains(ROOT_KEY));
    assert_eq!(deployment.run(&["keys", "show"]).1, shown);
}
