//! A password typed at a terminal.

use std::process::Command;

use super::screen::Terminal;
use super::{CAROL, Scene};

fn adding(scene: &Scene) -> Terminal {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entryway"));
    command
        .args(scene.adding("carol.test", CAROL))
        .env_remove("ENTRYWAY_LOG");
    Terminal::open(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_asked_twice_and_shows_nothing() {
    let scene = Scene::set().await;
    let mut terminal = adding(&scene);
    terminal.answer("Password: ", "typed password");
    terminal.answer("\nThe same again: ", "typed password");
    assert_eq!(terminal.end(), (Some(0), "\n".to_owned(), String::new()));
    let (_, matches) = scene.sign_in("carol.test", "typed password").await.unwrap();
    assert!(matches);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mistyped_makes_no_account() {
    let scene = Scene::set().await;
    let mut terminal = adding(&scene);
    terminal.answer("Password: ", "typed password");
    terminal.answer("\nThe same again: ", "typed pasword");
    let said = "\nentryway: the second password is another than the first\n";
    assert_eq!(terminal.end(), (Some(2), said.to_owned(), String::new()));

    let mut terminal = adding(&scene);
    terminal.answer("Password: ", "short");
    let said = "\nentryway: the password must have 8 to 256 characters\n";
    assert_eq!(terminal.end(), (Some(2), said.to_owned(), String::new()));
    assert_eq!(scene.list().stdout, "");
}
