//! What a password may be, and where it may come from.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::{CAROL, Scene};

const LENGTH: &str = "must have 8 to 256 characters";
const LINE: &str = "must have the password on its only line";

/// Adds carol with whatever standard input says, which has no terminal behind it.
fn add(scene: &Scene, more: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_entryway"))
        .args(scene.adding("carol.test", CAROL))
        .args(more)
        .env_remove("ENTRYWAY_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // a child that reads only as much as it takes closes the pipe
    let _refused_early = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_line_is_not_of_the_password() {
    for end in ["", "\n", "\r\n"] {
        let scene = Scene::set().await;
        let output = add(
            &scene,
            &["--password-stdin"],
            format!("pass word{end}").as_bytes(),
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let (_, matches) = scene.sign_in("carol.test", "pass word").await.unwrap();
        assert!(matches, "{end:?}");
    }
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_password_has_bounds_and_one_line() {
    for (password, expected) in [
        (String::new(), Some(LENGTH)),
        ("\n".to_owned(), Some(LENGTH)),
        ("1234567".to_owned(), Some(LENGTH)),
        ("12345678".to_owned(), None),
        ("x".repeat(256), None),
        ("x".repeat(257), Some(LENGTH)),
        ("é".repeat(256), None),
        ("€".repeat(256), None),
        ("€".repeat(257), Some(LENGTH)),
        ("x".repeat(100_000), Some(LENGTH)),
        ("pass\nword".to_owned(), Some(LINE)),
        ("password\n\n".to_owned(), Some(LINE)),
        ("password\rword".to_owned(), Some(LINE)),
    ] {
        let scene = Scene::set().await;
        let output = add(&scene, &["--password-stdin"], password.as_bytes());
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = expected.map(|expected| format!("entryway: --password-stdin {expected}\n"));
        assert_eq!(said, expected.clone().unwrap_or_default(), "{password:?}");
        assert_eq!(output.status.code(), Some(if expected.is_some() { 2 } else { 0 }));
        let account = scene.sign_in("carol.test", &password).await;
        assert_eq!(account.is_none(), expected.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_cannot_be_read_is_refused_without_saying_it() {
    let scene = Scene::set().await;
    let file = scene.password_file();
    let path = file.to_str().unwrap();
    fs::write(&file, b"pass\xffword").unwrap();
    for (arguments, expected) in [
        (
            vec!["--password-file", path],
            format!("--password-file {path} must be UTF-8"),
        ),
        (
            vec!["--password-file", "/nowhere"],
            "--password-file /nowhere cannot be read: No such file or directory (os error 2)".to_owned(),
        ),
        (
            vec![],
            "--password-file or --password-stdin is required, since there is no terminal to ask".to_owned(),
        ),
    ] {
        let output = add(&scene, &arguments, b"");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said),
            (Some(2), format!("entryway: {expected}\n"))
        );
    }
    let both = add(&scene, &["--password-file", path, "--password-stdin"], b"");
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(scene.list().stdout, "");
}
