//! A terminal whose keyboard and screen are the test's.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A command at a terminal.
pub(crate) struct Terminal {
    ours: File,
    child: Child,
    said: ChildStderr,
}

impl Terminal {
    /// Runs it there. What it prints goes nowhere.
    pub(crate) fn open(mut command: Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let mut child = command
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
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        let mut asked = vec![0; question.len()];
        self.said.read_exact(&mut asked).unwrap();
        assert_eq!(String::from_utf8(asked).unwrap(), question);
        self.ours.write_all(line.as_bytes()).unwrap();
        self.ours.write_all(b"\n").unwrap();
    }

    /// The exit status, what was said besides the questions, and what the terminal showed of what was typed.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        let status = self.child.wait().unwrap().code();
        let mut shown = Vec::new();
        // a terminal whose other end is closed answers with an error once it is read empty
        let _its_end = self.ours.read_to_end(&mut shown);
        (status, said, String::from_utf8(shown).unwrap())
    }
}
