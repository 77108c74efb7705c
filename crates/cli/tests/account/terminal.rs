//! A password typed at a terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{CAROL, Scene};

/// The command at a terminal whose keyboard and screen are ours.
struct Terminal {
    ours: File,
    child: Child,
    said: ChildStderr,
}

impl Terminal {
    fn open(scene: &Scene) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_entryway"))
            .args(scene.adding("carol.test", CAROL))
            .env_remove("ENTRYWAY_LOG")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = child.stderr.take().unwrap();
        let ours = File::from(ours);
        Self { ours, child, said }
    }

    /// Types a line once this was asked.
    fn answer(&mut self, question: &str, line: &str) {
        let mut asked = vec![0; question.len()];
        self.said.read_exact(&mut asked).unwrap();
        assert_eq!(String::from_utf8(asked).unwrap(), question);
        self.ours.write_all(line.as_bytes()).unwrap();
        self.ours.write_all(b"\n").unwrap();
    }

    /// The exit status, what was said besides the questions, and what the terminal showed of what was typed.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap().code();
        let mut shown = Vec::new();
        // a terminal whose other end is closed answers with an error once it is read empty
        let _its_end = self.ours.read_to_end(&mut shown);
        (status, said, String::from_utf8(shown).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_asked_twice_and_shows_nothing() {
    let scene = Scene::set().await;
    let mut terminal = Terminal::open(&scene);
    terminal.answer("Password: ", "typed password");
    terminal.answer("\nThe same again: ", "typed password");
    assert_eq!(terminal.end(), (Some(0), "\n".to_owned(), String::new()));
    let (_, matches) = scene.sign_in("carol.test", "typed password").await.unwrap();
    assert!(matches);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mistyped_makes_no_account() {
    let scene = Scene::set().await;
    let mut terminal = Terminal::open(&scene);
    terminal.answer("Password: ", "typed password");
    terminal.answer("\nThe same again: ", "typed pasword");
    let said = "\nentryway: the second password is another than the first\n";
    assert_eq!(terminal.end(), (Some(2), said.to_owned(), String::new()));

    let mut terminal = Terminal::open(&scene);
    terminal.answer("Password: ", "short");
    let said = "\nentryway: the password must have 8 to 256 characters\n";
    assert_eq!(terminal.end(), (Some(2), said.to_owned(), String::new()));
    assert_eq!(scene.list().stdout, "");
}
